package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxNested is how many references deep schemas are followed, maxProperties how many
// members of one object are read, maxForms how many alternatives.
const (
	maxNested     = 60
	maxProperties = 500
	maxForms      = 60
)

// refName returns the name in a reference: its last part.
func refName(ref string) string {
	file, fragment, _ := strings.Cut(ref, "#")
	if fragment == "" {
		return strings.TrimSuffix(path.Base(file), path.Ext(file))
	}
	return unescaper.Replace(fragment[strings.LastIndexByte(fragment, '/')+1:])
}

// schema returns what a value looks like; never nil. What a reference leads to is read
// once. at is where it stands.
func (r *reader) schema(ref *openapi3.SchemaRef, at string) *Schema {
	from := ref.Value
	if from == nil { // the library found nothing behind a reference
		r.note(at, fmt.Sprintf("the reference %.100q leads to nothing", ref.Ref))
		return &Schema{Kind: Object, Open: true, Name: refName(ref.Ref), Lost: true}
	}
	if ref.Ref == "" {
		return r.inline(from, at)
	}
	to, _ := url.Parse(ref.Ref)
	name := refName(ref.Ref)
	s, done := r.schemas[from]
	if !done {
		if r.open[from] || r.nested >= maxNested {
			return &Schema{Kind: Object, Open: true, Name: name, Circle: true}
		}
		r.open[from] = true
		r.nested++
		s = r.inline(from, to.Fragment)
		r.nested--
		delete(r.open, from)
		s.Name = name
		r.schemas[from] = s
	}
	return s
}

// inline returns what a value that is no reference looks like.
func (r *reader) inline(from *openapi3.Schema, at string) *Schema {
	if mark := lostIn(from.Extensions); mark != nil {
		r.note(mark.Pointer, mark.Text)
		return &Schema{Kind: Object, Open: true, Name: mark.Name, Lost: true}
	}
	s := &Schema{
		Kind: Any, Format: from.Format, Description: from.Description, Nullable: from.Nullable, ReadOnly: from.ReadOnly, WriteOnly: from.WriteOnly,
		Deprecated: from.Deprecated, Default: plainValue(from.Default), Example: plainValue(from.Example), Minimum: from.Min, Maximum: from.Max,
	}
	s.kind(from)
	s.options(from)
	if s.Kind == Array && from.Items != nil {
		s.Items = r.schema(from.Items, at+"/items")
	}
	if s.Kind == Object {
		r.members(s, from, at)
	}
	for i, part := range from.AllOf {
		s.add(r.schema(part, at+"/allOf/"+strconv.Itoa(i)))
		if part.Value != nil {
			s.require(part.Value.Required)
		}
	}
	s.require(from.Required)
	if len(from.OneOf) > 0 {
		s.add(r.oneOf(from.OneOf, at+"/oneOf"))
	}
	if len(from.AnyOf) > 0 {
		s.add(r.oneOf(from.AnyOf, at+"/anyOf"))
	}
	return s
}

// kind reads the type. Without one it follows from what else is said.
func (s *Schema) kind(from *openapi3.Schema) {
	s.Nullable = s.Nullable || from.Type.IncludesNull()
	words := slices.DeleteFunc(slices.Clone(from.Type.Slice()), func(w string) bool { return w == openapi3.TypeNull })
	switch {
	case len(words) == 1 && slices.Contains([]Kind{String, Integer, Number, Boolean, Array, Object}, Kind(words[0])):
		s.Kind = Kind(words[0])
	case len(words) == 1 && words[0] == "file": // of older documents
		s.Kind, s.Format = String, "binary"
	case len(words) > 0:
	case from.Properties != nil || from.AdditionalProperties.Schema != nil:
		s.Kind = Object
	case from.Items != nil:
		s.Kind = Array
	}
	if from.ContentMediaType == "application/octet-stream" && s.Kind == String {
		s.Format = "binary"
	}
}

// options reads the only values that are allowed.
func (s *Schema) options(from *openapi3.Schema) {
	values := from.Enum
	if from.Const != nil {
		values = []any{from.Const}
	}
	texts := true
	for _, v := range values {
		if _, isText := v.(string); !isText && v != nil {
			texts = false
		}
		if word := word(plainValue(v)); word != "" && !slices.Contains(s.Options, word) {
			s.Options = append(s.Options, word)
		}
	}
	if s.Kind == Any && len(s.Options) > 0 && texts {
		s.Kind = String
	}
}

// plainValue returns a value without parts: nil, bool, int, float64 or string. Others are
// nil.
func plainValue(v any) any {
	switch x := v.(type) {
	case bool, int, string:
		return x
	case int64:
		return int(x)
	case uint64:
		return float64(x)
	case float64:
		if whole := math.Trunc(x); whole == x && math.Abs(x) < 1<<53 {
			return int(whole)
		}
		return x
	}
	return nil
}

