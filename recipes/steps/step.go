package steps

import (
	"time"

	"github.com/pollux-automation/pollux/internal/mapping"
)

// Kind is what a step does.
type Kind int

// The kinds of step.
const (
	Call Kind = iota // call an operation
	Set              // compute values
	Stop             // end the run successfully
)

// String returns the word of the recipe language.
func (k Kind) String() string { return [...]string{"call", "set", "stop"}[k] }

// What to do when it is unknown whether a write arrived.
const (
	UnsureSafe = "safe" // send it again
	UnsureFind = "find" // look it up
	UnsurePark = "park" // wait for a person
)

// Step is one entry of a recipe's chain.
type Step struct {
	ID    string
	Kind  Kind
	Index int
	If    *mapping.Filter // nil: always
	// Connection and Operation are set for Call.
	Connection string
	Operation  string
	// With makes the inputs of a Call or the values of a Set; nil for Stop.
	With *mapping.Mapping
	// Reason is what a Stop says; may be empty.
	Reason string
	// ThenStop ends the run when the step has been carried out.
	ThenStop bool
	OnError  []Rule
	Retry    Retry         // zero: the engine's
	Timeout  time.Duration // 0: the engine's
	// Unsure is empty for what the operation itself says. Where that is find and
	// nothing in the inputs could prove a match, it is UnsurePark.
	Unsure string
}

// Retry says how often and with what waits an attempt is repeated.
type Retry struct {
	Tries    int
	Min, Max time.Duration
}

// AnyKind is the Kind of a rule that matches every error.
const AnyKind = "any"

// The answers to an error.
const (
	DoRetry        = "retry"
	DoContinue     = "continue"
	DoStop         = "stop"
	DoPark         = "park"
	DoPauseAccount = "pause_account"
)

// Rule says what follows from an error. It matches when all that it names agree.
type Rule struct {
	Kind   string // AnyKind, an error kind, or empty
	Code   string // the service's own code; empty for any
	Status int    // HTTP status; 0 for any
	Do     string
}
