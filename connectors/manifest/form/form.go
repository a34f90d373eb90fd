// Package form checks operations that send files or forms.
package form

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Operation is an operation whose form and files are checked.
type Operation struct {
	Spec  *connectors.Operation
	At    map[string]string // the places of its inputs
	Form  bool              // the body is a form
	Fixed bool              // a part of the body is fixed
	Type  string            // of the body, as a constant header says it; empty for none
	// InputAt holds where each input stands, Place where the fixed part does.
	InputAt map[string]diag.Place
	Place   diag.Place
}

// Check reports inputs that cannot be sent as a file or as a part of a form.
func Check(o Operation, into *diag.List) {
	if o.Form && o.Fixed {
		into.Errorf(o.Place, finding.CodeInputPlace, "write the fixed parts as inputs with a default", "a form has no fixed body")
	}
	o.text(into)
	for i := range o.Spec.Inputs {
		in := &o.Spec.Inputs[i]
		if in.File {
			o.file(in, into)
		}
		if in.In == "body" && o.Form {
			o.part(in, into)
		}
	}
}

// text checks a body of another type than JSON: it is one text, unless it is a form or a
// file.
func (o Operation) text(into *diag.List) {
	if o.Type == "" || IsJSON(o.Type) || o.Form || o.Spec.Method == http.MethodGet {
		return
	}
	fits := func(in connectors.Input) bool {
		return in.In == "body" && o.At[in.Name] == "." && in.Type == schema.String && !in.Nullable
	}
	if !slices.ContainsFunc(o.Spec.Inputs, fits) {
		into.Errorf(o.Place, finding.CodeInputPlace, `give it one input with at: "." and the type string`, "a body of the type %s can only be a text", o.Type)
	}
}

// IsJSON reports whether the type of a body is JSON.
func IsJSON(kind string) bool {
	name, _, _ := strings.Cut(kind, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return name == "application/json" || strings.HasSuffix(name, "+json")
}

// file checks an input that takes the reference to a file.
func (o Operation) file(in *connectors.Input, into *diag.List) {
	at := o.InputAt[in.Name]
	switch {
	case o.Spec.Kind != connectors.Write:
		into.Errorf(at, finding.CodeInputPlace, "say write: in place of read:", "only writes send a file")
	case in.Type != schema.String || len(in.Options) > 0 || in.Default != nil || in.Setting != "" || in.Secret || in.Nullable:
		into.Errorf(at, finding.CodeFieldOption, "leave type, options, default, setting, secret and nullable out", "%q takes the reference to a file", in.Name)
	case in.In != "body":
		into.Errorf(at, finding.CodeInputPlace, "leave in out", "the file %q can only be sent in the body", in.Name)
	case !o.Form && o.At[in.Name] != ".":
		into.Errorf(at, finding.CodeInputPlace, `write at: "." for a body that is the file, or fixed: {form: true} for a form that holds it`, "%q would be sent inside JSON, and a file cannot", in.Name)
	}
}

// part checks an input that is a part of a form: a form has names and texts.
func (o Operation) part(in *connectors.Input, into *diag.List) {
	at, place := o.InputAt[in.Name], o.At[in.Name]
	if strings.Contains(place, ".") {
		into.Errorf(at, finding.CodeInputPlace, "give it a name without dots", "%q is no name in a form", place)
	}
	list := in.Type == schema.Array && in.Items != nil && plain(in.Items.Type)
	if !list && !plain(in.Type) {
		into.Errorf(at, finding.CodeInputPlace, "give it a type without parts, or that of a list of texts", "%q of type %s cannot be a part of a form", in.Name, in.Type)
	}
}

// plain reports whether values of a type are one text.
func plain(t schema.Type) bool {
	return !slices.Contains([]schema.Type{schema.Array, schema.Map, schema.Any}, t)
}
