package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// Form lets an operation take the form that its inputs give it, and returns the inputs
// that are known now, those among them; nil for most operations, which have one form. with
// is what the recipe gives. What gives the form must be constants or expressions of vars:
// the operation must be known before anything is asked.
func (c *Connections) Form(f *Found, with mapping.Source, vars map[string]any) map[string]any {
	shaper, can := c.catalog.(Shaper)
	if !can || !f.Operation.Takes() {
		return nil
	}
	form, ok := f.constants(with, vars, c.into)
	if !ok {
		return nil
	}
	shaped, misfits, ok := shaper.Shape(f.Connection.Connector, f.Operation.Key, form)
	for _, m := range misfits {
		c.into.Errorf(placeOf(with, m), m.Code, m.Suggestion, "%s", m.Message)
	}
	if ok {
		f.Operation = shaped
	}
	return form
}

// constants evaluates the inputs that give the operation its form, and those that are
// written out.
func (f *Found) constants(with mapping.Source, vars map[string]any, into *diag.List) (form map[string]any, ok bool) {
	some, want := mapping.Source{At: with.At, Object: true}, &mapping.Inputs{Operation: f.Operation.Key, Connection: f.Connection.Name}
	for _, in := range f.Operation.Inputs {
		i := slices.IndexFunc(with.Fields, func(given mapping.SourceField) bool { return given.Name == in.Name })
		if i < 0 || !in.Shapes && !written(with.Fields[i].Value) {
			continue
		}
		want.Fields = append(want.Fields, in.Field)
		some.Fields = append(some.Fields, with.Fields[i])
	}
	var found diag.List
	m := mapping.NewConstants(vars).Mapping(some, want, &found)
	for _, one := range found.Sorted() {
		if one.Suggestion == "" {
			one.Suggestion = "write a constant or an expression of vars: it says what the operation is like, which must be known beforehand"
		}
		into.Add(one)
	}
	if m == nil || found.Len() > 0 {
		return nil, false
	}
	form, err := m.Input(&mapping.Scope{Vars: vars})
	if err != nil {
		into.Errorf(with.At, mapping.CodeInputType, "", "%v", err)
	}
	return form, err == nil
}

// written reports whether a value is written out, without any expression in it.
func written(s mapping.Source) bool {
	if text, ok := s.Value.(string); ok {
		return !strings.HasPrefix(text, "=") && !strings.Contains(text, "${")
	}
	return !s.Broken && !slices.ContainsFunc(s.Items, func(item mapping.Source) bool { return !written(item) }) &&
		!slices.ContainsFunc(s.Fields, func(f mapping.SourceField) bool { return !written(f.Value) })
}

// placeOf returns where a misfit stands in what a recipe gives. What an expression made is
// found where the expression stands.
func placeOf(s mapping.Source, m Misfit) diag.Place {
	at := s.At
	for i, name := range m.Path {
		if n, err := strconv.Atoi(name); err == nil && s.List && n < len(s.Items) {
			s = s.Items[n]
			at = s.At
			continue
		}
		j := slices.IndexFunc(s.Fields, func(f mapping.SourceField) bool { return f.Name == name })
		if j < 0 {
			break
		}
		field := s.Fields[j]
		s, at = field.Value, field.Value.At
		if m.OfKey && i == len(m.Path)-1 {
			at = field.At
		}
	}
	return at
}
