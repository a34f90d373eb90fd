package manifest

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// field reads one field: either its type alone, or a mapping with some of the known
// keys. The mapping comes back for the keys that only some fields have. A field
// without a type is a string. known are the keys of this kind of field (those of an
// input, a setting or a record).
func (r *reader) field(f yamlnode.Field, known []string) (schema.Field, yamlnode.Map) {
	out := schema.Field{Name: f.Name, Type: schema.String}
	if f.Value.Kind() != yamlnode.Mapping {
		if word, ok := f.Value.Word(r.into, typeWords()...); ok {
			out.Type = schema.Type(word)
		}
		return out, yamlnode.Map{}
	}
	m, _ := f.Value.Mapping(r.into, known...)
	if word, ok := m.Get("type").Word(r.into, typeWords()...); ok {
		out.Type = schema.Type(word)
	}
	out.Description, _ = m.Get("description").Text(r.into)
	out.Note, _ = m.Get("note").Text(r.into)
	out.Required, _ = m.Get("required").Bool(r.into)
	out.Nullable, _ = m.Get("nullable").Bool(r.into)
	out.Secret, _ = m.Get("secret").Bool(r.into)
	out.Personal, _ = m.Get("personal").Bool(r.into)
	out.Volatile, _ = m.Get("volatile").Bool(r.into)
	out.Open, _ = m.Get("open").Bool(r.into)
	out.Options, _ = m.Get("options").Texts(r.into)
	r.normal(&out, m)
	r.names.Use(&out, m.Get("named"), slices.Contains(known, "volatile"), r.into)
	r.parts(&out, m, known)
	r.fits(out, m)
	r.defaultOf(&out, m)
	return out, m
}

// normal reads how values are made comparable before a change is looked for. A set
// ignores the order of a list and keyed also the form of its elements; the others
// change texts. So each goes with one type.
func (r *reader) normal(out *schema.Field, m yamlnode.Map) {
	var words []string
	for _, n := range schema.Normalisers() {
		words = append(words, string(n))
	}
	word, ok := m.Get("normal").Word(r.into, words...)
	for _, key := range []string{"key", "values"} {
		if m.Has(key) && word != string(schema.NormalKeyed) {
			r.into.Errorf(m.Get(key).At(), finding.CodeFieldOption, "leave it out, or write normal: keyed", "%q goes with normal: keyed alone", key)
		}
	}
	if !ok {
		return
	}
	out.Normal = schema.Normaliser(word)
	keyed := out.Normal == schema.NormalKeyed
	if wantsList := out.Normal == schema.NormalSet || keyed; wantsList != (out.Type == schema.Array) {
		r.into.Errorf(m.Get("normal").At(), finding.CodeFieldOption, "set and keyed are for arrays, the others are for strings",
			"a field of type %s cannot be compared as %q", out.Type, word)
	}
	if keyed {
		out.Key, _ = m.Need(r.into, "key", "key: id").Text(r.into)
		names, ok := m.Need(r.into, "values", "values: [value]").Texts(r.into)
		if ok && len(names) == 0 {
			r.into.Errorf(m.Get("values").At(), finding.CodeFieldOption, "write values: [value]", "without a name for the value all elements would be equal")
		}
		out.Values = names
	}
}

// parts reads the elements of an array and the members of a map.
func (r *reader) parts(out *schema.Field, m yamlnode.Map, known []string) {
	if known = inner(known); known == nil {
		known = memberKeys
	}
	if items := m.Get("items"); items != nil {
		element, _ := r.field(yamlnode.Field{Name: "items", At: items.At(), Value: items}, known)
		out.Items = &element
	}
	members, _ := m.Get("fields").Mapping(r.into)
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
func (r *reader) fits(f schema.Field, m yamlnode.Map) {
	for _, rule := range []struct {
		key string
		of  schema.Type
	}{{"options", schema.String}, {"items", schema.Array}, {"fields", schema.Map}, {"open", schema.Map}} {
		if m.Has(rule.key) && f.Type != rule.of {
			r.into.Errorf(m.Get(rule.key).At(), finding.CodeFieldOption, "write type: "+string(rule.of),
				"%q goes with the type %s, this field has the type %s", rule.key, rule.of, f.Type)
		}
	}
}

// defaultOf reads the default last: it must fit what the rest of the field says.
func (r *reader) defaultOf(f *schema.Field, m yamlnode.Map) {
	n := m.Get("default")
	if n.Kind() == yamlnode.Null {
		return
	}
	f.Default = n.Value()
	if err := f.Accepts(f.Default); err != nil {
		r.into.Errorf(n.At(), finding.CodeDefault, "", "the default of %q does not fit: %s", f.Name, err)
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

// object reads a kind of record. Keys are unique over all files of the folder.
func (r *reader) object(f yamlnode.Field) {
	r.key(f.Name, f.At, wordForm, "contact")
	if first, taken := r.objectAt[f.Name]; taken {
		r.into.Errorf(f.At, finding.CodeKeyTaken, "", "the object %q exists already, in %s line %d", f.Name, first.File, first.Line)
		return
	}
	r.objectAt[f.Name] = f.At
	m, ok := f.Value.Mapping(r.into, objectKeys...)
	if !ok {
		return
	}
	o := &schema.Object{Key: f.Name}
	o.Title, _ = m.Need(r.into, "title", "title: Contact").Text(r.into)
	o.Open, _ = m.Get("open").Bool(r.into)
	o.Note, _ = m.Get("note").Text(r.into)
	fields, _ := m.Need(r.into, "fields", "fields: {id: string}").Mapping(r.into)
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
			r.into.Errorf(m.Get(key).At(), finding.CodeTimeField, "write type: time at the field", "the field %q has the type %s, not time", name, field.Type)
		}
	}
	r.m.Objects = append(r.m.Objects, o)
}

// fieldName reads the name of one of an object's fields. An unknown one is reported
// and returned all the same; the manifest is not used then.
func (r *reader) fieldName(o *schema.Object, n *yamlnode.Node) string {
	name, ok := n.Text(r.into)
	if !ok {
		return ""
	}
	if _, known := o.Field(name); !known {
		finding.Unknown(r.into, n.At(), "field of "+o.Key, name, finding.Names(o.Fields))
	}
	return name
}
