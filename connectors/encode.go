package connectors

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Encode writes a value as JSON, the members of objects in the order of their names.
// It does not escape < > & as for a page: services get texts as they are. Values with
// types of their own take the way of package json; all others are written by hand, in
// a quarter of the time. The error is for a value that JSON cannot write.
func Encode(v any) ([]byte, error) { return appendJSON(make([]byte, 0, 256), v) }

func appendJSON(b []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int:
		return strconv.AppendInt(b, int64(x), 10), nil
	case string:
		return appendText(b, x), nil
	case []any:
		if x != nil {
			return appendList(b, x)
		}
	case map[string]any:
		if x != nil {
			return appendObject(b, x)
		}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), nil
}

// appendText writes what is no UTF-8 as the replacement character; that is the only
// error there could be.
func appendText(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text)
	return b
}

func appendList(b []byte, list []any) (_ []byte, err error) {
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, e); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, members map[string]any) (_ []byte, err error) {
	b = append(b, '{')
	names := slices.AppendSeq(make([]string, 0, 16), maps.Keys(members))
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		if b, err = appendJSON(b, members[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
