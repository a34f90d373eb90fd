package mapping_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// object makes an object of scalars and other sources; pairs are name, value.
func object(pairs ...any) mapping.Source {
	s := mapping.Source{At: diag.Place{File: "f", Line: 1, Column: 1}, Object: true}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		value, isSource := pairs[i+1].(mapping.Source)
		if !isSource {
			value = source(pairs[i+1])
		}
		s.Fields = append(s.Fields, mapping.SourceField{Name: name, At: diag.Place{File: "f", Line: 2, Column: 1}, Value: value})
	}
	return s
}

func list(items ...any) mapping.Source {
	s := mapping.Source{At: diag.Place{File: "f", Line: 1, Column: 1}, List: true}
	for _, item := range items {
		s.Items = append(s.Items, source(item))
	}
	return s
}

// inputs are those of an imagined operation.
func inputs() *mapping.Inputs {
	return &mapping.Inputs{Operation: "subscriber.upsert", Fields: []schema.Field{
		{Name: "listId", Type: schema.String, Required: true},
		{Name: "email", Type: schema.String, Nullable: true},
		{Name: "status", Type: schema.String, Options: []string{"on", "off"}},
		{Name: "at", Type: schema.String, Pattern: "[0-9]{4}", Example: "0830"},
		{Name: "count", Type: schema.Integer},
		{Name: "price", Type: schema.Number},
		{Name: "agreed", Type: schema.Boolean},
		{Name: "since", Type: schema.Time},
		{Name: "tags", Type: schema.Array, Items: &schema.Field{Type: schema.String}},
		{Name: "fields", Type: schema.Map, Open: true},
		{Name: "address", Type: schema.Map, Fields: []schema.Field{{Name: "city", Type: schema.String, Required: true}, {Name: "zip", Type: schema.String, Nullable: true}}},
		{Name: "anything", Type: schema.Any},
		{Name: "locationId", Type: schema.String, Required: true},
	}, Filled: map[string]bool{"locationId": true}}
}

