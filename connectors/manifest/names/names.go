// Package names reads and checks how a connector's lists are known by names that the
// users of the service give: the section named of connector.yaml, and the key of the
// same name at fields and inputs.
package names

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys that each mapping may have. schema.json has the same ones; a test compares
// them.
//
//nolint:gochecknoglobals // tables
var (
	namedKeys = []string{"title", "definitions", "with", "id", "key", "prefix", "name", "type", "kinds", "options", "free", "write"}
	writeKeys = []string{"id", "value"}
)

// Keys returns the keys that each mapping may have, by its name in schema.json.
func Keys() map[string][]string {
	return map[string][]string{"named": namedKeys, "named_write": writeKeys}
}

// Section is what a connector says of names. The zero value has none.
type Section struct {
	specs map[string]*schema.Named
	parts map[string]yamlnode.Map
}

// Read reads the section.
func Read(n *yamlnode.Node, into *diag.List) Section {
	s := Section{specs: map[string]*schema.Named{}, parts: map[string]yamlnode.Map{}}
	m, _ := n.Mapping(into)
	for _, f := range m.Fields() {
		if part, ok := f.Value.Mapping(into, namedKeys...); ok {
			s.specs[f.Name], s.parts[f.Name] = read(part, into), part
		}
	}
	return s
}

// read reads how one kind of definitions is written.
func read(m yamlnode.Map, into *diag.List) *schema.Named {
	out := &schema.Named{Kinds: map[string]schema.NamedKind{}}
	out.Title, _ = m.Need(into, "title", "title: custom field").Text(into)
	out.Definitions, _ = m.Need(into, "definitions", "definitions: custom_field.list").Text(into)
	out.With = lists.Values(m.Get("with"), into)
	out.ID, _ = m.Need(into, "id", "id: id").Text(into)
	out.Key, _ = m.Get("key").Text(into)
	out.Prefix, _ = m.Get("prefix").Text(into)
	out.Name, _ = m.Get("name").Text(into)
	out.Type, _ = m.Get("type").Text(into)
	out.Options, _ = m.Get("options").Text(into)
	out.Free, _ = m.Get("free").Text(into)
	if !m.Has("key") && !m.Has("name") {
		into.Errorf(m.At(), finding.CodeNamed, "add key or name", "nothing says how people call a %s", out.Title)
	}
	kinds, _ := m.Get("kinds").Mapping(into)
	for _, f := range kinds.Fields() {
		if !slices.Contains(schema.NamedKinds(), schema.NamedKind(f.Name)) {
			finding.Unknown(into, f.At, "kind of value", f.Name, kindWords())
			continue
		}
		words, _ := f.Value.Texts(into)
		for _, word := range words {
			out.Kinds[word] = schema.NamedKind(f.Name)
		}
	}
	if write, ok := m.Need(into, "write", "write: {id: id, value: value}").Mapping(into, writeKeys...); ok {
		out.WriteID, _ = write.Need(into, "id", "id: id").Text(into)
		out.WriteValue, _ = write.Need(into, "value", "value: value").Text(into)
	}
	return out
}

func kindWords() []string {
	var words []string
	for _, k := range schema.NamedKinds() {
		words = append(words, string(k))
	}
	return words
}

// Use gives a field the names that it says it has, and reports unknown ones. Only lists
// have any; those of records must say what tells their elements apart.
func (s Section) Use(f *schema.Field, n *yamlnode.Node, record bool, into *diag.List) {
	word, ok := n.Text(into)
	if !ok {
		return
	}
	if f.Named = s.specs[word]; f.Named == nil {
		finding.Unknown(into, n.At(), "part of named", word, finding.Keys(s.specs))
	}
	if f.Type != schema.Array || record && f.Normal != schema.NormalKeyed {
		suggestion := "write type: array"
		if record {
			suggestion += ", normal: keyed"
		}
		into.Errorf(n.At(), finding.CodeNamed, suggestion, "%q is no list whose elements can have names", f.Name)
	}
}

// Check reports definitions that cannot be read. find returns an operation and reports
// keys that are none.
func (s Section) Check(find func(key string, at diag.Place) (lists.Operation, bool), into *diag.List) {
	for _, key := range finding.Keys(s.specs) {
		spec, m := s.specs[key], s.parts[key]
		at := m.At()
		if n := m.Get("definitions"); n != nil {
			at = n.At()
		}
		op, ok := find(spec.Definitions, at)
		if !ok || op.Unclear {
			continue
		}
		if op.Spec.Kind != connectors.Read || !op.Spec.List || op.Spec.Answer == nil {
			into.Errorf(at, finding.CodeNamed, "name a read with a list of objects", "%s does not list definitions", op.Spec.Key)
			continue
		}
		for name := range spec.With {
			finding.Input(into, op.Spec, name, m.Get("with").At())
		}
		for i := range op.Spec.Inputs {
			in := &op.Spec.Inputs[i]
			if _, given := spec.With[in.Name]; !given && finding.Unfilled(in) {
				into.Errorf(at, finding.CodeNamed, "add it under with", "%s needs %q", op.Spec.Key, in.Name)
			}
		}
		for _, part := range []string{"id", "key", "name", "type", "options", "free"} {
			name := m.Get(part).Written()
			if _, known := op.Spec.Answer.Field(name); name != "" && !known {
				finding.Unknown(into, m.Get(part).At(), "field of "+op.Spec.Answer.Key, name, finding.Names(op.Spec.Answer.Fields))
			}
		}
	}
}
