package service

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Kind is the type of a field of a body.
type Kind string

// The types of fields.
const (
	String Kind = "string"
	Number Kind = "number"
	Bool   Kind = "boolean"
	List   Kind = "array"
	Object Kind = "object"
	Any    Kind = "any"
)

// Shape says which fields a body may have, and which it must have.
type Shape struct {
	Fields   map[string]Kind
	Required []string
}

// Check returns a line for everything in a body that does not fit, sorted. null
// fits every type but not a required field.
func (s *Shape) Check(body map[string]any) []string {
	var wrong []string
	for name, value := range body {
		want, known := s.Fields[name]
		switch {
		case !known:
			wrong = append(wrong, fmt.Sprintf("property %s should not exist", name))
		case value != nil && want != Any && kindOf(value) != want:
			wrong = append(wrong, fmt.Sprintf("%s must be %s", name, want))
		}
	}
	for _, name := range s.Required {
		if v := body[name]; v == nil || v == "" {
			wrong = append(wrong, name+" should not be empty")
		}
	}
	slices.Sort(wrong)
	return wrong
}

func kindOf(v any) Kind {
	switch v.(type) {
	case string:
		return String
	case json.Number, float64:
		return Number
	case bool:
		return Bool
	case []any:
		return List
	case map[string]any:
		return Object
	}
	return Any
}

// Texts returns the strings in a list of a decoded body.
func Texts(v any) []string {
	elements, _ := v.([]any)
	out := make([]string, 0, len(elements))
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
