package schema_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObject_Changed(t *testing.T) {
	t.Parallel()
	type fields = map[string]any
	custom := func(id string, v any) []any { return []any{fields{"id": id, "value": v}} }
	tests := []struct {
		name          string
		before, after fields
		want          []string
	}{
		{"nothing", fields{"email": "A@b.example", "seen": 1, "changed": "x", "name": nil}, fields{"email": "a@b.example ", "seen": 2}, nil},
		{"fields", fields{"email": "a@b.example", "name": "Ann", "score": 1}, fields{"email": "b@b.example", "phone": "1", "score": 1}, []string{"email", "name", "phone"}},
		{"types", fields{"score": 1, "extra": []any{1}}, fields{"score": "1", "extra": 1}, []string{"extra", "score"}},
		{"sets", fields{"tags": []any{"a", "b"}}, fields{"tags": []any{"b", "a", "c"}}, []string{"tags"}},
		{"keys", fields{"custom": custom("abc", 1), "tags": []any{1}}, fields{"custom": custom("abc", 2), "tags": []any{2}}, []string{"custom", "custom.abc", "tags"}},
		{"keys that come and go", fields{"custom": custom("a", 1)}, fields{"custom": custom("b", 1)}, []string{"custom", "custom.a", "custom.b"}},
		{"elements without keys", fields{"custom": []any{1}}, fields{"custom": []any{2}}, []string{"custom"}},
		{
			"members",
			fields{"dnd": fields{"Email": fields{"status": "on", "code": 1}, "SMS": fields{"status": "on"}}},
			fields{"dnd": fields{"Email": fields{"status": "off", "code": 1}, "SMS": fields{"status": "on"}}},
			[]string{"dnd", "dnd.Email", "dnd.Email.status"},
		},
		{"an object that comes", fields{}, fields{"dnd": fields{"Email": fields{"status": "on"}}}, []string{"dnd", "dnd.Email", "dnd.Email.status"}},
		{"an object that becomes a text", fields{"dnd": fields{"a": 1}}, fields{"dnd": "a"}, []string{"dnd", "dnd.a"}},
		{
			"depths",
			fields{},
			fields{"a": fields{"b": fields{"c": fields{"d": fields{"e": fields{"f": 1}}}}}},
			[]string{"a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, contact(true).Changed(tt.before, tt.after)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// TestObject_ChangedIsBoundedButNamesEveryField makes sure that no field is forgotten
// because another one has many members.
func TestObject_ChangedIsBoundedButNamesEveryField(t *testing.T) {
	t.Parallel()
	many := map[string]any{}
	for i := range 1000 {
		many[fmt.Sprintf("m%04d", i)] = i
	}
	names := contact(true).Changed(nil, map[string]any{"a": many, "b": many, "z": 1})
	if len(names) != 200 || !slices.Contains(names, "b") || !slices.Contains(names, "z") {
		t.Errorf("got %d names, want 200 with b and z among them: %s", len(names), strings.Join(names, " "))
	}
	if names := contact(true).Changed(many, nil); len(names) != 1000 {
		t.Errorf("got %d names, want all 1000 fields", len(names))
	}
}

func BenchmarkObject_Changed(b *testing.B) {
	o := contact(true)
	before := map[string]any{"id": "1", "email": "ann@example.com", "name": "Ann", "tags": []any{"a", "b"}, "custom": []any{map[string]any{"id": "a", "value": 1}}}
	after := map[string]any{"id": "1", "email": "ann@example.com", "name": "Anne", "tags": []any{"a", "b"}, "custom": []any{map[string]any{"id": "a", "value": 1}}}
	b.ReportAllocs()
	for b.Loop() {
		if names := o.Changed(before, after); len(names) != 1 {
			b.Fatalf("got %v, want name", names)
		}
	}
}
