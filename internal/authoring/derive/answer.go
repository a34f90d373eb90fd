package derive

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/fields"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// found is where the value of an answer was found.
type found struct {
	list   bool
	path   string
	schema *openapi.Schema // of the record; nil where nobody says
	guess  string
}

// usualLists are names under which lists stand in answers.
//
//nolint:gochecknoglobals // a table
var usualLists = []string{"data", "items", "results", "result", "records", "values", "value", "entries", "elements", "rows", "list", "content", "hits", "objects", "collection", "resources", "nodes"}

// wrappers are names of objects in which the value of an answer stands.
//
//nolint:gochecknoglobals // a table
var wrappers = []string{"data", "result", "results", "response", "payload", "embedded", "body", "value"}

// besides are names of members that go with a list or a record and are none themselves.
//
//nolint:gochecknoglobals // a table
var besides = []string{
	"total", "count", "page", "limit", "offset", "next", "previous", "prev", "cursor", "meta", "metadata", "pagination", "paging", "links", "traceid", "requestid", "hasmore", "success",
	"succeeded", "status", "statuscode", "message", "msg", "error", "errors", "code", "first", "last", "perpage", "pages", "totalcount", "totalpages", "totalelements",
	"totalresults", "totalitems", "size", "pagesize", "number", "self", "object", "url", "timestamp", "nextpage", "nextpagetoken", "nextcursor", "nextlink", "hasnext", "hasnextpage",
	"currentpage", "lastpage", "nextpageurl", "previouspageurl", "prevpageurl", "from", "to", "warnings", "ok", "type", "apiversion", "version", "kind", "etag", "nextsynctoken", "took", "skip", "aggregations",
}

// isBeside reports members that go with a value.
func isBeside(p openapi.Property) bool { return slices.Contains(besides, wording.Fold(p.Name)) }

// listIn looks for the list in an answer: the whole answer, a member that is called like
// the things that are asked for or as lists usually are, or the only member that is a
// list of objects.
func listIn(s *openapi.Schema, r wording.Route) (found, bool) {
	if s == nil {
		return found{}, false
	}
	if s.Kind == openapi.Array {
		return found{list: true, path: ".", schema: s.Items}, true
	}
	if s.Kind != openapi.Object || s.Property("id") != nil {
		return found{}, false
	}
	if f, ok := listMember(s, r); ok {
		return f, true
	}
	for _, p := range s.Properties {
		if p.Schema.Kind != openapi.Object || !slices.Contains(wrappers, wording.Fold(p.Name)) || !wording.IsStep(p.Name) {
			continue
		}
		if f, ok := listMember(p.Schema, r); ok {
			f.path = p.Name + "." + f.path
			f.guess = cmp.Or(f.guess, "the list is taken from "+f.path)
			return f, true
		}
	}
	return found{}, false
}

// listMember looks for the list among the members of an object.
func listMember(s *openapi.Schema, r wording.Route) (found, bool) {
	lists, alone := arrays(s)
	for _, p := range lists {
		if wording.Fold(p.Name) == wording.Fold(r.Last) || wording.Singular(wording.Snake(p.Name)) == r.Noun() {
			return found{list: true, path: p.Name, schema: p.Schema.Items}, true
		}
	}
	for _, name := range usualLists {
		for _, p := range lists {
			if wording.Fold(p.Name) == name {
				return found{list: true, path: p.Name, schema: p.Schema.Items}, true
			}
		}
	}
	if len(lists) == 1 && alone && !scalar(lists[0].Schema.Items) {
		return found{list: true, path: lists[0].Name, schema: lists[0].Schema.Items, guess: fmt.Sprintf("the list is taken from %s, the only one in the answer", lists[0].Name)}, true
	}
	return found{}, false
}

// arrays returns the members of an object that can be the list of an answer. alone is true
// if everything else goes with a list.
func arrays(s *openapi.Schema) (lists []openapi.Property, alone bool) {
	alone = true
	for _, p := range s.Properties {
		beside := isBeside(p)
		switch {
		case p.Schema.Kind == openapi.Array && wording.IsStep(p.Name) && (!beside || !scalar(p.Schema.Items)):
			lists = append(lists, p)
		case !beside:
			alone = false
		}
	}
	return lists, alone
}

// scalar reports values without parts.
func scalar(s *openapi.Schema) bool {
	return s != nil && slices.Contains([]openapi.Kind{openapi.String, openapi.Integer, openapi.Number, openapi.Boolean}, s.Kind)
}

// valueIn looks for the record in an answer: the only member that is an object where
// everything else goes with it, or the whole answer.
func valueIn(s *openapi.Schema, r wording.Route) found {
	if s.Kind != openapi.Object || s.Property("id") != nil {
		return found{path: ".", schema: s}
	}
	var objects []openapi.Property
	for _, p := range s.Properties {
		switch {
		case p.Schema.Kind == openapi.Object && wording.IsStep(p.Name) && (!isBeside(p) || wording.Fold(p.Name) == wording.Fold(r.Noun())):
			objects = append(objects, p)
		case !isBeside(p):
			return found{path: ".", schema: s}
		}
	}
	if len(objects) != 1 {
		return found{path: ".", schema: s}
	}
	f := found{path: objects[0].Name, schema: objects[0].Schema}
	if name := wording.Fold(objects[0].Name); name != wording.Fold(r.Noun()) && !slices.Contains(wrappers, name) {
		f.guess = "the record is taken from " + objects[0].Name
	}
	return f
}

