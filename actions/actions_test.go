package actions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
)

// fake is a connector with one list and one write.
type fake struct{ connectors.Connector }

func (fake) Describe() *connectors.Description {
	person := &schema.Object{Key: "person", ID: "id", Updated: "at", Fields: []schema.Field{
		{Name: "id", Type: schema.String}, {Name: "name", Type: schema.String}, {Name: "at", Type: schema.Time},
	}}
	return &connectors.Description{Key: "fake", Operations: []*connectors.Operation{
		{Connector: "fake", Key: "person.list", Kind: connectors.Read, Answer: person, List: true, Poll: &connectors.Poll{Strategy: connectors.Keyset}},
		{Connector: "fake", Key: "person.greet", Kind: connectors.Write, Repeat: connectors.RepeatSafe, Inputs: []connectors.Input{
			{Field: schema.Field{Name: "to", Type: schema.String, Required: true}, In: "body"},
			{Field: schema.Field{Name: "text", Type: schema.String}, In: "body"},
		}},
	}}
}

// steps returns the mappings of a recipe's steps.
func steps(t *testing.T, text string) []recipes.Step {
	t.Helper()
	var registry connectors.Registry
	if err := registry.Add(fake{}); err != nil {
		t.Fatal(err)
	}
	var findings diag.List
	r := recipes.Parse("r.yaml", []byte(`recipe: v1
id: r
connections: {a: {connector: fake, account: acme}}
trigger: {poll: a.person.list, schedule: {every: 1m}, start: now}
steps:
`+text), engine.NewCatalog(&registry, []recipes.Account{{Name: "acme", Connector: "fake"}}), &findings)
	if findings.HasErrors() {
		t.Fatal(findings.Sorted())
	}
	return r.Steps
}

func TestPrepare_SaysWhatIsToBeDoneAndDoesNothing(t *testing.T) {
	t.Parallel()
	s := steps(t, `  - {id: values, set: {name: "=upper(record.name)"}}
  - {id: greet, call: a.person.greet, with: {to: =record.id, text: =record.name}}
`)
	scope := &mapping.Scope{Record: map[string]any{"id": "p1", "name": "ann"}, Kind: "created"}
	set, err := actions.SetValues{Values: s[0].With}.Prepare(scope)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"name": "ANN"}, set.Output); diff != "" || set.Call != nil {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	op := fake{}.Describe().Operations[1]
	call, err := actions.CallOperation{Account: "acme", Operation: op, With: s[1].With}.Prepare(scope)
	if err != nil {
		t.Fatal(err)
	}
	if call.Call == nil || call.Call.Account != "acme" || call.Call.Operation != op {
		t.Fatalf("got call %+v, want one of %s for acme", call.Call, op.Key)
	}
	if diff := cmp.Diff(map[string]any{"to": "p1", "text": "ann"}, call.Call.Input); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	stop, err := actions.StopRun{Reason: "enough"}.Prepare(scope)
	if err != nil || !stop.Stop || stop.Output["reason"] != "enough" {
		t.Errorf("stop: got %+v, %v", stop, err)
	}
}

func TestPrepare_RequiredInputThatIsNilSendsNothing(t *testing.T) {
	t.Parallel()
	s := steps(t, "  - {id: greet, call: a.person.greet, with: {to: =record.name}}\n")
	got, err := actions.CallOperation{Operation: fake{}.Describe().Operations[1], With: s[0].With}.Prepare(&mapping.Scope{Record: map[string]any{}, Kind: "created"})
	if err == nil || got.Call != nil {
		t.Errorf("got %+v, %v; want an error and no call", got, err)
	}
}

