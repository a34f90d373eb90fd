package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Read reads a document. file is its name, for messages and for finding what it refers
// to; folder is where it stands, confined to it (os.Root), or nil for reading no other
// file. The error is an [Error].
func Read(file string, text []byte, folder fs.FS) (*Document, error) {
	if len(text) > MaxBytes {
		return nil, &Error{File: file, Text: fmt.Sprintf("the document is larger than %d MiB", MaxBytes>>20)}
	}
	tree, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	version, err := fits(file, tree)
	if err != nil {
		return nil, err
	}
	f := &files{folder: folder, name: file, main: path.Base(file), trees: map[string]any{"": tree}, failed: map[string]string{}, bytes: len(text)}
	if err := f.add(file, tree); err != nil {
		return nil, err
	}
	if err := repair(f, !strings.HasPrefix(version, "3.0")); err != nil {
		return nil, err
	}
	from, err := load(f)
	if err != nil {
		return nil, err
	}
	r := &reader{doc: &Document{}, from: from, schemas: map[*openapi3.Schema]*Schema{}, open: map[*openapi3.Schema]bool{}, told: map[string]bool{}}
	r.head()
	r.schemes()
	r.paths()
	if len(r.doc.Operations) == 0 {
		return nil, &Error{File: file, Pointer: "/paths", Text: "the document has no operations"}
	}
	return r.doc, nil
}

// reader builds the facts of one document.
type reader struct {
	doc     *Document
	from    *openapi3.T
	schemas map[*openapi3.Schema]*Schema // what references lead to
	open    map[*openapi3.Schema]bool    // of them, those that are being read
	nested  int                          // how many
	told    map[string]bool
	op      *Operation // that is being read
}

// versionForm are the versions that are read.
var versionForm = regexp.MustCompile(`^3\.[01](\.|$)`)

// fits returns the version of a document, or why it is none of those that are read.
func fits(file string, tree any) (version string, err error) {
	root, isObject := tree.(map[string]any)
	version = word(root["openapi"])
	_, hasPaths := root["paths"].(map[string]any)
	switch old := word(root["swagger"]); {
	case !isObject:
		return "", &Error{File: file, Line: 1, Column: 1, Text: "the document is no OpenAPI document: it is no object"}
	case version == "" && old != "":
		return "", &Error{
			File: file, Pointer: "/swagger", Text: fmt.Sprintf("Swagger %.10s is not read, only OpenAPI 3.0 and 3.1", old),
			Suggestion: "convert it first, for example with swagger2openapi, or with Edit > Convert to OpenAPI 3 in the Swagger editor",
		}
	case version == "":
		return "", &Error{File: file, Text: `the document is no OpenAPI document: it does not say openapi: "3.0.0"`}
	case !versionForm.MatchString(version):
		return "", &Error{File: file, Pointer: "/openapi", Text: fmt.Sprintf("OpenAPI %.20s is not read, only 3.0 and 3.1", version), Suggestion: "convert it, or ask the service for such a document"}
	case !hasPaths:
		text := "the document has no paths"
		if root["paths"] != nil {
			text = "paths is no object"
		} else if root["webhooks"] != nil {
			text = "the document has webhooks alone and no paths"
		}
		return "", &Error{File: file, Pointer: "/paths", Text: text, Suggestion: "a connector is made from the operations under paths"}
	}
	return version, nil
}

// word returns a value without parts as a text; "" for others.
func word(v any) string {
	text, _ := fitPlain(v, reflect.String)
	out, _ := text.(string)
	return out
}

// note remembers what could not be read, with the first place of each.
func (r *reader) note(pointer, text string) {
	if r.op != nil && !slices.Contains(r.op.Notes, text) {
		r.op.Notes = append(r.op.Notes, text)
	}
	if !r.told[text] {
		r.told[text] = true
		r.doc.Notes = append(r.doc.Notes, Note{Pointer: pointer, Text: text})
	}
}

// lostIn returns the mark of what stands in the place of a reference that leads nowhere,
// nil if there is none.
func lostIn(extensions map[string]any) *lost {
	mark, ok := extensions[lostKey].(map[string]any)
	if !ok {
		return nil
	}
	return &lost{Pointer: word(mark["pointer"]), Name: word(mark["name"]), Text: word(mark["text"])}
}

// isLost tells of a reference that leads nowhere.
func (r *reader) isLost(extensions map[string]any) bool {
	mark := lostIn(extensions)
	if mark != nil {
		r.note(mark.Pointer, mark.Text)
	}
	return mark != nil
}

