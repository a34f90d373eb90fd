package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
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
	root := node{v: tree}
	if err := fits(file, root); err != nil {
		return nil, err
	}
	r := &reader{
		doc:     &Document{},
		files:   &files{folder: folder, main: file, trees: map[string]any{"": tree}, failed: map[string]string{}, bytes: len(text)},
		schemas: map[string]*Schema{}, open: map[string]bool{}, root: root, told: map[string]bool{},
	}
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
	files   *files
	root    node
	schemas map[string]*Schema // what references lead to
	open    map[string]bool    // of them, those that are being read
	nested  int                // how many
	told    map[string]bool
	op      *Operation // that is being read
}

// versionForm are the versions that are read.
var versionForm = regexp.MustCompile(`^3\.[01](\.|$)`)

// fits says why a document is none of those that are read.
func fits(file string, root node) error {
	version := root.member("openapi").word()
	switch old := root.member("swagger").word(); {
	case !root.isObject():
		return &Error{File: file, Line: 1, Column: 1, Text: "the document is no OpenAPI document: it is no object"}
	case version == "" && old != "":
		return &Error{
			File: file, Pointer: "/swagger", Text: fmt.Sprintf("Swagger %.10s is not read, only OpenAPI 3.0 and 3.1", old),
			Suggestion: "convert it first, for example with swagger2openapi, or with Edit > Convert to OpenAPI 3 in the Swagger editor",
		}
	case version == "":
		return &Error{File: file, Text: `the document is no OpenAPI document: it does not say openapi: "3.0.0"`}
	case !versionForm.MatchString(version):
		return &Error{File: file, Pointer: "/openapi", Text: fmt.Sprintf("OpenAPI %.20s is not read, only 3.0 and 3.1", version), Suggestion: "convert it, or ask the service for such a document"}
	case !root.member("paths").isObject():
		text := "the document has no paths"
		if root.member("paths").there() {
			text = "paths is no object"
		} else if root.member("webhooks").there() {
			text = "the document has webhooks alone and no paths"
		}
		return &Error{File: file, Pointer: "/paths", Text: text, Suggestion: "a connector is made from the operations under paths"}
	}
	return nil
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

// head reads what the document says of the whole service.
func (r *reader) head() {
	info := r.root.member("info")
	r.doc.Title, r.doc.Version, r.doc.Description = info.member("title").text(), info.member("version").word(), info.member("description").text()
	r.doc.Docs = r.root.member("externalDocs").member("url").text()
	for _, server := range r.root.member("servers").items() {
		if s := readServer(server); s.URL != "" {
			r.doc.Servers = append(r.doc.Servers, s)
		}
	}
}

// readServer reads an address and puts the defaults of its variables into it.
func readServer(n node) Server {
	s := Server{URL: n.member("url").text()}
	variables := n.member("variables")
	for _, name := range variables.all() {
		if hole := "{" + name + "}"; strings.Contains(s.URL, hole) {
			s.Variables = append(s.Variables, name)
			s.URL = strings.ReplaceAll(s.URL, hole, variables.member(name).member("default").word())
		}
	}
	return s
}

// schemes reads the ways to sign in.
func (r *reader) schemes() {
	all := r.root.member("components").member("securitySchemes")
	for _, name := range all.all() {
		n, _, why := r.follow(all.member(name))
		if why != "" {
			r.note(all.member(name).pointer, why)
			continue
		}
		s := Scheme{
			Name: name, Type: n.member("type").text(), Scheme: strings.ToLower(n.member("scheme").text()),
			In: n.member("in").text(), Param: n.member("name").text(),
		}
		flows := n.member("flows")
		for _, flow := range flows.names() {
			f := flows.member(flow)
			s.Flows = append(s.Flows, Flow{Name: flow, AuthorizeURL: f.member("authorizationUrl").text(), TokenURL: f.member("tokenUrl").text()})
		}
		r.doc.Schemes = append(r.doc.Schemes, s)
	}
}

// methods are the members of a path that are operations.
func methods() []string {
	return []string{"delete", "get", "head", "options", "patch", "post", "put", "trace"}
}

// paths reads all operations, by path and method.
func (r *reader) paths() {
	paths := r.root.member("paths")
	for _, name := range paths.names() {
		item, _, why := r.follow(paths.member(name))
		if why != "" {
			r.note(paths.member(name).pointer, why)
			continue
		}
		for _, method := range methods() {
			if !item.member(method).isObject() {
				continue
			}
			if len(r.doc.Operations) == MaxOperations {
				r.note(paths.pointer, fmt.Sprintf("only %d operations are read", MaxOperations))
				return
			}
			r.operation(name, item, method)
		}
	}
}

// operation reads one operation.
func (r *reader) operation(name string, item node, method string) {
	n := item.member(method)
	op := &Operation{
		ID: n.member("operationId").text(), Method: strings.ToUpper(method), Path: name, Pointer: n.pointer,
		Summary: n.member("summary").text(), Description: n.member("description").text(), Tags: n.member("tags").texts(), Deprecated: n.member("deprecated").yes(),
	}
	r.op = op
	defer func() { r.op = nil }()
	r.doc.Operations = append(r.doc.Operations, op)
	r.parameters(item.member("parameters"))
	r.parameters(n.member("parameters"))
	slices.SortFunc(op.Parameters, func(a, b Parameter) int { return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Name, b.Name)) })
	r.body(n.member("requestBody"))
	r.answers(n.member("responses"))
	r.security(n)
	for _, servers := range [][]node{n.member("servers").items(), item.member("servers").items()} {
		if len(servers) > 0 && op.Server == "" {
			op.Server = readServer(servers[0]).URL
		}
	}
}

