package actions

import (
	"time"

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

// Prepared says what a step is about to do. Which fields are meant depends on the
// action that prepared it; the others are zero.
//
//	CallOperation  Input and Call
//	SetValues      Output
//	StopRun        Stop, and Output if there is a reason
//	Switch         Case and Output
//	Each           Items
//	Wait           the field Wait, or Until, or neither when it is over at once
type Prepared struct {
	// Input is the evaluated mapping; nil for steps that have none.
	Input map[string]any
	// Call is the outside call to make; nil for steps that stay inside.
	Call *Call
	// Output is the result of a step that stays inside.
	Output map[string]any
	// Stop ends the run well after this step.
	Stop bool
	// Case is the place of the case that a Switch takes, from 0; -1 for none.
	Case int
	// Items are what an Each goes through; never nil for one, and nil for other steps.
	Items []any
	// Wait is how long to wait from when the step begins, Until the time until which.
	Wait  time.Duration
	Until time.Time
}

// Call is a call of one operation in the name of one account.
type Call struct {
	Account   string
	Session   connectors.Session
	Operation *connectors.Operation
	Input     map[string]any
}
