package mapping

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// null stands for a value that is sent as null, while nil leaves it out.
type null struct{}

// Input evaluates the mapping. Members that are nil are left out, at any depth;
// an object or list that was not written empty and becomes so is left out too.
// Nothing has been sent when it returns an error: an input that is required and
// nil, or of the wrong type.
func (m *Mapping) Input(s *Scope) (map[string]any, error) {
	out := make(map[string]any, len(m.root.members))
	for _, f := range m.root.members {
		v, err := f.value.value(s)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", f.name, err)
		}
		if v == nil && f.value.field != nil && f.value.field.Required {
			return nil, fmt.Errorf("input %q is required, and %s is nothing", f.name, f.value.origin())
		}
		put(out, f.name, v)
	}
	return out, nil
}

// put sets a member, or leaves it out when it is nil.
func put(out map[string]any, name string, v any) {
	switch v.(type) {
	case nil:
	case null:
		out[name] = nil
	default:
		out[name] = v
	}
}

// origin tells where a value came from, for messages.
func (n *node) origin() string {
	if n.program != nil {
		return "=" + functions.Shorten(strings.TrimSpace(n.program.Source))
	}
	return "its value"
}

// value evaluates a node: nil to leave it out, null to send null.
func (n *node) value(s *Scope) (any, error) {
	switch n.kind {
	case clearNode:
		return null{}, nil
	case programNode:
		v, err := n.program.Value(s)
		if err != nil {
			return nil, err
		}
		v = withoutNil(v)
		if _, object := v.(map[string]any); object && (expected{field: n.field}).byName() {
			return v, nil
		}
		return fit(n.field, v)
	case textNode:
		return writeText(n.parts, n.path, s)
	case objectNode:
		return n.objectValue(s)
	case listNode:
		return n.listValue(s)
	default:
		return clone(n.literal), nil
	}
}

// objectValue makes an object and leaves out what is nil. One that was not written
// empty but becomes so is left out itself: sent, it could erase something.
func (n *node) objectValue(s *Scope) (any, error) {
	out := make(map[string]any, len(n.members))
	for _, m := range n.members {
		v, err := m.value.value(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if v == nil && m.value.field != nil && m.value.field.Required {
			return nil, fmt.Errorf("%s is required, and %s is nothing", m.name, m.value.origin())
		}
		put(out, m.name, v)
	}
	if len(out) == 0 && len(n.members) > 0 {
		return nil, nil
	}
	return out, nil
}

// listValue makes a list without the elements that are nil.
func (n *node) listValue(s *Scope) (any, error) {
	out := make([]any, 0, len(n.items))
	for i, item := range n.items {
		v, err := item.value(s)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		switch v.(type) {
		case nil:
		case null:
			out = append(out, nil)
		default:
			out = append(out, v)
		}
	}
	if len(out) == 0 && len(n.items) > 0 {
		return nil, nil
	}
	return out, nil
}

// clone copies a constant, so that nobody can change the recipe's own.
func clone(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = clone(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = clone(e)
		}
		return out
	}
	return v
}

// withoutNil removes nil from the objects and lists that an expression made.
func withoutNil(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for name, member := range x {
			if member = withoutNil(member); member == nil {
				delete(x, name)
			} else {
				x[name] = member
			}
		}
	case []any:
		for i, e := range x {
			x[i] = withoutNil(e)
		}
		return slices.DeleteFunc(x, func(e any) bool { return e == nil })
	}
	return v
}

// fit gives a value the type of its input, where that loses nothing: a number
// becomes text for an id. Anything else is an error.
func fit(f *schema.Field, v any) (any, error) {
	if f == nil || v == nil {
		return v, nil
	}
	want := shapes.FieldShape(*f).Sort
	got := shapes.ConstantShape(v, "").Sort
	switch {
	case want == functions.Any || got == want:
		return v, allowed(f, v)
	case want == functions.Text && (got == functions.Integer || got == functions.Number):
		s, err := functions.TextOf(v)
		if err != nil {
			return nil, err
		}
		return s, allowed(f, s)
	case want == functions.Number && got == functions.Integer:
		return v, nil
	case want == functions.Integer && got == functions.Number:
		if x, ok := v.(float64); ok && x == math.Trunc(x) {
			return int(x), nil
		}
		return nil, fmt.Errorf("expected a whole number, found %v", v)
	}
	return nil, fmt.Errorf("expected %s, found %s", want, got)
}

// allowed checks the options of a field.
func allowed(f *schema.Field, v any) error {
	s, ok := v.(string)
	if !ok || len(f.Options) == 0 || slices.Contains(f.Options, s) {
		return nil
	}
	return fmt.Errorf("expected one of %s, found %q", strings.Join(f.Options, ", "), functions.Shorten(s))
}
