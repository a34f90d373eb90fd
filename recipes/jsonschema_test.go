package recipes_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(recipes.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	if err := c.AddResource("recipe.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("recipe.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONSchema_AcceptsGoodFiles(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for _, file := range append(files(t, "testdata/good/*.yaml", 3), files(t, "examples/*.yaml", 3)...) {
		var into diag.List
		root := yamlnode.Parse(file, read(t, file), &into)
		if err := schema.Validate(root.Value()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestJSONSchema_RefusesWrongForms holds the schema and the parser together: what
// the parser refuses for its form alone, the editor shows too.
func TestJSONSchema_RefusesWrongForms(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	forms := []string{
		yamlnode.CodeUnknownKey, yamlnode.CodeMissingKey, yamlnode.CodeWrongType, yamlnode.CodeUnknownWord,
		recipes.CodeNotYet, recipes.CodeStepKind, recipes.CodeNoSteps, recipes.CodeRule, recipes.CodeKindFamily,
	}
	// What a schema cannot say: these depend on other keys, or on the connector.
	beyond := []string{"unsure-of-a-read.yaml", "retry-wait-form.yaml"}
	for _, file := range files(t, "testdata/bad/*.yaml", 60) {
		var into diag.List
		text := read(t, file)
		root := yamlnode.Parse(file, text, &into)
		recipes.Parse(file, text, catalog{}, &into)
		matters := slices.ContainsFunc(into.Sorted(), func(f diag.Finding) bool { return slices.Contains(forms, f.Code) })
		if root == nil || !matters || slices.Contains(beyond, filepath.Base(file)) {
			continue
		}
		if schema.Validate(root.Value()) == nil {
			t.Errorf("%s: the schema accepts it", file)
		}
	}
}
