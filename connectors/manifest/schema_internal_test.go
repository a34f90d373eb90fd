package manifest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/manifest/announce"
	"github.com/pollux-automation/pollux/connectors/manifest/breaker"
	"github.com/pollux-automation/pollux/connectors/manifest/compose"
	"github.com/pollux-automation/pollux/connectors/manifest/fields"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/manifest/names"
	"github.com/pollux-automation/pollux/connectors/manifest/parts"
	"github.com/pollux-automation/pollux/connectors/manifest/signin"
)

// TestSchema_HasTheKeysOfTheReader keeps the schema for editors and the reader in
// step: a key that one of them does not know would be a finding in the other.
func TestSchema_HasTheKeysOfTheReader(t *testing.T) {
	t.Parallel()
	var doc struct {
		Definitions map[string]json.RawMessage
	}
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatalf("schema.json: %v", err)
	}
	all := map[string][]string{
		"connector": connectorKeys, "version": versionKeys, "auth": signin.Keys(), "check": checkKeys, "limit": limitKeys,
		"errors": errorsKeys, "rule": ruleKeys, "part": partKeys,
		"operation": operationKeys, "fixed": fixedKeys,
		"answer": answerKeys, "repeat": repeatKeys, "idempotency": keyKeys, "target": targetKeys, "otherVersion": otherKeys,
	}
	maps.Copy(all, fields.Keys())
	maps.Copy(all, compose.Keys())
	maps.Copy(all, lists.Keys())
	maps.Copy(all, names.Keys())
	maps.Copy(all, announce.Keys())
	maps.Copy(all, parts.Keys())
	maps.Copy(all, breaker.Keys())
	for name, want := range all {
		want = slices.Sorted(slices.Values(want))
		if diff := cmp.Diff(want, properties(t, doc.Definitions[name])); diff != "" {
			t.Errorf("%s: keys of the reader and of the schema (-reader +schema):\n%s", name, diff)
		}
	}
}

// properties returns the property names of a definition, or of its variant that
// is a mapping.
func properties(t *testing.T, definition json.RawMessage) []string {
	t.Helper()
	type shape struct {
		Properties map[string]any
		Items      *struct{ Properties map[string]any }
		OneOf      []struct{ Properties map[string]any }
	}
	var d shape
	if err := json.Unmarshal(definition, &d); err != nil {
		t.Fatalf("definition: %v", err)
	}
	all := d.Properties
	if d.Items != nil {
		all = d.Items.Properties
	}
	for _, variant := range d.OneOf {
		if len(all) == 0 {
			all = variant.Properties
		}
	}
	return slices.Sorted(maps.Keys(all))
}
