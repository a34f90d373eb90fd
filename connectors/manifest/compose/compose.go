// Package compose reads and checks operations that are made of others: finds, which walk a
// list until a record fits, and writes that read first.
package compose

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys of its mappings.
//
//nolint:gochecknoglobals // tables
var (
	composeKeys = []string{"read", "with", "where", "found", "absent", "append"}
	writeKeys   = []string{"write", "with"}
	appendKeys  = []string{"field", "text", "to", "separator"}
)

// Keys returns the keys that each mapping may have, by the name of its definition in the
// schema for editors.
func Keys() map[string][]string {
	return map[string][]string{"compose": composeKeys, "composeWrite": writeKeys, "append": appendKeys}
}

// Compose is what an operation does that is made of others of the same connector: a read,
// and for a write exactly one write after it.
type Compose struct {
	// Read is the key of the read. A list is walked until a record fits.
	Read string
	// With gives the inputs of the read from those of the operation.
	With map[string]string
	// Where names the fields of a record that must equal inputs of the operation; nil for a
	// read of one record.
	Where map[string]string
	// Found is the write for a record that the read has shown; nil for a find. Absent is the
	// one for none; nil where that is an error.
	Found, Absent *Write
	// Append is set for a write that adds an entry to a text; nil for all others.
	Append *Append
}

// Write is a write of which a composed operation carries out one.
type Write struct {
	Operation string
	// With gives its inputs from those of the operation, or from fields of the record:
	// "record.id".
	With map[string]string
}

// Append adds an entry to a text of a record.
type Append struct {
	Field     string // of the record
	Text      string // the input of the operation with the entry
	To        string // the input of the write that takes the whole text
	Separator string // stands between two entries
}

// usualSeparator makes each entry a paragraph.
const usualSeparator = "\n\n"

// Entry returns a text with an entry at its end, as one of its own.
func (a *Append) Entry(before, entry string) string {
	entry = strings.TrimSpace(entry)
	if strings.TrimSpace(before) == "" {
		return entry
	}
	return before + a.Separator + entry
}

// recordPrefix stands before the name of a field of the record that was read.
const recordPrefix = "record."

// Field returns the field of the record that a value comes from; ok is false for one that
// comes from an input.
func Field(from string) (name string, ok bool) { return strings.CutPrefix(from, recordPrefix) }

// Writes are the writes of which one is carried out, the one for no record first: its
// inputs are all known before anything is read.
func (c *Compose) Writes() []*Write {
	var list []*Write
	for _, w := range []*Write{c.Absent, c.Found} {
		if w != nil {
			list = append(list, w)
		}
	}
	return list
}

// Main is the key of the operation whose request stands for the whole: that of a write, if
// it writes.
func (c *Compose) Main() string {
	for _, w := range c.Writes() {
		return w.Operation
	}
	return c.Read
}

// Parts are the keys of all operations that it is made of.
func (c *Compose) Parts() []string {
	keys := []string{c.Read}
	for _, w := range c.Writes() {
		keys = append(keys, w.Operation)
	}
	return keys
}

// told is what others may know of it.
func (c *Compose) told() *connectors.Composed {
	t := &connectors.Composed{Read: c.Read, Append: c.Append != nil}
	if c.Found != nil {
		t.Found = c.Found.Operation
	}
	if c.Absent != nil {
		t.Absent = c.Absent.Operation
	}
	return t
}

// Inputs gives an operation its inputs: from those of the composed one, and from what was
// read. A value that is not there is left out.
func Inputs(with map[string]string, own, record map[string]any) map[string]any {
	in := make(map[string]any, len(with))
	for name, from := range with {
		if field, ok := Field(from); ok {
			if v := record[field]; v != nil {
				in[name] = v
			}
			continue
		}
		if v, given := own[from]; given {
			in[name] = v
		}
	}
	return in
}

// Read reads what an operation is made of: the key find of a read, or compose of a write.
// nil is for an operation with a request of its own.
func Read(m yamlnode.Map, into *diag.List) *Compose {
	if find := m.Get("find"); find != nil {
		c := &Compose{With: texts(m.Get("with"), into), Where: texts(m.Get("where"), into)}
		c.Read, _ = find.Text(into)
		return c
	}
	n := m.Get("compose")
	if n == nil {
		return nil
	}
	c := &Compose{}
	m, _ = n.Mapping(into, composeKeys...)
	c.Read, _ = m.Need(into, "read", "read: contact.list").Text(into)
	c.With = texts(m.Get("with"), into)
	c.Where = texts(m.Get("where"), into)
	c.Found = write(m.Need(into, "found", "found: {write: contact.update, with: {contactId: record.id}}"), into)
	c.Absent = write(m.Get("absent"), into)
	if a, ok := m.Get("append").Mapping(into, appendKeys...); ok {
		c.Append = &Append{Separator: usualSeparator}
		c.Append.Field, _ = a.Need(into, "field", "field: notes").Text(into)
		c.Append.Text, _ = a.Need(into, "text", "text: note").Text(into)
		if c.Append.To, ok = a.Get("to").Text(into); !ok {
			c.Append.To = c.Append.Field
		}
		if text, ok := a.Get("separator").Text(into); ok {
			c.Append.Separator = text
		}
	}
	return c
}

// write reads one of the writes; nil when it is not written.
func write(n *yamlnode.Node, into *diag.List) *Write {
	if n == nil {
		return nil
	}
	w := &Write{}
	m, ok := n.Mapping(into, writeKeys...)
	if !ok {
		return w
	}
	w.Operation, _ = m.Need(into, "write", "write: contact.update").Text(into)
	w.With = texts(m.Get("with"), into)
	return w
}

// texts reads a mapping of names.
func texts(n *yamlnode.Node, into *diag.List) map[string]string {
	m, _ := n.Mapping(into)
	out := map[string]string{}
	for _, f := range m.Fields() {
		out[f.Name], _ = f.Value.Text(into)
	}
	return out
}

// Barred returns the keys of an operation that say how a request is sent or read: those
// that are made of others have none.
func Barred() []string {
	return []string{"read", "write", "host", "version", "scopes", "token", "fixed", "answer", "paging", "poll", "idempotency", "errors", "timeout", "versions"}
}

// sorted returns the names of a mapping in order.
func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
