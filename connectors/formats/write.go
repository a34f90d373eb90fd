package formats

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// content is the member that holds the text of an element that has more than a text.
const content = "#text"

// writer writes the JSON of a document.
type writer struct {
	object *schema.Object
	list   bool
	out    []byte
}

// document writes a root as the one member of an object. Of several paths that one counts which
// leads somewhere; where none does, the first that leads to a place for a list that is empty.
func (w *writer) document(root *element, paths []string) ([]byte, error) {
	top := &element{kids: []*element{root}, line: root.line}
	var path []string
	for _, fill := range []bool{false, true} {
		for _, text := range paths {
			if names := split(text); path == nil && len(names) > 0 && leads(top, names, fill && w.list) {
				path = names
			}
		}
	}
	at := way{on: path != nil}
	if w.object != nil && slices.ContainsFunc(paths, func(p string) bool { return len(split(p)) == 0 }) {
		at.fields = w.object.Fields
	}
	if err := w.inner(top, path, at); err != nil {
		return nil, err
	}
	return w.out, nil
}

// split returns the names of a path; none for the whole document.
func split(path string) []string {
	if path == "." || path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

// leads reports whether a path leads to an element. With empty it is enough that it ends inside
// of one that holds nothing.
func leads(e *element, path []string, empty bool) bool {
	if len(path) == 0 {
		return true
	}
	if empty && len(path) == 1 && e.name != "" && e.bare() {
		return true
	}
	for _, kid := range e.kids {
		if (path[0] == "*" || path[0] == kid.name) && leads(kid, path[1:], empty) {
			return true
		}
	}
	return false
}

// way says what is known of an element: whether a path goes on through it, and what describes
// its members.
type way struct {
	on     bool // the path goes on inside
	fields []schema.Field
}

// inner writes the attributes and children of an element as an object.
func (w *writer) inner(e *element, path []string, at way) error {
	o := &object{w: w}
	w.out = append(w.out, '{')
	if err := w.own(o, e, at.fields); err != nil {
		return err
	}
	for _, g := range e.groups() {
		o.name(g.name)
		write := func() error { return w.group(g, memberOf(at.fields, g.name)) }
		if at.on && (path[0] == "*" || path[0] == g.name) {
			write = func() error { return w.along(g, path[1:]) }
		}
		if err := write(); err != nil {
			return err
		}
	}
	if at.on && w.list && len(path) == 1 && path[0] != "*" && e.name != "" && e.bare() {
		o.name(path[0])
		w.out = append(w.out, "[]"...)
	}
	w.missing(o, e, at.fields)
	w.out = append(w.out, '}')
	return nil
}

// own writes the attributes of an element, and the text that it has besides elements.
func (w *writer) own(o *object, e *element, fields []schema.Field) error {
	all := make([]attribute, 0, len(e.attrs)+1)
	for _, a := range e.attrs {
		all = append(all, attribute{"@" + a.name, a.value})
	}
	if text := e.content(); text != "" {
		all = append(all, attribute{content, text})
	}
	for _, a := range all {
		o.name(a.name)
		if err := w.text(e, memberOf(fields, a.name), a.name, a.value); err != nil {
			return err
		}
	}
	return nil
}

// along writes children through which the path goes on, or which it has led to.
func (w *writer) along(g group, rest []string) error {
	if len(rest) == 0 {
		return w.records(g)
	}
	return w.each(g, func(kid *element) error { return w.inner(kid, rest, way{on: true}) })
}

// missing writes lists that are described and not there: none, one and many look alike.
func (w *writer) missing(o *object, e *element, fields []schema.Field) {
	for i := range fields {
		if f := &fields[i]; f.Type == schema.Array && !strings.HasPrefix(f.Name, "@") && !e.has(f.Name) {
			o.name(f.Name)
			w.out = append(w.out, "[]"...)
		}
	}
}

// has reports whether an element has a child of a name.
func (e *element) has(name string) bool {
	for _, kid := range e.kids {
		if kid.name == name {
			return true
		}
	}
	return false
}

// records writes what the path has led to: a list however many there are, or one record.
func (w *writer) records(g group) error {
	if w.list {
		return w.array(g.all, w.record)
	}
	return w.each(g, w.record)
}

// record writes one record. One that is a text and nothing else stays one, of the type of the
// field "value" where there is that.
func (w *writer) record(e *element) error {
	switch {
	case w.object == nil || e.null:
		return w.natural(e)
	case len(e.kids) == 0 && len(e.attrs) == 0 && !e.bare():
		return w.value(e, fieldOf(w.object, "value"))
	}
	return w.inner(e, nil, way{fields: w.object.Fields})
}

// each writes one element as it is, several as a list.
func (w *writer) each(g group, write func(*element) error) error {
	if len(g.all) == 1 {
		return write(g.all[0])
	}
	return w.array(g.all, write)
}

// array writes elements as a list.
func (w *writer) array(all []*element, write func(*element) error) error {
	w.out = append(w.out, '[')
	for i, e := range all {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := write(e); err != nil {
			return err
		}
		if len(w.out) > maxBytes {
			return errTooLarge
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// group writes all children of one name as their field wants it.
func (w *writer) group(g group, f *schema.Field) error {
	switch {
	case f == nil || f.Type == schema.Any:
		return w.each(g, w.natural)
	case f.Type == schema.Array:
		return w.array(g.all, func(e *element) error { return w.value(e, f.Items) })
	case len(g.all) > 1:
		return atLine(g.all[1].line, "<%.40s> is there %d times, and described as %s", g.name, len(g.all), f.Type)
	}
	return w.value(g.all[0], f)
}

// value writes one element as its field wants it.
func (w *writer) value(e *element, f *schema.Field) error {
	switch {
	case e.null:
		w.out = append(w.out, "null"...)
		return nil
	case f == nil || f.Type == schema.Any:
		return w.natural(e)
	case f.Type == schema.Map:
		return w.inner(e, nil, way{fields: f.Fields})
	case len(e.kids) > 0:
		return atLine(e.line, "<%.40s> has elements inside, and is described as %s", e.name, f.Type)
	}
	return w.text(e, f, e.name, e.content())
}

// natural writes an element that nobody has described: as a text, or as an object if it has
// more than that.
func (w *writer) natural(e *element) error {
	switch {
	case e.null:
		w.out = append(w.out, "null"...)
		return nil
	case len(e.kids) == 0 && len(e.attrs) == 0:
		w.out = appendText(w.out, e.content())
		return nil
	}
	return w.inner(e, nil, way{})
}

// text writes a text as its field wants it.
func (w *writer) text(e *element, f *schema.Field, name, text string) error {
	out, err := appendValue(w.out, f, text)
	if err != nil {
		return atLine(e.line, "%q: %w", name, err)
	}
	w.out = out
	return nil
}

// object writes the names of members.
type object struct {
	w    *writer
	many bool
}

// name begins the next member.
func (o *object) name(name string) {
	if o.many {
		o.w.out = append(o.w.out, ',')
	}
	o.many = true
	o.w.out = append(appendText(o.w.out, name), ':')
}
