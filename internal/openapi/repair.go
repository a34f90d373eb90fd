package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// lostKey is the member that stands in the place of a reference that leads nowhere.
const lostKey = "x-pollux-lost"

// The bounds of following references. The library walks what a reference leads to once
// for each reference, with a deep stack for references that lead to others.
const (
	maxHops    = 30          // references that lead to each other
	maxTargets = 100_000     // places that are referred to
	maxWork    = 300_000_000 // sum of the sizes of what each reference leads to
)

// lost says why a reference leads nowhere.
type lost struct {
	Pointer string `json:"pointer"`
	Name    string `json:"name"`
	Text    string `json:"text"`
}

// link is a reference that was looked at: it leads to what should stand there, and its
// file is relative to the folder of the document.
type link string

// repairer makes a document into one that the library takes, which reads all of a document
// or nothing. It goes along the library's own types: what is none of the type that stands
// there is taken away, and references that lead nowhere get a mark. So one wrong place
// costs what it describes and nothing else.
type repairer struct {
	files   *files
	later   bool // than OpenAPI 3.0: what stands beside a reference counts
	members map[reflect.Type]map[string]reflect.Type
	seen    map[string]bool // values that are repaired as what refers to them takes them for
	sizes   map[place]int   // of what is referred to
	work    int
	pending []job
}

// job is a value that is still to be repaired, as a type.
type job struct {
	value any
	as    reflect.Type
	place place
}

// Types of the library that are not like the others.
//
//nolint:gochecknoglobals // names of types
var (
	rootType      = reflect.TypeFor[openapi3.T]()
	pathItemType  = reflect.TypeFor[openapi3.PathItem]()
	schemaType    = reflect.TypeFor[openapi3.Schema]()
	parameterType = reflect.TypeFor[openapi3.Parameter]()
	oneOrMore     = reflect.TypeFor[openapi3.Types]()
	boolOrSchema  = reflect.TypeFor[openapi3.BoolSchema]()
	// unread are parts that no connector is made of, and that are often wrong.
	unread = []reflect.Type{
		reflect.TypeFor[openapi3.Examples](), reflect.TypeFor[openapi3.Links](), reflect.TypeFor[openapi3.Callbacks](), reflect.TypeFor[openapi3.Headers](),
		reflect.TypeFor[openapi3.Encodings](), reflect.TypeFor[openapi3.Discriminator](), reflect.TypeFor[openapi3.XML](), reflect.TypeFor[openapi3.ExclusiveBound](),
	}
	// maplike are types that hold others by any name.
	maplike = map[reflect.Type]reflect.Type{
		reflect.TypeFor[openapi3.Paths]():     pathItemType,
		reflect.TypeFor[openapi3.Callback]():  pathItemType,
		reflect.TypeFor[openapi3.Responses](): reflect.TypeFor[openapi3.ResponseRef](),
	}
)

// repair repairs a document and the files that it refers to.
func repair(f *files, later bool) error {
	r := &repairer{
		files: f, later: later, members: map[reflect.Type]map[string]reflect.Type{}, seen: map[string]bool{}, sizes: map[place]int{},
		pending: []job{{f.trees[""], rootType, place{}}},
	}
	for len(r.pending) > 0 {
		next := r.pending[0]
		r.pending = r.pending[1:]
		r.fit(next.value, next.as, next.place)
	}
	if r.tooMuch() {
		return &Error{File: f.name, Text: "the document has too many references: what they lead to is too large", Suggestion: "make a document of the operations that you need"}
	}
	return nil
}

// tooMuch reports references that would take the library too long.
func (r *repairer) tooMuch() bool { return len(r.sizes) > maxTargets || r.work > maxWork }

// fit returns a value as the library takes it for a type, and whether there is one.
// Objects are changed in place.
func (r *repairer) fit(v any, t reflect.Type, at place) (any, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case v == nil || slices.Contains(unread, t):
		return nil, false
	case t == oneOrMore:
		if _, one := v.(string); one {
			return v, true
		}
	case t == boolOrSchema:
		if _, yesOrNo := v.(bool); yesOrNo {
			return v, true
		}
		t = reflect.TypeFor[openapi3.SchemaRef]()
	}
	switch t.Kind() {
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if ok {
			r.object(m, t, at)
		}
		return m, ok
	case reflect.Map:
		m, ok := v.(map[string]any)
		if ok {
			r.entries(m, t.Elem(), at)
		}
		return m, ok
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		return r.elements(list, t.Elem(), at), true
	default:
		return fitPlain(v, t.Kind())
	}
}

