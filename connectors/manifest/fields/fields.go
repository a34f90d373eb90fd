// Package fields reads the fields of records, inputs and settings, and the records
// themselves.
package fields

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/names"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys that each kind of field may have, and those of an object.
//
//nolint:gochecknoglobals // tables
var (
	objectKeys  = []string{"title", "id", "created", "updated", "open", "fields", "note"}
	valueKeys   = []string{"type", "description", "secret", "personal", "options", "items", "fields", "open", "note"}
	fieldKeys   = slices.Concat(valueKeys, []string{"volatile", "normal", "key", "values", "named"})
	memberKeys  = slices.Concat(valueKeys, []string{"required", "nullable"})
	settingKeys = slices.Concat(valueKeys, []string{"required", "default"})
	inputKeys   = slices.Concat(valueKeys, []string{"required", "nullable", "default", "in", "at", "setting", "file", "named"})
)

// Keys returns the keys that each of its mappings may have, by the name of its definition
// in the schema for editors.
func Keys() map[string][]string {
	return map[string][]string{
		"object": objectKeys, "value": valueKeys, "field": fieldKeys, "member": memberKeys, "setting": settingKeys, "input": inputKeys,
	}
}

// Reader reads fields and reports what is wrong with them.
type Reader struct {
	Into  *diag.List
	Names names.Section // lists that are known by names
}

// Setting reads a setting of an account.
func (r Reader) Setting(f yamlnode.Field) schema.Field {
	field, _ := r.field(f, settingKeys)
	return field
}

// Input reads an input. The mapping comes back for the keys that only inputs have.
func (r Reader) Input(f yamlnode.Field) (schema.Field, yamlnode.Map) { return r.field(f, inputKeys) }

// field reads one field: either its type alone, or a mapping with some of the known
// keys. The mapping comes back for the keys that only some fields have. A field
// without a type is a string. known are the keys of this kind of field (those of an
// input, a setting or a record).
func (r Reader) field(f yamlnode.Field, known []string) (schema.Field, yamlnode.Map) {
	out := schema.Field{Name: f.Name, Type: schema.String}
	if f.Value.Kind() != yamlnode.Mapping {
		if word, ok := f.Value.Word(r.Into, typeWords()...); ok {
			out.Type = schema.Type(word)
		}
		return out, yamlnode.Map{}
	}
	m, _ := f.Value.Mapping(r.Into, known...)
	if word, ok := m.Get("type").Word(r.Into, typeWords()...); ok {
		out.Type = schema.Type(word)
	}
	out.Description, _ = m.Get("description").Text(r.Into)
	out.Note, _ = m.Get("note").Text(r.Into)
	out.Required, _ = m.Get("required").Bool(r.Into)
	out.Nullable, _ = m.Get("nullable").Bool(r.Into)
	out.Secret, _ = m.Get("secret").Bool(r.Into)
	out.Personal, _ = m.Get("personal").Bool(r.Into)
	out.Volatile, _ = m.Get("volatile").Bool(r.Into)
	out.Open, _ = m.Get("open").Bool(r.Into)
	out.Options, _ = m.Get("options").Texts(r.Into)
	r.normal(&out, m)
	r.Names.Use(&out, m.Get("named"), slices.Contains(known, "volatile"), r.Into)
	r.parts(&out, m, known)
	r.fits(out, m)
	r.defaultOf(&out, m)
	return out, m
}

// normal reads how values are made comparable before a change is looked for. A set
// ignores the order of a list and keyed also the form of its elements; the others
// change texts. So each goes with one type.
func (r Reader) normal(out *schema.Field, m yamlnode.Map) {
	var words []string
	for _, n := range schema.Normalisers() {
		words = append(words, string(n))
	}
	word, ok := m.Get("normal").Word(r.Into, words...)
	for _, key := range []string{"key", "values"} {
		if m.Has(key) && word != string(schema.NormalKeyed) {
			r.Into.Errorf(m.Get(key).At(), finding.CodeFieldOption, "leave it out, or write normal: keyed", "%q goes with normal: keyed alone", key)
		}
	}
	if !ok {
		return
	}
	out.Normal = schema.Normaliser(word)
	keyed := out.Normal == schema.NormalKeyed
	if wantsList := out.Normal == schema.NormalSet || keyed; wantsList != (out.Type == schema.Array) {
		r.Into.Errorf(m.Get("normal").At(), finding.CodeFieldOption, "set and keyed are for arrays, the others are for strings",
			"a field of type %s cannot be compared as %q", out.Type, word)
	}
	if keyed {
		out.Key, _ = m.Need(r.Into, "key", "key: id").Text(r.Into)
		names, ok := m.Need(r.Into, "values", "values: [value]").Texts(r.Into)
		if ok && len(names) == 0 {
			r.Into.Errorf(m.Get("values").At(), finding.CodeFieldOption, "write values: [value]", "without a name for the value all elements would be equal")
		}
		out.Values = names
	}
}

