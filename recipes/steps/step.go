package steps

import (
	"iter"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/internal/mapping"
)

// Kind is what a step does.
type Kind int

// The kinds of step.
const (
	Call   Kind = iota // call an operation
	Set                // compute values
	Stop               // end the run successfully
	Switch             // carry out the first case that holds
	Each               // carry out steps for each item of a list
	Wait               // let time pass
)

// String returns the word of the recipe language.
func (k Kind) String() string {
	return [...]string{"call", "set", "stop", "switch", "each", "wait"}[k]
}

// What to do when it is unknown whether a write arrived.
const (
	UnsureSafe = "safe" // send it again
	UnsureFind = "find" // look it up
	UnsurePark = "park" // wait for a person
)

// Step is one entry of a recipe's chain, or of the steps inside another one.
type Step struct {
	// ID is unique in the whole recipe, the steps inside others included.
	ID   string
	Kind Kind
	// Index counts the steps of the recipe from 0, in the order of the file. Those inside
	// a step count after it and before the next one.
	Index int
	If    *mapping.Filter // nil: always
	// Connection and Operation are set for Call.
	Connection string
	Operation  string
	// Form are those inputs of a Call that give the operation its form; nil for most.
	Form map[string]any
	// With makes the inputs of a Call or the values of a Set; nil for others.
	With *mapping.Mapping
	// OnlyIf is asked just before a Call writes, with the record that it writes as
	// target; unless it holds nothing is written, and the step counts as skipped. nil:
	// always. Target is the operation of the same connection that reads that record, from
	// the inputs of the Call that it has too; empty without OnlyIf.
	OnlyIf *mapping.Filter
	Target string
	// Reason is what a Stop says; may be empty.
	Reason string
	// Cases are those of a Switch, at least one. The first that holds is carried out.
	Cases []Case
	// Each is the list of an Each, Steps what is done for each of its items, and Parallel
	// for how many at once, from 1 to 16.
	Each     *mapping.Expression
	Steps    []Step
	Parallel int
	Wait     Pause // of a Wait
	// ThenStop ends the run when the step has been carried out.
	ThenStop bool
	// OnError are the step's own rules; those of a step inside another one come before
	// those around it. Only a Call has DoRetry and DoPauseAccount among them.
	OnError []Rule
	Retry   Retry         // zero: the engine's
	Timeout time.Duration // 0: the engine's
	// Unsure is empty for what the operation itself says. Where that is find and
	// nothing could prove a match, it is UnsurePark.
	Unsure string
}

// Case is one case of a switch.
type Case struct {
	If    *mapping.Filter // nil for else, which always holds
	Steps []Step
}

// Pause says how long a wait lasts; exactly one of the two is set.
type Pause struct {
	For time.Duration
	// Until gives the time when it ends; see [mapping.Expression.Time]. It is over at
	// once when that is past, or zero.
	Until *mapping.Expression
}

// Uses reports whether an expression of the step, or of a step inside it, refers to a
// name or calls a function.
func (s *Step) Uses(name string) bool {
	if s.If.Uses(name) || s.With.Uses(name) || s.OnlyIf.Uses(name) || s.Each.Uses(name) || s.Wait.Until.Uses(name) {
		return true
	}
	inside := func(list []Step) bool {
		return slices.ContainsFunc(list, func(s Step) bool { return s.Uses(name) })
	}
	return inside(s.Steps) || slices.ContainsFunc(s.Cases, func(c Case) bool { return c.If.Uses(name) || inside(c.Steps) })
}

// All goes through some steps and those inside them, in the order of the file.
func All(list []Step) iter.Seq[*Step] {
	return func(yield func(*Step) bool) { walk(list, yield) }
}

// walk is All; it returns false when no more steps are wanted.
func walk(list []Step, yield func(*Step) bool) bool {
	for i := range list {
		s := &list[i]
		if !yield(s) || !walk(s.Steps, yield) {
			return false
		}
		for _, c := range s.Cases {
			if !walk(c.Steps, yield) {
				return false
			}
		}
	}
	return true
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