// answer says where the value of an operation's answer stands, and makes the object that
// it is.
func (d *maker) answer(from *openapi.Operation, op *draft.Operation) {
	a := from.Answer
	switch {
	case a == nil || a.Media == "":
		if op.Read {
			op.Notes = append(op.Notes, "The document does not say what it answers.")
		}
		return
	case a.Media != "application/json":
		if op.Read && op.Method == http.MethodGet {
			op.Answer = &draft.Answer{File: true, Value: ".", Object: d.fileObject()}
			op.Notes = append(op.Notes, wording.Line("It answers with a file: "+a.Media, wording.MaxText))
		} else if op.Read {
			op.Notes = append(op.Notes, wording.Line("The content of its answer is not read: "+a.Media, wording.MaxText))
		}
		return
	}
	f, isList := found{}, false
	switch {
	case op.Read && (!op.Route.One || op.Method != http.MethodGet || a.Schema.Kind == openapi.Array):
		f, isList = listIn(a.Schema, op.Route)
	case op.Read: // what stands at one id is mostly one thing, but not always
		f, isList = listOf(a.Schema, op.Route)
	}
	if !isList {
		f = valueIn(a.Schema, op.Route)
	}
	op.AnswerGuess = f.guess
	op.Answer = &draft.Answer{Schema: f.schema}
	if isList {
		op.Answer.List = f.path
	} else {
		op.Answer.Value = f.path
	}
}

// listOf looks for a list that is called like one of the things in the path, with nothing
// beside it that belongs to a record.
func listOf(s *openapi.Schema, r wording.Route) (found, bool) {
	f, ok := listMember(s, r)
	if !ok || s.Kind != openapi.Object || s.Property("id") != nil || !slices.Contains(r.Nouns, wording.Singular(wording.Snake(f.path))) {
		return found{}, false
	}
	for _, p := range s.Properties {
		if p.Name != f.path && !isBeside(p) {
			return found{}, false
		}
	}
	return f, true
}

// objectsOf makes the objects of all answers. Lists come first and then the reads of one
// record, so that what is polled has the plainest names.
func (d *maker) objectsOf(all []*draft.Operation) {
	rank := func(o *draft.Operation) int {
		switch {
		case o.Answer.List != "":
			return 0
		case o.Read && o.Route.One:
			return 1
		case o.Read:
			return 2
		}
		return 3
	}
	var some []*draft.Operation
	for _, op := range all {
		if op.Answer != nil && !op.Answer.File {
			some = append(some, op)
		}
	}
	slices.SortStableFunc(some, func(a, b *draft.Operation) int { return cmp.Compare(rank(a), rank(b)) })
	for _, op := range some {
		d.objectOf(op)
	}
}

// objectOf makes the object of an answer.
func (d *maker) objectOf(op *draft.Operation) {
	f := found{list: op.Answer.List != "", schema: op.Answer.Schema}
	if op.Answer.Object = d.object(f, op); op.Answer.Object == nil && op.Read {
		op.Notes = append(op.Notes, "The document does not say what the answer holds.")
	}
}

// objectWords are words in names of schemas that say nothing of the thing.
//
//nolint:gochecknoglobals // a table
var objectWords = []string{
	"dto", "schema", "response", "responses", "successful", "success", "successfully", "model", "entity", "object", "output", "resource", "api", "view", "payload", "body",
	"get", "list", "create", "created", "update", "updated", "search", "find", "upsert", "delete", "by", "id", "all", "v1", "v2", "v3", "ref", "result", "paged", "paginated", "page",
}

// object returns the object for the records that were found, nil where nothing is known
// of them. Records that look alike and are called alike are one object.
func (d *maker) object(f found, op *draft.Operation) *draft.Object {
	s := f.schema
	if s == nil || (s.Kind == openapi.Object && len(s.Properties) == 0) || (!f.list && s.Kind != openapi.Object) {
		return nil
	}
	b := fields.Shape{Left: fields.MaxFields, Record: true}
	o := &draft.Object{}
	switch {
	case s.Kind == openapi.Object:
		record := b.Field("record", s, 0)
		o.Fields = record.Fields
		o.Note = record.Note
		identity(o, s, op.Route.Noun())
	case scalar(s):
		o.Fields, o.ID = []draft.Field{{Name: "value", Type: fields.TypeOf(s)}}, "value"
		if o.Fields[0].Type != "string" {
			o.ID = ""
		}
	default:
		return nil
	}
	if len(o.Fields) == 0 {
		return nil
	}
	key := objectKey(s, f.list, op)
	if !f.list && o.ID == "" && !slices.ContainsFunc(s.Properties, func(p openapi.Property) bool { return !isBeside(p) }) {
		key = "result" // it only says how it went
	}
	return d.known(key, o)
}

