package named

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// mostListed is how many names a message lists at most.
const mostListed = 12

// Table is the definitions of an account at one moment. It is immutable.
type Table struct {
	spec *schema.Named
	list []definition
}

// definition is one field that a user of the service has defined.
type definition struct {
	id, key, name string
	kind          schema.NamedKind // empty for one that is not checked
	options       []string         // empty when every value may be given
}

// short is the name that people are told: the key without its prefix, else the display
// name, else the id.
func (d *definition) short(spec *schema.Named) string {
	return cmp.Or(strings.TrimPrefix(d.key, spec.Prefix), d.name, d.id)
}

// NewTable makes a table of definitions as the service lists them. Those without an id
// are left out.
func NewTable(spec *schema.Named, rows []map[string]any) *Table {
	t := &Table{spec: spec}
	for _, row := range rows {
		d := definition{id: text(row[spec.ID]), key: text(row[spec.Key]), name: text(row[spec.Name])}
		if d.id == "" {
			continue
		}
		d.kind = spec.Kinds[text(row[spec.Type])]
		if free, _ := row[spec.Free].(bool); !free {
			d.options = options(row[spec.Options])
		}
		t.list = append(t.list, d)
	}
	slices.SortStableFunc(t.list, func(a, b definition) int { return cmp.Compare(a.short(spec), b.short(spec)) })
	return t
}

// text is a value as text; empty for anything that is none.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// options are the texts to choose from; none where one of them is no text.
func options(v any) (list []string) {
	values, _ := v.([]any)
	for _, o := range values {
		s, ok := o.(string)
		if !ok {
			return nil
		}
		list = append(list, s)
	}
	return list
}

// ID returns the id of the field with a name. That is its id, its key with or without
// the prefix, or its display name, in this order; the display name may be written in
// small or capital letters. The error says which names there are, or which fields have
// the same one.
func (t *Table) ID(name string) (string, error) {
	d, err := t.find(name)
	if err != nil {
		return "", err
	}
	return d.id, nil
}

// find returns the definition with a name.
func (t *Table) find(name string) (*definition, error) {
	var found []*definition
	for _, same := range []func(*definition) bool{
		func(d *definition) bool { return d.id == name },
		func(d *definition) bool { return d.key != "" && (d.key == name || d.key == t.spec.Prefix+name) },
		func(d *definition) bool { return d.name != "" && strings.EqualFold(d.name, name) },
	} {
		for i := range t.list {
			if same(&t.list[i]) {
				found = append(found, &t.list[i])
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return nil, t.ambiguous(name, found)
		}
	}
	return nil, &NameError{Name: name, Suggestion: t.suggest(name), title: t.spec.Title}
}

// ambiguous is the error of a name that several fields have.
func (t *Table) ambiguous(name string, found []*definition) error {
	list := make([]string, len(found))
	for i, d := range found {
		list[i] = fmt.Sprintf("%s (id %s)", d.short(t.spec), d.id)
	}
	return &NameError{
		Name: name, Suggestion: "write one of " + strings.Join(list, ", "), title: t.spec.Title, several: len(found),
	}
}

// suggest says which name was meant, or which there are.
func (t *Table) suggest(name string) string {
	names := t.Names()
	for i := range t.list {
		if t.list[i].name != "" && !slices.Contains(names, t.list[i].name) {
			names = append(names, t.list[i].name)
		}
	}
	if near := diag.DidYouMean(name, names); near != "" {
		return near
	}
	if names = t.Names(); len(names) == 0 {
		return "there is none yet"
	}
	more := ""
	if len(names) > mostListed {
		names, more = names[:mostListed], fmt.Sprintf(" and %d more", len(t.list)-mostListed)
	}
	return "known here: " + strings.Join(names, ", ") + more
}

// Names returns the shortest name of each field, sorted.
func (t *Table) Names() []string {
	names := make([]string, len(t.list))
	for i := range t.list {
		names[i] = t.list[i].short(t.spec)
	}
	return names
}

// NameError reports a name that leads to no field, or to more than one.
type NameError struct {
	Name       string
	Suggestion string // what to write instead
	title      string
	several    int // how many fields have the name; 0 for an unknown one
}

// Error says what is wrong with the name and what to write instead.
func (e *NameError) Error() string { return e.Message() + "; " + e.Suggestion }

// Message says what is wrong with the name.
func (e *NameError) Message() string {
	if e.several > 0 {
		return fmt.Sprintf("%d of the %ss are called %.80q", e.several, e.title, e.Name)
	}
	return fmt.Sprintf("there is no %s %.80q", e.title, e.Name)
}

// Elements returns the list that is sent for values by name; nil empties a field. The
// error names the first field that is unknown, given twice, or cannot have its value.
func (t *Table) Elements(values map[string]any) ([]any, error) {
	list := make([]any, 0, len(values))
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		d, err := t.find(name)
		if err != nil {
			return nil, err
		}
		if first, twice := taken[d.id]; twice {
			return nil, fmt.Errorf("%q and %q are the same %s", first, name, t.spec.Title)
		}
		taken[d.id] = name
		if err := d.accepts(values[name]); err != nil {
			return nil, fmt.Errorf("the %s %q: %w", t.spec.Title, name, err)
		}
		list = append(list, map[string]any{t.spec.WriteID: d.id, t.spec.WriteValue: values[name]})
	}
	return list, nil
}