func TestSwitch_TakesTheFirstCaseThatHolds(t *testing.T) {
	t.Parallel()
	s := steps(t, `  - id: which
    switch:
      - {if: 'record.name == "ann"', steps: [{id: x, set: {v: 1}}]}
      - {if: 'record.name + "x" != nil', steps: [{id: y, set: {v: 1}}]}
  - id: other
    switch:
      - {if: 'record.name == "ann"', steps: [{id: z, set: {v: 1}}]}
      - {else: [{id: w, set: {v: 1}}]}
`)
	conditions := func(step recipes.Step) actions.Switch {
		var a actions.Switch
		for _, c := range step.Cases {
			a.Cases = append(a.Cases, c.If)
		}
		return a
	}
	tests := []struct {
		name string
		step int
		who  any
		want int
		err  bool
	}{
		{"the first", 0, "ann", 0, false},
		{"the second", 0, "bob", 1, false},
		{"a condition that fails", 0, nil, 0, true},
		{"else", 1, nil, 1, false},
	}
	for _, tt := range tests {
		got, err := conditions(s[tt.step]).Prepare(&mapping.Scope{Record: map[string]any{"name": tt.who}, Kind: "created"})
		if (err != nil) != tt.err {
			t.Fatalf("%s: got error %v, want one: %t", tt.name, err, tt.err)
		}
		if err == nil && (got.Case != tt.want || got.Output["case"] != tt.want || got.Call != nil) {
			t.Errorf("%s: got %+v, want case %d", tt.name, got, tt.want)
		}
	}
	none := actions.Switch{Cases: conditions(s[0]).Cases[:1]}
	if got, err := none.Prepare(&mapping.Scope{Record: map[string]any{"name": "bob"}, Kind: "created"}); err != nil || got.Case != -1 || got.Output["case"] != -1 {
		t.Errorf("no case holds: got %+v, %v; want case -1", got, err)
	}
}

func TestEach_GivesTheItems(t *testing.T) {
	t.Parallel()
	s := steps(t, `  - id: parts
    each: fromJSON(record.name)
    steps: [{id: x, set: {v: =item}}]
`)
	many := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }
	tests := []struct {
		name  string
		value any
		want  int
		err   string
	}{
		{"a list", `["a", {"b": 1}]`, 2, ""},
		{"an empty list", "[]", 0, ""},
		{"nothing", nil, 0, ""},
		{"text", `"a"`, 0, "expected a list, found text"},
		{"as many as allowed", many(actions.MaxItems), actions.MaxItems, ""},
		{"one too many", many(actions.MaxItems + 1), 0, "the list has 10001 items, more than 10000"},
	}
	for _, tt := range tests {
		got, err := actions.Each{List: s[0].Each}.Prepare(&mapping.Scope{Record: map[string]any{"name": tt.value}, Kind: "created"})
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil || got.Items == nil || len(got.Items) != tt.want {
			t.Errorf("%s: got %d items (nil: %t), %v; want %d", tt.name, len(got.Items), got.Items == nil, err, tt.want)
		}
	}
}

func TestWait_SaysHowLong(t *testing.T) {
	t.Parallel()
	s := steps(t, `  - {id: while, wait: 1d2h}
  - {id: text, wait: {until: =record.at}}
  - {id: time, wait: {until: '=date(record.at) + duration("1h")'}}
  - {id: fixed, wait: {until: "2026-03-01T09:00:00+09:00"}}
  - {id: number, wait: {until: '=fromJSON("12")'}}
`)
	const at = "2026-03-01T00:00:00Z"
	utc := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		step  int
		at    any
		wait  time.Duration
		until time.Time
		err   string
	}{
		{0, at, 26 * time.Hour, time.Time{}, ""},
		{1, at, 0, utc, ""},
		{1, nil, 0, time.Time{}, ""},
		{1, "tomorrow", 0, time.Time{}, `"tomorrow" is not a time`},
		{2, at, 0, utc.Add(time.Hour), ""},
		{3, nil, 0, utc, ""},
		{4, nil, 0, time.Time{}, "expected a time, found a number"},
	}
	for _, tt := range tests {
		pause := s[tt.step].Wait
		got, err := actions.Wait{For: pause.For, Until: pause.Until}.Prepare(&mapping.Scope{Record: map[string]any{"at": tt.at}, Kind: "created"})
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s of %v: got error %v, want one with %q", s[tt.step].ID, tt.at, err, tt.err)
			}
			continue
		}
		over, overErr := actions.Wait{For: pause.For, Until: pause.Until, Over: true}.Prepare(&mapping.Scope{Record: map[string]any{"at": tt.at}, Kind: "created"})
		if overErr != nil || over.Wait != 0 || !over.Until.IsZero() {
			t.Errorf("%s of %v that is over: got %v, %v, %v, want nothing to wait for", s[tt.step].ID, tt.at, over.Wait, over.Until, overErr)
		}
		if err != nil || got.Wait != tt.wait || !got.Until.Equal(tt.until) {
			t.Errorf("%s of %v: got %v, %v, %v; want %v, %v", s[tt.step].ID, tt.at, got.Wait, got.Until, err, tt.wait, tt.until)
		}
	}
}
