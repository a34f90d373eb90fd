package external_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
)

// quick are options that make tests short.
func quick() external.Options {
	return external.Options{Version: "test", Grace: 300 * time.Millisecond, Pause: 10 * time.Millisecond, Rest: time.Minute, Env: os.LookupEnv}
}

// write makes the folder of a plugin that is this program in some mode.
func write(t *testing.T, mode string) (root, trace string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root = t.TempDir()
	trace = filepath.Join(t.TempDir(), "trace")
	timeout := "20s" // machines can be busy
	if slices.Contains([]string{"hangs in a call", "is slow", "hangs in a write", "gives a write up"}, mode) {
		timeout = "1s"
	}
	put(t, filepath.Join(root, "odd", "plugin.yaml"), fmt.Sprintf("plugin: v1\ntimeout: "+timeout+"\ncommand: [%q, plugin, %q, %q]\n", self, mode, trace))
	return root, trace
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// load loads a plugin of this program in some mode, which must be in order.
func load(t *testing.T, mode string) (*external.Connector, string) {
	t.Helper()
	root, trace := write(t, mode)
	p := external.New(quick())
	t.Cleanup(p.Close)
	var found diag.List
	list, _ := p.Load(root, "connectors", &found)
	if len(list) != 1 {
		t.Fatalf("the plugin was not loaded: %v", found.Sorted())
	}
	return list[0], trace
}

// account is one with a token.
func account(token string) connectors.Account {
	return connectors.Account{Name: "acme", Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(token)}, Gate: budget.New(nil, 0)}
}

// open opens a session for an account with a token.
func open(t *testing.T, c connectors.Connector) connectors.Session {
	t.Helper()
	s, err := c.Open(account("sesame-token"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// operation returns an operation of the plugin.
func operation(t *testing.T, c connectors.Connector, key string) *connectors.Operation {
	t.Helper()
	op, ok := c.Describe().Operation(key)
	if !ok {
		t.Fatalf("there is no operation %s", key)
	}
	return op
}

func page(t *testing.T, s connectors.Session, c connectors.Connector) error {
	t.Helper()
	_, err := s.Page(t.Context(), operation(t, c, "item.list"), connectors.Query{})
	return err
}

func TestPlugin_ThatDoesNotStartIsAFinding(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"hangs at start":          "there was no answer in time",
		"dies at start":           "it died: exit status 3; its last words: cannot find the moon",
		"speaks first":            "it asked for something, and plugins only answer",
		"answers first":           "it answered the request 7, which waits for no answer",
		"prints a banner":         `it does not speak the protocol (version 1): no message: invalid character 'o' looking for beginning of value: "odd 1.0 is ready"`,
		"floods without newline":  "the line has more than 16 MiB",
		"floods with newlines":    "it does not speak the protocol",
		"floods with empty lines": "there was no answer in time",
		"closes its output":       "it closed its standard output and went on",
		"another version":         "it takes the version 9 of the protocol, which was not offered; Pollux speaks 1",
		"no version":              "no common version of the protocol: offered are [1], spoken is 9",
		"a list for a result":     "the answer is not that of a plugin (protocol 1)",
		"describes nonsense":      `there is no strategy "guess"`,
		"another key":             `the folder "odd" holds the connector "even"`,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			root, _ := write(t, mode)
			o := quick()
			if strings.Contains(want, "in time") {
				o.Start = time.Second
			}
			p := external.New(o)
			defer p.Close()
			var found diag.List
			list, sources := p.Load(root, "connectors", &found)
			text := fmt.Sprint(found.Sorted())
			if len(list) > 0 || !strings.Contains(text, want) {
				t.Errorf("got %d connectors and %.600s, want a finding with %q", len(list), text, want)
			}
			if !strings.Contains(text, "connectors/odd/plugin.yaml") || len(sources["connectors/odd/plugin.yaml"]) == 0 {
				t.Errorf("got %.300s, want findings in connectors/odd/plugin.yaml, whose text is there", text)
			}
		})
	}
}

func TestPlugin_OddAnswersAreErrorsAndNoData(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]struct {
		kind connectors.Kind
		text string
	}{
		"hangs in a call":           {connectors.Transient, "there was no answer in time"},
		"is slow":                   {connectors.Transient, "given up"},
		"dies in a page":            {connectors.Transient, "it died: exit status 4"},
		"forks and dies":            {connectors.Transient, "it died: exit status 5"},
		"answers nonsense":          {connectors.Transient, `it does not speak the protocol (version 1): no message: invalid character 'o' in literal null (expecting 'u'): "nonsense"`},
		"answers with wrong id":     {connectors.Transient, "it answered the request 333, which waits for no answer (protocol 1)"},
		"asks back":                 {connectors.Transient, "it asked for something, and plugins only answer (protocol 1)"},
		"a huge line":               {connectors.Transient, "the line has more than 16 MiB"},
		"a result of another shape": {connectors.Transient, "the answer cannot be used (protocol 1)"},
		"neither result nor error":  {connectors.Transient, "an answer has either a result or an error"},
		"the same page":             {connectors.Transient, "the next page begins where this one did"},
		"no records":                {connectors.Transient, "the answer contradicts what it describes"},
		"no id":                     {connectors.Transient, `record 1 of the page: it has no "id"`},
		"an empty id":               {connectors.Transient, `record 1 of the page: it has no "id"`},
		"a long id":                 {connectors.Transient, "has 2000 bytes, more than 1024"},
		"twice an id":               {connectors.Transient, `record 2 of the page: the id "a" is there twice`},
		"a wrong type":              {connectors.Transient, `the field "n": want a whole number`},
		"no object":                 {connectors.Transient, "it is no object"},
		"no time":                   {connectors.Transient, `no readable time in "updated"`},
		"an odd status":             {connectors.Transient, "it answers a result with the status 500"},
		"slower":                    {connectors.RateLimited, "slower (wait)"},
		"tells the token":           {connectors.Invalid, "I do not like ***"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, _ := load(t, mode)
			s := open(t, c)
			_, err := s.Page(t.Context(), operation(t, c, "item.list"), connectors.Query{Position: map[string]string{"the same page": "on"}[mode]})
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != want.kind || !strings.Contains(err.Error(), want.text) {
				t.Errorf("got %v, want an error of the kind %s with %q", err, want.kind, want.text)
			}
			if ok && e.Op != "odd.item.list" {
				t.Errorf("got an error of %s, want one of odd.item.list", e.Op)
			}
			if mode == "slower" && ok && (e.RetryAfter != 7*time.Second || e.Code != "TOO_FAST") {
				t.Errorf("got %v and %q, want 7s and TOO_FAST", e.RetryAfter, e.Code)
			}
		})
	}
}

