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
	out := make(map[string]any, len(o.Fields))
	if err := o.members(dec, out); err != nil {
		return nil, fmt.Errorf("decode %s: %w", o.Key, err)
	}
	for i := range o.Fields {
		if f := &o.Fields[i]; out[f.Name] == nil {
			out[f.Name] = nil
		}
	}
	return out, nil
}

// members reads the members of a record, each as its field wants it.
func (o *Object) members(dec *jsontext.Decoder, into map[string]any) error {
	next := 0
	return members(dec, func(key jsontext.Value) error {
		if f := o.find(key, &next); f != nil {
			v, err := value(dec, numberAsText)
			into[f.Name] = o.plain(f, v)
			return err
		}
		if !o.Open {
			return dec.SkipValue()
		}
		name := unquoted(key)
		v, err := value(dec, numberAsValue)
		into[name] = v
		return err
	})
}

// find returns the field whose name is written in quotes; nil for an unknown one.
// Services write fields in the same order each time, so the search begins at next,
// which is then behind the one that was found.
func (o *Object) find(quoted jsontext.Value, next *int) *Field {
	inner := quoted[1 : len(quoted)-1]
	for range o.Fields {
		if *next >= len(o.Fields) {
			*next = 0
		}
		f := &o.Fields[*next]
		*next++
		if f.Name == string(inner) {
			return f
		}
	}
	if bytes.IndexByte(inner, '\\') < 0 {
		return nil
	}
	return o.field(unquoted(quoted))
}

// unquoted returns the text of a name that is written in quotes. Invalid UTF-8 is let
// through as it is.
func unquoted(name jsontext.Value) string {
	inner := name[1 : len(name)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		if plain, err := jsontext.AppendUnquote(nil, name); err == nil {
			return string(plain)
		}
	}
	return string(inner)
}

// numberAsText leaves a number as it is written, for fields that are text.
func numberAsText(text []byte) any { return json.Number(text) }

// numberAsValue reads a number as int where it is whole and fits, else float64.
func numberAsValue(text []byte) any { return number(json.Number(text)) }

// members reads the object that comes next. each gets every name in quotes, good only
// until it reads the value.
func members(dec *jsontext.Decoder, each func(key jsontext.Value) error) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// value reads the value that comes next.
func value(dec *jsontext.Decoder, as func([]byte) any) (any, error) {
	switch byte(dec.PeekKind()) {
	case '{':
		m := map[string]any{}
		return m, members(dec, func(key jsontext.Value) error {
			name := unquoted(key)
			v, err := value(dec, numberAsValue)
			m[name] = v
			return err
		})
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
