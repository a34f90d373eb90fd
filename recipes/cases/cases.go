package cases

import (
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Test is a case that a recipe brings with it.
type Test struct {
	Name   string
	Line   int // where it stands in the file
	Given  Given
	Expect Expect
}

// Given is what happens in a test: a record is created, updated or deleted. Whether it
// thereby enters or leaves the recipe's scope is for the engine to find out.
type Given struct {
	// Kind is created, updated or deleted. Deleted means that the record is gone.
	Kind string
	// Before is how the record was, Record how it is. Before is nil when the file does not
	// give it; then the record was unknown unless it is created. For a deleted record
	// neither is nil, and Record is its last known body.
	Before, Record map[string]any
	// Answers are what the services answer to the steps' calls, by step id. A call
	// without one is answered with an object shaped like its schema.
	Answers map[string]any
	// Targets are the records that are read before the writes with only_if, by step id.
	// One that is not given has the shape of its schema. Reading them counts as no call.
	Targets map[string]any
}

// KindNone is the expected kind of a test in which the recipe does not run.
const KindNone = "none"

// Expect is what must come of it. What is left zero is not looked at.
type Expect struct {
	Kind string // one of the kinds that the recipe can run for, or KindNone
	Run  *bool  // whether the recipe runs
	// Calls are all calls of the run in their order; nil is not looked at, an empty
	// list means that there are none.
	Calls []ExpectedCall
	Error string // a part of the run's error
}

// ExpectedCall is one call of a test.
type ExpectedCall struct {
	Operation string // as the recipe writes it, "mail.subscriber.upsert"
	// With are inputs that must be there with these values; a nil value means that
	// the input must be absent or null. Further inputs do not matter.
	With map[string]any
}

// About is what the reader must know of the recipe.
type About struct {
	// Object describes the records of the trigger; nil when nothing is known of them.
	Object *schema.Object
	// Kind reads a kind of change that the recipe can run for, or one of some further
	// words, and reports anything else.
	Kind func(n *yamlnode.Node, further ...string) (kind string, ok bool)
	// Calls are the steps that call an operation, in their order.
	Calls []Step
}

// Step is a step that calls an operation.
type Step struct {
	ID        string
	Operation string // as the recipe writes it, "mail.subscriber.upsert"
	Guarded   bool   // it has only_if
}
