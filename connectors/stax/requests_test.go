package stax_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/connectors/stax"
	"github.com/pollux-automation/pollux/internal/secret"
)

var update = flag.Bool("update", false, "write the golden file anew")

// service is a transport that a test writes as a function.
type service func(*http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// says answers every request alike.
func says(status int, kind, body string) service {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func open(t *testing.T, s service) (connectors.Connector, connectors.Session) {
	t.Helper()
	c, err := stax.New()
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	session, err := c.Open(connectors.Account{
		Name: "acme", Gate: budget.New(nil, 0), Transport: s,
		Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("a-key-of-a-test")},
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return c, session
}

func operation(t *testing.T, c connectors.Connector, key string) *connectors.Operation {
	t.Helper()
	o, ok := c.Describe().Operation(key)
	if !ok {
		t.Fatalf("there is no operation %q", key)
	}
	return o
}

// TestRequests_AreThoseOfTheService writes down the request of every operation,
// with every input filled, and of the polls of every list.
func TestRequests_AreThoseOfTheService(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	c, session := open(t, func(r *http.Request) (*http.Response, error) {
		fmt.Fprintf(&got, "  poll: %s %s\n", r.Method, r.URL)
		if r.Body != http.NoBody {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&got, "  %s\n", body)
		}
		return nil, io.EOF
	})
	for _, o := range c.Describe().Operations {
		inputs := map[string]any{}
		for _, in := range o.Inputs {
			inputs[in.Name] = sample(in.Field)
		}
		r, err := session.Preview(o, inputs)
		if err != nil {
			t.Errorf("%s: %v", o.Key, err)
			continue
		}
		fmt.Fprintf(&got, "%s (%s, %s)\n", o.Key, o.Title, rule(o))
		write(t, &got, r)
		if o.Poll != nil {
			poll := map[string]any{}
			for _, in := range o.Inputs {
				if in.Required && in.Setting == "" {
					poll[in.Name] = sample(in.Field)
				}
			}
			_, err := session.Page(t.Context(), o, connectors.Query{Inputs: poll, Since: time.UnixMilli(1700000000123), Size: o.Poll.PageSize})
			if connectors.KindOf(err) != connectors.Transient {
				t.Errorf("%s: %v", o.Key, err)
			}
		}
		got.WriteString("\n")
	}
	const file = "testdata/requests.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", file, diff)
	}
}

// rule says what an operation does: read, or write and whether it is repeated.
func rule(o *connectors.Operation) string {
	text := string(o.Kind)
	if o.Repeat != "" {
		text += ", repeat " + string(o.Repeat)
	}
	if o.Find != nil {
		text += fmt.Sprintf(" with %s by %s after %s", o.Find.Operation, o.Find.Match, o.Find.Settle)
	}
	if o.Poll != nil {
		text += fmt.Sprintf(", poll %s by %d", o.Poll.Strategy, o.Poll.PageSize)
	}
	return text
}

func write(t *testing.T, w *strings.Builder, r connectors.Request) {
	t.Helper()
	fmt.Fprintf(w, "  %s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "User-Agent" && name != "Accept" {
			fmt.Fprintf(w, "  %s: %s\n", name, r.Header[name])
		}
	}
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "  %s\n", b)
	}
}

// sample returns a value that a field accepts.
func sample(f schema.Field) any {
	switch f.Type {
	case schema.String:
		if len(f.Options) > 0 {
			return f.Options[0]
		}
		if f.Name == "email" {
			return "ann+news@example.com"
		}
		return "a " + f.Name
	case schema.Integer, schema.Number:
		return 3
	case schema.Boolean:
		return true
	case schema.Time:
		return "2026-01-31T08:30:00Z"
	case schema.Array:
		if f.Items == nil {
			return []any{"x"}
		}
		return []any{sample(*f.Items)}
	case schema.Map:
		m := map[string]any{}
		for _, member := range f.Fields {
			m[member.Name] = sample(member)
		}
		return m
	case schema.Any:
	}
	return "any"
}
