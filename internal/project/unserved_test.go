package project_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// unserved are the operations that can be polled and that the sandbox does not serve yet,
// so that nobody tells their story. The table must shrink: an entry that is served fails
// the test below.
func unserved() []string {
	return []string{
		"highlevel.association.get",
		"highlevel.association.get_by_key",
		"highlevel.association.list",
		"highlevel.association.list_by_object_key",
		"highlevel.blog.author.list",
		"highlevel.blog.category.list",
		"highlevel.blog.post.list",
		"highlevel.blog.site.list",
		"highlevel.blog.slug_check",
		"highlevel.campaign.list",
		"highlevel.company.get",
		"highlevel.conversation.get",
		"highlevel.conversation.message.list",
		"highlevel.conversation.search",
		"highlevel.custom_field.list",
		"highlevel.custom_value.list",
		"highlevel.email.get",
		"highlevel.location.search",
		"highlevel.message.export",
		"highlevel.message.get",
		"highlevel.message.recording.get",
		"highlevel.message.transcription.download",
		"highlevel.message.transcription.get",
		"highlevel.relation.list_by_record",
		"highlevel.snapshot.list",
		"highlevel.tag.list",
		"highlevel.workflow.list",
	}
}

// TestUnserved_IsNotServed asks the sandbox for each operation of the table. Requests are
// counted by operation, those that no route takes are not.
func TestUnserved_IsNotServed(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Contacts: 1}, func(s *sandboxed) {
		account := s.accounts[0]
		for _, name := range unserved() {
			_, key, _ := strings.Cut(name, ".")
			op, ok := account.Connector.Describe().Operation(key)
			if !ok || op.Poll == nil {
				s.t.Errorf("%s is no operation that can be polled; take it out of the table", name)
				continue
			}
			page, err := account.Session.Page(s.t.Context(), op, connectors.Query{Inputs: needed(op, account.Settings)})
			if err == nil && len(page.Records) > 0 { // a single record that is not found is no error
				s.t.Errorf("%s brings %d records, want none", name, len(page.Records))
			}
			if s.world.Requests()[name] > 0 {
				s.t.Errorf("%s is served now; take it out of the table and tell its story and its cost", name)
			}
		}
		if names := unserved(); !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			s.t.Errorf("the table is not sorted, or names an operation twice: %v", names)
		}
	})
}

// needed fills the inputs that an operation must have and that polling does not fill.
func needed(op *connectors.Operation, settings map[string]any) map[string]any {
	in := map[string]any{}
	for _, i := range op.Inputs {
		switch {
		case !i.Required || i.Paging || i.Default != nil:
		case i.Setting != "":
			if in[i.Name] = settings[i.Setting]; in[i.Name] == nil {
				in[i.Name] = "x"
			}
		case i.Type == schema.String && len(i.Options) > 0:
			in[i.Name] = i.Options[0]
		default:
			in[i.Name] = "x"
		}
	}
	return in
}