// parameters reads the parameters of a path or of an operation, which replace those of
// the path.
func (r *reader) parameters(list node) {
	for _, item := range list.items() {
		n, _, why := r.follow(item)
		if why != "" {
			r.note(item.pointer, why)
			continue
		}
		p := Parameter{
			Name: n.member("name").text(), In: n.member("in").text(), Required: n.member("required").yes(),
			Description: n.member("description").text(), Deprecated: n.member("deprecated").yes(), Style: n.member("style").text(),
		}
		if p.Name == "" || p.In == "" {
			r.note(n.pointer, "a parameter has no name or no place")
			continue
		}
		if p.Style == "" {
			p.Style = map[string]string{"query": "form", "cookie": "form"}[p.In]
		}
		p.Explode = p.Style == "form"
		if explode, given := n.member("explode").v.(bool); given {
			p.Explode = explode
		}
		p.Schema = r.parameterSchema(n)
		r.op.Parameters = slices.DeleteFunc(r.op.Parameters, func(other Parameter) bool { return other.Name == p.Name && other.In == p.In })
		r.op.Parameters = append(r.op.Parameters, p)
	}
}

// parameterSchema reads what a parameter looks like, which stands in one of two places.
// Its example belongs to it.
func (r *reader) parameterSchema(n node) *Schema {
	schema := n.member("schema")
	if content := n.member("content"); !schema.isObject() && len(content.all()) > 0 {
		schema = content.member(content.all()[0]).member("schema")
	}
	if !schema.isObject() {
		return &Schema{Kind: String}
	}
	s := r.schema(schema)
	if example := n.member("example").value(); example != nil && s.Example == nil {
		own := *s
		own.Example = example
		return &own
	}
	return s
}

// body reads what a request carries, in the form that is easiest to send.
func (r *reader) body(item node) {
	if !item.there() {
		return
	}
	n, _, why := r.follow(item)
	if why != "" {
		r.note(item.pointer, why)
		r.op.Body = &Body{Media: "application/json", Schema: &Schema{Kind: Object, Open: true, Lost: true}}
		return
	}
	media, schema, others := r.content(n.member("content"), []string{"application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/", "application/"})
	if media == "" {
		return
	}
	r.op.Body = &Body{Media: media, Required: n.member("required").yes(), Schema: schema, Others: others}
}

// content returns the media type that is wanted most, and what it looks like.
func (r *reader) content(n node, wanted []string) (media string, s *Schema, others []string) {
	best, key := len(wanted)+1, ""
	for _, name := range n.all() {
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
	schema := n.member(key).member("schema")
	if !schema.isObject() {
		return media, &Schema{Kind: Any}, others
	}
	return media, r.schema(schema), others
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
func (r *reader) answers(responses node) {
	statuses := responses.names()
	for _, status := range statuses {
		item := responses.member(status)
		success := strings.HasPrefix(status, "2") || (status == "default" && len(statuses) == 1)
		switch {
		case success && (r.op.Answer == nil || r.op.Answer.Media == ""):
			r.success(status, item)
		case !success && r.op.Failure == nil:
			r.failure(item)
		}
	}
}

// wantedAnswers are the media types of answers that are wanted most.
//
//nolint:gochecknoglobals // a table
var wantedAnswers = []string{"application/json", "text/", "application/"}

// success reads the answer of success.
func (r *reader) success(status string, item node) {
	n, _, why := r.follow(item)
	if why != "" {
		r.note(item.pointer, why)
		return
	}
	media, schema, _ := r.content(n.member("content"), wantedAnswers)
	r.op.Answer = &Answer{Status: status, Media: media, Schema: schema}
}

// failure reads what a refusal looks like. Nobody needs to know of an operation that this
// is unclear, so notes of it are only of the document.
func (r *reader) failure(item node) {
	op := r.op
	r.op = nil
	defer func() { r.op = op }()
	n, _, why := r.follow(item)
	if why != "" {
		r.note(item.pointer, why)
		return
	}
	if media, schema, _ := r.content(n.member("content"), wantedAnswers); media == "application/json" {
		op.Failure = schema
	}
}

// security reads which credentials an operation needs.
func (r *reader) security(n node) {
	list := n.member("security")
	if _, own := list.v.([]any); !own {
		list = r.root.member("security")
	}
	for _, item := range list.items() {
		needs := map[string][]string{}
		for _, name := range item.all() {
			needs[name] = item.member(name).texts()
		}
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
