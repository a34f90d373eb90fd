package stax

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// form says which fields a body may have, by their types, and which it must have.
type form struct {
	fields   map[string]string
	required []string
}

// newForm reads "name:type" in one text; a name alone is a string, one with ! is required.
func newForm(text string) form {
	f := form{fields: map[string]string{}}
	for word := range strings.FieldsSeq(text) {
		name, kind, typed := strings.Cut(word, ":")
		if !typed {
			kind = "string"
		}
		if plain, required := strings.CutSuffix(name, "!"); required {
			name = plain
			f.required = append(f.required, name)
		}
		f.fields[name] = kind
	}
	return f
}

// read decodes a body and refuses one that does not fit. Members that are not known are
// refused, which is stricter than the service is known to be; null fits what need not be
// there. Numbers come out as they will be shown.
func (f form) read(c *service.Call) (map[string]any, service.Answer) {
	body := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(c.Body))
	dec.UseNumber()
	if len(bytes.TrimSpace(c.Body)) > 0 && dec.Decode(&body) != nil {
		return nil, service.Answer{Status: http.StatusBadRequest, Value: map[string]any{"message": "the body is no JSON object"}}
	}
	bad := map[string][]string{}
	for name, v := range body {
		kind, known := f.fields[name]
		switch {
		case !known:
			bad[name] = []string{"The " + words(name) + " field is not known."}
		case v != nil && !is(v, kind):
			bad[name] = []string{"The " + words(name) + " must be of the type " + kind + "."}
		}
	}
	for _, name := range f.required {
		if v := body[name]; v == nil || v == "" {
			bad[name] = []string{"The " + words(name) + " field is required."}
		}
	}
	if len(bad) > 0 {
		return nil, wrong(bad)
	}
	return body, service.Answer{}
}

// is reports whether a value of a body has a type.
func is(v any, kind string) bool {
	switch x := v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case json.Number:
		if kind == "integer" {
			_, err := x.Int64()
			return err == nil
		}
		return kind == "number"
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "array" && !slices.ContainsFunc(x, func(e any) bool { _, text := e.(string); return !text })
	}
	return false
}

// cents reads an amount of a body; -1 for none, or for one that is not above 0.
func cents(v any) int {
	n, _ := v.(json.Number)
	amount, err := n.Float64()
	if err != nil || amount <= 0 || amount > 1e9 {
		return -1
	}
	return int(math.Round(amount * 100))
}

// money writes an amount: decimal, in dollars.
func money(cents int) json.Number {
	b, _ := json.Marshal(float64(cents) / 100) //nolint:errchkjson // a finite number
	return json.Number(b)
}

// paid reads an amount that a record holds; 0 for none.
func paid(r *record, name string) int { return max(cents(r.fields[name]), 0) }
