package openapi

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// maxNested is how many references deep schemas are followed, maxProperties how many
// members of one object are read, maxForms how many alternatives.
const (
	maxNested     = 60
	maxProperties = 500
	maxForms      = 60
)

// follow returns what a value stands for if it is a reference, and the name in the last
// reference. why says that it leads nowhere.
func (r *reader) follow(n node) (to node, name, why string) {
	for range maxHops {
		ref := n.member("$ref").text()
		if ref == "" {
			return n, name, ""
		}
		name = refName(ref)
		if n, why = r.files.target(n, ref); why != "" {
			return node{}, name, why
		}
	}
	return node{}, name, "the reference leads back to itself"
}

// refName returns the name in a reference: its last part.
func refName(ref string) string {
	file, fragment, _ := strings.Cut(ref, "#")
	if fragment == "" {
		return strings.TrimSuffix(path.Base(file), path.Ext(file))
	}
	return unescaper.Replace(fragment[strings.LastIndexByte(fragment, '/')+1:])
}

// schema returns what a value looks like; never nil. What a reference leads to is read
// once.
func (r *reader) schema(n node) *Schema {
	if n.member("$ref").text() == "" {
		return r.inline(n)
	}
	to, name, why := r.follow(n)
	if why != "" {
		r.note(n.pointer, why)
		return &Schema{Kind: Object, Open: true, Name: name, Lost: true}
	}
	key := to.file + "#" + to.pointer
	s, done := r.schemas[key]
	if !done {
		if r.open[key] || r.nested >= maxNested {
			return &Schema{Kind: Object, Open: true, Name: name, Circle: true}
		}
		r.open[key] = true
		r.nested++
		s = r.inline(to)
		r.nested--
		delete(r.open, key)
		s.Name = name
		r.schemas[key] = s
	}
	return beside(s, n)
}

// beside returns a schema with what stands beside the reference to it.
func beside(s *Schema, n node) *Schema {
	description, nullable := n.member("description").text(), n.member("nullable").yes()
	if description == "" && !nullable {
		return s
	}
	own := *s
	own.Nullable = own.Nullable || nullable
	if description != "" {
		own.Description = description
	}
	return &own
}

// inline returns what a value that is no reference looks like.
func (r *reader) inline(n node) *Schema {
	s := &Schema{
		Kind: Any, Format: n.member("format").text(), Description: n.member("description").text(),
		Nullable: n.member("nullable").yes(), ReadOnly: n.member("readOnly").yes(), WriteOnly: n.member("writeOnly").yes(),
		Deprecated: n.member("deprecated").yes(), Default: n.member("default").value(), Example: n.member("example").value(),
		Minimum: n.member("minimum").number(), Maximum: n.member("maximum").number(),
	}
	r.kind(s, n)
	r.options(s, n)
	if items := n.member("items"); s.Kind == Array && items.isObject() {
		s.Items = r.schema(items)
	}
	if s.Kind == Object {
		r.members(s, n)
	}
	for _, part := range n.member("allOf").items() {
		s.add(r.schema(part))
		to, _, _ := r.follow(part)
		s.require(to.member("required").texts())
	}
	s.require(n.member("required").texts())
	for _, key := range []string{"oneOf", "anyOf"} {
		if forms := n.member(key).items(); len(forms) > 0 {
			s.add(r.oneOf(forms))
		}
	}
	return s
}

// kind reads the type. Without one it follows from what else is said.
func (r *reader) kind(s *Schema, n node) {
	var words []string
	for _, item := range n.member("type").items() {
		words = append(words, item.text())
	}
	if word := n.member("type").text(); word != "" {
		words = []string{word}
	}
	if slices.Contains(words, "null") {
		s.Nullable = true
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "null" })
	switch {
	case len(words) == 1 && slices.Contains([]Kind{String, Integer, Number, Boolean, Array, Object}, Kind(words[0])):
		s.Kind = Kind(words[0])
	case len(words) == 1 && words[0] == "file": // of older documents
		s.Kind, s.Format = String, "binary"
	case len(words) > 0:
	case n.member("properties").isObject() || n.member("additionalProperties").isObject():
		s.Kind = Object
	case n.member("items").isObject():
		s.Kind = Array
	}
	if media := n.member("contentMediaType").text(); media == "application/octet-stream" && s.Kind == String {
		s.Format = "binary"
	}
}

// options reads the only values that are allowed.
func (r *reader) options(s *Schema, n node) {
	values := n.member("enum").items()
	if constant := n.member("const"); constant.there() {
		values = []node{constant}
	}
	texts := true
	for _, v := range values {
		if _, isText := v.v.(string); !isText && v.there() {
			texts = false
		}
		if word := v.word(); word != "" && !slices.Contains(s.Options, word) {
			s.Options = append(s.Options, word)
		}
	}
	if s.Kind == Any && len(s.Options) > 0 && texts {
		s.Kind = String
	}
}

// members reads the members of an object, by name.
func (r *reader) members(s *Schema, n node) {
	required := n.member("required").texts()
	properties := n.member("properties")
	for _, name := range properties.all() {
		if len(s.Properties) == maxProperties {
			r.note(properties.pointer, fmt.Sprintf("only %d of its members are read", maxProperties))
			s.Open = true
			break
		}
		s.Properties = append(s.Properties, Property{Name: name, Required: slices.Contains(required, name), Schema: r.schema(properties.member(name))})
	}
	more := n.member("additionalProperties")
	s.Open = s.Open || more.isObject() || more.yes() || (len(s.Properties) == 0 && !more.there())
}

// oneOf puts alternatives together: objects to one with the members of all, of which
// those are required that all require; others of one kind to that kind; the rest to any
// value.
func (r *reader) oneOf(forms []node) *Schema {
	var all []*Schema
	nullable := false
	for _, form := range forms[:min(len(forms), maxForms)] {
		if form.member("type").text() == "null" {
			nullable = true
			continue
		}
		all = append(all, r.schema(form))
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
