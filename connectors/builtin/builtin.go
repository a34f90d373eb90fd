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

// Registry returns a new registry with all built-in connectors. Each is read when it is first
// asked for.
func Registry() *connectors.Registry {
	all := &connectors.Registry{}
	for key, open := range map[string]func() (connectors.Connector, error){
		anyhttp.Key:   anyhttp.New,
		highlevel.Key: highlevel.New,
		stax.Key:      stax.New,
		stibee.Key:    stibee.New,
		webhook.Key:   webhook.New,
	} {
		all.AddLater(key, func() connectors.Connector {
			c, err := open()
			if err != nil {
				panic(err) // its manifest is a part of the program, and a test reads each
			}
			return c
		})
	}
	return all
}
