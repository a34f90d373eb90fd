package cases_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/recipes/cases"
)

func TestTest_Compare(t *testing.T) {
	t.Parallel()
	yes := true
	upsert := cases.Call{Operation: "mail.subscriber.upsert", With: map[string]any{
		"listId": "1", "email": "a@example.com", "fields": map[string]any{"name": "Ann", "age": 3}, "tags": []any{"a"},
	}}
	tests := []struct {
		name   string
		expect cases.Expect
		got    cases.Result
		want   []string
	}{
		{"nothing expected", cases.Expect{}, cases.Result{Ran: true, Kind: "created", Calls: []cases.Call{upsert}}, nil},
		{"did not run", cases.Expect{Run: &yes}, cases.Result{}, []string{"run: want true, got false"}},
		{"none", cases.Expect{Kind: cases.KindNone}, cases.Result{Ran: true, Kind: "updated"}, []string{"kind: want none, got updated"}},
		{"kind of no run", cases.Expect{Kind: "created"}, cases.Result{Kind: "created"}, []string{"kind: want created, got none"}},
		{"unexpected error", cases.Expect{}, cases.Result{Ran: true, Error: "boom"}, []string{"the run failed: boom"}},
		{"expected error", cases.Expect{Error: "not found"}, cases.Result{Ran: true, Error: "crm: not found"}, nil},
		{"other error", cases.Expect{Error: "not found"}, cases.Result{Ran: true}, []string{`error: want one with "not found", got ""`}},
		{"no calls", cases.Expect{Calls: []cases.ExpectedCall{}}, cases.Result{Ran: true, Calls: []cases.Call{{Operation: "a.b.c"}}}, []string{"call 1: want none, got a.b.c {}"}},
		{
			"subset",
			cases.Expect{Calls: []cases.ExpectedCall{{Operation: upsert.Operation, With: map[string]any{"fields": map[string]any{"age": 3}, "tags": []any{"a"}, "status": nil}}}},
			cases.Result{Ran: true, Calls: []cases.Call{upsert}},
			nil,
		},
		{
			"differences",
			cases.Expect{Calls: []cases.ExpectedCall{
				{Operation: upsert.Operation, With: map[string]any{"fields": map[string]any{"name": "Bob"}, "status": "x", "tags": []any{"a", "b"}}},
				{Operation: "crm.contact.get"},
			}},
			cases.Result{Ran: true, Calls: []cases.Call{upsert}},
			[]string{
				`call 1, mail.subscriber.upsert: fields.name: want "Bob", got "Ann"`,
				`call 1, mail.subscriber.upsert: status: want "x", got nothing`,
				`call 1, mail.subscriber.upsert: tags: want ["a","b"], got ["a"]`,
				`call 2: want crm.contact.get, got none`,
			},
		},
		{
			"order",
			cases.Expect{Calls: []cases.ExpectedCall{{Operation: "x.y.z"}}},
			cases.Result{Ran: true, Calls: []cases.Call{{Operation: "a.b.c"}}},
			[]string{"call 1: want x.y.z, got a.b.c"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := cases.Test{Expect: tt.expect}.Compare(tt.got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
	if upsert.With["fields"].(map[string]any)["age"] != 3 {
		t.Error("Compare changed the call")
	}
}
