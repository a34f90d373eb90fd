package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Form says what a body may have.
type Form struct {
	fields map[string]service.Kind
	must   []string
	texts  []string // lists of texts
	whole  []string // lists of whole numbers
	parts  map[string]*Form
}

// NewForm reads a form out of a text: names with spaces between them. A name may be
// followed by "!" (it is required), and by ":" and a kind: "number", "boolean", "object",
// "array", "any", "texts" (a list of them) or "numbers" (a list of whole ones). Without a
// kind it is a text.
func NewForm(text string) *Form {
	f := &Form{fields: map[string]service.Kind{}, parts: map[string]*Form{}}
	for field := range strings.FieldsSeq(text) {
		name, kind, typed := strings.Cut(field, ":")
		name, required := strings.CutSuffix(name, "!")
		if !typed {
			kind = string(service.String)
		}
		switch kind {
		case "texts":
			f.texts, kind = append(f.texts, name), string(service.List)
		case "numbers":
			f.whole, kind = append(f.whole, name), string(service.List)
		}
		f.fields[name] = service.Kind(kind)
		if required {
			f.must = append(f.must, name)
		}
	}
	return f
}

// Of says what an object in the form, or the elements of a list in it, may have.
func (f *Form) Of(name string, part *Form) *Form {
	f.parts[name] = part
	return f
}

// Read decodes a body. One that does not fit the form is refused, also for a member that
// the form does not have: that the service is so strict is a guess, and the sandbox rather
// finds a misspelt name than lets it pass. A request without a body is refused, also where
// all its members are optional.
func (f *Form) Read(c *service.Call, into any) service.Answer {
	var body map[string]any
	dec := json.NewDecoder(bytes.NewReader(c.Body))
	dec.UseNumber()
	if err := dec.Decode(&body); err != nil || body == nil || dec.More() {
		return Invalid("the body is no JSON object")
	}
	if wrong := f.check(body, ""); len(wrong) > 0 {
		return Invalid(strings.Join(wrong, "; "))
	}
	if err := json.Unmarshal(c.Body, into); err != nil {
		return Invalid(err.Error())
	}
	return service.Answer{}
}

// check returns a line for everything that does not fit. place stands in front of names
// inside of others.
func (f *Form) check(body map[string]any, place string) []string {
	var wrong []string
	shape := service.Shape{Fields: f.fields, Required: f.must}
	for _, line := range shape.Check(body) {
		wrong = append(wrong, place+line)
	}
	for name, v := range body {
		at := place + name
		switch list, _ := v.([]any); {
		case v == nil:
		case slices.Contains(f.texts, name) && len(service.Texts(v)) != len(list):
			wrong = append(wrong, at+" must have texts")
		case slices.Contains(f.whole, name) && !wholes(list):
			wrong = append(wrong, at+" must have whole numbers")
		case f.parts[name] != nil:
			wrong = append(wrong, f.parts[name].checkPart(v, at)...)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// checkPart checks an object, or the elements of a list.
func (f *Form) checkPart(v any, at string) []string {
	if object, ok := v.(map[string]any); ok {
		return f.check(object, at+".")
	}
	var wrong []string
	list, _ := v.([]any)
	for i, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s.%d must be an object", at, i))
			continue
		}
		wrong = append(wrong, f.check(object, fmt.Sprintf("%s.%d.", at, i))...)
	}
	return wrong
}

// wholes reports whether all elements are whole numbers.
func wholes(list []any) bool {
	return !slices.ContainsFunc(list, func(e any) bool { return e == nil || service.Whole(e) < 0 })
}
