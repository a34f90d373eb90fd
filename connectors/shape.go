package connectors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Shaper is a connector some of whose operations get their form from their inputs: which
// records they list, how the list is paged, how its changes are found. Those inputs have
// [Input.Shapes].
type Shaper interface {
	Connector
	// Shape returns an operation in the form that its inputs give it; inputs that give no
	// form are ignored. The operation is as complete as one of Describe and goes to the
	// sessions of the connector; it has the key and all inputs of the one it was made of.
	// The same inputs make the same operation, which is shared: callers do not write to it.
	// Without an operation the misfits tell what is wrong; there is one at least. It is
	// safe for concurrent use.
	Shape(key string, inputs map[string]any) (*Operation, []Misfit)
}

// Misfit is something in the inputs that cannot give an operation its form.
type Misfit struct {
	// Path leads to it: the name of an input, then names of members and numbers of
	// elements. Empty means all inputs together.
	Path []string
	// OfKey is true when the last name of the path is meant, and not its value.
	OfKey bool
	// Code, Message and Suggestion are those of a finding.
	Code, Message, Suggestion string
}

// String returns where the misfit is and what.
func (m Misfit) String() string {
	text := m.Message
	if len(m.Path) > 0 {
		text = strings.Join(m.Path, ".") + ": " + text
	}
	if m.Suggestion != "" {
		text += " (" + m.Suggestion + ")"
	}
	return text
}

// SettingsChecker is a connector that looks at the settings of accounts further than their
// types tell.
type SettingsChecker interface {
	Connector
	// CheckSettings reports settings that cannot be used. Paths begin with the name of a
	// setting.
	CheckSettings(settings map[string]any) []Misfit
}

// Shape returns an operation of a connector, in the form that its inputs give it if it
// takes one. The error tells that there is no such operation, or what is wrong with the
// inputs.
func Shape(c Connector, key string, inputs map[string]any) (*Operation, error) {
	d := c.Describe()
	op, ok := d.Operation(key)
	if !ok {
		return nil, fmt.Errorf("%s has no operation %q", d.Key, key)
	}
	shaper, shapes := c.(Shaper)
	if !shapes || !slices.ContainsFunc(op.Inputs, func(in Input) bool { return in.Shapes }) {
		return op, nil
	}
	shaped, misfits := shaper.Shape(key, inputs)
	if shaped == nil {
		errs := make([]error, len(misfits))
		for i, m := range misfits {
			errs[i] = errors.New(m.String())
		}
		return nil, fmt.Errorf("%s: %w", op.Name(), errors.Join(errs...))
	}
	return shaped, nil
}
