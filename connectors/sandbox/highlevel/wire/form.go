package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Record is an object as answers show it. It is replaced and never written to, because an
// answer on its way may hold it.
type Record = map[string]any

// Form says what a body or a query may have: more than a [service.Shape], which texts are
// bound to some words or are times, and what the elements of lists may have.
type Form struct {
	shape   *service.Shape
	options map[string][]string
	times   []string
	parts   map[string]*Form
}

// NewForm reads a form out of a text: names with spaces between them. A name may be
// followed by "!" (it is required), by ":" and a kind ("number", "boolean", "array",
// "object", "any", or "time" for a text that is an ISO 8601 time), and by "=" and the words
// that it must be one of, with "|" between them. Without a kind it is a text.
func NewForm(text string) *Form {
	f := &Form{shape: &service.Shape{Fields: map[string]service.Kind{}}, options: map[string][]string{}, parts: map[string]*Form{}}
	for field := range strings.FieldsSeq(text) {
		field, words, bound := strings.Cut(field, "=")
		name, kind, typed := strings.Cut(field, ":")
		name, required := strings.CutSuffix(name, "!")
		if !typed {
			kind = string(service.String)
		}
		if kind == "time" {
			kind = string(service.String)
			f.times = append(f.times, name)
		}
		f.shape.Fields[name] = service.Kind(kind)
		if required {
			f.shape.Required = append(f.shape.Required, name)
		}
		if bound {
			f.options[name] = strings.Split(words, "|")
		}
	}
	return f
}

// Each returns the form with what the elements of a list, or an object, in it may have.
func (f *Form) Each(name string, element *Form) *Form {
	with := *f
	with.parts = maps.Clone(f.parts)
	with.parts[name] = element
	return &with
}

// Read decodes a body and refuses what does not fit the form; see [Read].
func (f *Form) Read(c *service.Call) (Record, service.Answer) {
	body, refused := Read(c, &service.Shape{Fields: everything(c.Body)})
	if refused.Status != 0 {
		return nil, refused
	}
	return body, f.refuse(body)
}

// everything is a shape's fields for whatever a body has: the form judges them.
func everything(body []byte) map[string]service.Kind {
	fields := map[string]service.Kind{}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) == nil {
		for name := range members {
			fields[name] = service.Any
		}
	}
	return fields
}

// ReadList decodes a body that is a list of objects, and refuses what does not fit.
func (f *Form) ReadList(c *service.Call) ([]Record, service.Answer) {
	var list []Record
	dec := json.NewDecoder(bytes.NewReader(c.Body))
	dec.UseNumber()
	if err := dec.Decode(&list); err != nil {
		return nil, Refuse(http.StatusBadRequest, "Unexpected token in JSON")
	}
	for _, body := range list {
		if refused := f.refuse(body); refused.Status != 0 {
			return nil, refused
		}
	}
	return list, service.Answer{}
}

// Query reads the parameters of a request and refuses what does not fit the form. A
// parameter that is empty counts as one that is not there.
func (f *Form) Query(c *service.Call) (map[string]string, service.Answer) {
	params, body := map[string]string{}, Record{}
	for name, values := range c.URL.Query() {
		name = strings.TrimSuffix(name, "[]")
		text := strings.Join(values, ",")
		if text == "" {
			continue
		}
		params[name] = text
		switch f.shape.Fields[name] {
		case service.Number:
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				body[name] = json.Number(text)
				continue
			}
		case service.Bool:
			if v, err := strconv.ParseBool(text); err == nil {
				body[name] = v
				continue
			}
		case service.List:
			body[name] = []any{text}
			continue
		case service.String, service.Object, service.Any:
		}
		body[name] = text
	}
	return params, f.refuse(body)
}

// refuse makes the 422 for what does not fit; the zero answer for nothing.
func (f *Form) refuse(body Record) service.Answer {
	if wrong := f.check(body, ""); len(wrong) > 0 {
		return Refuse(http.StatusUnprocessableEntity, strings.Join(wrong, "\n"))
	}
	return service.Answer{}
}

// check returns a line for everything that does not fit. place stands in front of names
// inside of lists, "teamMembers.0.".
func (f *Form) check(body Record, place string) []string {
	var wrong []string
	for _, line := range f.shape.Check(body) {
		wrong = append(wrong, place+line)
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		value := body[name]
		if value == nil {
			continue
		}
		if words := f.options[name]; len(words) > 0 && !slices.Contains(words, fmt.Sprint(value)) {
			wrong = append(wrong, fmt.Sprintf("%s%s must be one of the following values: %s", place, name, strings.Join(words, ", ")))
		}
		if text, ok := value.(string); ok && slices.Contains(f.times, name) && !isTime(text) {
			wrong = append(wrong, place+name+" must be a valid ISO 8601 date string")
		}
		if part := f.parts[name]; part != nil {
			wrong = append(wrong, part.checkPart(value, place+name)...)
		}
	}
	return wrong
}

// checkPart checks an object, or the elements of a list.
func (f *Form) checkPart(value any, place string) []string {
	if object, ok := value.(map[string]any); ok {
		return f.check(object, place+".")
	}
	var wrong []string
	list, _ := value.([]any)
	for i, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s.%d must be an object", place, i))
			continue
		}
		wrong = append(wrong, f.check(object, fmt.Sprintf("%s.%d.", place, i))...)
	}
	return wrong
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}
