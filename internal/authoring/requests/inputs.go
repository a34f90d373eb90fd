// Package requests turns the parameters and the body of an operation into inputs.
package requests

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/fields"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// nameForm are names that an input can have as they are.
var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

// holeForm are names that a hole of a path can have.
var holeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// request turns the parameters and the body of an operation into inputs.
type request struct {
	from    *openapi.Operation
	op      *draft.Operation
	shape   fields.Shape
	taken   map[string]bool // names of inputs
	skip    func(p openapi.Parameter) bool
	version string // the header that carries the version, folded; empty for none
}

// How says what concerns all operations of a connector.
type How struct {
	// Skip reports parameters that are no inputs, because the sign-in sends them.
	Skip func(openapi.Parameter) bool
	// Version is the header that carries the version of the API; empty for none.
	Version string
}

// Inputs makes the inputs of an operation, whose method and route are known, and names the
// holes in its route like them. The error says why the operation cannot be expressed.
func Inputs(from *openapi.Operation, op *draft.Operation, how How) error {
	r := &request{
		from: from, op: op, shape: fields.Shape{Left: fields.MaxFields}, taken: map[string]bool{}, skip: how.Skip, version: wording.Fold(how.Version),
	}
	return r.inputs()
}

// inputs makes all inputs. The error says why the operation cannot be expressed.
func (r *request) inputs() error {
	for i := range r.op.Route.Segments {
		if err := r.holes(i); err != nil {
			return err
		}
	}
	for _, p := range r.from.Parameters {
		if err := r.parameter(p); err != nil {
			return err
		}
	}
	return r.body()
}

// AnyHole is a hole in a part of a path.
var AnyHole = regexp.MustCompile(`\{([^{}]*)\}`)

// holes makes an input for each hole in a part of the path.
func (r *request) holes(i int) error {
	s := &r.op.Route.Segments[i]
	for _, m := range AnyHole.FindAllStringSubmatch(s.Text, -1) {
		name := r.holeName(m[1], s.Noun)
		if name == "" || r.taken[name] {
			return fmt.Errorf("the path has the hole %.60q, which cannot have a name of its own", m[1])
		}
		r.taken[name] = true
		f := draft.Field{Name: name, Type: "string", Required: true, Place: "path"}
		known := slices.IndexFunc(r.from.Parameters, func(p openapi.Parameter) bool { return p.In == "path" && p.Name == m[1] })
		if known >= 0 {
			p := r.from.Parameters[known]
			f = r.shape.Field(name, p.Schema, fields.MaxLevels)
			f.Description = wording.Line(cmp.Or(p.Description, p.Schema.Description), wording.MaxText)
			if !slices.Contains([]string{"string", "boolean"}, f.Type) {
				// Ids of records are texts, also those that are numbers at the service.
				f = draft.Field{Name: name, Type: "string", Description: f.Description}
			}
			f.Required, f.Nullable, f.Default, f.Place = true, false, nil, "path"
		} else {
			f.Guess = "the document does not describe it"
		}
		r.op.Inputs = append(r.op.Inputs, f)
		s.Text = strings.Replace(s.Text, m[0], "{"+name+"}", 1)
		if s.Hole != "" {
			s.Hole = name
		}
	}
	return nil
}

