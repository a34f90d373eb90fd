package recipes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/recipes"
)

func TestTest_Compare(t *testing.T) {
	t.Parallel()
	yes := true
	upsert := recipes.TestCall{Operation: "mail.subscriber.upsert", With: map[string]any{
		"listId": "1", "email": "a@example.com", "fields": map[string]any{"name": "Ann", "age": 3}, "tags": []any{"a"},
	}}
	tests := []struct {
		name   string
		expect recipes.Expect
		got    recipes.TestResult
		want   []string
	}{
		{"nothing expected", recipes.Expect{}, recipes.TestResult{Ran: true, Kind: "created", Calls: []recipes.TestCall{upsert}}, nil},
		{"did not run", recipes.Expect{Run: &yes}, recipes.TestResult{}, []string{"run: want true, got false"}},
		{"none", recipes.Expect{Kind: recipes.KindNone}, recipes.TestResult{Ran: true, Kind: "updated"}, []string{"kind: want none, got updated"}},
		{"kind of no run", recipes.Expect{Kind: "created"}, recipes.TestResult{Kind: "created"}, []string{"kind: want created, got none"}},
		{"unexpected error", recipes.Expect{}, recipes.TestResult{Ran: true, Error: "boom"}, []string{"the run failed: boom"}},
		{"expected error", recipes.Expect{Error: "not found"}, recipes.TestResult{Ran: true, Error: "crm: not found"}, nil},
		{"other error", recipes.Expect{Error: "not found"}, recipes.TestResult{Ran: true}, []string{`error: want one with "not found", got ""`}},
		{"no calls", recipes.Expect{Calls: []recipes.ExpectedCall{}}, recipes.TestResult{Ran: true, Calls: []recipes.TestCall{{Operation: "a.b.c"}}}, []string{"call 1: want none, got a.b.c {}"}},
		{
			"subset",
			recipes.Expect{Calls: []recipes.ExpectedCall{{Operation: upsert.Operation, With: map[string]any{"fields": map[string]any{"age": 3}, "tags": []any{"a"}, "status": nil}}}},
			recipes.TestResult{Ran: true, Calls: []recipes.TestCall{upsert}},
			nil,
		},
		{
			"differences",
			recipes.Expect{Calls: []recipes.ExpectedCall{
				{Operation: upsert.Operation, With: map[string]any{"fields": map[string]any{"name": "Bob"}, "status": "x", "tags": []any{"a", "b"}}},
				{Operation: "crm.contact.get"},
			}},
			recipes.TestResult{Ran: true, Calls: []recipes.TestCall{upsert}},
			[]string{
				`call 1, mail.subscriber.upsert: fields.name: want "Bob", got "Ann"`,
				`call 1, mail.subscriber.upsert: status: want "x", got nothing`,
				`call 1, mail.subscriber.upsert: tags: want ["a","b"], got ["a"]`,
				`call 2: want crm.contact.get, got none`,
			},
		},
		{
			"order",
			recipes.Expect{Calls: []recipes.ExpectedCall{{Operation: "x.y.z"}}},
			recipes.TestResult{Ran: true, Calls: []recipes.TestCall{{Operation: "a.b.c"}}},
			[]string{"call 1: want x.y.z, got a.b.c"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := recipes.Test{Expect: tt.expect}.Compare(tt.got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
	if upsert.With["fields"].(map[string]any)["age"] != 3 {
		t.Error("Compare changed the call")
	}
}
