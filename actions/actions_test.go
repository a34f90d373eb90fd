package actions_test

import (
	"testing"

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
