// Package request makes the requests of operations out of their inputs, each in its place.
package request

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/form"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// Request is everything that goes to a service, before it is signed.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte // nil without one
	// Form is what the body is made of when it is sent; nil for one of JSON.
	Form *form.Body
}

// Copy returns a request that can be sent by itself.
func (r *Request) Copy() *Request {
	u, out := *r.URL, *r
	out.URL, out.Header = &u, r.Header.Clone()
	return &out
}

// Builder makes the requests of one account.
type Builder struct {
	Manifest *manifest.Manifest
	Base     string                 // of an account with an address of its own; else empty
	Settings map[string]any         // of the account
	Headers  map[string]http.Header // by operation, those that do not depend on inputs
}

// Resolve returns the inputs of an operation, completed by the account's settings and
// the defaults, and checked. Values of type json.RawMessage come from earlier answers
// and go out as they are. nil stands for "not given", except where the service takes
// null. The error names the first input that is wrong: a required one that nothing
// fills, a value of another type, or a name that the operation does not have.
func (b *Builder) Resolve(op *manifest.Operation, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(op.Spec.Inputs))
	for i := range op.Spec.Inputs {
		in := &op.Spec.Inputs[i]
		v, ok := b.value(in, given)
		if !ok {
			if in.Required {
				return nil, fmt.Errorf("the input %q is missing", in.Name)
			}
			continue
		}
		if _, raw := v.(json.RawMessage); !raw {
			if err := in.Accepts(v); err != nil {
				return nil, fmt.Errorf("the input %q: %w", in.Name, err)
			}
		}
		out[in.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := op.At[name]; !known {
			return nil, fmt.Errorf("there is no input %q", name)
		}
	}
	return out, nil
}

// value returns what fills an input: what is given, the account's setting, or the
// default. An explicit nil counts as given only where the service takes null: there
// it empties a field.
func (b *Builder) value(in *connectors.Input, given map[string]any) (any, bool) {
	if v, ok := given[in.Name]; ok && (v != nil || in.Nullable) {
		return v, true
	}
	if in.Setting != "" {
		if v := b.Settings[in.Setting]; v != nil {
			return v, true
		}
		for _, f := range b.Manifest.Settings {
			if f.Name == in.Setting && f.Default != nil {
				return f.Default, true
			}
		}
	}
	return in.Default, in.Default != nil
}

// Build puts resolved inputs into a request. The fixed body is copied first, since
// the manifest is shared by all requests. When all inputs for the body are absent it
// is an empty object.
func (b *Builder) Build(op *manifest.Operation, inputs map[string]any) (*Request, error) {
	d := &draft{
		op: op, path: op.Spec.Path, query: url.Values{}, header: b.Headers[op.Spec.Key].Clone(),
		body: clone(op.Fixed.Body), hasBody: op.Fixed.HasBody, form: formOf(op),
	}
	for name, v := range op.Fixed.Query {
		d.query.Set(name, v)
	}
	for i := range op.Spec.Inputs {
		in := &op.Spec.Inputs[i]
		d.hasBody = d.hasBody || in.In == "body"
		v, given := inputs[in.Name]
		if !given {
			continue
		}
		if err := d.add(in, v); err != nil {
			return nil, fmt.Errorf("the input %q: %w", in.Name, err)
		}
	}
	u, err := url.Parse(b.Manifest.Base(op, b.Base) + d.path)
	if err != nil {
		return nil, errors.New("the path cannot be built")
	}
	u.RawQuery = d.query.Encode()
	r := &Request{Method: op.Spec.Method, URL: u, Header: d.header, Form: d.form}
	return r, r.encode(d.body, d.hasBody && d.form == nil)
}

// draft is a request whose inputs are being put in their places.
type draft struct {
	op      *manifest.Operation
	path    string
	query   url.Values
	header  http.Header
	body    any
	hasBody bool
	form    *form.Body
}

