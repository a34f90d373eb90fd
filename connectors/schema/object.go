package schema

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
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
	if f := o.field(name); f != nil {
		return *f, true
	}
	return Field{}, false
}

// field is Field without the copy; nil for an unknown name.
func (o *Object) field(name string) *Field {
	for i := range o.Fields {
		if o.Fields[i].Name == name {
			return &o.Fields[i]
		}
	}
	return nil
}

// Complete gives a record that came from elsewhere (a recipe's test, a stored
// body) the shape that Decode gives: every field is there, numbers are plain.
func (o *Object) Complete(fields map[string]any) map[string]any {
	out := make(map[string]any, len(o.Fields))
	for name, v := range fields {
		out[name] = Plain(v)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		out[f.Name] = o.plain(f, fields[f.Name])
	}
	return out
}

// plain gives a value the type that its field promises.
func (f *Field) plain(v any) any {
	if f.Type != String && f.Type != Time {
		return Plain(v)
	}
	if text, ok := v.(string); ok && slices.Contains(f.Unset, text) {
		return nil
	}
	switch n := v.(type) {
	case json.Number:
		v = n.String()
	case int:
		v = strconv.Itoa(n)
	}
	if f.Type == Time {
		switch x := v.(type) {
		case string:
			return timeText(x)
		case map[string]any:
			if t, ok := secondsTime(x); ok {
				return t.Format(time.RFC3339Nano)
			}
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
	return Plain(f)
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
		if f := o.field(name); f != nil {
			if f.Volatile {
				continue
			}
			v = f.normalize(v)
		}
		out[name] = v
	}
	return out
}

// Comparable returns a value of the field in the form in which it is compared: its
// normaliser has run.
func (f *Field) Comparable(v any) any { return f.normalize(v) }

// normalize returns a value of the field in the form in which it is compared.
func (f *Field) normalize(v any) any {
	if list, ok := v.([]any); ok && f.Normal == NormalSet {
		return asSet(list)
	} else if ok && f.Normal == NormalKeyed {
		return f.byKey(list)
	}
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch f.Normal {
	case NormalEmail, NormalLower:
		return strings.ToLower(strings.TrimSpace(s))
	case NormalTrim:
		return strings.TrimSpace(s)
	case NormalPhone:
		return strings.Map(phoneRune, s)
	case NormalNone, NormalSet, NormalKeyed:
	}
	return v
}

// byKey turns a list of keys and values into a map, so that neither their order nor the
// name under which a service writes the value matters. Of an element only these two
// count, and a key without a value is the same as no key. What has no key, or one that comes more than once, stays as a set
// under the empty name: nothing that differs may become equal.
func (f *Field) byKey(list []any) map[string]any {
	out := make(map[string]any, len(list))
	var rest []any
	twice := map[string]bool{}
	for _, e := range list {
		key := f.keyOf(e)
		if _, taken := out[key]; taken || key == "" {
			twice[key] = true
			continue
		}
		out[key] = f.valueOf(e)
	}
	for _, e := range list {
		if twice[f.keyOf(e)] {
			rest = append(rest, e)
		}
	}
	for key, v := range out {
		if v == nil || twice[key] {
			delete(out, key)
		}
	}
	if rest != nil {
		out[""] = asSet(rest)
	}
	return out
}

// keyOf returns the key of an element; empty if it has none.
func (f *Field) keyOf(element any) string {
	m, _ := element.(map[string]any)
	switch key := m[f.Key].(type) {
	case string:
		return key
	case int:
		return strconv.Itoa(key)
	}
	return ""
}

// valueOf returns the value of an element that has a key.
func (f *Field) valueOf(element any) any {
	m, _ := element.(map[string]any)
	for _, name := range f.Values {
		if v := m[name]; v != nil {
			return v
		}
	}
	return nil
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
func (o *Object) Rule() uint32 {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "v1 open=%t updated=%s\n", o.Open, o.Updated))
	for _, f := range o.Fields {
		h.Write(fmt.Appendf(nil, "%s %s volatile=%t\n", f.Name, f.Normal, f.Volatile))
		if len(f.Unset) > 0 {
			h.Write(fmt.Appendf(nil, "unset=%q\n", f.Unset))
		}
		if f.Normal == NormalKeyed {
			h.Write(fmt.Appendf(nil, "key=%q values=%q\n", f.Key, f.Values))
		}
	}
	return binary.BigEndian.Uint32(h.Sum(nil))
}
