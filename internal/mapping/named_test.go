package mapping_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// withNames is a record with fields that users have named.
func withNames() *schema.Object {
	return &schema.Object{Key: "contact", ID: "id", Fields: []schema.Field{
		{Name: "id", Type: schema.String},
		{
			Name: "customFields", Type: schema.Array, Normal: schema.NormalKeyed, Key: "id", Values: []string{"value", "fieldValue"},
			Named: &schema.Named{Title: "custom field"},
		},
	}}
}

// directory knows one name, and counts nothing else.
type directory map[string]string

func (d directory) ID(connection string, _ *schema.Named, name string) (string, error) {
	if id, ok := d[connection+"."+name]; ok {
		return id, nil
	}
	return "", errors.New("there is no custom field " + name)
}

func namedNames() *mapping.Names {
	n := mapping.NewNames(withNames(), "contact", map[string]any{"field": "plan"})
	n.SetConnection("crm")
	steps := n.ForSteps()
	steps.AddStep("other", mapping.ObjectShape(withNames(), "the answer").Of("second"))
	steps.AddStep("all", mapping.ListShape(mapping.ObjectShape(withNames(), "the answer")).Of("second"))
	return steps
}

func TestNamed_IsReadByNameAndAsAList(t *testing.T) {
	t.Parallel()
	element := func(id string, v any) map[string]any { return map[string]any{"id": id, "fieldValue": v} }
	record := map[string]any{"id": "c1", "customFields": []any{element("f1", "gold"), element("f2", nil), map[string]any{"id": "f3", "value": []any{"a", "b"}}}}
	other := map[string]any{"customFields": []any{element("g1", "silver")}}
	scope := &mapping.Scope{
		Record: record, Before: map[string]any{"customFields": nil}, Kind: mapping.Updated, BeforeKnown: true, Changed: []string{"customFields", "customFields.f1"},
		Vars: map[string]any{"field": "plan"}, Steps: map[string]any{"other": other, "all": []any{other}},
		Named: directory{"crm.plan": "f1", "crm.contact.plan": "f1", "crm.empty": "f2", "crm.Likes & more": "f3", "crm.unset": "f9", "second.plan": "g1"},
	}
	tests := []struct {
		source string
		want   any
		err    string
	}{
		{"record.customFields.plan", "gold", ""},
		{"record?.customFields?.plan", "gold", ""},
		{`record.customFields["contact.plan"]`, "gold", ""},
		{`record.customFields["Likes & more"]`, []any{"a", "b"}, ""},
		{`record.customFields["Likes & more"][1]`, "b", ""},
		{"record.customFields[vars.field]", "gold", ""},
		{"before.customFields.plan", nil, ""},
		{"record.customFields.empty", nil, ""},
		{"record.customFields.unset", nil, ""},
		{"record.customFields.plan == \"gold\"", true, ""},
		{"record.customFields.other", nil, "there is no custom field other"},
		{"before.customFields.other", nil, "there is no custom field other"},
		{"steps.other.customFields.plan", "silver", ""},
		{"steps.all[0].customFields.plan", "silver", ""},
		{"map(steps.all, .customFields)[0][0].id", "g1", ""},
		{"len(record.customFields)", 3, ""},
		{"record.customFields[0].id", "f1", ""},
		{"record.customFields[-1].id", "f3", ""},
		{`find(record.customFields, .id == "f1").fieldValue`, "gold", ""},
		{`changed("customFields.plan")`, true, ""},
		{`changed("customFields.contact.plan")`, true, ""},
		{`changed("customFields.f1")`, nil, "there is no custom field f1"},
		{`changed("customFields.empty")`, false, ""},
		{`changed("customFields")`, true, ""},
	}
	for _, tt := range tests {
		var found diag.List
		x := namedNames().Expression(text(tt.source), &found)
		if x == nil {
			t.Errorf("%s: %v", tt.source, found.Sorted())
			continue
		}
		got, err := x.Value(scope)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v, %v; want %v, %s", tt.source, got, err, tt.want, tt.err)
		}
	}
}

// text is a value of a file without places.
func text(source string) mapping.Source { return mapping.Source{Value: source} }

func TestNamed_NewRecordsHaveChangedWhereTheyHaveAValue(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{`changed("customFields.plan")`: true, `changed("customFields.empty")`: false} {
		x := namedNames().Expression(text(source), &diag.List{})
		got, err := x.Value(&mapping.Scope{
			Kind: mapping.Created, Record: map[string]any{"customFields": []any{map[string]any{"id": "f1", "value": 1}}},
			Named: directory{"crm.plan": "f1", "crm.empty": "f2"},
		})
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %t", source, got, err, want)
		}
	}
}