func TestPlugin_WritesThatMayHaveArrivedAreUncertain(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]connectors.Kind{
		"hangs in a write": connectors.Uncertain,
		"dies in a write":  connectors.Uncertain,
		"an odd kind":      connectors.Uncertain,
		"gives a write up": connectors.Transient, // it says that nothing was done
		"":                 "",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, _ := load(t, mode)
			_, err := open(t, c).Call(t.Context(), operation(t, c, "item.put"), nil)
			if want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if connectors.KindOf(err) != want {
				t.Errorf("got %v of the kind %s, want %s", err, connectors.KindOf(err), want)
			}
		})
	}
}

func TestPlugin_ReadsOfASingleRecordMustAnswerOne(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"no value": `want the object "item", got nothing`, "a value of text": "it is no object"} {
		c, _ := load(t, mode)
		_, err := open(t, c).Call(t.Context(), operation(t, c, "item.get"), map[string]any{"id": "i1"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", mode, err, want)
		}
	}
}

func TestPlugin_GoesOnAfterItDied(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "dies once")
	s, op := open(t, c), operation(t, c, "item.list")
	var ids []string
	position, failures := "", 0
	for {
		p, err := s.Page(t.Context(), op, connectors.Query{Position: position})
		if err != nil {
			if failures++; failures > 1 {
				t.Fatal(err)
			}
			continue
		}
		for _, r := range p.Records {
			ids = append(ids, r.ID)
		}
		if position = p.Next; position == "" {
			break
		}
	}
	if got, want := fmt.Sprint(ids, failures), "[i1 i2 i3 i4 i5 i6] 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPlugin_RestsWhenItDiesAgainAndAgain(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "dies in a page")
	s := open(t, c)
	var err error
	for range 5 {
		if err = page(t, s, c); !strings.Contains(err.Error(), "it died: exit status 4") {
			t.Fatalf("got %v, want that it died", err)
		}
	}
	err = page(t, s, c)
	if connectors.KindOf(err) != connectors.Transient || !strings.Contains(err.Error(), " more, after it ended 5 times in a row: it died: exit status 4") {
		t.Errorf("got %v, want that it rests", err)
	}
	if _, err = s.Call(t.Context(), operation(t, c, "item.put"), nil); connectors.KindOf(err) != connectors.Transient {
		t.Errorf("got %v of the kind %s for a write that was surely not sent, want %s", err, connectors.KindOf(err), connectors.Transient)
	}
}

func TestPlugin_MayNotBecomeAnotherOne(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "another description")
	s := open(t, c)
	if err := page(t, s, c); !strings.Contains(fmt.Sprint(err), "it died") {
		t.Fatalf("got %v, want that it died", err)
	}
	for range 5 { // until it rests, and tells why
		_ = page(t, s, c)
	}
	if err := page(t, s, c); !strings.Contains(fmt.Sprint(err), "it describes something else than when it was loaded") {
		t.Errorf("got %v, want that it describes something else", err)
	}
}

func TestPlugin_SecondAnswerEndsIt(t *testing.T) {
	t.Parallel()
	c, _ := load(t, "answers twice")
	s := open(t, c)
	if err := page(t, s, c); err != nil {
		t.Fatalf("got %v, want the first answer", err)
	}
	for range 5 { // whether the next request meets the old program is chance
		if err := page(t, s, c); err != nil && !strings.Contains(err.Error(), "which waits for no answer") {
			t.Fatalf("got %v, want only that the second answer was for nobody", err)
		}
	}
}

func TestPlugin_FloodOfComplaintsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"complains without end", "complains in one line"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, _ := load(t, mode)
			s := open(t, c)
			for range 20 {
				if err := page(t, s, c); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestPlugin_CancelledCallsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	for mode, operationKey := range map[string]string{"is slow": "item.list", "hangs in a call": "item.list", "gives a write up": "item.put"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c, _ := load(t, mode)
			s := open(t, c)
			ctx, cancel := context.WithCancel(t.Context())
			context.AfterFunc(t.Context(), cancel)
			timer := time.AfterFunc(100*time.Millisecond, cancel)
			defer timer.Stop()
			_, err := s.Call(ctx, operation(t, c, operationKey), nil)
			if connectors.KindOf(err) != connectors.Canceled {
				t.Errorf("got %v of the kind %s, want %s", err, connectors.KindOf(err), connectors.Canceled)
			}
		})
	}
}
