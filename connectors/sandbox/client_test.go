package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/testkit"
)

const base = "http://sandbox.test"

// client asks a sandbox as a connector would.
type client struct {
	*sandbox.Sandbox
	http *http.Client
	at   sandbox.Endpoints
}

// pass lets fake time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func open(o sandbox.Options) *client {
	s := sandbox.New(o)
	return &client{Sandbox: s, http: testkit.Client(s.Handler()), at: s.Endpoints(base)}
}

// reply is an answer with its body decoded, as far as it is JSON.
type reply struct {
	status int
	header http.Header
	text   string
	object map[string]any
	list   []any
}

func (c *client) send(ctx context.Context, method, url, body string, header map[string]string) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{status: resp.StatusCode, header: resp.Header, text: string(b)}
	_ = json.Unmarshal(b, &r.object)
	_ = json.Unmarshal(b, &r.list)
	return r, nil
}

func (c *client) must(t *testing.T, method, url, body string, header map[string]string) *reply {
	t.Helper()
	r, err := c.send(t.Context(), method, url, body, header)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return r
}

func (c *client) highLevelHeader() map[string]string {
	return map[string]string{"Authorization": "Bearer " + c.at.HighLevelToken, "Version": "2021-07-28"}
}

// hl asks HighLevel.
func (c *client) hl(t *testing.T, method, path, body string) *reply {
	t.Helper()
	return c.must(t, method, c.at.HighLevelURL+path, body, c.highLevelHeader())
}

// st asks Stibee.
func (c *client) st(t *testing.T, method, path, body string) *reply {
	t.Helper()
	return c.must(t, method, c.at.StibeeURL+path, body, map[string]string{"AccessToken": c.at.StibeeKey})
}

func (r *reply) want(t *testing.T, what string, status int) *reply {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: got status %d %s, want %d", what, r.status, r.text, status)
	}
	return r
}

// wantText checks status and a part of the answer.
func (r *reply) wantText(t *testing.T, what string, status int, part string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.text, part) {
		t.Errorf("%s: got %d %s, want %d with %q", what, r.status, r.text, status, part)
	}
}

// member returns a value inside the answer's object.
func (r *reply) member(path ...string) any {
	var v any = r.object
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (r *reply) text1(path ...string) string {
	s, _ := r.member(path...).(string)
	return s
}