// objectKey is the name that an object should have: that of its schema, without the words
// that say nothing, or that of the thing that the path leads to.
func objectKey(s *openapi.Schema, list bool, op *draft.Operation) string {
	own := wording.Words(s.Name)
	meant := slices.DeleteFunc(slices.Clone(own), func(w string) bool { return slices.Contains(objectWords, w) })
	noun := cmp.Or(op.Route.Noun(), "record")
	switch {
	case len(meant) > 0 && len(meant) <= 4 && len(own)-len(meant) < 3:
		meant[len(meant)-1] = wording.Singular(meant[len(meant)-1])
		return wording.Joined(meant)
	case list || op.Route.One || op.Read || op.Route.Action == "":
		return noun
	}
	return noun + "_" + op.Route.Action
}

// identity says which fields tell a record from another and when it was made and changed.
func identity(o *draft.Object, s *openapi.Schema, noun string) {
	var guesses []string
	own := []string{wording.Fold(noun) + "id", wording.Fold(o.Key) + "id"}
	for _, want := range [][]string{{"id"}, own, {"uuid"}, {"guid"}, {"uid"}, {"key"}, {"code"}, {"slug"}} {
		for i := range o.Fields {
			f := &o.Fields[i]
			if o.ID != "" || !slices.Contains(want, wording.Fold(f.Name)) || !slices.Contains([]string{"string", "integer"}, f.Type) {
				continue
			}
			if o.ID = f.Name; wording.Fold(f.Name) != "id" {
				guesses = append(guesses, "id")
			}
			if f.Type == "integer" {
				f.Type, f.Note = "string", "A number at the service; a text here, as all ids are."
			}
			f.Nullable, f.Options = false, nil
		}
	}
	var guessed bool
	if o.Created, guessed = timeField(o, s, wording.CreatedNames()); guessed {
		guesses = append(guesses, "created")
	}
	if o.Updated, guessed = timeField(o, s, wording.UpdatedNames()); guessed {
		guesses = append(guesses, "updated")
	}
	if len(guesses) > 0 {
		o.Guess = strings.Join(guesses, " and ") + " by name"
	}
}

// timeField returns the first of an object's fields with one of some names that holds a
// time. A text is one only by its name unless its format or example says so; numbers are
// none, for nobody says what they count.
func timeField(o *draft.Object, s *openapi.Schema, names []string) (name string, guess bool) {
	for _, want := range names {
		for i := range o.Fields {
			f := &o.Fields[i]
			if wording.Fold(f.Name) != want {
				continue
			}
			switch p := s.Property(f.Name); {
			case f.Type == "time":
				return f.Name, false
			case f.Type == "string" && (p.Format == "" || p.Format == "datetime" || p.Format == "timestamp") && len(p.Options) == 0 && !contradicts(p.Example):
				f.Type = "time"
				return f.Name, true
			}
		}
	}
	return "", false
}

// contradicts reports an example that is no time.
func contradicts(example any) bool {
	text, isText := example.(string)
	return example != nil && (!isText || len(text) < len("2006-01-02T15:04") || text[4] != '-' || text[10] != 'T')
}

// known returns the object with that key and that content, and makes it if there is none.
func (d *maker) known(key string, o *draft.Object) *draft.Object {
	if key == "" {
		key = "record"
	}
	if key[0] >= '0' && key[0] <= '9' {
		key = "n" + key
	}
	o.Title = wording.Titled(strings.Split(key, "_"))
	text := describe(o)
	for i := 1; ; i++ {
		o.Key = key
		if i > 1 {
			o.Key = key + "_" + strconv.Itoa(i)
		}
		other, taken := d.objects[o.Key]
		if !taken {
			d.objects[o.Key], d.prints[o.Key] = o, text
			return o
		}
		if d.prints[o.Key] == text {
			return other
		}
	}
}

// describe is an object as text, to see whether two are alike.
func describe(o *draft.Object) string {
	var b strings.Builder
	fmt.Fprint(&b, o.ID, o.Created, o.Updated, o.Note)
	var walk func(fields []draft.Field)
	walk = func(fields []draft.Field) {
		for i := range fields {
			f := &fields[i]
			fmt.Fprintf(&b, "|%s %s %v %q %q", f.Name, f.Type, f.Open, f.Note, f.Description)
			if f.Items != nil {
				walk([]draft.Field{*f.Items})
			}
			walk(f.Fields)
			b.WriteByte(';')
		}
	}
	walk(o.Fields)
	return b.String()
}

// fileObject is the object of answers that are files.
func (d *maker) fileObject() *draft.Object {
	return d.known("file", &draft.Object{Fields: []draft.Field{
		{Name: "type", Type: "string"}, {Name: "bytes", Type: "integer"}, {Name: "sha256", Type: "string"}, {Name: "file", Type: "string"},
	}, ID: "sha256"})
}