// head reads what the document says of the whole service.
func (r *reader) head() {
	if info := r.from.Info; info != nil {
		r.doc.Title, r.doc.Version, r.doc.Description = info.Title, info.Version, info.Description
	}
	if docs := r.from.ExternalDocs; docs != nil {
		r.doc.Docs = docs.URL
	}
	for _, server := range r.from.Servers {
		if s := readServer(server); s.URL != "" {
			r.doc.Servers = append(r.doc.Servers, s)
		}
	}
}

// readServer reads an address and puts the defaults of its variables into it.
func readServer(from *openapi3.Server) Server {
	s := Server{URL: from.URL}
	for _, name := range slices.Sorted(maps.Keys(from.Variables)) {
		if hole := "{" + name + "}"; strings.Contains(s.URL, hole) {
			s.Variables = append(s.Variables, name)
			s.URL = strings.ReplaceAll(s.URL, hole, from.Variables[name].Default)
		}
	}
	return s
}

// schemes reads the ways to sign in.
func (r *reader) schemes() {
	if r.from.Components == nil {
		return
	}
	all := r.from.Components.SecuritySchemes
	for _, name := range slices.Sorted(maps.Keys(all)) {
		from := all[name].Value
		if from == nil || r.isLost(from.Extensions) {
			continue
		}
		s := Scheme{Name: name, Type: from.Type, Scheme: strings.ToLower(from.Scheme), In: from.In, Param: from.Name}
		if flows := from.Flows; flows != nil {
			s.flow("authorizationCode", flows.AuthorizationCode)
			s.flow("clientCredentials", flows.ClientCredentials)
			s.flow("implicit", flows.Implicit)
			s.flow("password", flows.Password)
		}
		r.doc.Schemes = append(r.doc.Schemes, s)
	}
}

// flow adds a way to get a token.
func (s *Scheme) flow(name string, from *openapi3.OAuthFlow) {
	if from != nil {
		s.Flows = append(s.Flows, Flow{Name: name, AuthorizeURL: from.AuthorizationURL, TokenURL: from.TokenURL})
	}
}

// methods are the operations of a path that are read.
func methods() []string {
	return []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
}

// paths reads all operations, by path and method.
func (r *reader) paths() {
	paths := r.from.Paths.Map()
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		item := paths[name]
		r.isLost(item.Extensions)
		operations := item.Operations()
		for _, method := range methods() {
			if operations[method] == nil {
				continue
			}
			if len(r.doc.Operations) == MaxOperations {
				r.note("/paths", fmt.Sprintf("only %d operations are read", MaxOperations))
				return
			}
			pointer := place{}.at("paths").at(name).at(strings.ToLower(method)).pointer
			r.operation(&Operation{Method: method, Path: name, Pointer: pointer}, item, operations[method])
		}
	}
}

// operation reads one operation of a path.
func (r *reader) operation(op *Operation, item *openapi3.PathItem, from *openapi3.Operation) {
	op.ID, op.Summary, op.Description, op.Tags, op.Deprecated = from.OperationID, from.Summary, from.Description, from.Tags, from.Deprecated
	r.op = op
	defer func() { r.op = nil }()
	r.doc.Operations = append(r.doc.Operations, op)
	r.parameters(item.Parameters)
	r.parameters(from.Parameters)
	slices.SortFunc(op.Parameters, func(a, b Parameter) int { return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Name, b.Name)) })
	r.body(from.RequestBody)
	r.answers(from.Responses)
	r.security(from.Security)
	for _, servers := range []openapi3.Servers{deref(from.Servers), item.Servers} {
		if len(servers) > 0 && op.Server == "" {
			op.Server = readServer(servers[0]).URL
		}
	}
}

// deref returns what a pointer leads to, nothing for nil.
func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// parameters reads the parameters of a path or of an operation, which replace those of
// the path.
func (r *reader) parameters(list openapi3.Parameters) {
	for _, item := range list {
		from := item.Value
		if from == nil || r.isLost(from.Extensions) {
			continue
		}
		p := Parameter{Name: from.Name, In: from.In, Required: from.Required, Description: from.Description, Deprecated: from.Deprecated, Style: from.Style}
		if p.Style == "" {
			p.Style = map[string]string{"query": "form", "cookie": "form"}[p.In]
		}
		p.Explode = p.Style == "form"
		if from.Explode != nil {
			p.Explode = *from.Explode
		}
		p.Schema = r.parameterSchema(from)
		r.op.Parameters = slices.DeleteFunc(r.op.Parameters, func(other Parameter) bool { return other.Name == p.Name && other.In == p.In })
		r.op.Parameters = append(r.op.Parameters, p)
	}
}

