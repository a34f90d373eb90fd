package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// AppendComparable appends a text that is equal for records that are equal in
// what counts, and differs for others. It says the same as Normalize, for those
// who only want to know whether something changed.
func (o *Object) AppendComparable(b []byte, fields map[string]any) []byte {
	for i := range o.Fields {
		f := &o.Fields[i]
		v := fields[f.Name]
		if v == nil || f.Volatile || f.Name == o.Updated {
			continue
		}
		if f.Normal != NormalNone {
			v = f.normalize(v)
		}
		b = append(appendValue(append(strconv.AppendQuote(b, f.Name), ':'), v), ',')
	}
	if len(fields) <= len(o.Fields) {
		return b
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] != nil && o.field(name) == nil {
			b = append(appendValue(append(strconv.AppendQuote(b, name), ':'), fields[name]), ',')
		}
	}
	return b
}

// appendValue appends a text that is equal for equal values and differs for
// different ones.
func appendValue(b []byte, v any) []byte {
	switch x := v.(type) {
	case string:
		return strconv.AppendQuote(b, x)
	case int:
		return strconv.AppendInt(b, int64(x), 10)
	case float64:
		return strconv.AppendFloat(b, x, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(b, x)
	case []any:
		b = append(b, '[')
		for _, e := range x {
			b = append(appendValue(b, e), ',')
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		for _, name := range slices.Sorted(maps.Keys(x)) {
			b = append(strconv.AppendQuote(b, name), ':')
			b = append(appendValue(b, x[name]), ',')
		}
		return append(b, '}')
	case nil:
		return append(b, "null"...)
	}
	return fmt.Append(b, v)
}
