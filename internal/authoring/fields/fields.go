// Package fields turns schemas into the fields of records and inputs.
package fields

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// How deep fields are nested, how many one request or record may have, members of members
// included, and how many words may be listed.
const (
	MaxLevels = 4
	MaxFields = 300

	maxWords = 60
)

// Shape makes fields of schemas. It counts them, so that a schema that says much in few
// words cannot make a file without end.
type Shape struct {
	// Left is how many fields there may still be.
	Left int
	// Record is true for fields of records, false for those of inputs.
	Record bool
}

// Field returns the field of a schema.
func (b *Shape) Field(name string, s *openapi.Schema, level int) draft.Field {
	b.Left--
	f := draft.Field{Name: name, Type: TypeOf(s), Description: wording.Line(s.Description, wording.MaxText)}
	switch {
	case s.Lost:
		f.Note = "The document refers to a description that is not there."
	case s.Circle:
		f.Note = "It can hold itself, at any depth."
	case s.Forms > 1:
		f.Note = fmt.Sprintf("One of %d forms; the members of all are listed.", s.Forms)
		if f.Type == "any" {
			f.Note = fmt.Sprintf("One of %d forms.", s.Forms)
		}
	}
	f.Nullable = s.Nullable && !b.Record
	f.Secret = s.Format == "password"
	f.Personal = f.Type == "string" && (s.Format == "email" || slices.Contains([]string{"email", "emailaddress", "phone", "phonenumber", "firstname", "lastname"}, wording.Fold(name)))
	b.words(&f, s)
	switch f.Type {
	case "array":
		b.elements(&f, s, level)
	case "object":
		b.members(&f, s, level)
	}
	return f
}

// TypeOf returns the type as a manifest writes it.
func TypeOf(s *openapi.Schema) string {
	if s.Kind == openapi.String && s.Format == "date-time" {
		return "time"
	}
	return string(s.Kind)
}

// words takes over the only values that are allowed. What is no text, or too much, is said
// in words.
func (b *Shape) words(f *draft.Field, s *openapi.Schema) {
	options := slices.DeleteFunc(slices.Clone(s.Options), func(o string) bool { return !wording.IsText(o, 100) })
	switch {
	case len(options) == 0:
	case f.Type == "string" && !b.Record && len(options) == len(s.Options) && len(options) <= maxWords:
		f.Options = options
	default:
		f.Description = strings.TrimSpace(f.Description + " One of " + wording.Line(strings.Join(options, ", "), wording.MaxText) + ".")
	}
}

// elements describes the elements of an array.
func (b *Shape) elements(f *draft.Field, s *openapi.Schema, level int) {
	if s.Items == nil || s.Items.Kind == openapi.Any || b.Left <= 0 {
		return
	}
	item := b.Field("items", s.Items, level+1)
	item.Description, item.Personal, item.Secret, item.Nullable = "", false, false, false
	f.Items = &item
}

// members describes the members of an object. An object of which nothing is known, or
// that is nested too deep, may hold anything.
func (b *Shape) members(f *draft.Field, s *openapi.Schema, level int) {
	f.Open = s.Open || b.Record
	if len(s.Properties) == 0 || level >= MaxLevels || b.Left < len(s.Properties) {
		f.Open = true
		return
	}
	for _, p := range s.Properties {
		if (s.ReadOnly || p.Schema.ReadOnly) && !b.Record || p.Schema.WriteOnly && b.Record || !wording.IsName(p.Name) {
			continue
		}
		member := b.Field(p.Name, p.Schema, level+1)
		member.Required = p.Required && !b.Record
		f.Fields = append(f.Fields, member)
	}
}
