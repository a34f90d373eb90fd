package external_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
)

func TestSession_TellsThePluginWhatItNeedsAndNoMore(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "tells its environment")
	a := account("sesame-token")
	a.Settings = map[string]any{"place": "there", "stray": "x"}
	a.BaseURL = "http://127.0.0.1:9000"
	s, err := c.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Call(connectors.WithKey(t.Context(), "effect-1"), operation(t, c, "item.put"), map[string]any{"text": "<hello>"})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := answer.Value.(map[string]any)
	for _, env := range got["env"].([]any) {
		name, _, _ := strings.Cut(env.(string), "=")
		if !slices.Contains([]string{"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD"}, name) {
			t.Errorf("the plugin has %q in its environment", name)
		}
	}
	if strings.Contains(fmt.Sprint(got["env"], got["args"]), "sesame") {
		t.Error("the token is in the environment or the arguments")
	}
	if dir := got["dir"].(string); filepath.Base(dir) != "odd" {
		t.Errorf("it works in %s, want its own folder", dir)
	}
	delete(got, "env")
	delete(got, "args")
	delete(got, "dir")
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"account":{"base_url":"http://127.0.0.1:9000","credential":{"method":"bearer","token":"sesame-token"},"name":"acme","settings":{"place":"there"}},"inputs":{"text":"<hello>"},"key":"effect-1"}`
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(plain.String()); got != want {
		t.Errorf("got %s, want %s (%s)", got, want, text)
	}
}

func TestSession_PutsEachCredentialInItsPlace(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "tells its environment")
	for method, want := range map[string]string{
		auth.APIKey: `{"key":"sesame-token","method":"api_key"}`,
		auth.Basic:  `{"method":"basic","password":"sesame-token","user":"ann"}`,
	} {
		a := account("sesame-token")
		a.Credential.Method, a.Credential.User = method, "ann"
		s, err := c.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Call(t.Context(), operation(t, c, "item.put"), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(answer.Value.(map[string]any)["account"].(map[string]any)["credential"])
		if err != nil || string(text) != want {
			t.Errorf("%s: got %s, %v, want %s", method, text, err, want)
		}
	}
}

// TestSession_MovesMoneyOnlyWhereTheAccountAllowsIt calls a write that moves money.
func TestSession_MovesMoneyOnlyWhereTheAccountAllowsIt(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "moves money")
	for _, allows := range []bool{false, true} {
		g := &gate{}
		a := account("sesame-token")
		a.Gate = g
		if allows {
			a.Allow = []string{"payments"}
		}
		s, err := c.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Call(t.Context(), operation(t, c, "item.put"), map[string]any{"text": "x"})
		if refused := connectors.KindOf(err) == connectors.Invalid; refused == allows || (err == nil) != allows || (len(g.entered) == 1) != allows {
			t.Errorf("allows %t: got %v and %v at the gate, want it sent only with leave", allows, err, g.entered)
		}
	}
}

// gate counts, and may be closed.
type gate struct {
	mu      sync.Mutex
	entered []string
	left    []string
	closed  error
}

func (g *gate) Enter(_ context.Context, operation, name string, p connectors.Priority) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		return g.closed
	}
	g.entered = append(g.entered, fmt.Sprintf("%s %s %d", operation, name, p))
	return nil
}

func (g *gate) Leave(status int, _ http.Header, pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = append(g.left, fmt.Sprint(status, " ", pause))
}

func TestSession_AsksTheGateFirst(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"": "[200 0s]", "slower": "[429 7s]", "dies in a page": "[0 0s]", "no id": "[200 0s]"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, _ := load(t, mode)
			g := &gate{}
			a := account("sesame-token")
			a.Gate = g
			s, err := c.Open(a)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = s.Page(connectors.For(t.Context(), "welcome"), operation(t, c, "item.list"), connectors.Query{})
			if got, want := fmt.Sprint(g.entered, g.left), "[item.list welcome 0] "+want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			g.closed = &budget.ClosedError{For: time.Minute, Reason: "used up"}
			_, err = s.Call(t.Context(), operation(t, c, "item.put"), nil)
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.RateLimited || e.RetryAfter != time.Minute || len(g.entered) != 1 {
				t.Errorf("with a closed gate: got %v, want that it is closed for a minute", err)
			}
		})
	}
}

func TestSession_RefusesWhatIsWrongBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "")
	g := &gate{}
	a := account("sesame-token")
	a.Gate = g
	s, err := c.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	list, get, put := operation(t, c, "item.list"), operation(t, c, "item.get"), operation(t, c, "item.put")
	alien := *list
	alien.Connector = "other"
	for name, try := range map[string]func() error{
		"a missing input":   func() error { _, err := s.Call(t.Context(), get, nil); return err },
		"a wrong type":      func() error { _, err := s.Call(t.Context(), put, map[string]any{"text": 7}); return err },
		"an unknown input":  func() error { _, err := s.Call(t.Context(), put, map[string]any{"txet": "x"}); return err },
		"a page of a write": func() error { _, err := s.Page(t.Context(), put, connectors.Query{}); return err },
		"another connector": func() error { _, err := s.Page(t.Context(), &alien, connectors.Query{}); return err },
		"a preview":         func() error { _, err := s.Preview(get, nil); return err },
		"too much": func() error {
			_, err := s.Call(t.Context(), put, map[string]any{"text": strings.Repeat("x", 17<<20)})
			g.entered = nil // it passed the gate, and was not sent
			return err
		},
	} {
		if err := try(); connectors.KindOf(err) != connectors.Invalid || err == nil || len(g.entered) > 0 {
			t.Errorf("%s: got %v and %v at the gate, want that it is invalid", name, err, g.entered)
		}
	}
}

// TestSession_MovesNoMoneyWithoutLeave asserts that a write of a program that moves money needs
// the leave of the account, as one of a manifest does, and that the program is not asked.
func TestSession_MovesNoMoneyWithoutLeave(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "moves money")
	for _, allow := range [][]string{nil, {"payments"}} {
		g := &gate{}
		a := account("sesame-token")
		a.Gate, a.Allow = g, allow
		s, err := c.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Call(t.Context(), operation(t, c, "item.put"), map[string]any{"text": "x"})
		if refused := connectors.KindOf(err) == connectors.Invalid; refused != (allow == nil) || len(g.entered) != len(allow) {
			t.Errorf("allow %v: got %v and %v at the gate, want it refused without leave alone", allow, err, g.entered)
		}
	}
}

// TestSession_GivesATerminalNothingToObey asserts that the words of a program are one line of
// plain text.
func TestSession_GivesATerminalNothingToObey(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "paints the terminal")
	err := page(t, open(t, c), c)
	if err == nil || strings.ContainsFunc(err.Error(), unicode.IsControl) {
		t.Errorf("got %q, want an error without control characters", err)
	}
}

func TestSession_PreviewsWithoutSecrets(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "")
	s := open(t, c)
	put, err := s.Preview(operation(t, c, "item.put"), map[string]any{"text": "hello", "pin": "1234"})
	if err != nil {
		t.Fatal(err)
	}
	get, err := s.Preview(operation(t, c, "item.get"), map[string]any{"id": "i1"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{put, get})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"method":"CALL","url":"plugin:odd/item.put","body":{"pin":"` + secret.Stars + `","text":"hello"}},{"method":"CALL","url":"plugin:odd/items/i1","body":{"id":"i1"}}]`
	if string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestSession_ReadsAndChecks(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "")
	s := open(t, c)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	bad, err := c.Open(account("bad token"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Check(t.Context()); connectors.KindOf(err) != connectors.Auth {
		t.Errorf("Check with a bad token: got %v, want the kind auth", err)
	}
	answer, err := s.Call(t.Context(), operation(t, c, "item.list"), nil)
	if got, want := fmt.Sprint(answer.Value, err), "[map[id:i1 n:1 updated:2026-01-01T00:00:00Z] map[id:i2 n:2 updated:2026-01-02T00:00:00Z]] <nil>"; got != want {
		t.Errorf("the first page: got %s, want %s", got, want)
	}
	page, err := s.Page(t.Context(), operation(t, c, "item.get"), connectors.Query{Inputs: map[string]any{"id": "i1"}})
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != "i1" || page.Records[0].Updated.IsZero() {
		t.Errorf("a single record: got %v, %v, want i1 with its time", page, err)
	}
	page, err = s.Page(t.Context(), operation(t, c, "item.get"), connectors.Query{Inputs: map[string]any{"id": "i9"}})
	if err != nil || len(page.Records) != 0 {
		t.Errorf("a single record that is not there: got %v, %v, want an empty page", page, err)
	}
}

func TestConnector_OpensOnlyWhatFits(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "")
	for name, change := range map[string]func(*connectors.Account){
		"method":  func(a *connectors.Account) { a.Credential.Method = auth.OAuth2 },
		"secret":  func(a *connectors.Account) { a.Credential.Secret = secret.String{} },
		"gate":    func(a *connectors.Account) { a.Gate = nil },
		"version": func(a *connectors.Account) { a.Version = "v2" },
		"setting": func(a *connectors.Account) { a.Settings = map[string]any{"place": 7} },
	} {
		a := account("sesame-token")
		change(&a)
		if _, err := c.Open(a); err == nil || !strings.Contains(err.Error(), "account acme") {
			t.Errorf("a wrong %s: got %v, want an error that names the account", name, err)
		}
	}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestPrograms_LogWhatPluginsSayWithoutSecrets(t *testing.T) {
	t.Parallel()
	root, _ := write(t, "tells the token")
	p := external.New(quick())
	defer p.Close()
	log := &lines{}
	p.Log(zerolog.New(log))
	var found diag.List
	list, _ := p.Load(root, "connectors", &found)
	if len(list) != 1 {
		t.Fatal(found.Sorted())
	}
	_ = page(t, open(t, list[0]), list[0])
	p.Close()
	got := log.String()
	if !strings.Contains(got, `"connector":"odd"`) || !strings.Contains(got, "the token is "+secret.Stars) || strings.Contains(got, "sesame") {
		t.Errorf("got the log %s, want what the plugin said, with stars", got)
	}
}

func TestPrograms_LoadWhatChangedAndEndWhatIsNotKept(t *testing.T) {
	t.Parallel()
	root, _ := write(t, "counts")
	p := external.New(quick())
	defer p.Close()
	only := func() *external.Connector {
		var found diag.List
		list, _ := p.Load(root, "connectors", &found)
		if len(list) != 1 {
			t.Fatal(found.Sorted())
		}
		return list[0]
	}
	first := only()
	if only() != first {
		t.Error("the same files made another connector")
	}
	p.Keep([]*external.Connector{first})
	put(t, filepath.Join(root, "odd", ".hidden"), "x")
	put(t, filepath.Join(root, "odd", "__pycache__", "x.pyc"), "x")
	if only() != first {
		t.Error("files that do not count made another connector")
	}
	put(t, filepath.Join(root, "odd", "more.txt"), "x")
	second := only()
	if second == first {
		t.Error("a new file made no other connector")
	}
	if _, err := open(t, first).Call(t.Context(), operation(t, first, "item.put"), nil); err != nil {
		t.Errorf("the one in use: got %v, want it to go on", err)
	}
	p.Keep([]*external.Connector{second})
	var err error
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		_, err = open(t, first).Call(t.Context(), operation(t, first, "item.put"), nil)
	}
	if !strings.Contains(fmt.Sprint(err), "the plugin was ended") {
		t.Errorf("the one that is not kept: got %v, want that it was ended", err)
	}
	p.Close()
	if _, err := open(t, second).Call(t.Context(), operation(t, second, "item.put"), nil); !strings.Contains(fmt.Sprint(err), "the plugin was ended") {
		t.Errorf("after the end: got %v, want that it was ended", err)
	}
}

