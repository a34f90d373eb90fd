package mapping_test

import (
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// pathInputs are those of an operation with a whole path and a text.
func pathInputs() *mapping.Inputs {
	return &mapping.Inputs{
		Operation: "request", Paths: []string{"path"},
		Fields: []schema.Field{{Name: "path", Type: schema.String, Required: true}, {Name: "text", Type: schema.String}},
	}
}

// TestMapping_HolesOfAPathGiveOneEach asserts that what a hole gives stays one part of a
// path, and that other texts are left as they are.
func TestMapping_HolesOfAPathGiveOneEach(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"c1": "/orders/c1/notes", "a/b": "/orders/a%2Fb/notes", "../x": "/orders/..%2Fx/notes", "a?b=c#d": "/orders/a%3Fb%3Dc%23d/notes", "%2e": "/orders/%252e/notes",
		"a b+c": "/orders/a%20b%2Bc/notes", `a\b`: "/orders/a%5Cb/notes", "a@b:80": "/orders/a%40b%3A80/notes", "é\r\n": "/orders/%C3%A9%0D%0A/notes", "": "/orders//notes",
	} {
		var into diag.List
		m := names().Mapping(object("path", "/orders/${record.id}/notes", "text", "/orders/${record.id}"), pathInputs(), &into)
		if into.Len() > 0 {
			t.Fatalf("findings: %v", into.Sorted())
		}
		s := scope()
		s.Record["id"] = id
		got, err := m.Input(s)
		if err != nil || got["path"] != want || got["text"] != "/orders/"+id {
			t.Errorf("%q: got %v (%v), want the path %q and the text as it is", id, got, err, want)
		}
	}
}

// TestMapping_APathIsNoExpression asserts that a path cannot be computed from what changes.
func TestMapping_APathIsNoExpression(t *testing.T) {
	t.Parallel()
	for path, part := range map[string]string{
		"=record.email": "cannot be computed as a whole", `="/orders/" + record.id`: "cannot be computed as a whole", "=steps.person.name": "cannot be computed as a whole",
		"=run.id": "cannot be computed as a whole", "=vars.newsletter": "", `="/orders"`: "",
	} {
		var into diag.List
		stepNames().Mapping(object("path", path, "text", "=record.email"), pathInputs(), &into)
		got := strings.Join(rendered(&into), "; ")
		if part == "" && got != "" || !strings.Contains(got, part) {
			t.Errorf("%s: got %q, want %q", path, got, part)
		}
	}
}