// fitPlain returns a value without parts as one of a kind, and whether it is one.
func fitPlain(v any, kind reflect.Kind) (any, bool) {
	word := ""
	switch x := v.(type) {
	case json.Number:
		word = x.String()
	case int, float64, bool:
		word = fmt.Sprint(x)
	}
	switch kind {
	case reflect.Interface:
		return v, true
	case reflect.String:
		if text, ok := v.(string); ok {
			return text, true
		}
		return word, word != ""
	case reflect.Bool:
		_, ok := v.(bool)
		return v, ok
	case reflect.Float64:
		_, err := strconv.ParseFloat(word, 64)
		return v, err == nil
	case reflect.Uint64:
		_, err := strconv.ParseUint(word, 10, 32)
		return v, err == nil
	default:
		return nil, false
	}
}

// entries repairs the entries of an object by any name. What can be referred to stays, so
// that references lead to it.
func (r *repairer) entries(m map[string]any, t reflect.Type, at place) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if fitted, ok := r.entry(m[name], t, at.at(name)); ok {
			m[name] = fitted
		} else {
			delete(m, name)
		}
	}
}

// entry repairs an entry or an element. One that can be referred to becomes an empty
// object rather than nothing.
func (r *repairer) entry(v any, t reflect.Type, at place) (any, bool) {
	fitted, ok := r.fit(v, t, at)
	if !ok && wrapped(t) != nil {
		return r.fit(map[string]any{}, t, at)
	}
	return fitted, ok
}

// elements repairs the elements of an array. What can be referred to keeps its index.
func (r *repairer) elements(list []any, t reflect.Type, at place) []any {
	out := list[:0:0]
	for i, v := range list {
		if fitted, ok := r.entry(v, t, at.at(strconv.Itoa(i))); ok {
			out = append(out, fitted)
		}
	}
	return out
}

// object repairs the members of an object that the library knows; it leaves the others
// as they are.
func (r *repairer) object(m map[string]any, t reflect.Type, at place) {
	if of := wrapped(t); of != nil {
		r.reference(m, t, at)
		t = of
	}
	if t == pathItemType {
		r.reference(m, t, at)
	}
	if of := maplike[t]; of != nil {
		extensions := maps.Clone(m)
		maps.DeleteFunc(extensions, func(name string, _ any) bool { return !strings.HasPrefix(name, "x-") })
		maps.DeleteFunc(m, func(name string, _ any) bool { return strings.HasPrefix(name, "x-") })
		r.entries(m, of, at)
		maps.Copy(m, extensions)
		return
	}
	members := r.membersOf(t)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v, of := m[name], members[name]
		if of == nil {
			continue
		}
		fitted, ok := r.fit(v, of, at.at(name))
		if ok && name == "example" && of.Kind() == reflect.Interface {
			_, ok = fitPlain(v, reflect.String)
		}
		if ok {
			m[name] = fitted
		} else {
			delete(m, name)
		}
	}
	if t == parameterType && m["$ref"] == nil && m[lostKey] == nil {
		r.parameter(m, at)
	}
}

// parameter repairs what the library or nobody could understand of a parameter.
func (r *repairer) parameter(m map[string]any, at place) {
	if m["schema"] != nil {
		delete(m, "content")
	}
	if name, in := m["name"], m["in"]; name == nil || name == "" || in == nil || in == "" {
		m[lostKey] = &lost{Pointer: at.pointer, Text: "a parameter has no name or no place"}
	}
}

// membersOf returns the types of a type's members, by name.
func (r *repairer) membersOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := r.members[t]; ok {
		return known
	}
	out := map[string]reflect.Type{}
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); field.IsExported() && name != "" && name != "-" && name != "$ref" {
			out[name] = field.Type
		}
	}
	if t == rootType {
		delete(out, "webhooks")
	}
	r.members[t] = out
	return out
}

// wrapped returns the type of what stands in the place of a reference or is referred to,
// nil for other types.
func wrapped(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasSuffix(t.Name(), "Ref") {
		return nil
	}
	if value, ok := t.FieldByName("Value"); ok {
		return value.Type.Elem()
	}
	return nil
}

// reference repairs the reference of an object, if it is one. What stands beside it is
// written as a part of a whole, which the reference is another part of.
func (r *repairer) reference(m map[string]any, t reflect.Type, at place) {
	if _, ours := m[lostKey].(*lost); !ours {
		delete(m, lostKey)
	}
	if _, done := m["$ref"].(link); done {
		return
	}
	ref, _ := m["$ref"].(string)
	if ref == "" || r.tooMuch() {
		delete(m, "$ref")
		return
	}
	to, name, why := r.follow(at, ref, t)
	delete(m, "$ref")
	isSchema := wrapped(t) == schemaType
	if t != pathItemType && (!isSchema || why != "") {
		clear(m)
	}
	switch {
	case why != "":
		m[lostKey] = &lost{Pointer: at.pointer, Name: name, Text: why}
		return
	case !isSchema:
		m["$ref"] = to
		return
	case !r.later:
		maps.DeleteFunc(m, func(name string, _ any) bool { return name != "description" && name != "nullable" })
	}
	if len(m) == 0 {
		m["$ref"] = to
		return
	}
	parts, _ := m["allOf"].([]any)
	m["allOf"] = append(parts, map[string]any{"$ref": to})
}

