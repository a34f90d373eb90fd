package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

// notes makes a row out of each line of a customer's notes. A customer without an id is
// none.
func notes(row []byte) ([][]byte, error) {
	var customer struct{ ID, Notes string }
	if err := json.Unmarshal(row, &customer); err != nil {
		return nil, err
	}
	if customer.ID == "" {
		return nil, errors.New("a customer without an id")
	}
	var rows [][]byte
	for i, line := range strings.FieldsFunc(customer.Notes, func(c rune) bool { return c == '\n' }) {
		rows = append(rows, fmt.Appendf(nil, `{"id":"%s/%d","text":%q}`, customer.ID, i, line))
	}
	return rows, nil
}

// newPress is a session with the connector press, whose rows go through a hook.
func newPress(t *testing.T, base string, transport http.RoundTripper) *service {
	t.Helper()
	m, err := manifest.Load(os.DirFS("testdata/press"), "press", manifest.Rows{"notes": notes})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{connector: httpapi.New(m), gate: &gate{}}
	s.Session, err = s.connector.Open(connectors.Account{
		Name: "acme", Gate: s.gate, Transport: transport, BaseURL: base,
		Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(token)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHosts_AnAccountWithItsOwnAddressNeverReachesTheOther(t *testing.T) {
	t.Parallel()
	tests := []struct{ base, want string }{
		{"", "https://hooks.example.com/api/v1.0/auto/x"},
		{"https://press.example.com/v2", "https://hooks.example.com/api/v1.0/auto/x"},
		{"https://press.example.com/v2/", "https://hooks.example.com/api/v1.0/auto/x"},
		{"http://127.0.0.1:9/press/v2", "http://127.0.0.1:9/press/api/v1.0/auto/x"},
		{"http://127.0.0.1:9/v2/", "http://127.0.0.1:9/api/v1.0/auto/x"},
		{"http://127.0.0.1:9", "http://127.0.0.1:9/api/v1.0/auto/x"},
		{"http://127.0.0.1:9/press", "http://127.0.0.1:9/press/api/v1.0/auto/x"},
		{"http://127.0.0.1:9/xv2", "http://127.0.0.1:9/xv2/api/v1.0/auto/x"},
		{"http://v2", "http://v2/api/v1.0/auto/x"},
		{"http://127.0.0.1:9/press%2Fx/v2", "http://127.0.0.1:9/press%2Fx/api/v1.0/auto/x"},
	}
	for _, tt := range tests {
		t.Run(tt.base, func(t *testing.T) {
			t.Parallel()
			var sent *http.Request
			s := newPress(t, tt.base, carrier(func(r *http.Request) (*http.Response, error) {
				sent = r
				return reply(200, "text/plain", "ok"), nil
			}))
			in := map[string]any{"hook": "x", "subscriber": "a@example.com"}
			a, err := s.Call(t.Context(), s.op(t, "mail.trigger"), in)
			if err != nil || a.Value != "ok" {
				t.Fatalf("Call = %v, %v, want ok", a.Value, err)
			}
			if got := sent.URL.String(); got != tt.want {
				t.Errorf("sent to %s, want %s", got, tt.want)
			}
			if sent.Header.Get("X-Version") != "7" || sent.Header.Get("Authorization") != "Bearer "+token || s.gate.entered != 1 {
				t.Errorf("version %q, credential %q, %d times through the gate; want as everywhere", sent.Header.Get("X-Version"), sent.Header.Get("Authorization"), s.gate.entered)
			}
			shown, err := s.Preview(s.op(t, "mail.trigger"), in)
			if err != nil || shown.URL != tt.want {
				t.Errorf("Preview shows %s (%v), want %s", shown.URL, err, tt.want)
			}
		})
	}
}

func TestCall_YesAsTextOrAsJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, body string }{
		{"text/plain; charset=utf-8", "ok"}, {"application/json", `"ok"`}, {"application/json", "ok"}, {"text/html", "ok"}, {"", "ok"},
	} {
		s := newPress(t, "", answers(200, tt.kind, tt.body))
		a, err := s.Call(t.Context(), s.op(t, "mail.trigger"), map[string]any{"hook": "x", "subscriber": "a"})
		if err != nil || a.Value != "ok" {
			t.Errorf("%s %s: Call = %v, %v, want ok", tt.kind, tt.body, a.Value, err)
		}
	}
}

func TestAnswer_OfText(t *testing.T) {
	t.Parallel()
	page := `<p class="a">Grüße & 안녕</p>`
	s := newPress(t, "", carrier(func(r *http.Request) (*http.Response, error) {
		if got := r.Header.Get("Accept"); got != "*/*" {
			t.Errorf("Accept = %q, want anything", got)
		}
		return reply(200, "text/html; charset=utf-8", page), nil
	}))
	op, in := s.op(t, "mail.content.get"), map[string]any{"mailId": "1"}
	a, err := s.Call(t.Context(), op, in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"value": page}, a.Value); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
	list, err := s.Page(t.Context(), op, connectors.Query{Inputs: in})
	if err != nil || len(list.Records) != 1 || list.Records[0].ID != "1" {
		t.Errorf("Page = %+v, %v, want the one record", list, err)
	}
	s = newPress(t, "", answers(200, "text/html; charset=euc-kr", "\xb0\xa1"))
	_, err = s.Call(t.Context(), op, in)
	want(t, err, connectors.Transient)
}

