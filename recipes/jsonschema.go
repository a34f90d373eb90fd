package recipes

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed recipe.schema.json
var jsonSchema []byte

// JSONSchema returns the recipe language as a JSON Schema, draft 07, for editors.
// It knows the words of the language but not the connectors; a file that it accepts
// can still have findings.
func JSONSchema() []byte { return bytes.Clone(jsonSchema) }
