package mapping_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
)

// contact is the record of these tests.
func contact() *schema.Object {
	return &schema.Object{
		Key: "contact", Title: "Contact", ID: "id", Updated: "dateUpdated", Fields: []schema.Field{
			{Name: "id", Type: schema.String},
			{Name: "email", Type: schema.String},
			{Name: "firstName", Type: schema.String},
			{Name: "lastName", Type: schema.String},
			{Name: "dnd", Type: schema.Boolean},
			{Name: "score", Type: schema.Integer},
			{Name: "value", Type: schema.Number},
			{Name: "tags", Type: schema.Array, Items: &schema.Field{Type: schema.String}},
			{Name: "address", Type: schema.Map, Fields: []schema.Field{{Name: "city", Type: schema.String}}},
			{Name: "customFields", Type: schema.Array},
			{Name: "dateUpdated", Type: schema.Time},
			{Name: "extra", Type: schema.Any},
		},
	}
}

func names() *mapping.Names {
	return mapping.NewNames(contact(), "contact", map[string]any{"newsletter": "104532", "limit": 5, "deep": map[string]any{"a": "b"}})
}

func stepNames() *mapping.Names {
	n := names().ForSteps()
	n.AddStep("person", shapes.MembersShape("the result of person", map[string]*mapping.Shape{"email": mapping.Anything(), "name": mapping.Anything()}))
	return n
}

// scope is a known contact that was updated.
func scope() *mapping.Scope {
	record := contact().Complete(map[string]any{
		"id": "c1", "email": "Ann@Example.com", "firstName": "Ann", "dnd": nil, "tags": []any{"vip", "news"}, "score": 7, "value": 2.5,
		"dateUpdated": "2026-03-01T10:00:00Z", "customFields": []any{map[string]any{"id": "x", "value": 3}},
	})
	before := contact().Complete(map[string]any{"id": "c1", "email": "old@example.com"})
	return &mapping.Scope{
		Record: record, Before: before, Kind: mapping.Updated, Changed: []string{"email", "tags"}, BeforeKnown: true,
		Vars: map[string]any{"newsletter": "104532", "limit": 5}, Steps: map[string]any{"person": map[string]any{"email": "ann@example.com"}},
		Run: mapping.Run{ID: "r1"}, Account: "acme", Event: mapping.Event{Record: "c1", Revision: 2},
		Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
}

// source makes a scalar that stands in line 1, column 1.
func source(v any) mapping.Source {
	text, _ := v.(string)
	return mapping.Source{
		Value: v, At: diag.Place{File: "f", Line: 1, Column: 1, Width: utf8.RuneCountInString(text)},
		Locate: func(offset, width int) diag.Place {
			return diag.Place{File: "f", Line: 1, Column: 1 + offset, Width: width}
		},
	}
}

func rendered(into *diag.List) []string {
	var lines []string
	for _, f := range into.Sorted() {
		lines = append(lines, strings.TrimSuffix(f.String()+" | "+f.Suggestion, " | "))
	}
	return lines
}

func TestFilter_Match(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source any
		want   bool
	}{
		{`record.email != nil and not record.dnd`, true},
		{`record.dnd`, false},
		{`record.extra`, false},
		{`record.lastName contains "x"`, false},
		{true, true},
		{false, false},
	}
	for _, tt := range tests {
		var into diag.List
		f := names().Filter(source(tt.source), &into)
		if f == nil {
			t.Errorf("%v: findings %v", tt.source, rendered(&into))
			continue
		}
		if got, err := f.Match(scope()); err != nil || got != tt.want {
			t.Errorf("%v: got %t, %v; want %t", tt.source, got, err, tt.want)
		}
	}
}

func TestFilter_MatchRefusesOtherValues(t *testing.T) {
	t.Parallel()
	var into diag.List
	f := names().Filter(source(`record.customFields[0].value`), &into)
	if got, err := f.Match(scope()); err == nil || got {
		t.Errorf("got %t, %v; want an error", got, err)
	}
}

func TestNames_FilterReportsMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source mapping.Source
		want   string
	}{
		{source(`record.email`), `f:1:1: error: a condition is true or false, this is text [not-a-condition] | compare it with something, as in record.email != nil`},
		{source(`=record.dnd`), `f:1:1: error: this is always an expression; it needs no = [needless-equals] | write record.dnd`},
		{source(`record.emial != nil`), `f:1:8: error: contact has no field "emial" [unknown-field] | did you mean "email"?`},
		{list("record.dnd"), `f:1:1: error: expected an expression such as record.email != nil [expression-syntax]`},
	}
	for _, tt := range tests {
		var into diag.List
		if names().Filter(tt.source, &into) != nil {
			t.Errorf("%v: got a filter, want nil", tt.source.Value)
		}
		if diff := cmp.Diff([]string{tt.want}, rendered(&into)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	}
}

func TestFilter_Uses(t *testing.T) {
	t.Parallel()
	var into diag.List
	f := names().Filter(source(`changed("email")`), &into)
	if !f.Uses("changed") || f.Uses("before") {
		t.Errorf("Uses: got changed %t, before %t; want true, false", f.Uses("changed"), f.Uses("before"))
	}
	var none *mapping.Filter
	if none.Uses("before") {
		t.Error("a filter that is not there uses nothing")
	}
}

// TestNames_ListAndTimeReportMistakes holds what an each goes through, and until when a
// wait lasts.
func TestNames_ListAndTimeReportMistakes(t *testing.T) {
	t.Parallel()
	type compiler func(*mapping.Names, mapping.Source, *diag.List) *mapping.Expression
	const form = ` [not-a-time] | write =record.dueDate, or a time such as 2026-03-01T09:00:00+09:00`
	tests := []struct {
		compile compiler
		source  any
		want    string
	}{
		{(*mapping.Names).List, list("a", "b"), `f:1:1: error: a list is written as an expression here [not-a-list] | put it in quotes, as in '["a", "b"]'`},
		{(*mapping.Names).List, `["a", "b"]`, ""},
		{(*mapping.Names).List, "record.tags", ""},
		{(*mapping.Names).List, "record.extra", ""},
		{(*mapping.Names).List, "record.email", `f:1:1: error: expected a list, this is text [not-a-list] | write a list, as in record.tags`},
		{(*mapping.Names).List, "=record.tags", `f:1:1: error: this is always an expression; it needs no = [needless-equals] | write record.tags`},
		{(*mapping.Names).Time, "=record.dateUpdated", ""},
		{(*mapping.Names).Time, `=now + duration("1d")`, ""},
		{(*mapping.Names).Time, "=record.extra", ""},
		{(*mapping.Names).Time, "2026-03-01T09:00:00+09:00", ""},
		{(*mapping.Names).Time, "=record.dateUpdatd", `f:1:9: error: contact has no field "dateUpdatd" [unknown-field] | did you mean "dateUpdated"?`},
		{(*mapping.Names).Time, "=record.score", `f:1:1: error: expected a time, this is a whole number` + form},
		{(*mapping.Names).Time, "soon", `f:1:1: error: "soon" is not a time` + form},
		{(*mapping.Names).Time, 12, `f:1:1: error: expected a time` + form},
	}
	for _, tt := range tests {
		var into diag.List
		s, isSource := tt.source.(mapping.Source)
		if !isSource {
			s = source(tt.source)
		}
		x := tt.compile(names(), s, &into)
		if got := strings.Join(rendered(&into), "\n"); got != tt.want || (x != nil) != (tt.want == "") {
			t.Errorf("%v: got %v and\n%s\nwant\n%s", tt.source, x, got, tt.want)
		}
	}
}