// members reads the members of an object, by name.
func (r *reader) members(s *Schema, from *openapi3.Schema, at string) {
	at += "/properties"
	for _, name := range slices.Sorted(maps.Keys(from.Properties)) {
		if len(s.Properties) == maxProperties {
			r.note(at, fmt.Sprintf("only %d of its members are read", maxProperties))
			s.Open = true
			break
		}
		s.Properties = append(s.Properties, Property{
			Name: name, Required: slices.Contains(from.Required, name), Schema: r.schema(from.Properties[name], at+"/"+escaper.Replace(name)),
		})
	}
	more := from.AdditionalProperties
	s.Open = s.Open || more.Schema != nil || deref(more.Has) || (len(s.Properties) == 0 && more.Has == nil)
}

// oneOf puts alternatives together: objects to one with the members of all, of which
// those are required that all require; others of one kind to that kind; the rest to any
// value.
func (r *reader) oneOf(forms openapi3.SchemaRefs, at string) *Schema {
	var all []*Schema
	nullable := false
	for i, form := range forms[:min(len(forms), maxForms)] {
		if form.Ref == "" && form.Value != nil && form.Value.Type.Is(openapi3.TypeNull) {
			nullable = true
			continue
		}
		all = append(all, r.schema(form, at+"/"+strconv.Itoa(i)))
	}
	if len(all) == 0 {
		return &Schema{Kind: Any, Nullable: nullable}
	}
	sum := *all[0]
	if len(all) > 1 {
		sum.Name, sum.Forms = "", len(all)
		sum.Description = ""
	}
	sum.Nullable = sum.Nullable || nullable
	for _, s := range all[1:] {
		sum.Nullable, sum.Lost = sum.Nullable || s.Nullable, sum.Lost || s.Lost
		if s.Kind != sum.Kind {
			return &Schema{Kind: Any, Forms: len(all), Nullable: sum.Nullable, Lost: sum.Lost}
		}
		if len(sum.Options) == 0 || len(s.Options) == 0 {
			sum.Options = nil
		} else {
			sum.Options = distinct(slices.Concat(sum.Options, s.Options))
		}
		sum.Properties, sum.Open = union(sum.Properties, s.Properties), sum.Open || s.Open
	}
	return &sum
}

// distinct returns texts, each once, in their order.
func distinct(texts []string) []string {
	var out []string
	for _, t := range texts {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// union returns the members of two alternatives.
func union(a, b []Property) []Property {
	out := slices.Clone(a)
	for i := range out {
		j := slices.IndexFunc(b, func(p Property) bool { return p.Name == out[i].Name })
		out[i].Required = out[i].Required && j >= 0 && b[j].Required
		if j >= 0 && b[j].Schema.Kind != out[i].Schema.Kind {
			out[i].Schema = &Schema{Kind: Any, Forms: 2, Description: out[i].Schema.Description}
		}
	}
	for _, p := range b {
		if !slices.ContainsFunc(a, func(q Property) bool { return q.Name == p.Name }) && len(out) < maxProperties {
			p.Required = false
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(p, q Property) int { return strings.Compare(p.Name, q.Name) })
	return out
}

// add makes a schema what both say.
func (s *Schema) add(part *Schema) {
	if s.Kind == Any {
		s.Kind = part.Kind
	}
	s.Format, s.Name, s.Description = cmp.Or(s.Format, part.Format), cmp.Or(s.Name, part.Name), cmp.Or(s.Description, part.Description)
	s.Default, s.Example = cmp.Or(s.Default, part.Default), cmp.Or(s.Example, part.Example)
	s.Minimum, s.Maximum, s.Items = cmp.Or(s.Minimum, part.Minimum), cmp.Or(s.Maximum, part.Maximum), cmp.Or(s.Items, part.Items)
	if len(s.Options) == 0 {
		s.Options = part.Options
	}
	s.Nullable, s.Lost, s.Circle = s.Nullable || part.Nullable, s.Lost || part.Lost, s.Circle || part.Circle
	s.ReadOnly, s.WriteOnly = s.ReadOnly || part.ReadOnly, s.WriteOnly || part.WriteOnly
	s.Forms = max(s.Forms, part.Forms)
	own := len(s.Properties) > 0
	if len(part.Properties) == 0 {
		s.Open = s.Open || (part.Open && !own)
		return
	}
	before := s.Properties
	s.Properties = union(s.Properties, part.Properties)
	for i := range s.Properties {
		name := s.Properties[i].Name
		s.Properties[i].Required = requires(before, name) || requires(part.Properties, name)
	}
	s.Open = part.Open || (own && s.Open)
}

// require marks members as required that other parts of the whole describe. The members
// may be shared with those parts, so they are copied.
func (s *Schema) require(names []string) {
	for i := range s.Properties {
		if p := &s.Properties[i]; !p.Required && slices.Contains(names, p.Name) {
			s.Properties = slices.Clone(s.Properties)
			s.Properties[i].Required = true
		}
	}
}

// requires reports whether a member is required.
func requires(members []Property, name string) bool {
	return slices.ContainsFunc(members, func(p Property) bool { return p.Name == name && p.Required })
}
