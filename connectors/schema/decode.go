package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Decode turns one record as JSON into its fields. Every field of the schema is
// there, nil where the service left it out; fields that are not in the schema are
// kept only if the object is open. Whole numbers become int, other numbers
// float64, ids and other strings stay strings; an id or string field that the
// service sends as a number becomes text. Times become RFC 3339 text if
// [ParseTime] can read them.
//
// Every record that changed passes here at least once, so it reads the tokens
// itself, in a quarter of the time that decoding by reflection takes.
func (o *Object) Decode(raw []byte) (map[string]any, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if kind := dec.PeekKind(); kind != '{' {
		return nil, fmt.Errorf("decode %s: want a JSON object, got %.20q", o.Key, raw)
	}
	out := make(map[string]any, len(o.Fields)+4)
	if err := members(dec, out, &names{fields: o.Fields}, numberAsText); err != nil {
		return nil, fmt.Errorf("decode %s: %w", o.Key, err)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		out[f.Name] = f.plain(out[f.Name])
	}
	for name, v := range out {
		if n, ok := v.(json.Number); ok {
			out[name] = number(n)
		}
	}
	if !o.Open {
		o.close(out)
	}
	return out, nil
}

// close removes what is not in the schema.
func (o *Object) close(fields map[string]any) {
	if len(fields) == len(o.Fields) {
		return
	}
	for name := range fields {
		if o.field(name) == nil {
			delete(fields, name)
		}
	}
}

// numberAsText leaves a number as it is written, for fields that are text.
func numberAsText(text []byte) any { return json.Number(text) }

// numberAsValue reads a number as int where it is whole and fits, else float64.
func numberAsValue(text []byte) any { return number(json.Number(text)) }

// names gives the texts of the schema to the names in a record, so that they need
// no memory of their own. Services write fields in the same order each time, so the
// search begins behind the last one found. The zero value knows no names.
type names struct {
	fields []Field
	next   int
}

// of returns the text of a name that is written in quotes.
func (n *names) of(quoted jsontext.Value) string {
	inner := quoted[1 : len(quoted)-1]
	for range n.fields {
		if n.next >= len(n.fields) {
			n.next = 0
		}
		name := n.fields[n.next].Name
		n.next++
		if name == string(inner) {
			return name
		}
	}
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	plain, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return string(inner) // invalid UTF-8, which is let through as it is
	}
	return string(plain)
}

// members reads the members of the object that comes next into a map. as says
// what becomes of its numbers; deeper ones become values.
func members(dec *jsontext.Decoder, into map[string]any, known *names, as func([]byte) any) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadValue()
		if err != nil {
			return err
		}
		name := known.of(key)
		v, err := value(dec, as)
		if err != nil {
			return err
		}
		into[name] = v
	}
	_, err := dec.ReadToken()
	return err
}

// value reads the value that comes next.
func value(dec *jsontext.Decoder, as func([]byte) any) (any, error) {
	switch byte(dec.PeekKind()) {
	case '{':
		m := map[string]any{}
		return m, members(dec, m, &names{}, numberAsValue)
	case '[':
		return elements(dec)
	case '0':
		text, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		return as(text), nil
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch byte(token.Kind()) {
	case '"':
		return token.String(), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil //nolint:nilnil // null is a value
}

// elements reads the array that comes next.
func elements(dec *jsontext.Decoder) (any, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	list := []any{}
	for dec.PeekKind() != ']' {
		v, err := value(dec, numberAsValue)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
}
