package mapping

import "github.com/pollux-automation/pollux/internal/diag"

// Source is a value as a recipe writes it: a scalar, a list or an object. It is
// how this package sees a file, whatever format the file has.
type Source struct {
	At diag.Place
	// Value is the scalar: nil, bool, int, float64 or string.
	Value any
	// Locate gives the place of some characters inside the text of a scalar.
	Locate func(offset, width int) diag.Place
	// Broken values have their finding already and are not looked at.
	Broken bool
	// List and Object tell that the value is one; at most one of them is true.
	List, Object bool
	Items        []Source
	Fields       []SourceField
}

// SourceField is one member of an object.
type SourceField struct {
	Name  string
	At    diag.Place
	Value Source
}

// locate works also for sources that cannot tell places inside.
func (s Source) locate(offset, width int) diag.Place {
	if s.Locate == nil {
		return s.At
	}
	return s.Locate(offset, width)
}

// Plain returns the value as plain data, without looking for expressions.
func (s Source) Plain() any {
	switch {
	case s.List:
		list := make([]any, len(s.Items))
		for i, item := range s.Items {
			list[i] = item.Plain()
		}
		return list
	case s.Object:
		object := make(map[string]any, len(s.Fields))
		for _, f := range s.Fields {
			object[f.Name] = f.Value.Plain()
		}
		return object
	}
	return s.Value
}