func TestLoad_ReportsWhatIsWrongWithTheFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plugin: v1\ncommand: []\n":                         "2:10: error: the command names no program [plugin-command]",
		"plugin: v1\ncommand: [no-such-program-anywhere]\n": `2:10: error: the program "no-such-program-anywhere" cannot be started: executable file not found in $PATH [plugin-command]`,
		"plugin: v1\ncommand: [./missing]\n":                `2:10: error: the program "./missing" cannot be started: no such file or directory [plugin-command]`,
		"plugin: v2\ncommand: [sh]\n":                       `1:9: error: the version "v2" of the format is not known [connector-version]`,
		"plugin: v1\ncommand: sh -c true\n":                 "2:10: error: ",
		"plugin: v1\ncommand: [sh]\ntimeout: 1h\n":          "3:10: error: ",
		"plugin: v1\n": "[missing-key]",
		"plugin: v1\ncommand: [sh]\nshell: true\n":             "[unknown-key]",
		"plugin: v1\ncommand: [sh, -c, \"echo nothing $0\"]":   "it does not speak the protocol",
		"plugin: v1\ncommand: [sh, -c, \"kill -9 $$\"]\n":      "it died: signal: killed [plugin-failed]",
		"plugin: v1\ncommand: [sh, -c, \"exec >/dev/null\"]\n": "it ended by itself [plugin-failed]",
	} {
		root := t.TempDir()
		put(t, filepath.Join(root, "odd", "plugin.yaml"), text)
		p := external.New(quick())
		var found diag.List
		list, _ := p.Load(root, "connectors", &found)
		if got := fmt.Sprint(found.Sorted()); len(list) > 0 || !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		p.Close()
	}
	root := t.TempDir()
	put(t, filepath.Join(root, "odd", "plugin.yaml"), "plugin: v1\ncommand: [sh]\n")
	put(t, filepath.Join(root, "odd", "connector.yaml"), "connector: v1\n")
	p := external.New(quick())
	defer p.Close()
	var found diag.List
	if p.Load(root, "connectors", &found); !strings.Contains(fmt.Sprint(found.Sorted()), "the folder has a connector.yaml too") {
		t.Errorf("got %s, want that the folder cannot be both", found.Sorted())
	}
}

// TestDiagnosticsPage_ExplainsTheCodes holds the rows of docs/diagnostics.md to the codes.
func TestDiagnosticsPage_ExplainsTheCodes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/diagnostics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range external.Codes() {
		if row := "| `" + c.Name + "` | " + c.Meaning + " |"; !strings.Contains(string(page), row) {
			t.Errorf("the page lacks the row %s", row)
		}
	}
}