func TestNamed_WithoutNamesOnlyWhatIsWrittenByNameIsRead(t *testing.T) {
	t.Parallel()
	x := namedNames().Expression(text("record.customFields.plan"), &diag.List{})
	tests := []struct {
		fields any
		want   any
		err    string
	}{
		{map[string]any{"plan": "gold"}, "gold", ""},
		{nil, nil, ""},
		{[]any{}, nil, ""},
		{[]any{map[string]any{"id": "plan", "value": "gold"}}, "gold", ""},
		{[]any{map[string]any{"id": "f1", "value": "gold"}}, nil, "nobody knows the names of the custom fields here; write customFields: {plan: ...}"},
		{"text", nil, "text has no member"},
	}
	for _, tt := range tests {
		got, err := x.Value(&mapping.Scope{Record: map[string]any{"customFields": tt.fields}})
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v: got %v, %v; want %v, %s", tt.fields, got, err, tt.want, tt.err)
		}
	}
}

func TestNamed_TellsWhichNamesARecipeUses(t *testing.T) {
	t.Parallel()
	n := namedNames()
	var found diag.List
	n.Expression(mapping.Source{Value: `upper(record.customFields.plan) + before.customFields["a b"]`, At: diag.Place{File: "r", Line: 3, Column: 5}}, &found)
	n.Expression(text(`changed("customFields.x") or record.customFields[0] != nil or any(record.customFields, .id == "a")`), &found)
	n.Expression(text("steps.other.customFields[vars.field]"), &found)
	n.Path("customFields.contact.plan", diag.Place{Line: 9}, &found)
	n.Mapping(object("fields", object("plan", "gold")), &mapping.Inputs{Operation: "o", Connection: "mail", Fields: []schema.Field{
		{Name: "fields", Type: schema.Array, Named: &schema.Named{}},
	}}, &found)
	if found.Len() > 0 {
		t.Fatal(found.Sorted())
	}
	var got []string
	for _, use := range n.Named() {
		word := use.Connection + " " + use.Field + "." + use.Name
		if use.Watch {
			word += " watched"
		}
		if use.Write {
			word += " written"
		}
		got = append(got, word)
	}
	want := []string{
		"crm customFields.plan", "crm customFields.a b", "crm customFields.x", "second customFields.", "crm customFields.contact.plan watched", "mail fields.plan written",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}

func TestMapping_ValuesByNameMayStandInTheListsPlace(t *testing.T) {
	t.Parallel()
	in := &mapping.Inputs{Operation: "contact.update", Fields: []schema.Field{
		{Name: "fields", Type: schema.Array, Named: &schema.Named{}, Items: &schema.Field{Type: schema.Map, Fields: []schema.Field{{Name: "id", Type: schema.String}}}},
	}}
	tests := []struct {
		name  string
		given any
		want  map[string]any
	}{
		{
			"by name", object("plan", "gold", "score", "=record.score", "likes", list("a", "b"), "gone", "=record.dnd", "old", "=clear"),
			map[string]any{"fields": map[string]any{"plan": "gold", "score": 7, "likes": []any{"a", "b"}, "old": nil}},
		},
		{"an expression", `={"plan": record.email, "gone": nil}`, map[string]any{"fields": map[string]any{"plan": "Ann@Example.com"}}},
		{"nothing is left", object("gone", "=record.dnd"), map[string]any{}},
		{"the list", mapping.Source{List: true, Items: []mapping.Source{object("id", "f1")}}, map[string]any{"fields": []any{map[string]any{"id": "f1"}}}},
	}
	for _, tt := range tests {
		var found diag.List
		m := stepNames().Mapping(object("fields", tt.given), in, &found)
		if found.Len() > 0 {
			t.Fatalf("%s: %v", tt.name, found.Sorted())
		}
		got, err := m.Input(scope())
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: got error %v, inputs (-want +got):\n%s", tt.name, err, diff)
		}
	}
	var found diag.List
	m := stepNames().Mapping(object("fields", object("plan", "gold", "score", 1)), in, &found)
	if diff := cmp.Diff([]string{"fields.plan", "fields.score"}, m.Paths("fields")); diff != "" {
		t.Errorf("paths by name (-want +got):\n%s", diff)
	}
	m = stepNames().Mapping(object("fields", `={"plan": 1}`), in, &found)
	if diff := cmp.Diff([]string{"fields"}, m.Paths("fields")); diff != "" {
		t.Errorf("paths of an expression (-want +got):\n%s", diff)
	}
	stepNames().Mapping(object("fields", "text"), in, &found)
	if !found.HasErrors() {
		t.Error("text in the place of the list is taken")
	}
}
