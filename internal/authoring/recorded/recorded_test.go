package recorded_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/recorded"
	"github.com/pollux-automation/pollux/internal/testkit"
)

const base = "https://desk.example.com/api"

// service answers with what its test wants.
func service(answers map[string]string) http.RoundTripper {
	return &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Left", "9")
		w.Header().Set("Set-Cookie", "session=topsecret")
		body, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, body)
	})}
}

func send(t *testing.T, rt http.RoundTripper, method, path, body string) (text string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer topsecret")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it lies in memory
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// rules are those of a desk whose fields email, age and born are personal.
func rules() recorded.Rules {
	d := &connectors.Description{
		Limits: []connectors.Limit{{Remaining: "X-Left"}},
		Objects: []*schema.Object{{Fields: []schema.Field{
			{Name: "email", Personal: true},
			{Name: "age", Type: schema.Integer, Personal: true},
			{Name: "born", Personal: true},
			{Name: "plan", Personal: true, Options: []string{"gold"}},
			{Name: "state"},
		}}},
	}
	guess := func(name string) bool { return name == "phone" || name == "state" }
	return recorded.RulesOf(d, guess, func(s string) string { return strings.ReplaceAll(s, "topsecret", "****") })
}

// record sends some requests through a recorder.
func record(t *testing.T, answers map[string]string, requests ...[3]string) *recorded.Recording {
	t.Helper()
	r := &recorded.Recorder{Next: service(answers), Wire: recorded.Wire{Base: base, Params: []string{"key"}}}
	r.Trying("ticket.list")
	for _, q := range requests {
		if _, err := send(t, r, q[0], q[1], q[2]); err != nil {
			t.Fatal(err)
		}
	}
	return r.Recording(recorded.Recording{
		Connector: "desk", Operations: []string{"ticket.list"}, Settings: map[string]any{"email": "bea@acme.test", "team": 7}, Inputs: map[string]string{"ticket.get:email": "ann@acme.test"},
	}, rules())
}

const people = `{"tickets":[
 {"id":"1","email":"bea@acme.test","age":41,"born":"1999-05-01","phone":"+4930123456","plan":"gold","state":"open","note":"write to bea@acme.test, not topsecret"},
 {"id":"2","email":"ann@acme.test","age":7,"born":"1970-01-02","phone":"","plan":"gold","state":"open","price":1.50},
 {"id":"3","email":"bea@acme.test","age":41,"born":null,"phone":"+4930123455","plan":"gold","state":"bea"}],
 "next":"/tickets?after=bea%40acme.test"}`

// TestRecording_HidesWhoItIsAbout asserts that what is written has no credential and no
// personal value, and still the same types, order and identity.
func TestRecording_HidesWhoItIsAbout(t *testing.T) {
	t.Parallel()
	r := record(t, map[string]string{"GET /api/tickets": people, "GET /api/people/ann@acme.test": `{}`},
		[3]string{"GET", "/tickets?key=topsecret&email=ann%40acme.test&size=2", ""}, [3]string{"GET", "/people/ann@acme.test", ""})
	file := filepath.Join(t.TempDir(), "testdata", "recorded.json")
	if err := r.Save(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"topsecret", "acme", "4930", "1999", "1970", "Authorization", "Cookie", "41"} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("the file holds %q:\n%s", hidden, text)
		}
	}
	got, err := recorded.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(got.Exchanges[0].Answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"next":"/tickets?after=person00002%40example.com","tickets":[` +
		`{"age":1002,"born":"1990-01-03","email":"person00002@example.com","id":"1","note":"write to person00002@example.com, not ****","phone":"+15550000002","plan":"gold","state":"open"},` +
		`{"age":1001,"born":"1990-01-02","email":"person00001@example.com","id":"2","phone":"","plan":"gold","price":1.50,"state":"open"},` +
		`{"age":1002,"born":null,"email":"person00002@example.com","id":"3","phone":"+15550000001","plan":"gold","state":"bea"}]}`
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	asked := []recorded.Request{got.Exchanges[0].Request, got.Exchanges[1].Request}
	if diff := cmp.Diff([]recorded.Request{
		{Method: "GET", Path: "/tickets", Query: recorded.Values{"email": {"person00001@example.com"}, "size": {"2"}}},
		{Method: "GET", Path: "/people/person00001@example.com"},
	}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"Content-Type": "application/json", "X-Left": "9"}, got.Exchanges[0].Answer.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got.Settings["email"] != "person00002@example.com" || got.Inputs["ticket.get:email"] != "person00001@example.com" {
		t.Errorf("settings and inputs: got %v and %v, want the made-up addresses", got.Settings, got.Inputs)
	}
}

// TestPlayer_AnswersAsTheServiceDid asserts that repeated requests get one answer after the
// other, that moments do not count, and that what is unknown is named.
func TestPlayer_AnswersAsTheServiceDid(t *testing.T) {
	t.Parallel()
	r := &recorded.Recorder{Wire: recorded.Wire{Base: base}}
	r.Trying("ticket.close")
	for _, state := range []string{"open", "closed"} {
		r.Next = service(map[string]string{"GET /api/tickets/1": `{"state":"` + state + `"}`, "POST /api/tickets/1/close": `null`})
		for _, q := range [][3]string{{"GET", "/tickets/1", ""}, {"POST", "/tickets/1/close?at=2026-01-02T03:04:05Z", `{"b":1,"a":2}`}} {
			if _, err := send(t, r, q[0], q[1], q[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := recorded.NewPlayer(r.Recording(recorded.Recording{}, rules()), recorded.Wire{Base: base})
	for _, tt := range []struct{ operation, method, path, body, want string }{
		{"ticket.close", "GET", "/tickets/1", "", `{"state":"open"}`},
		{"ticket.close", "POST", "/tickets/1/close?at=2027-11-12T13:14:15Z", `{"a":2, "b":1}`, `null`},
		{"ticket.close", "GET", "/tickets/1", "", `{"state":"closed"}`},
		{"ticket.close", "GET", "/tickets/1", "", `{"state":"closed"}`},
		{"ticket.get", "GET", "/tickets/1", "", `{"state":"open"}`},
	} {
		p.Trying(tt.operation)
		if got, err := send(t, p, tt.method, tt.path, tt.body); err != nil || got != tt.want {
			t.Errorf("%s %s: got %s, %v, want %s", tt.method, tt.path, got, err, tt.want)
		}
	}
	_, err := send(t, p, "POST", "/tickets?b=2&a=1", `{"title":"x"}`)
	unanswered, ok := errors.AsType[*recorded.UnansweredError](err)
	if want := `nothing is recorded for POST /tickets?a=1&b=2 with {"title":"x"}: record it again with --account and --record`; !ok || unanswered.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestLoad_SaysWhatIsWrong with a file that is no recording.
func TestLoad_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "is no recording",
		"{":                        "is no recording",
		`{"recording":"v9"}`:       `want "recording": "v1", got "v9"`,
		`{"recording":"v1","x":1}`: `unknown field "x"`,
	} {
		file := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := recorded.Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", text, err, want)
		}
	}
}

// endless is an answer without an end. It counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	if e.read > 64<<20 {
		return 0, errors.New("nobody stops reading")
	}
	return len(b), nil
}

func (*endless) Close() error { return nil }

// RoundTrip answers with the endless answer.
func (e *endless) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: e, Request: req, ContentLength: -1}, nil
}

// TestRecorder_ReadsNoAnswerWithoutEnd asserts that a service whose answer never ends is read
// as far as a session would, which refuses the answer, and that nothing of it is kept.
func TestRecorder_ReadsNoAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	e := &endless{}
	r := &recorded.Recorder{Next: e, Wire: recorded.Wire{Base: base}}
	text, err := send(t, r, "GET", "/tickets", "")
	if err != nil || len(text) != 10<<20+1 || e.read > 32<<20 {
		t.Errorf("got an answer of %d bytes, %v, after %d were read, want one byte more than 10 MiB", len(text), err, e.read)
	}
	if got := r.Recording(recorded.Recording{}, rules()).Exchanges[0].Answer; got.Lost == "" || got.Text != "" || got.File != 0 {
		t.Errorf("recorded: got %d bytes of text and %q, want that it was too large", len(got.Text), got.Lost)
	}
}
