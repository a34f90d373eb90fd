package httpapi

import (
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
)

// sinceValue returns what the input for the lower bound gets. held is what the input
// holds already; a list goes on behind it. Any other value cannot be joined with the
// bound, and to replace it would change what the recipe asked for.
func sinceValue(op *manifest.Operation, s *lists.Since, t time.Time, held any) (any, error) {
	value := substitute(s.Value, s.Format.Value(inputOf(op, s.Input), t))
	list, isList := value.([]any)
	switch before := held.(type) {
	case nil:
		return value, nil
	case []any:
		if isList {
			return append(append(make([]any, 0, len(before)+len(list)), before...), list...), nil
		}
	}
	return nil, fmt.Errorf("the input %q is needed for the lower bound of the time and cannot be given", s.Input)
}

// fillWindow puts the bounds of a list's window into its inputs, where they are not
// given. Bounds that nobody names are those of now.
func fillWindow(op *manifest.Operation, in map[string]any, from, to time.Time) {
	w := op.Poll.Window
	if from.IsZero() {
		from = time.Now().Add(-op.Spec.Poll.Window.Back)
	}
	if to.IsZero() {
		to = time.Now().Add(op.Spec.Poll.Window.Ahead)
	}
	for name, t := range map[string]time.Time{w.From: from, w.To: to} {
		if in[name] == nil {
			in[name] = w.Format.Value(inputOf(op, name), t)
		}
	}
}

// inputOf returns the input of an operation; one without a type if there is none.
func inputOf(op *manifest.Operation, name string) *connectors.Input {
	for i := range op.Spec.Inputs {
		if op.Spec.Inputs[i].Name == name {
			return &op.Spec.Inputs[i]
		}
	}
	return &connectors.Input{}
}

// substitute returns a copy of a value with the time in the place of its
// placeholder.
func substitute(v, t any) any {
	switch x := v.(type) {
	case string:
		if x == lists.SincePlaceholder {
			return t
		}
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = substitute(e, t)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = substitute(e, t)
		}
		return out
	}
	return v
}
