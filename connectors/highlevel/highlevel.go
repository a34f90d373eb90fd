package highlevel

import (
	"embed"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// Key is the connector's key.
const Key = "highlevel"

//go:embed *.yaml
var files embed.FS

// New reads the connector. An error is a mistake in the manifest, which is a part
// of the program.
func New() (connectors.Connector, error) {
	m, err := manifest.Load(files, Key)
	if err != nil {
		return nil, err
	}
	for i := range m.Auth {
		if o := m.Auth[i].OAuth; o != nil && o.Exchange == locationToken {
			o.Trade = &auth.Exchange{Trade: trade}
		}
	}
	return httpapi.New(m), nil
}
