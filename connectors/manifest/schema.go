package manifest

import _ "embed"

//go:embed schema.json
var schemaText []byte

// Schema returns the JSON schema (draft 7) of a connector's files, for editors.
// The caller gets a copy.
func Schema() []byte { return append([]byte(nil), schemaText...) }
