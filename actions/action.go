package actions

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// Action is a step made ready to run. It is immutable and safe for concurrent
// use.
type Action interface {
	// Prepare evaluates the step's mapping. It has no side effect, and the same
	// scope gives the same answer, so that a restart can prepare again. The error
	// says what is wrong with the values; nothing was sent.
	Prepare(s *mapping.Scope) (Prepared, error)
}

// Prepared says what a step is about to do.
type Prepared struct {
	// Input is the evaluated mapping; nil for steps that have none.
	Input map[string]any
	// Call is the outside call to make; nil for steps that stay inside.
	Call *Call
	// Output is the result of a step that stays inside.
	Output map[string]any
	// Stop ends the run well after this step.
	Stop bool
}

// Call is a call of one operation in the name of one account.
type Call struct {
	Account   string
	Session   connectors.Session
	Operation *connectors.Operation
	Input     map[string]any
}