func TestMapping_Input(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source mapping.Source
		want   map[string]any
	}{
		{"literals", object("listId", "1", "count", 3, "price", 2, "agreed", true, "status", "on"), map[string]any{"listId": "1", "count": 3, "price": 2, "agreed": true, "status": "on"}},
		{"expressions keep their type", object("listId", "=vars.newsletter", "count", "=record.score + 1", "since", "=now"), map[string]any{"listId": "104532", "count": 8, "since": "2026-03-02T00:00:00Z"}},
		{"escaped", object("listId", "==x"), map[string]any{"listId": "=x"}},
		{"holes", object("listId", `${vars.newsletter}-${record.score}-${record.lastName}-$${x}`), map[string]any{"listId": "104532-7--${x}"}},
		{"hole with braces", object("listId", `a${ {"b": "}"}.b }c`), map[string]any{"listId": "a}c"}},
		{"nil is left out", object("listId", "1", "email", "=record.lastName"), map[string]any{"listId": "1"}},
		{"nil is left out below", object("listId", "1", "fields", object("a", "=record.lastName", "b", "x")), map[string]any{"listId": "1", "fields": map[string]any{"b": "x"}}},
		{"what becomes empty is left out", object("listId", "1", "fields", object("a", "=record.lastName"), "tags", list("=record.lastName")), map[string]any{"listId": "1"}},
		{"nil inside an expression is left out", object("listId", "1", "fields", `={"a": nil, "b": [1, nil]}`), map[string]any{"listId": "1", "fields": map[string]any{"b": []any{1}}}},
		{"clear sends null", object("listId", "1", "email", "=clear", "address", object("city", "x", "zip", "= clear ")), map[string]any{"listId": "1", "email": nil, "address": map[string]any{"city": "x", "zip": nil}}},
		{"a number of unknown type becomes text for an id", object("listId", "=record.customFields[0].value"), map[string]any{"listId": "3"}},
		{"lists", object("listId", "1", "tags", list("a", "=record.firstName")), map[string]any{"listId": "1", "tags": []any{"a", "Ann"}}},
		{"an empty list stays", object("listId", "1", "tags", list()), map[string]any{"listId": "1", "tags": []any{}}},
		{"anything", object("listId", "1", "anything", object("x", list(1, "=2"))), map[string]any{"listId": "1", "anything": map[string]any{"x": []any{1, 2}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			m := stepNames().Mapping(tt.source, inputs(), &into)
			if into.Len() != 0 {
				t.Fatalf("findings: %v", rendered(&into))
			}
			got, err := m.Input(scope())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMapping_InputFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source mapping.Source
		want   string
	}{
		{"required", object("listId", "=record.lastName"), `input "listId" is required, and =record.lastName is nothing`},
		{"required below", object("listId", "1", "address", object("city", "=record.lastName")), `input "address": city is required, and =record.lastName is nothing`},
		{"type", object("listId", "1", "count", "=record.customFields[0].id"), `input "count": expected a whole number, found text`},
		{"fraction", object("listId", "1", "count", "=record.value"), `input "count": expected a whole number, found 2.5`},
		{"option", object("listId", "1", "status", "=lower(record.email)"), `input "status": expected one of on, off, found "ann@example.com"`},
		{"hole", object("listId", `x${record.extra + 1}`), `input "listId": evaluate "record.extra + 1": one side of + is nothing; write (x ?? "") for a value that may be missing`},
		{"list in a hole", object("listId", `x${record.customFields[0]}`), `input "listId": an object cannot be written as text; use join or toJSON`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			m := stepNames().Mapping(tt.source, inputs(), &into)
			if into.Len() != 0 {
				t.Fatalf("findings: %v", rendered(&into))
			}
			if got, err := m.Input(scope()); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestMapping_ReportsMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source mapping.Source
		want   string
	}{
		{"unknown", object("listId", "1", "emial", "x"), `f:2:1: error: subscriber.upsert has no input "emial" [unknown-input] | did you mean "email"?`},
		{"unknown below", object("listId", "1", "address", object("city", "x", "town", "y")), `f:2:1: error: address has no member "town" [unknown-input] | known here: city, zip`},
		{"missing below", object("listId", "1", "address", object("zip", "x")), `f:1:1: error: address needs the input "city" [missing-input] | add city: ...`},
		{"missing", object("email", "x"), `f:1:1: error: subscriber.upsert needs the input "listId" [missing-input] | add listId: ...`},
		{"number for text", object("listId", 5), `f:1:1: error: "listId" is text, this is a number [quote-number] | write "5"`},
		{"number expression for text", object("listId", "=record.score"), `f:1:1: error: "listId" is text, this is a number [input-type] | write =string(record.score)`},
		{"text for number", object("listId", "1", "count", "five"), `f:1:1: error: "count" is a whole number, this is text [input-type]`},
		{"fraction for a whole number", object("listId", "1", "count", 2.5), `f:1:1: error: "count" is a whole number, this is a number [input-type]`},
		{"text for true or false", object("listId", "1", "agreed", "yes"), `f:1:1: error: "agreed" is true or false, this is text [input-type]`},
		{"list for text", object("listId", list("1")), `f:1:1: error: "listId" is text, this is a list [input-type]`},
		{"no time", object("listId", "1", "since", "soon"), `f:1:1: error: "since" is a time, "soon" is none [input-type] | write it as in 2026-03-01T09:00:00+09:00`},
		{"pattern", object("listId", "1", "at", "8:30"), `f:1:1: error: "at" cannot be "8:30" [input-option] | write it like 0830`},
		{"option", object("listId", "1", "status", "of"), `f:1:1: error: "status" cannot be "of" [input-option] | did you mean "off"?`},
		{"clear", object("listId", "=clear"), `f:1:1: error: "listId" cannot be cleared [not-nullable] | remove it; an input that is not given is left as it is`},
		{"nothing", object("listId", nil), `f:1:1: error: "listId" has no value [input-type] | remove it, or write =clear to empty a field that can be empty`},
		{"in a list", object("listId", "1", "tags", list("a", 5)), `f:1:1: error: "tags" is text, this is a number [quote-number] | write "5"`},
		{"set step", object("listId", "=steps.person.nme"), `f:1:15: error: the result of person has no field "nme" [unknown-field] | did you mean "name"?`},
		{"unclosed hole", object("listId", "a${record.email"), `f:1:2: error: a hole ${ is opened and never closed [hole-syntax] | write ${expression}, or $${ for the characters themselves`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			stepNames().Mapping(tt.source, inputs(), &into)
			if diff := cmp.Diff([]string{tt.want}, rendered(&into)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMapping_TellsWhatItUses(t *testing.T) {
	t.Parallel()
	var into diag.List
	m := stepNames().Mapping(object("listId", "run ${run.id}", "email", "=before.email", "fields", object("a", list("=changed(\"email\")"))), inputs(), &into)
	if into.Len() != 0 {
		t.Fatalf("findings: %v", rendered(&into))
	}
	if !m.Uses("before") || !m.Uses("changed") || m.Uses("now") || !m.InputUses("listId", "run") || m.InputUses("email", "run") {
		t.Error("Uses and InputUses do not tell what the mapping uses")
	}
	if diff := cmp.Diff([]string{"listId", "email", "fields"}, m.Inputs()); diff != "" {
		t.Errorf("Inputs (-want +got):\n%s", diff)
	}
}

// TestMapping_ShapeTypesLaterSteps shows that what a set step gives is typed in
// the expressions after it.
func TestMapping_ShapeTypesLaterSteps(t *testing.T) {
	t.Parallel()
	var into diag.List
	n := names().ForSteps()
	m := n.Mapping(object("score", "=record.score", "name", "x ${record.firstName}", "all", "=record.tags", "city", "=record.address"), nil, &into)
	n.AddStep("a", m.Shape("the result of step a"))
	n.Filter(source(`steps.a.score == "5"`), &into)
	n.Filter(source(`steps.a.name > 5`), &into)
	n.Filter(source(`steps.a.city.town == "x"`), &into)
	n.Filter(source(`"x" in steps.a.all and steps.a.score > 3`), &into)
	want := []string{
		`f:1:14: error: text and a number do not go together with > [type-mismatch] | put the number in quotes, or use int(...) or string(...)`,
		`f:1:15: error: a number and text do not go together with == [type-mismatch] | put the number in quotes, or use int(...) or string(...)`,
		`f:1:14: error: address has no field "town" [unknown-field] | known here: city`,
	}
	got := rendered(&into)
	if len(got) != len(want) {
		t.Errorf("findings: got %v, want %v", got, want)
	}
	for _, w := range want {
		if !strings.Contains(strings.Join(got, "\n"), w) {
			t.Errorf("findings: got %v, want %s among them", got, w)
		}
	}
}
