package conformance

import (
	"cmp"
	"maps"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// unknownID is the id of a record that no service has.
const unknownID = "polluxUnknownId00000"

// Complete returns the inputs of a call: those that are given, and a value that is made up
// for each required one that neither they nor a setting nor a default fill. The argument
// is not changed.
func Complete(op *connectors.Operation, given map[string]any) map[string]any {
	out := make(map[string]any, len(given))
	maps.Copy(out, given)
	for _, in := range op.Inputs {
		if _, there := out[in.Name]; !there && needed(in) {
			out[in.Name] = sampleOf(in)
		}
	}
	return out
}

// needed reports an input that nobody but the caller can fill.
func needed(in connectors.Input) bool {
	return in.Required && in.Default == nil && in.Setting == "" && !in.Paging
}

// sampleOf is Sample for an input, which may be a whole path.
func sampleOf(in connectors.Input) any {
	if in.Whole && in.In == "path" {
		return "/pollux"
	}
	return Sample(in.Field)
}

// Sample makes up a value that a field accepts: always the same one.
func Sample(f schema.Field) any {
	switch f.Type {
	case schema.Integer, schema.Number:
		return 1
	case schema.Boolean:
		return true
	case schema.Time:
		return "2027-01-01T00:00:00Z"
	case schema.Array:
		if f.Items != nil {
			return []any{Sample(*f.Items)}
		}
		return []any{"pollux"}
	case schema.Map:
		m := map[string]any{}
		for _, member := range f.Fields {
			if member.Required {
				m[member.Name] = Sample(member)
			}
		}
		return m
	case schema.String, schema.Any:
	}
	if len(f.Options) > 0 {
		return f.Options[0]
	}
	return cmp.Or(f.Example, "pollux")
}

// wrong returns a value that a field does not accept, and true; false where it accepts
// all. A list whose elements have names takes a mapping too.
func wrong(f schema.Field) (any, bool) {
	for _, v := range []any{"pollux?", map[string]any{"pollux": true}, []any{map[string]any{}}, 1.5, true} {
		if _, mapping := v.(map[string]any); mapping && f.Named != nil {
			continue
		}
		if f.Accepts(v) != nil {
			return v, true
		}
	}
	return nil, false
}
