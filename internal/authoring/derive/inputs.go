package derive

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// How long texts may be, how deep fields are nested, and how many fields one request or
// record may have, members of members included.
const (
	maxText   = 160
	maxTitle  = 80
	maxLevels = 4
	maxFields = 300
	maxWords  = 60
)

// nameForm are names that an input can have as they are.
var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

// holeForm are names that a hole of a path can have.
var holeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// shape makes fields of schemas. It counts them, so that a schema that says much in few
// words cannot make a file without end.
type shape struct {
	left   int
	record bool // fields of records and not of inputs
}

// field returns the field of a schema.
func (b *shape) field(name string, s *openapi.Schema, level int) Field {
	b.left--
	f := Field{Name: name, Type: typeOf(s), Description: line(s.Description, maxText)}
	switch {
	case s.Lost:
		f.Note = "The document refers to a description that is not there."
	case s.Circle:
		f.Note = "It can hold itself, at any depth."
	case s.Forms > 1:
		f.Note = fmt.Sprintf("One of %d forms; the members of all are listed.", s.Forms)
		if f.Type == "any" {
			f.Note = fmt.Sprintf("One of %d forms.", s.Forms)
		}
	}
	f.Nullable = s.Nullable && !b.record
	f.Secret = s.Format == "password"
	f.Personal = f.Type == "string" && (s.Format == "email" || slices.Contains([]string{"email", "emailaddress", "phone", "phonenumber", "firstname", "lastname"}, fold(name)))
	b.words(&f, s)
	switch {
	case f.Type == "array":
		b.elements(&f, s, level)
	case f.Type == "object":
		b.members(&f, s, level)
	}
	return f
}

// typeOf returns the type as a manifest writes it.
func typeOf(s *openapi.Schema) string {
	if s.Kind == openapi.String && s.Format == "date-time" {
		return "time"
	}
	return string(s.Kind)
}

// words takes over the only values that are allowed. What is no text, or too much, is said
// in words.
func (b *shape) words(f *Field, s *openapi.Schema) {
	options := slices.DeleteFunc(slices.Clone(s.Options), func(o string) bool { return !isText(o, 100) })
	switch {
	case len(options) == 0:
	case f.Type == "string" && !b.record && len(options) == len(s.Options) && len(options) <= maxWords:
		f.Options = options
	default:
		f.Description = strings.TrimSpace(f.Description + " One of " + line(strings.Join(options, ", "), maxText) + ".")
	}
}

// elements describes the elements of an array.
func (b *shape) elements(f *Field, s *openapi.Schema, level int) {
	if s.Items == nil || s.Items.Kind == openapi.Any || b.left <= 0 {
		return
	}
	item := b.field("items", s.Items, level+1)
	item.Description, item.Personal, item.Secret, item.Nullable = "", false, false, false
	f.Items = &item
}

// members describes the members of an object. An object of which nothing is known, or
// that is nested too deep, may hold anything.
func (b *shape) members(f *Field, s *openapi.Schema, level int) {
	f.Open = s.Open || b.record
	if len(s.Properties) == 0 || level >= maxLevels || b.left < len(s.Properties) {
		f.Open = true
		return
	}
	for _, p := range s.Properties {
		if (s.ReadOnly || p.Schema.ReadOnly) && !b.record || p.Schema.WriteOnly && b.record || !isName(p.Name) {
			continue
		}
		member := b.field(p.Name, p.Schema, level+1)
		member.Required = p.Required && !b.record
		f.Fields = append(f.Fields, member)
	}
}

// isName reports names that a member of a record or input can have.
func isName(name string) bool {
	return isText(name, 100) && !strings.HasPrefix(name, "x-")
}

// request turns the parameters and the body of an operation into inputs.
type request struct {
	from    *openapi.Operation
	op      *Operation
	fields  shape
	taken   map[string]bool // names of inputs
	skip    func(p openapi.Parameter) bool
	version string // the header that carries the version, folded; empty for none
}

