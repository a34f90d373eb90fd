//go:build !crash

package console

import (
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine"
)

// testHooks returns no hooks: the shipped program has no way to be told to crash.
func testHooks(func(string) (string, bool)) engine.Hooks { return engine.Hooks{} }

// testPoints returns nothing to call at the points of a renewal, as above.
func testPoints(func(string) (string, bool)) func(auth.Point) { return nil }
