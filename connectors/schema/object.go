package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Object describes a kind of record at a service.
type Object struct {
	Key   string // "contact"
	Title string // "Contact"
	// ID is the name of the field that identifies a record in its source.
	ID string
	// Created and Updated name the fields with the service's own times; empty
	// when the service has none.
	Created string
	Updated string
	Fields  []Field
	// Open is true when records may have fields that are not listed.
	Open bool
	// Note tells what is uncertain about the object; empty means certain.
	Note string
}

// Field returns the field with that name.
func (o *Object) Field(name string) (Field, bool) {
	i := slices.IndexFunc(o.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return o.Fields[i], true
}

// Decode turns one record as JSON into its fields. Every field of the schema is
// there, nil where the service left it out; fields that are not in the schema are
// kept only if the object is open. Whole numbers become int, other numbers
// float64, ids and other strings stay strings; an id or string field that the
// service sends as a number becomes text.
func (o *Object) Decode(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var sent map[string]any
	if err := dec.Decode(&sent); err != nil {
		return nil, fmt.Errorf("decode %s: %w", o.Key, err)
	}
	out := make(map[string]any, len(o.Fields))
	for _, f := range o.Fields {
		out[f.Name] = f.plain(sent[f.Name])
	}
	if o.Open {
		for name, v := range sent {
			if _, known := out[name]; !known {
				out[name] = Plain(v)
			}
		}
	}
	return out, nil
}

// Complete gives a record that came from elsewhere (a recipe's test, a stored
// body) the shape that Decode gives: every field is there, numbers are plain.
func (o *Object) Complete(fields map[string]any) map[string]any {
	out := make(map[string]any, len(o.Fields))
	for name, v := range fields {
		out[name] = Plain(v)
	}
	for _, f := range o.Fields {
		out[f.Name] = f.plain(fields[f.Name])
	}
	return out
}

// plain gives a value the type that its field promises.
func (f Field) plain(v any) any {
	if f.Type == String {
		switch n := v.(type) {
		case json.Number:
			return n.String()
		case int:
			return fmt.Sprint(n)
		}
	}
	return Plain(v)
}

// Plain turns the numbers inside a decoded JSON or YAML value into int where
// they are whole and fit, else into float64. Other values stay as they are; times
// become RFC 3339 text.
func Plain(v any) any {
	switch x := v.(type) {
	case json.Number:
		return number(x)
	case int64:
		return int(x)
	case uint64:
		if x <= math.MaxInt {
			return int(x)
		}
		return float64(x)
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int(x)
		}
		return x
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	case map[string]any:
		for k, e := range x {
			x[k] = Plain(e)
		}
		return x
	case []any:
		for i, e := range x {
			x[i] = Plain(e)
		}
		return x
	}
	return v
}

func number(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return int(i)
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return n.String()
	}
	return f
}

// Normalize returns the fields that count as a change, in the form in which they
// are compared: volatile fields and the updated time are gone, nil and missing
// are the same, and each field's normaliser has run. The argument is not changed.
func (o *Object) Normalize(fields map[string]any) map[string]any {
	out := make(map[string]any, len(fields))
	for name, v := range fields {
		if v == nil || name == o.Updated {
			continue
		}
		f, known := o.Field(name)
		if known {
			if f.Volatile {
				continue
			}
			v = f.Normal.apply(v)
		}
		out[name] = v
	}
	return out
}

// apply returns the value in the form in which it is compared.
func (n Normaliser) apply(v any) any {
	if list, ok := v.([]any); ok && n == NormalSet {
		return asSet(list)
	}
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch n {
	case NormalEmail, NormalLower:
		return strings.ToLower(strings.TrimSpace(s))
	case NormalTrim:
		return strings.TrimSpace(s)
	case NormalPhone:
		return strings.Map(phoneRune, s)
	case NormalNone, NormalSet:
	}
	return v
}

func phoneRune(r rune) rune {
	if r == '+' || (r >= '0' && r <= '9') {
		return r
	}
	return -1
}

// asSet sorts and compacts a list by the JSON text of its elements.
func asSet(list []any) []any {
	texts := make(map[string]any, len(list))
	for _, e := range list {
		b, err := json.Marshal(e)
		if err != nil {
			continue // only values decoded from JSON get here
		}
		texts[string(b)] = e
	}
	keys := make([]string, 0, len(texts))
	for k := range texts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]any, len(keys))
	for i, k := range keys {
		out[i] = texts[k]
	}
	return out
}

// Rule names the way in which records of this object are compared: a short hash
// over the algorithm, the fields and their normalisers. Fingerprints taken under
// different rules cannot be compared.
func (o *Object) Rule() string {
	h := sha256.New()
	fmt.Fprintf(h, "v1 open=%t updated=%s\n", o.Open, o.Updated)
	for _, f := range o.Fields {
		fmt.Fprintf(h, "%s %s volatile=%t\n", f.Name, f.Normal, f.Volatile)
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}