func TestBody_OfText(t *testing.T) {
	t.Parallel()
	var body, kind string
	s := newPress(t, "", carrier(func(r *http.Request) (*http.Response, error) {
		b := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(b)
		body, kind = string(b), r.Header.Get("Content-Type")
		return reply(200, "application/json", "{}"), nil
	}))
	in := map[string]any{"mailId": "1", "html": "<p>\"a\"</p>\n"}
	if _, err := s.Call(t.Context(), s.op(t, "mail.content.set"), in); err != nil {
		t.Fatal(err)
	}
	if body != in["html"] || kind != "text/html; charset=utf-8" {
		t.Errorf("sent %q as %q, want %q as text/html", body, kind, in["html"])
	}
	shown, err := s.Preview(s.op(t, "mail.content.set"), in)
	if err != nil || shown.Body != in["html"] {
		t.Errorf("Preview shows %v (%v), want the text", shown.Body, err)
	}
}

func TestRows_GoThroughTheHook(t *testing.T) {
	t.Parallel()
	s := newPress(t, "", answers(200, "application/json", `{"data":[{"id":"a","notes":"one\ntwo\nthree"},{"id":"b","notes":""}]}`))
	op := s.op(t, "note.list")
	page, err := s.Page(t.Context(), op, connectors.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range page.Records {
		ids = append(ids, r.ID+" "+string(r.Raw))
	}
	want := []string{`a/0 {"id":"a/0","text":"one"}`, `a/1 {"id":"a/1","text":"two"}`, `a/2 {"id":"a/2","text":"three"}`}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if page.Next != `{"n":2}` { // two customers came, as many as were asked for
		t.Errorf("Next = %q, want the second page: rows are counted as they came", page.Next)
	}
	a, err := s.Call(t.Context(), op, nil)
	if list, _ := a.Value.([]any); err != nil || len(list) != 3 {
		t.Errorf("Call = %v, %v, want three notes", a.Value, err)
	}
}

func TestRows_AnErrorOfTheHookIsOneOfThePage(t *testing.T) {
	t.Parallel()
	s := newPress(t, "", answers(200, "application/json", `{"data":[{"id":"a","notes":"one"},{"notes":"two"}]}`))
	_, err := s.Page(t.Context(), s.op(t, "note.list"), connectors.Query{})
	if e := ours(t, err, connectors.Transient); !strings.Contains(e.Error(), "record 2: a customer without an id") {
		t.Errorf("Page = %v, want the words of the hook", e)
	}
	_, err = s.Call(t.Context(), s.op(t, "note.list"), nil)
	want(t, err, connectors.Transient)
}

func TestRows_NamesAndFunctionsBelongTogether(t *testing.T) {
	t.Parallel()
	folder := os.DirFS("testdata/press")
	for name, tt := range map[string]struct {
		rows []manifest.Rows
		want string
	}{
		"no function":      {nil, `there is no hook "notes" [bad-answer]`},
		"another function": {[]manifest.Rows{{"note": notes}}, `there is no hook called "notes" [unknown-name]`},
		"no name":          {[]manifest.Rows{{"notes": notes, "mails": notes}}, "no answer names the hook mails"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := manifest.Load(folder, "press", tt.rows...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v, want %s", err, tt.want)
			}
		})
	}
}