// add puts one input in its place. Values for the body stay values; everywhere else
// they become texts.
func (d *draft) add(in *connectors.Input, v any) error {
	at := d.op.At[in.Name]
	if in.In == "body" && d.form != nil {
		return addToForm(d.form, in, at, v)
	}
	if in.In == "body" {
		d.body = put(d.body, at, v)
		return nil
	}
	text, err := TextOf(v)
	if err != nil {
		return err
	}
	switch in.In {
	case "path":
		d.path, err = fill(d.path, in.Name, text)
	case "query":
		d.query.Set(at, text)
	case "header":
		err = SetHeader(d.header, at, text)
	}
	return err
}

// encode writes the body.
func (r *Request) encode(body any, has bool) (err error) {
	if !has {
		return nil
	}
	if text, whole := body.(string); whole && !isJSON(r.Header.Get("Content-Type")) {
		r.Body = []byte(text)
		return nil
	}
	if body == nil {
		body = map[string]any{}
	}
	if r.Body, err = connectors.Encode(body); err != nil {
		return fmt.Errorf("the body cannot be written: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	return nil
}

// isJSON reports whether a body of some type is JSON, which it is as long as nobody says
// another.
func isJSON(kind string) bool { return kind == "" || manifest.IsJSON(kind) }

// clone copies the mappings of a value, which put will write to.
func clone(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for k, e := range m {
		out[k] = clone(e)
	}
	return out
}

// put returns the body with a value at a place in it. The manifest made sure that
// the place can be reached.
func put(body any, place string, v any) any {
	if place == "." {
		return v
	}
	m, ok := body.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	name, rest, deeper := strings.Cut(place, ".")
	if deeper {
		v = put(m[name], rest, v)
	}
	m[name] = v
	return m
}

// fill puts a value into a hole of a path. It becomes exactly one part of it.
func fill(path, name, text string) (string, error) {
	switch text {
	case "":
		return "", errors.New("the path needs a value")
	case ".", "..":
		return "", fmt.Errorf("%q cannot be a part of a path", text)
	}
	return strings.ReplaceAll(path, "{"+name+"}", escape(text)), nil
}

// escape percent-encodes everything but letters, digits and -_.~, also what a
// path could hold: some services read + as a space and @ as the end of a name.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// SetHeader sets a header. It refuses what could end the header and begin another, and what is no
// ASCII.
func SetHeader(h http.Header, name, text string) error {
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fmt.Errorf("%.40q cannot be sent as a header", text)
	}
	h.Set(name, text)
	return nil
}

// TextOf writes a value for the path, the query or a header; lists with commas. An
// object or nil is an error.
func TextOf(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool:
		return strconv.FormatBool(x), nil
	case int:
		return strconv.Itoa(x), nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano), nil
	case json.RawMessage:
		return textOfRaw(x)
	case []any:
		texts := make([]string, len(x))
		for i, e := range x {
			var err error
			if texts[i], err = TextOf(e); err != nil {
				return "", err
			}
		}
		return strings.Join(texts, ","), nil
	}
	return "", errors.New("a value of this type can only be sent in a body")
}

// textOfRaw writes a value of an earlier answer: texts without their quotes,
// numbers as they were sent.
func textOfRaw(raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	if len(raw) == 0 || strings.IndexByte("{[n", raw[0]) >= 0 {
		return "", fmt.Errorf("%.40q can only be sent in a body", raw)
	}
	return string(raw), nil
}

// formOf returns the empty body of an operation that sends a form or a file; nil for all
// others.
func formOf(op *manifest.Operation) *form.Body {
	if op.Fixed.Form || slices.ContainsFunc(op.Spec.Inputs, func(in connectors.Input) bool { return in.File }) {
		return &form.Body{Multipart: op.Fixed.Form}
	}
	return nil
}

// addToForm puts an input into a form: a file, a text, or a text for each element of a list.
func addToForm(body *form.Body, in *connectors.Input, at string, v any) error {
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	texts := make([]string, len(list))
	for i, e := range list {
		var err error
		if texts[i], err = TextOf(e); err != nil {
			return errors.New("a value of this type cannot be sent in a form")
		}
	}
	switch {
	case many:
		body.AddEach(at, texts)
	case in.File:
		body.AddFile(at, texts[0])
	default:
		body.Add(at, texts[0])
	}
	return nil
}
