package formats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// fieldOf returns the field of a record; nil when it is not described.
func fieldOf(object *schema.Object, name string) *schema.Field {
	if object == nil {
		return nil
	}
	return memberOf(object.Fields, name)
}

// memberOf returns the field with a name; nil without one.
func memberOf(fields []schema.Field, name string) *schema.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// appendValue writes a text as its field wants it. Nothing is nothing for all fields but texts:
// a format of texts has no other way to say it. A text that is no value of the field is an error.
func appendValue(out []byte, f *schema.Field, text string) ([]byte, error) {
	if f == nil || f.Type == schema.String || f.Type == schema.Any {
		return appendText(out, text), nil
	}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return append(out, "null"...), nil
	}
	switch f.Type {
	case schema.Integer, schema.Number:
		n, ok := number(trimmed, f.Type == schema.Integer)
		if !ok {
			return nil, fmt.Errorf("%.40q is no %s", text, f.Type)
		}
		return append(out, n...), nil
	case schema.Boolean:
		switch strings.ToLower(trimmed) {
		case "true", "1", "yes":
			return append(out, "true"...), nil
		case "false", "0", "no":
			return append(out, "false"...), nil
		}
		return nil, fmt.Errorf("%.40q is no boolean: true, false, yes, no, 1 or 0", text)
	case schema.Time:
		if _, ok := schema.ParseTime(trimmed); !ok {
			return nil, fmt.Errorf("%.40q is no time that can be read; describe it as a string", text)
		}
		return appendText(out, trimmed), nil
	case schema.Array, schema.Map:
		return nil, fmt.Errorf("%.40q is a text, and described as %s", text, f.Type)
	case schema.String, schema.Any:
	}
	return appendText(out, text), nil
}

// decimal is a number as people and tables write it: without marks between thousands.
var decimal = regexp.MustCompile(`^([+-]?)0*(\d*)(?:\.(\d*))?([eE][+-]?\d{1,3})?$`)

// number returns a number as JSON writes it, digit by digit; ok is false for what is none, or
// none that can be counted with.
func number(text string, whole bool) (out string, ok bool) {
	m := decimal.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	sign, digits, fraction, exponent := m[1], m[2], m[3], m[4]
	if !strings.ContainsAny(strings.TrimSuffix(text, exponent), "0123456789") {
		return "", false
	}
	if whole && (exponent != "" || strings.Trim(fraction, "0") != "") {
		return "", false
	}
	if out = digits; out == "" {
		out = "0"
	}
	if sign == "-" {
		out = "-" + out
	}
	if whole {
		_, err := strconv.ParseInt(out, 10, 64)
		return out, err == nil
	}
	if fraction != "" {
		out += "." + fraction
	}
	out += exponent
	_, err := strconv.ParseFloat(out, 64)
	return out, err == nil
}

// appendText writes a text in UTF-8 as JSON.
func appendText(out []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(out, '"'), text...), '"')
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return append(out, `""`...) // a text can always be written
	}
	return append(out, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
