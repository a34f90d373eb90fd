// Package finding holds what all readers of manifests say alike: the codes of their
// findings, and the findings that more than one of them has.
package finding

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Unknown reports a name that another part of the manifest does not have. what says
// of which kind the name is; a known name that is near becomes the suggestion.
func Unknown(into *diag.List, at diag.Place, what, name string, known []string) {
	into.Errorf(at, CodeUnknownName, diag.DidYouMean(name, known), "there is no %s called %q", what, name)
}

// Input returns an operation's input with that name. nil is for a name that is no
// input, which is reported unless it is empty: then it has its finding already.
func Input(into *diag.List, o *connectors.Operation, name string, at diag.Place) *connectors.Input {
	names := make([]string, len(o.Inputs))
	for i := range o.Inputs {
		if o.Inputs[i].Name == name {
			return &o.Inputs[i]
		}
		names[i] = o.Inputs[i].Name
	}
	if name != "" {
		Unknown(into, at, "input of "+o.Key, name, names)
	}
	return nil
}

// Unfilled reports whether an input must be given because nothing else fills it. A
// path's holes count as required.
func Unfilled(in *connectors.Input) bool {
	return in.Required && in.Default == nil && in.Setting == "" && !in.Paging
}

// Path reports a path that cannot lead to one value inside an answer. A single dot
// stands for the whole answer.
func Path(into *diag.List, path string, at diag.Place) {
	ListPath(into, path, at)
	if slices.Contains(strings.Split(path, "."), "*") {
		into.Errorf(at, CodeAnswer, "", "the path %q leads to many values; only answer: {list: …} may have a star", path)
	}
}

// ListPath reports a path that cannot lead to a list inside an answer.
func ListPath(into *diag.List, path string, at diag.Place) {
	if path == "." {
		return
	}
	for name := range strings.SplitSeq(path, ".") {
		if name == "" {
			into.Errorf(at, CodeAnswer, "write names with dots between them, or . for the whole answer", "the path %q has an empty part", path)
			return
		}
	}
}

// Names returns the names of some fields.
func Names(fields []schema.Field) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// Keys returns the keys of a map, sorted.
func Keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// ErrorKinds are the kinds that a rule may give. Canceled is not among them: only we
// cancel.
func ErrorKinds() []string {
	var words []string
	for _, k := range connectors.Kinds() {
		if k != connectors.Canceled {
			words = append(words, string(k))
		}
	}
	return words
}