// parameterSchema reads what a parameter looks like, which stands in one of two places.
// Its example belongs to it.
func (r *reader) parameterSchema(from *openapi3.Parameter) *Schema {
	schema := from.Schema
	if names := slices.Sorted(maps.Keys(from.Content)); schema == nil && len(names) > 0 {
		schema = from.Content[names[0]].Schema
	}
	if schema == nil {
		return &Schema{Kind: String}
	}
	s := r.schema(schema, r.op.Pointer)
	if example := plainValue(from.Example); example != nil && s.Example == nil {
		own := *s
		own.Example = example
		return &own
	}
	return s
}

// body reads what a request carries, in the form that is easiest to send.
func (r *reader) body(item *openapi3.RequestBodyRef) {
	if item == nil {
		return
	}
	if item.Value == nil || r.isLost(item.Value.Extensions) {
		r.op.Body = &Body{Media: "application/json", Schema: &Schema{Kind: Object, Open: true, Lost: true}}
		return
	}
	media, schema, others := r.content(item.Value.Content, []string{"application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/", "application/"})
	if media == "" {
		return
	}
	r.op.Body = &Body{Media: media, Required: item.Value.Required, Schema: schema, Others: others}
}

// content returns the media type that is wanted most, and what it looks like.
func (r *reader) content(from openapi3.Content, wanted []string) (media string, s *Schema, others []string) {
	best, key := len(wanted)+1, ""
	for _, name := range slices.Sorted(maps.Keys(from)) {
		kind := mediaType(name)
		rank := slices.IndexFunc(wanted, func(w string) bool { return strings.HasPrefix(kind, w) })
		if rank < 0 {
			rank = len(wanted)
		}
		if rank < best {
			best, key = rank, name
		}
		others = append(others, kind)
	}
	if key == "" {
		return "", nil, nil
	}
	media = mediaType(key)
	others = slices.DeleteFunc(others, func(o string) bool { return o == media })
	if from[key].Schema == nil {
		return media, &Schema{Kind: Any}, others
	}
	at := ""
	if r.op != nil {
		at = r.op.Pointer
	}
	return media, r.schema(from[key].Schema, at), others
}

// mediaType returns a media type without parameters; all kinds of JSON are JSON.
func mediaType(name string) string {
	kind, _, _ := strings.Cut(strings.ToLower(name), ";")
	kind = strings.TrimSpace(kind)
	if strings.HasSuffix(kind, "+json") || kind == "*/*" || kind == "text/json" {
		return "application/json"
	}
	return kind
}

// answers reads the answer of success, and what refusals look like.
func (r *reader) answers(from *openapi3.Responses) {
	responses := from.Map()
	statuses := slices.Sorted(maps.Keys(responses))
	for _, status := range statuses {
		answer := responses[status].Value
		success := strings.HasPrefix(status, "2") || (status == "default" && len(statuses) == 1)
		switch {
		case answer == nil:
		case success && (r.op.Answer == nil || r.op.Answer.Media == ""):
			r.success(status, answer)
		case !success && r.op.Failure == nil:
			r.failure(answer)
		}
	}
}

// wantedAnswers are the media types of answers that are wanted most.
//
//nolint:gochecknoglobals // a table
var wantedAnswers = []string{"application/json", "text/", "application/"}

// success reads the answer of success.
func (r *reader) success(status string, from *openapi3.Response) {
	if r.isLost(from.Extensions) {
		return
	}
	media, schema, _ := r.content(from.Content, wantedAnswers)
	r.op.Answer = &Answer{Status: status, Media: media, Schema: schema}
}

// failure reads what a refusal looks like. Nobody needs to know of an operation that this
// is unclear, so notes of it are only of the document.
func (r *reader) failure(from *openapi3.Response) {
	op := r.op
	r.op = nil
	defer func() { r.op = op }()
	if r.isLost(from.Extensions) {
		return
	}
	if media, schema, _ := r.content(from.Content, wantedAnswers); media == "application/json" {
		op.Failure = schema
	}
}

// security reads which credentials an operation needs.
func (r *reader) security(own *openapi3.SecurityRequirements) {
	list := r.from.Security
	if own != nil {
		list = *own
	}
	for _, needs := range list {
		if len(needs) > 0 {
			r.op.Security = append(r.op.Security, needs)
		}
	}
}

// AsError returns the error of [Read], nil for another one.
func AsError(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}
