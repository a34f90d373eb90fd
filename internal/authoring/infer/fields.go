package infer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// Field is a field of a record, as the sample shows it.
type Field struct {
	Name     string
	Type     schema.Type
	Personal bool
	Normal   schema.Normaliser
	Items    schema.Type // of an array; Any where its elements are objects or differ
	Fields   []Field     // of an object
	// Note says what is not certain; empty for nothing.
	Note string
}

// maxNested is how deep objects inside records are described.
const maxNested = 2

// nameForm is how a name must look that expressions can use.
var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// fieldsOf describes the members of records, sorted by name.
func fieldsOf(rows []map[string]any) []Field { return members(rows, 0) }

func members(rows []map[string]any, depth int) []Field {
	values := map[string][]any{}
	for _, row := range rows {
		for name, v := range row {
			values[name] = append(values[name], v)
		}
	}
	var out []Field
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !nameForm.MatchString(name) {
			continue // an open object keeps it
		}
		f := Field{Name: name, Personal: Personal(name)}
		if f.read(values[name], depth); depth > 0 {
			f.Normal = schema.NormalNone // only whole fields are compared
		}
		if missing := len(rows) - len(values[name]); missing > 0 && f.Note == "" {
			f.Note = fmt.Sprintf("missing in %d of %d records", missing, len(rows))
		}
		out = append(out, f)
	}
	return out
}

// read decides the type of a field from its values.
func (f *Field) read(values []any, depth int) {
	var objects []map[string]any
	var elements []any
	types := map[schema.Type]bool{}
	nulls := 0
	for _, v := range values {
		switch x := v.(type) {
		case nil:
			nulls++
			continue
		case map[string]any:
			objects = append(objects, x)
		case []any:
			elements = append(elements, x...)
		}
		types[typeOf(v)] = true
	}
	f.Type = one(types)
	switch {
	case len(types) == 0:
		f.Note = "null in every record: its type is not known"
	case f.Type == schema.Any:
		f.Note = "its values are of several types"
	case nulls > 0:
		f.Note = "sometimes null"
	}
	switch {
	case f.Type == schema.Map && depth < maxNested:
		f.Fields = members(objects, depth+1)
	case f.Type == schema.Array:
		f.elements(elements)
	case f.Type == schema.String:
		f.normal(values)
	}
}

// elements describes what is in an array.
func (f *Field) elements(all []any) {
	types := map[schema.Type]bool{}
	for _, e := range all {
		types[typeOf(e)] = true
	}
	if f.Items = one(types); f.Items == schema.Map || f.Items == schema.Array || f.Items == schema.Time {
		f.Items = schema.Any
	}
	if f.Items == schema.String && strings.HasSuffix(wording.Underscored(f.Name), "tags") {
		f.Normal, f.Note = schema.NormalSet, "taken for tags, whose order says nothing"
	}
}

// normal decides by what texts of a field are equal.
func (f *Field) normal(values []any) {
	name := wording.Underscored(f.Name)
	all := func(fits func(string) bool) bool {
		return !slices.ContainsFunc(values, func(v any) bool { s, ok := v.(string); return ok && s != "" && !fits(s) })
	}
	switch {
	case strings.Contains(name, "email") && all(func(s string) bool { return strings.Contains(s, "@") }):
		f.Normal = schema.NormalEmail
	case strings.Contains(name, "phone") || strings.Contains(name, "mobile"):
		f.Normal = schema.NormalPhone
	}
}

// one is the type of values that have some types: integers are numbers too.
func one(types map[schema.Type]bool) schema.Type {
	if len(types) == 2 && types[schema.Integer] && types[schema.Number] {
		return schema.Number
	}
	if len(types) == 2 && types[schema.Time] && types[schema.String] {
		return schema.String // not every text is a time
	}
	if len(types) != 1 {
		return schema.Any
	}
	for t := range types {
		return t
	}
	return schema.Any
}

// typeOf is the type of one value.
func typeOf(v any) schema.Type {
	switch x := v.(type) {
	case bool:
		return schema.Boolean
	case int:
		return schema.Integer
	case float64:
		return schema.Number
	case map[string]any:
		return schema.Map
	case []any:
		return schema.Array
	case string:
		if _, err := time.Parse(time.RFC3339, x); err == nil {
			return schema.Time
		}
		return schema.String
	}
	return schema.Any
}

// sortedKeys are the names of an object's members.
func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// field returns the field of a name.
func (d *Draft) field(name string) (Field, bool) {
	at := slices.IndexFunc(d.Fields, func(f Field) bool { return f.Name == name })
	if at < 0 {
		return Field{}, false
	}
	return d.Fields[at], true
}

// identity finds the field that identifies a record.
func (d *Draft) identity(rows []map[string]any, wish string) error {
	if wish != "" {
		if !unique(rows, wish) {
			return &ProblemError{fmt.Sprintf("the field %q does not identify records: it is missing, nothing, or the same in two of them", wish), "name another one with --id FIELD"}
		}
		d.ID = wish
		return nil
	}
	for _, name := range []string{"id", "_id", "ID", "Id", "uuid", "guid", d.Object + "_id", d.Object + "Id", "key", "code", "slug", "number"} {
		if unique(rows, name) {
			d.ID = name
			d.guess("id", "every record of the sample has another %s", name)
			return nil
		}
	}
	return &ProblemError{
		"no field of the records looks like an id",
		"name the one that identifies a record, and never changes, with --id FIELD: one of " + strings.Join(candidates(d, rows), ", "),
	}
}

// candidates are fields that could identify records.
func candidates(d *Draft, rows []map[string]any) []string {
	var list []string
	for _, f := range d.Fields {
		if unique(rows, f.Name) {
			list = append(list, f.Name)
		}
	}
	if len(list) == 0 {
		return []string{"none in this sample"}
	}
	return list
}

// unique reports a field that is there in every record, each time with another value.
func unique(rows []map[string]any, name string) bool {
	seen := map[string]bool{}
	for _, row := range rows {
		v := row[name]
		_, text := v.(string)
		_, number := v.(int)
		if word := fmt.Sprint(v); !text && !number || word == "" || seen[word] {
			return false
		} else {
			seen[word] = true
		}
	}
	return true
}

// times finds the fields with the times of a record.
func (d *Draft) times(wish string) error {
	if wish != "" {
		f, ok := d.field(wish)
		if !ok || f.Type != schema.Time && f.Type != schema.Integer && f.Type != schema.String {
			return &ProblemError{fmt.Sprintf("the field %q is no time", wish), "name a field whose values are times with --time FIELD"}
		}
		d.retype(wish)
		d.Updated = wish
	}
	for _, name := range wording.UpdatedNames() {
		d.takeTime(&d.Updated, "updated", name)
	}
	for _, name := range wording.CreatedNames() {
		d.takeTime(&d.Created, "created", name)
	}
	return nil
}

// takeTime takes the first time field whose name says what it is.
func (d *Draft) takeTime(into *string, about, name string) {
	for _, f := range d.Fields {
		if *into == "" && f.Type == schema.Time && wording.Fold(f.Name) == name {
			*into = f.Name
			d.guess(about, "by its name")
		}
	}
}

// retype makes a time of a field that somebody calls one.
func (d *Draft) retype(name string) {
	for i := range d.Fields {
		if d.Fields[i].Name == name {
			d.Fields[i].Type, d.Fields[i].Normal = schema.Time, schema.NormalNone
		}
	}
}
