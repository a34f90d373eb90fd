package stax

import (
	"embed"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// Key is the connector's key.
const Key = "stax"

//go:embed *.yaml
var files embed.FS

// New reads the connector. An error is a mistake in the manifest, which is a part
// of the program.
func New() (connectors.Connector, error) {
	m, err := manifest.Load(files, Key, manifest.Rows{"notes": notes})
	if err != nil {
		return nil, err
	}
	return httpapi.New(m), nil
}