// follow looks whether a reference leads to something of a type, over others if need be.
// It returns the reference as the library reads it and the last name in it.
func (r *repairer) follow(from place, ref string, want reflect.Type) (to link, name, why string) {
	for hop := range maxHops {
		name = refName(ref)
		next, why := r.files.locate(from, ref)
		if why != "" {
			return "", name, why
		}
		v, as, why := r.target(next, ref)
		m, isObject := v.(map[string]any)
		switch {
		case why != "":
			return "", name, why
		case !isObject || (as != nil && as != want):
			return "", name, fmt.Sprintf("the reference %.100q leads to something else than what should stand there", ref)
		case hop > 0 && want == pathItemType:
			return "", name, fmt.Sprintf("the reference %.100q leads to another reference", ref)
		case hop == 0:
			to = r.write(from, next)
			r.reached(next, v, as, want)
		}
		further, _ := m["$ref"].(string)
		if further == "" {
			return to, name, ""
		}
		from, ref = next, further
	}
	return "", name, "the reference leads back to itself"
}

// write returns a reference to a place as the library reads it. The library takes two with
// the same text for the same, whatever files they stand in.
func (r *repairer) write(from, to place) link {
	u := url.URL{Path: to.file, Fragment: to.pointer}
	if to.file == "" && from.file != "" {
		u.Path = r.files.main
	}
	return link(u.String())
}

// reached remembers that something is referred to: the library reads the whole file, and
// what stands outside of all that it knows as what the reference takes it for.
func (r *repairer) reached(to place, v any, as, want reflect.Type) {
	if _, known := r.sizes[to]; !known {
		r.sizes[to] = weigh(v, 1, 0, maxWork)
		r.work += r.sizes[to]
	}
	r.work += r.sizes[to]
	for _, j := range []job{{r.files.trees[to.file], rootType, place{file: to.file}}, {v, want, to}} {
		key := j.place.file + "#" + j.place.pointer + " " + j.as.String()
		wanted := (j.as == want && as == nil) || (j.as == rootType && to.file != "" && to.pointer != "")
		if wanted && !r.seen[key] {
			r.seen[key] = true
			r.pending = append(r.pending, j)
		}
	}
}

// target returns what stands at a place, the type that the library takes it for (nil where
// it does not know), and why there is nothing if there is nothing.
func (r *repairer) target(at place, ref string) (v any, as reflect.Type, why string) {
	v, why = r.files.tree(at.file)
	if why != "" {
		return nil, nil, why
	}
	if at.pointer == "" {
		if at.file == "" {
			as = rootType
		}
		return v, as, ""
	}
	if at.file != "" && strings.Contains(at.pointer, "%") {
		return nil, nil, fmt.Sprintf("the reference %.100q has a name with a percent sign, which is not followed into other files", ref)
	}
	as = rootType
	for part := range strings.SplitSeq(at.pointer[1:], "/") {
		part = unescaper.Replace(part)
		_, isList := v.([]any)
		if v = step(v, part); v == nil {
			return nil, nil, fmt.Sprintf("the reference %.100q leads to nothing", ref)
		}
		if as != nil && (isList != (as.Kind() == reflect.Slice) || (maplike[as] != nil && strings.HasPrefix(part, "x-"))) {
			return nil, nil, unreadPart(ref)
		}
		if as = r.stepType(as, part); as != nil && slices.Contains(unread, as) {
			return nil, nil, unreadPart(ref)
		}
	}
	return v, as, ""
}

// unreadPart says why a reference is not followed into what was taken away.
func unreadPart(ref string) string {
	return fmt.Sprintf("the reference %.100q leads into a part that is not read", ref)
}

// step returns a member or an element, nil where there is none.
func step(v any, part string) any {
	switch x := v.(type) {
	case map[string]any:
		return x[part]
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(x) && strconv.Itoa(i) == part {
			return x[i]
		}
	}
	return nil
}

// stepType returns the type of a member or an element, nil where the library knows none.
func (r *repairer) stepType(t reflect.Type, part string) reflect.Type {
	if t == nil {
		return nil
	}
	if of := wrapped(t); of != nil {
		t = of
	}
	var of reflect.Type
	switch {
	case maplike[t] != nil:
		of = maplike[t]
	case t.Kind() == reflect.Map || t.Kind() == reflect.Slice:
		of = t.Elem()
	case t.Kind() == reflect.Struct:
		of = r.membersOf(t)[part]
	}
	switch {
	case of == nil || of.Kind() == reflect.Interface:
		return nil
	case of == boolOrSchema:
		return reflect.TypeFor[openapi3.SchemaRef]()
	case of.Kind() == reflect.Pointer:
		return of.Elem()
	}
	return of
}