// holeName is the name of the input that fills a hole: the document's own, or the name of
// the thing where that only says id.
func (r *request) holeName(name, noun string) string {
	if slices.Contains([]string{"id", "uuid", "guid", "key", "slug", "name"}, strings.ToLower(name)) && noun != "" {
		parts := wording.Words(noun + " " + name)
		for i, p := range parts[1:] {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
		return strings.Join(parts, "")
	}
	if holeForm.MatchString(name) {
		return name
	}
	return wording.Snake(name)
}

// ownHeaders are headers that are no inputs: the sign-in and the client make them.
//
//nolint:gochecknoglobals // a table
var ownHeaders = []string{
	"accept", "authorization", "contenttype", "contentlength", "host", "cookie", "useragent", "connection", "acceptencoding", "transferencoding", "proxyauthorization",
}

// parameter makes the input of one parameter.
func (r *request) parameter(p openapi.Parameter) error {
	switch p.In {
	case "path":
		return nil
	case "query":
		return r.query(p)
	case "header":
		return r.header(p)
	case "cookie":
		if p.Required && !r.skip(p) {
			return fmt.Errorf("it needs the cookie %.60q, and a connector sends none", p.Name)
		}
		return nil
	}
	r.note("The value %.60q is left out: its place %.40q is not known.", p.Name, p.In)
	return nil
}

// note tells of something that the operation has not.
func (r *request) note(format string, args ...any) {
	r.op.Notes = append(r.op.Notes, wording.Line(fmt.Sprintf(format, args...), 2*wording.MaxText))
}

// query makes the input of a value in the query. Objects there are taken apart, since
// their members have names of their own.
func (r *request) query(p openapi.Parameter) error {
	if r.skip(p) {
		return nil
	}
	if !wording.IsText(p.Name, 100) || p.Name == "." { // a dot stands for all of the query
		if p.Required {
			return fmt.Errorf("the value %.60q in the query has a name that cannot be written", p.Name)
		}
		r.note("The value %.60q of the query is left out: its name cannot be written.", p.Name)
		return nil
	}
	if p.Schema.Kind == openapi.Object {
		return r.members(p)
	}
	f := r.plain(p, "query")
	if p.Schema.Kind == openapi.Array && p.Explode {
		f.Note = strings.TrimSpace(f.Note + " The document wants each value by itself; they are sent with commas.")
	}
	r.add(f, p.Name)
	return nil
}

// members makes an input of each member of an object in the query.
func (r *request) members(p openapi.Parameter) error {
	if p.Style != "deepObject" && p.Style != "form" || len(p.Schema.Properties) == 0 {
		if p.Required {
			return fmt.Errorf("the value %.60q in the query is an object without known members", p.Name)
		}
		r.note("The value %.60q of the query is left out: it is an object without known members.", p.Name)
		return nil
	}
	for _, member := range p.Schema.Properties {
		name := p.Name + "[" + member.Name + "]"
		if p.Style == "form" {
			name = member.Name
		}
		if member.Schema.Kind != openapi.Object {
			r.add(r.plain(openapi.Parameter{Name: name, Required: p.Required && member.Required, Schema: member.Schema}, "query"), name)
		}
	}
	return nil
}

// plain returns the input of a parameter without parts, or of a list of such.
func (r *request) plain(p openapi.Parameter, place string) draft.Field {
	f := r.shape.Field(p.Name, p.Schema, fields.MaxLevels)
	f.Description = cmp.Or(wording.Line(p.Description, wording.MaxText), f.Description)
	if p.Deprecated {
		f.Note = strings.TrimSpace(f.Note + " Deprecated.")
	}
	if f.Type == "array" && (f.Items != nil && (f.Items.Type == "object" || f.Items.Type == "array") || place == "header") {
		f.Type, f.Items = "string", nil
	}
	if f.Type == "object" || (f.Type == "any" && place == "header") {
		f.Type, f.Fields, f.Open = "string", nil, false
	}
	f.Required, f.Nullable, f.Place = p.Required, false, place
	f.Minimum, f.Maximum = p.Schema.Minimum, p.Schema.Maximum
	f.Default = p.Schema.Default
	return f
}

// add takes an input in, under a name that is free.
func (r *request) add(f draft.Field, wire string) {
	name := f.Name
	if !nameForm.MatchString(name) {
		name = cmp.Or(wording.Snake(name), "value")
	}
	if r.taken[name] {
		name = wording.Unique(f.Place+"_"+cmp.Or(wording.Snake(name), "value"), r.taken)
	}
	r.taken[name] = true
	f.Name = name
	if name != wire && f.Place != "path" {
		f.At = wire
	}
	usual := "body"
	if r.op.Method == http.MethodGet || r.op.Method == http.MethodDelete {
		usual = "query"
	}
	if f.Place != usual {
		f.In = f.Place
	}
	if text, is := f.Default.(string); is && !wording.IsText(text, wording.MaxText) {
		f.Default = nil
	}
	if f.Default != nil && (schema.Field{Type: schema.Type(f.Type), Options: f.Options}).Accepts(f.Default) != nil {
		f.Default = nil
	}
	r.op.Inputs = append(r.op.Inputs, f)
}

// header makes the input of a header, unless it always has the same value.
func (r *request) header(p openapi.Parameter) error {
	name := wording.Fold(p.Name)
	if slices.Contains(ownHeaders, name) || r.skip(p) {
		return nil
	}
	constant := ConstantOf(p)
	switch {
	case name == "idempotencykey" || name == "xidempotencykey":
		if r.op.Method != http.MethodGet {
			r.op.IdempotencyHeader = p.Name
		}
	case !HeaderForm.MatchString(p.Name):
		if p.Required {
			return fmt.Errorf("it needs the header %.60q, which is no name of a header here", p.Name)
		}
	case r.version != "" && name == r.version && constant != "":
		r.op.Version = constant
	case constant != "" && p.Required:
		if r.op.Headers == nil {
			r.op.Headers = map[string]string{}
		}
		r.op.Headers[p.Name] = constant
	default:
		r.add(r.plain(p, "header"), p.Name)
	}
	return nil
}

// HeaderForm are the names that a header can have in a manifest.
var HeaderForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// printable are values that a header can have.
var printable = regexp.MustCompile(`^[ -~]{1,100}$`)

// ConstantOf returns the only value that a header can have, "" where it can have several.
func ConstantOf(p openapi.Parameter) string {
	value := ""
	if len(p.Schema.Options) == 1 {
		value = p.Schema.Options[0]
	} else if text, ok := p.Schema.Default.(string); ok && IsVersion(p.Name) {
		value = text
	}
	if !printable.MatchString(value) {
		return ""
	}
	return value
}

// IsVersion reports headers that say which version of an API is meant.
func IsVersion(name string) bool { return wording.HasAny(wording.Words(name), "version") }
