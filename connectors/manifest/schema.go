package manifest

import (
	_ "embed"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
)

//go:embed schema.json
var schemaText []byte

// Schema returns the JSON schema (draft 7) of a connector's files, for editors.
// The caller gets a copy.
func Schema() []byte { return append([]byte(nil), schemaText...) }

// Codes explains the codes of findings about manifests, in the order of the
// documentation.
func Codes() []diag.Code { return finding.Codes() }