// inputs makes all inputs. The error says why the operation cannot be expressed.
func (r *request) inputs() error {
	for i := range r.op.place.segments {
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

// anyHole is a hole in a part of a path.
var anyHole = regexp.MustCompile(`\{([^{}]*)\}`)

// holes makes an input for each hole in a part of the path.
func (r *request) holes(i int) error {
	s := &r.op.place.segments[i]
	for _, m := range anyHole.FindAllStringSubmatch(s.text, -1) {
		name := r.holeName(m[1], s.noun)
		if name == "" || r.taken[name] {
			return fmt.Errorf("the path has the hole %.60q, which cannot have a name of its own", m[1])
		}
		r.taken[name] = true
		f := Field{Name: name, Type: "string", Required: true, place: "path"}
		known := slices.IndexFunc(r.from.Parameters, func(p openapi.Parameter) bool { return p.In == "path" && p.Name == m[1] })
		if known >= 0 {
			p := r.from.Parameters[known]
			f = r.fields.field(name, p.Schema, maxLevels)
			f.Description = line(cmp.Or(p.Description, p.Schema.Description), maxText)
			if !slices.Contains([]string{"string", "boolean"}, f.Type) {
				// Ids of records are texts, also those that are numbers at the service.
				f = Field{Name: name, Type: "string", Description: f.Description}
			}
			f.Required, f.Nullable, f.Default, f.place = true, false, nil, "path"
		} else {
			f.Guess = "the document does not describe it"
		}
		r.op.Inputs = append(r.op.Inputs, f)
		s.text = strings.Replace(s.text, m[0], "{"+name+"}", 1)
		if s.hole != "" {
			s.hole = name
		}
	}
	return nil
}

// holeName is the name of the input that fills a hole: the document's own, or the name of
// the thing where that only says id.
func (r *request) holeName(name, noun string) string {
	if slices.Contains([]string{"id", "uuid", "guid", "key", "slug", "name"}, strings.ToLower(name)) && noun != "" {
		parts := words(noun + " " + name)
		out := parts[0]
		for _, p := range parts[1:] {
			out += strings.ToUpper(p[:1]) + p[1:]
		}
		return out
	}
	if holeForm.MatchString(name) {
		return name
	}
	return snake(name)
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
	r.op.Notes = append(r.op.Notes, line(fmt.Sprintf(format, args...), 2*maxText))
}

// query makes the input of a value in the query. Objects there are taken apart, since
// their members have names of their own.
func (r *request) query(p openapi.Parameter) error {
	if r.skip(p) {
		return nil
	}
	if p.Schema.Kind == openapi.Object {
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
			part := openapi.Parameter{Name: name, In: "query", Required: p.Required && member.Required, Schema: member.Schema, Style: "form"}
			if member.Schema.Kind != openapi.Object {
				r.add(r.plain(part, "query"), name)
			}
		}
		return nil
	}
	f := r.plain(p, "query")
	if p.Schema.Kind == openapi.Array && p.Explode {
		f.Note = strings.TrimSpace(f.Note + " The document wants each value by itself; they are sent with commas.")
	}
	r.add(f, p.Name)
	return nil
}

// plain returns the input of a parameter without parts, or of a list of such.
func (r *request) plain(p openapi.Parameter, place string) Field {
	f := r.fields.field(p.Name, p.Schema, maxLevels)
	f.Description = cmp.Or(line(p.Description, maxText), f.Description)
	if p.Deprecated {
		f.Note = strings.TrimSpace(f.Note + " Deprecated.")
	}
	if f.Type == "array" && (f.Items != nil && (f.Items.Type == "object" || f.Items.Type == "array") || place == "header") {
		f.Type, f.Items = "string", nil
	}
	if f.Type == "object" || (f.Type == "any" && place == "header") {
		f.Type, f.Fields, f.Open = "string", nil, false
	}
	f.Required, f.Nullable, f.place = p.Required, false, place
	f.minimum, f.maximum = p.Schema.Minimum, p.Schema.Maximum
	f.Default = p.Schema.Default
	return f
}

// add takes an input in, under a name that is free.
func (r *request) add(f Field, wire string) {
	name := f.Name
	if !nameForm.MatchString(name) {
		name = cmp.Or(snake(name), "value")
	}
	if r.taken[name] {
		name = unique(f.place+"_"+cmp.Or(snake(name), "value"), r.taken)
	}
	r.taken[name] = true
	f.Name = name
	if name != wire && f.place != "path" {
		f.At = wire
	}
	usual := "body"
	if r.op.Method == http.MethodGet || r.op.Method == http.MethodDelete {
		usual = "query"
	}
	if f.place != usual {
		f.In = f.place
	}
	if text, is := f.Default.(string); is && !isText(text, maxText) {
		f.Default = nil
	}
	if f.Default != nil && (schema.Field{Type: schema.Type(f.Type), Options: f.Options}).Accepts(f.Default) != nil {
		f.Default = nil
	}
	r.op.Inputs = append(r.op.Inputs, f)
}

// header makes the input of a header, unless it always has the same value.
func (r *request) header(p openapi.Parameter) error {
	name := fold(p.Name)
	if slices.Contains(ownHeaders, name) || r.skip(p) {
		return nil
	}
	constant := constantOf(p)
	switch {
	case name == "idempotencykey" || name == "xidempotencykey":
		if r.op.Method != http.MethodGet {
			r.op.IdempotencyHeader = p.Name
		}
	case !headerForm.MatchString(p.Name):
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

// headerForm are the names that a header can have in a manifest.
var headerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// printable are values that a header can have.
var printable = regexp.MustCompile(`^[ -~]{1,100}$`)

// constantOf returns the only value that a header can have, "" where it can have several.
func constantOf(p openapi.Parameter) string {
	value := ""
	if len(p.Schema.Options) == 1 {
		value = p.Schema.Options[0]
	} else if text, ok := p.Schema.Default.(string); ok && isVersion(p.Name) {
		value = text
	}
	if !printable.MatchString(value) {
		return ""
	}
	return value
}

// isVersion reports headers that say which version of an API is meant.
func isVersion(name string) bool { return hasAny(words(name), "version") }
