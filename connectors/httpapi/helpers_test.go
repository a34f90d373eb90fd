package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

const token = "s3cr3t+token/=="

// carrier is a transport that a test writes as a function.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// answers is a carrier that gives the same answer to every request.
func answers(status int, kind, body string) carrier {
	return func(*http.Request) (*http.Response, error) { return reply(status, kind, body), nil }
}

func reply(status int, kind, body string) *http.Response {
	h := http.Header{"Content-Type": {kind}, "Date": {"Sun, 22 Nov 2026 01:02:03 GMT"}}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// gate counts what passes it.
type gate struct {
	refuse         error
	entered, left  int
	priority       connectors.Priority
	status         int
	retryAfter     time.Duration
	lastOperation  string
	name           string // on whose behalf
	headerOfAnswer http.Header
}

func (g *gate) Enter(ctx context.Context, operation, name string, p connectors.Priority) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.refuse != nil {
		return g.refuse
	}
	g.entered++
	g.priority, g.lastOperation, g.name = p, operation, name
	return nil
}

func (g *gate) Leave(status int, header http.Header, retryAfter time.Duration) {
	g.left++
	g.status, g.headerOfAnswer, g.retryAfter = status, header, retryAfter
}

// service is the connector in testdata and a session with it.
type service struct {
	connectors.Session
	connector *httpapi.Connector
	gate      *gate
}

func newService(tb testing.TB, transport http.RoundTripper, change ...func(*connectors.Account)) *service {
	tb.Helper()
	return newServiceOf(tb, "shop", transport, change...)
}

// newServiceOf is newService with another connector in testdata.
func newServiceOf(tb testing.TB, name string, transport http.RoundTripper, change ...func(*connectors.Account)) *service {
	tb.Helper()
	m, err := manifest.Load(os.DirFS("testdata/"+name), name)
	if err != nil {
		tb.Fatal(err)
	}
	c := httpapi.New(m)
	s := &service{connector: c, gate: &gate{}}
	account := connectors.Account{
		Name: "acme", Gate: s.gate, Transport: transport, Settings: map[string]any{"shop": "s1"},
		Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(token)},
	}
	for _, f := range change {
		f(&account)
	}
	s.Session, err = c.Open(account)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	return s
}

// op returns an operation of the connector.
func (s *service) op(tb testing.TB, key string) *connectors.Operation {
	tb.Helper()
	o, ok := s.connector.Describe().Operation(key)
	if !ok {
		tb.Fatalf("there is no operation %q", key)
	}
	return o
}

// want checks the kind of an error and that it is one of ours.
func want(t *testing.T, err error, kind connectors.Kind) {
	t.Helper()
	_ = ours(t, err, kind)
}

// ours returns an error of the wanted kind as what it is.
func ours(t *testing.T, err error, kind connectors.Kind) *connectors.Error {
	t.Helper()
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		t.Fatalf("got %T (%v), want a *connectors.Error", err, err)
	}
	if e.Kind != kind {
		t.Errorf("kind = %s (%v), want %s", e.Kind, e, kind)
	}
	if e.Err == nil || e.Op == "" {
		t.Errorf("the error %+v lacks its cause or its operation", e)
	}
	if strings.Contains(e.Error(), token) || strings.Contains(e.Error(), "s3cr3t") {
		t.Errorf("the error shows the token: %v", e)
	}
	return e
}
