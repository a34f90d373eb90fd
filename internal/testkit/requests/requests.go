// Package requests writes down what connectors ask of their services, for golden files.
package requests

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Made are the values of inputs that say more than their type.
type Made struct {
	// Email fills the inputs with one of the Names.
	Email string
	Names []string
}

// transport is a transport that is a function.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Written returns the request of every operation of a connector, with every input filled, and
// those of the polls of every list. The account needs no gate and no transport: nothing is sent.
func Written(t testing.TB, c connectors.Connector, a connectors.Account, m Made) string {
	t.Helper()
	var got strings.Builder
	a.Gate = budget.New(nil, 0)
	a.Transport = transport(func(r *http.Request) (*http.Response, error) {
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
	session, err := c.Open(a)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	for _, o := range c.Describe().Operations {
		inputs := map[string]any{}
		for _, in := range o.Inputs {
			inputs[in.Name] = m.Sample(in.Field)
		}
		r, err := session.Preview(o, inputs)
		if err != nil {
			t.Errorf("%s: %v", o.Key, err)
			continue
		}
		fmt.Fprintf(&got, "%s (%s, %s)\n", o.Key, o.Title, rule(o))
		write(t, &got, r)
		if o.Poll != nil {
			m.poll(t, session, o)
		}
		got.WriteString("\n")
	}
	return got.String()
}

// poll asks for the first page of a list, with what is required.
func (m Made) poll(t testing.TB, session connectors.Session, o *connectors.Operation) {
	t.Helper()
	inputs := map[string]any{}
	for _, in := range o.Inputs {
		if in.Required && in.Setting == "" {
			inputs[in.Name] = m.Sample(in.Field)
		}
	}
	_, err := session.Page(t.Context(), o, connectors.Query{Inputs: inputs, Since: time.UnixMilli(1700000000123), Size: o.Poll.PageSize})
	if connectors.KindOf(err) != connectors.Transient {
		t.Errorf("%s: %v", o.Key, err)
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

func write(t testing.TB, w *strings.Builder, r connectors.Request) {
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

// Sample returns a value that a field accepts.
func (m Made) Sample(f schema.Field) any {
	switch f.Type {
	case schema.String:
		if len(f.Options) > 0 {
			return f.Options[0]
		}
		if slices.Contains(m.Names, f.Name) {
			return m.Email
		}
		if f.Example != "" {
			return f.Example
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
		return []any{m.Sample(*f.Items)}
	case schema.Map:
		out := map[string]any{}
		for _, member := range f.Fields {
			out[member.Name] = m.Sample(member)
		}
		return out
	case schema.Any:
	}
	return "any"
}
