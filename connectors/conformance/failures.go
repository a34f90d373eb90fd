package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
)

// complaints collects what is wrong.
type complaints []*Failure

// add adds what is wrong in words of its own; what was tried, and what to change, are those
// of the check.
func (c *complaints) add(format string, args ...any) {
	*c = append(*c, &Failure{Came: fmt.Sprintf(format, args...)})
}

// differ adds what came in the place of what was wanted.
func (c *complaints) differ(f Failure) { *c = append(*c, &f) }

// err is nil where nothing is wrong.
func (c *complaints) err() error {
	if len(*c) == 0 {
		return nil
	}
	return *c
}

// Error implements error.
func (c complaints) Error() string {
	words := make([]string, len(c))
	for i, f := range c {
		if words[i] = f.Came; f.Tried != "" {
			words[i] = f.String()
		}
	}
	return strings.Join(slices.Compact(words), "; ")
}

// usual is what a check tries, and what is wrong with a connector that fails it.
func usual(check Check) (tried, change string) {
	switch check {
	case Described:
		return "read what it says of itself", "correct it in the file that has the operation"
	case Dry:
		return "ask for the request without sending it, then call it and compare", "the request must be made in one place for both"
	case Missing:
		return "leave out what is required", "say required: true at the input, or give it a default"
	case Types:
		return "give inputs of another type, and one that there is not", "say at the input what it takes: type, options, items"
	case Callable:
		return "call it with the inputs that it needs", "compare the path, the inputs and the answer with the service's documents"
	case Paging:
		return "read the list in small pages and in large ones", "look at paging: its style, what it carries, size and last"
	case Errors:
		return "let the service refuse, or break, in its place", "look at errors: where code and message stand, and the rules"
	case Repeat:
		return "send it twice, or look it up, as its rule says", "look at repeat: safe, find or never"
	}
	return "", ""
}

// failuresOf lists what is wrong after a check that failed.
func failuresOf(check Check, err error) []Failure {
	list, ok := errors.AsType[complaints](err)
	if !ok {
		list = complaints{{Came: err.Error(), Change: advice(err)}}
	}
	var out []Failure
	for _, f := range list {
		full := *f
		tried, change := usual(check)
		if full.Tried == "" {
			full.Tried = tried
		}
		if full.Change == "" {
			full.Change = change
		}
		if !slices.Contains(out, full) {
			out = append(out, full)
		}
	}
	return out
}

// advice says what to do about the error of a call that should have worked; empty for those
// of which only the check knows.
func advice(err error) string {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return ""
	}
	switch e.Kind {
	case connectors.Auth:
		return "check the account's credential and its rights, and auth in connector.yaml"
	case connectors.NotFound:
		return "check base_url and the path, and give ids that there are: --with INPUT=VALUE"
	case connectors.Invalid, connectors.Conflict:
		return "give inputs that the service takes: --with INPUT=VALUE, or required, options and default at the inputs"
	case connectors.RateLimited:
		return "wait, and write what the service allows under limits in connector.yaml"
	case connectors.Transient, connectors.Uncertain:
		return "see whether the service answers JSON at that address, and whether answer leads to the records"
	case connectors.Canceled:
	}
	return ""
}
