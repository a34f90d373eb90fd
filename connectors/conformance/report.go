package conformance

import "fmt"

// Check names a promise of an operation.
type Check string

// The checks, in the order in which they are made.
const (
	// Described operations have a title, a kind, a method, a path and an answer, and
	// whatever their inputs, polls, lookups and targets point at is there.
	Described Check = "described"
	// Callable operations answer what they describe to inputs that follow their
	// description; members that nobody described change nothing.
	Callable Check = "callable"
	// Missing inputs that are required are refused before anything is sent.
	Missing Check = "missing"
	// Types of values that are not those of the inputs are refused before anything is
	// sent, and so are inputs that the operation does not have.
	Types Check = "types"
	// Paging through a list ends, and gives each record once, whatever the size of a page.
	Paging Check = "paging"
	// Errors of the service become the kind of error that tells what to do.
	Errors Check = "errors"
	// Repeat is true: what is called safe leaves one effect when it is sent twice, and
	// what is called find is found by its lookup.
	Repeat Check = "repeat"
	// Dry previews send nothing and hold no credential.
	Dry Check = "dry"
)

// Checks lists all checks, in their order.
func Checks() []Check {
	return []Check{Described, Dry, Missing, Types, Callable, Paging, Errors, Repeat}
}

// Verdict is what came of a check.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"
	Failed  Verdict = "failed"
	Skipped Verdict = "skipped"
)

// Result is what came of one check of an operation.
type Result struct {
	Check   Check   `json:"check"`
	Verdict Verdict `json:"verdict"`
	// Reason says what is wrong, or why the check was not made; empty where it passed.
	Reason string `json:"reason,omitempty"`
	// Failures are what is wrong, one by one; empty unless the check failed.
	Failures []Failure `json:"failures,omitempty"`
}

// Failure is one thing that is wrong, in words for whoever wrote the connector.
type Failure struct {
	Tried  string `json:"tried"`            // what was done
	Came   string `json:"came"`             // what came of it
	Wanted string `json:"wanted,omitempty"` // what was expected; may be empty
	Change string `json:"change"`           // what to change
}

// String says it in one line.
func (f *Failure) String() string {
	if f.Wanted == "" {
		return f.Tried + ": " + f.Came
	}
	return fmt.Sprintf("%s: got %s, want %s", f.Tried, f.Came, f.Wanted)
}

// Operation is what came of all checks of an operation.
type Operation struct {
	Operation string   `json:"operation"` // its key, "contact.update"
	Results   []Result `json:"results"`   // one for each of Checks, in their order
}

// Report is what came of all checks of a connector.
type Report struct {
	Connector  string      `json:"connector"`
	Operations []Operation `json:"operations"`
}

// Count returns how many results have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, o := range r.Operations {
		for _, res := range o.Results {
			if res.Verdict == v {
				n++
			}
		}
	}
	return n
}

// OK reports that nothing failed.
func (r Report) OK() bool { return r.Count(Failed) == 0 }
