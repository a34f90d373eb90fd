// Package builtin is the list of connectors that come with Pollux.
//
// A new one is one line here. What users add themselves goes into the same
// registry, after these.
package builtin

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/anyhttp"
	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/connectors/stax"
	"github.com/pollux-automation/pollux/connectors/stibee"
	"github.com/pollux-automation/pollux/connectors/webhook"
)

// Registry returns a new registry with all built-in connectors. An error is a
// mistake in one of their manifests, which are a part of the program.
func Registry() (*connectors.Registry, error) {
	all := &connectors.Registry{}
	for _, open := range []func() (connectors.Connector, error){
		anyhttp.New,
		highlevel.New,
		stax.New,
		stibee.New,
		webhook.New,
	} {
		c, err := open()
		if err != nil {
			return nil, err
		}
		if err := all.Add(c); err != nil {
			return nil, err
		}
	}
	return all, nil
}
