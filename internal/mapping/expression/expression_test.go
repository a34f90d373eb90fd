package expression_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
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

func names() *expression.Names {
	return expression.NewNames(contact(), "contact", map[string]any{"newsletter": "104532", "limit": 5, "deep": map[string]any{"a": "b"}})
}

// scope is a known contact that was updated.
func scope() *expression.Scope {
	record := contact().Complete(map[string]any{
		"id": "c1", "email": "Ann@Example.com", "firstName": "Ann", "dnd": nil, "tags": []any{"vip", "news"}, "score": 7, "value": 2.5,
		"dateUpdated": "2026-03-01T10:00:00Z", "customFields": []any{map[string]any{"id": "x", "value": 3}},
	})
	before := contact().Complete(map[string]any{"id": "c1", "email": "old@example.com"})
	return &expression.Scope{
		Record: record, Before: before, Kind: expression.Updated, Changed: []string{"email", "tags"}, BeforeKnown: true,
		Vars: map[string]any{"newsletter": "104532", "limit": 5}, Steps: map[string]any{"person": map[string]any{"email": "ann@example.com"}},
		Run: expression.Run{ID: "r1"}, Account: "acme", Event: expression.Event{Record: "c1", Revision: 2},
		Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
}

// compile compiles an expression that stands in line 1, column 1.
func compile(n *expression.Names, text string, into *diag.List) (*expression.Program, bool) {
	return n.Compile(expression.Fragment{
		Source: text, At: diag.Place{File: "f", Line: 1, Column: 1, Width: utf8.RuneCountInString(text)},
		Locate: func(offset, width int) diag.Place {
			return diag.Place{File: "f", Line: 1, Column: 1 + offset, Width: width}
		},
	}, into)
}

// evaluate compiles and evaluates an expression that has no findings, and returns
// the JSON of its value or the cause of its error.
func evaluate(t *testing.T, text string, s *expression.Scope) string {
	t.Helper()
	var into diag.List
	p, ok := compile(names(), text, &into)
	if !ok || into.Len() != 0 {
		t.Fatalf("findings: got %v, want none", rendered(&into))
	}
	v, err := p.Value(s)
	if err != nil {
		_, cause, _ := strings.Cut(err.Error(), `": `)
		return "error: " + cause
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func rendered(into *diag.List) []string {
	var lines []string
	for _, f := range into.Sorted() {
		lines = append(lines, strings.TrimSuffix(f.String()+" | "+f.Suggestion, " | "))
	}
	return lines
}

func TestProgram_DecidesConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression string
		want       bool
	}{
		{`record.email != nil and record.dnd != true`, true},
		{`not record.dnd`, true},
		{`!record.dnd`, true},
		{`record.dnd or record.email == "Ann@Example.com"`, true},
		{`record.dnd and true`, false},
		{`record.lastName == "Lee"`, false},
		{`record.lastName != "Lee"`, true},
		{`record.lastName == nil`, true},
		{`record.score > 5`, true},
		{`record.value >= 2.5`, true},
		{`record.value > record.score`, false},
		{`before.score > 5`, false},
		{`before.score < 5`, false},
		{`"vip" in record.tags`, true},
		{`"vip" in before.tags`, false},
		{`record.lastName contains "x"`, false},
		{`lower(record.email) endsWith "@example.com"`, true},
		{`lower(record.lastName) == "lee"`, false},
		{`record.email matches "(?i)^ann@"`, true},
		{`record.lastName matches "x"`, false},
		{`kind == "updated"`, true},
		{`kind != "created"`, true},
		{`kind in ["created", "updated"]`, true},
		{`changed("email")`, true},
		{`changed("score")`, false},
		{`changed("score", "tags")`, true},
		{`any(record.tags, # startsWith "v")`, true},
		{`all(record.tags, len(#) > 3)`, false},
		{`count(record.tags, # != "vip") == 1`, true},
		{`any(record.customFields, .id == "x" and .value == 3)`, true},
		{`find(record.tags, # == "zz") == "x"`, false},
		{`(record.dnd ? "a" : nil) == "c"`, false},
		{`record.extra.nothing.here == nil`, true},
		{`record.address.city == nil`, true},
		{`date(record.dateUpdated) > now - duration("2d")`, true},
		{`record.tags[0] == "vip" and record.tags[-1] == "news" and record.tags[7] == nil`, true},
		{`record.tags == ["vip", "news"]`, true},
		{`let e = lower(record.email); e contains "ann" and e contains "example"`, true},
		{`(record.extra ?? false) or true`, true},
		{`record?.email != nil`, true},
		{`event.created_at > now`, false},
		{`event.id == "c1@2" and event.created_at == nil and account.name == "acme"`, true},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			t.Parallel()
			got := evaluate(t, tt.expression, scope())
			if want := strconv.FormatBool(tt.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestProgram_Value(t *testing.T) {
	t.Parallel()
	tests := []struct{ expression, want string }{
		{`record.lastName`, `null`},
		{`lower(record.lastName)`, `null`},
		{`trim((record.firstName ?? "") + " " + (record.lastName ?? ""))`, `"Ann"`},
		{`record.email[0:3]`, `"Ann"`},
		{`"한국어"[1:]`, `"국어"`},
		{`10 / 2`, `5`},
		{`record.value * 2`, `5`},
		{`1 + 2`, `3`},
		{`now`, `"2026-03-02T00:00:00Z"`},
		{`now + duration("1h")`, `"2026-03-02T01:00:00Z"`},
		{`{"a": record.score, "b": [1, 2][0:1]}`, `{"a":7,"b":[1]}`},
		{`1..3`, `[1,2,3]`},
		{`groupBy(record.tags, #)`, `{"news":["news"],"vip":["vip"]}`},
		{`map(record.tags, upper(#))`, `["VIP","NEWS"]`},
		{`uniq(concat(record.tags, ["vip"]))`, `["vip","news"]`},
		{`uniq([1, "1", [1], [1]])`, `[1,"1",[1]]`},
		{`values({"b": [2], "a": nil})`, `[null,[2]]`},
		{`values({})`, `[]`},
		{`reduce(1..4, #acc + #)`, `10`},
		{`sortBy(record.tags, #)`, `["news","vip"]`},
		{`join(record.tags, "; ")`, `"vip; news"`},
		{`string(12345678901)`, `"12345678901"`},
		{`record.customFields[0].value`, `3`},
		{`record.dnd ? 1 : 2`, `2`},
		{`if record.dnd { 1 } else { 2 }`, `2`},
		{`first(record.tags)`, `"vip"`},
		{`last([])`, `null`},
		{`len(record.tags) + len(before.tags)`, `2`},
		{`email("nobody")`, `null`},
		{`email("a b@example.com")`, `null`},
		{`phone("+44 (0)20 7946 0018", "GB")`, `"+442079460018"`},
		{`phone("+44 (0)20 7946 0018", "KR")`, `"+442079460018"`},
		{`phone("+39 06 6982", "KR")`, `"+39066982"`},
		{`phone("0044 20 7946 0018", "KR")`, `"+442079460018"`},
		{`phone("(415) 555-2671", "US")`, `"+14155552671"`},
		{`phone("1-415-555-2671", "US")`, `"+14155552671"`},
		{`phone("555-2671", "US")`, `null`},
		{`phone("12", "KR")`, `null`},
		{`phone(record.lastName, "KR")`, `null`},
		{`int("x1" + "")`, `error: "x1" is not a whole number`},
		{`record.lastName + "x"`, `error: one side of + is nothing; write (x ?? "") for a value that may be missing`},
		{`1 / 0`, `error: the number is not finite; is something divided by zero?`},
		{`1 % 0`, `error: a value has the wrong type for what is done with it`},
		{`record.extra - 1`, `error: nothing and a number do not go together with -`},
		{`date("soon")`, `error: "soon" is not a time; say its form, as in date(x, "DD.MM.YYYY")`},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, tt.expression, scope()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestScope_ChangedFollowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	person := map[string]any{"email": "a@b.c", "address": map[string]any{"city": "Seoul"}, "extra": []any{}}
	updated := func(kind string, changed ...string) expression.Scope {
		return expression.Scope{Kind: kind, BeforeKnown: true, Before: map[string]any{"email": "b@b.c"}, Changed: changed, Record: person}
	}
	tests := []struct {
		name, field string
		scope       expression.Scope
		want        bool
	}{
		{"updated, unknown before", "email", expression.Scope{Kind: expression.Updated}, true},
		{"updated, other field", "email", updated(expression.Updated, "tags"), false},
		{"updated, inside", "address", updated(expression.Updated, "address", "address.city"), true},
		{"updated, path", "address.city", updated(expression.Updated, "address", "address.city"), true},
		{"updated, other path", "extra.b", updated(expression.Updated, "extra", "extra.a"), false},
		{"entered, unknown before", "email", expression.Scope{Kind: expression.Entered, Record: person}, true},
		{"entered, listed", "email", updated(expression.Entered, "email"), true},
		{"entered, not listed", "email", updated(expression.Entered, "tags"), false},
		{"entered as a new one, with", "email", expression.Scope{Kind: expression.Entered, BeforeKnown: true, Record: person}, true},
		{"entered as a new one, without", "score", expression.Scope{Kind: expression.Entered, BeforeKnown: true, Record: person}, false},
		{"left, not listed", "email", updated(expression.Left), false},
		{"deleted", "email", updated(expression.Deleted), false},
		{"created without", "score", expression.Scope{Kind: expression.Created, BeforeKnown: true}, false},
		{"created with", "email", expression.Scope{Kind: expression.Created, Record: person}, true},
		{"created with path", "address.city", expression.Scope{Kind: expression.Created, Record: person}, true},
		{"created without path", "extra.a.b", expression.Scope{Kind: expression.Created, Record: map[string]any{"extra": map[string]any{"a": 1}}}, false},
		{"created with a list", "extra.a", expression.Scope{Kind: expression.Created, Record: person}, true},
		{"created without a list", "extra.a", expression.Scope{Kind: expression.Created}, false},
	}
	for _, tt := range tests {
		got := evaluate(t, `changed("`+tt.field+`")`, &tt.scope)
		if want := strconv.FormatBool(tt.want); got != want {
			t.Errorf("%s: got %s, want %s", tt.name, got, want)
		}
	}
}

func TestScope_UnknownBeforeIsARecordOfNils(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`before.email == nil and before.address.city == nil and not before.dnd`: "true",
		`before.tags`:                     "null",
		`event.parent`:                    "null",
		`lower(before.email) != "a"`:      "true",
		`any(before.tags ?? [], # == "")`: "false",
	} {
		if got := evaluate(t, text, &expression.Scope{Kind: expression.Updated}); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestFunctions_ExamplesGiveTheirResults(t *testing.T) {
	t.Parallel()
	for _, f := range functions.Table() {
		if got := evaluate(t, f.Doc.Example, scope()); got != f.Doc.Result {
			t.Errorf("%s: %s gives %s, documented as %s", f.Doc.Name, f.Doc.Example, got, f.Doc.Result)
		}
	}
}

func TestProgram_SeesItemIndexAndTarget(t *testing.T) {
	t.Parallel()
	n := names().ForSteps().ForItems(nil).ForTarget(shapes.Anything())
	var into diag.List
	p, ok := compile(n, `[item, index, target.email, target.none]`, &into)
	if !ok {
		t.Fatal(rendered(&into))
	}
	s := scope()
	s.Item, s.Index, s.Target = map[string]any{"a": 1}, 3, map[string]any{"email": "t@example.com"}
	for _, want := range [][]any{{map[string]any{"a": 1}, 3, "t@example.com", nil}, {nil, 0, nil, nil}} {
		got, err := p.Value(s)
		if diff := cmp.Diff(any(want), got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		s = scope() // outside of an each and of only_if
	}
}