// parts reads the elements of an array and the members of a map.
func (r Reader) parts(out *schema.Field, m yamlnode.Map, known []string) {
	if known = inner(known); known == nil {
		known = memberKeys
	}
	if items := m.Get("items"); items != nil {
		element, _ := r.field(yamlnode.Field{Name: "items", At: items.At(), Value: items}, known)
		out.Items = &element
	}
	members, _ := m.Get("fields").Mapping(r.Into)
	for _, member := range members.Fields() {
		field, _ := r.field(member, known)
		out.Fields = append(out.Fields, field)
	}
}

// inner returns the keys of a field inside a field: those of a record have no
// more than their parents, those of inputs may be required.
func inner(known []string) []string {
	if slices.Contains(known, "volatile") {
		return valueKeys
	}
	return nil
}

// fits reports keys that say nothing about the field's type.
func (r Reader) fits(f schema.Field, m yamlnode.Map) {
	for _, rule := range []struct {
		key string
		of  schema.Type
	}{{"options", schema.String}, {"items", schema.Array}, {"fields", schema.Map}, {"open", schema.Map}} {
		if m.Has(rule.key) && f.Type != rule.of {
			r.Into.Errorf(m.Get(rule.key).At(), finding.CodeFieldOption, "write type: "+string(rule.of),
				"%q goes with the type %s, this field has the type %s", rule.key, rule.of, f.Type)
		}
	}
}

// defaultOf reads the default last: it must fit what the rest of the field says.
func (r Reader) defaultOf(f *schema.Field, m yamlnode.Map) {
	n := m.Get("default")
	if n.Kind() == yamlnode.Null {
		return
	}
	f.Default = n.Value()
	if err := f.Accepts(f.Default); err != nil {
		r.Into.Errorf(n.At(), finding.CodeDefault, "", "the default of %q does not fit: %s", f.Name, err)
	}
}

// typeWords are the types as a manifest writes them.
func typeWords() []string {
	var words []string
	for _, t := range schema.Types() {
		words = append(words, string(t))
	}
	return words
}

// Object reads a kind of record; nil when it is no mapping.
func (r Reader) Object(f yamlnode.Field) *schema.Object {
	m, ok := f.Value.Mapping(r.Into, objectKeys...)
	if !ok {
		return nil
	}
	o := &schema.Object{Key: f.Name}
	o.Title, _ = m.Need(r.Into, "title", "title: Contact").Text(r.Into)
	o.Open, _ = m.Get("open").Bool(r.Into)
	o.Note, _ = m.Get("note").Text(r.Into)
	fields, _ := m.Need(r.Into, "fields", "fields: {id: string}").Mapping(r.Into)
	for _, field := range fields.Fields() {
		read, _ := r.field(field, fieldKeys)
		o.Fields = append(o.Fields, read)
	}
	o.ID = r.fieldName(o, m.Get("id"))
	o.Created = r.fieldName(o, m.Get("created"))
	o.Updated = r.fieldName(o, m.Get("updated"))
	for _, key := range []string{"created", "updated"} {
		// fieldName has reported it already if it is no text.
		name, _ := m.Get(key).Text(&diag.List{})
		if field, known := o.Field(name); known && field.Type != schema.Time {
			r.Into.Errorf(m.Get(key).At(), finding.CodeTimeField, "write type: time at the field", "the field %q has the type %s, not time", name, field.Type)
		}
	}
	return o
}

// fieldName reads the name of one of an object's fields. An unknown one is reported
// and returned all the same; the manifest is not used then.
func (r Reader) fieldName(o *schema.Object, n *yamlnode.Node) string {
	name, ok := n.Text(r.Into)
	if !ok {
		return ""
	}
	if _, known := o.Field(name); !known {
		finding.Unknown(r.Into, n.At(), "field of "+o.Key, name, finding.Names(o.Fields))
	}
	return name
}
