package derive

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/openapi"
)

// From makes the draft of a connector with that key.
func From(doc *openapi.Document, key string) *Connector {
	d := &draft{doc: doc, c: &Connector{}, objects: map[string]*Object{}, prints: map[string]string{}}
	d.service(key)
	all := d.operations()
	d.settings(all)
	for _, op := range all {
		poll(op)
	}
	parents(all)
	confirms(all)
	d.check(all)
	d.files(all)
	return d.c
}

// Key makes the key of a connector of the title of its document, or of a file's name;
// "" where nothing is left.
func Key(title string) string {
	title = strings.ReplaceAll(line(title, maxTitle), "OpenAPI", "")
	all := slices.DeleteFunc(words(title), func(w string) bool {
		return slices.Contains([]string{"api", "apis", "openapi", "swagger", "rest", "spec", "specification", "the", "public", "reference", "v1", "v2", "v3", "v4"}, w)
	})
	if len(all) > 3 {
		all = all[:3]
	}
	return joined(all)
}

// draft is a connector that is being made.
type draft struct {
	doc     *openapi.Document
	c       *Connector
	objects map[string]*Object
	prints  map[string]string
}

// operations turns all operations, by key.
func (d *draft) operations() []*Operation {
	d.c.Version = d.version()
	var all []*Operation
	var waiting []keyed
	answers := map[*Operation]*openapi.Operation{}
	for _, from := range d.doc.Operations {
		op, err := d.operation(from)
		if err != nil {
			d.c.LeftOut = append(d.c.LeftOut, LeftOut{Method: from.Method, Path: line(from.Path, 200), Pointer: line(from.Pointer, 300), Reason: line(err.Error(), 2*maxText)})
			continue
		}
		d.answer(from, op)
		all = append(all, op)
		answers[op] = from
		list := op.Answer != nil && op.Answer.List != ""
		tag := ""
		if len(from.Tags) > 0 {
			tag = from.Tags[0]
		}
		waiting = append(waiting, keyed{
			op: op, resource: op.place.resource(tag), id: from.ID,
			verb: op.place.verb(from.Method, list, from.Method == http.MethodPut && d.patched(from.Path)), holes: op.holes(),
		})
	}
	assignKeys(waiting)
	slices.SortFunc(all, func(a, b *Operation) int { return cmp.Compare(a.Key, b.Key) })
	d.objectsOf(all)
	for _, op := range all {
		op.Title = cmp.Or(op.Title, titled(words(op.Key)))
		if op.Answer != nil && op.Answer.List != "" {
			op.Paging = paging(op, answers[op].Answer.Schema)
		}
	}
	return all
}

// patched reports whether a path has a PATCH too.
func (d *draft) patched(path string) bool {
	return slices.ContainsFunc(d.doc.Operations, func(o *openapi.Operation) bool { return o.Path == path && o.Method == http.MethodPatch })
}

// holes returns the names of the inputs in the path.
func (o *Operation) holes() []string {
	var names []string
	for i := range o.Inputs {
		if o.Inputs[i].place == "path" {
			names = append(names, o.Inputs[i].Name)
		}
	}
	return names
}

// plainPath are paths that a manifest can have, once their holes are filled.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?$`)

// operation turns one operation. The error says why it cannot be expressed.
func (d *draft) operation(from *openapi.Operation) (*Operation, error) {
	switch from.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, fmt.Errorf("the method %s is not one that an operation has", from.Method)
	}
	if from.Server != "" && !d.isOurs(from.Server) {
		return nil, fmt.Errorf("it has an address of its own, %.100q", hidden(from.Server))
	}
	op := &Operation{
		Title: line(from.Summary, maxTitle), Method: from.Method, Pointer: line(from.Pointer, 300), place: routeOf(from.Path),
		Scopes: scopes(from), file: d.fileOf(from),
	}
	if text := line(from.Description, maxText); text != "" && text != op.Title {
		op.Description = text
	}
	op.Read = from.Method == http.MethodGet
	if from.Method == http.MethodPost && isReading(from, op.place) {
		op.Read, op.KindGuess = true, "it is called like something that only looks"
	}
	r := &request{
		from: from, op: op, fields: shape{left: maxFields}, taken: map[string]bool{},
		skip: d.isCredential,
	}
	if d.c.Version != nil {
		r.version = fold(d.c.Version.Header)
	}
	if err := r.inputs(); err != nil {
		return nil, err
	}
	if d.c.Version != nil && op.Version == d.c.Version.Value {
		op.Version = ""
	}
	var texts []string
	for _, s := range op.place.segments {
		texts = append(texts, s.text)
	}
	op.Path = "/" + strings.Join(texts, "/")
	if strings.HasSuffix(from.Path, "/") && op.Path != "/" {
		op.Path += "/"
	}
	if !plainPath.MatchString(anyHole.ReplaceAllString(op.Path, "x")) || strings.Contains(op.Path, "/./") || strings.Contains(op.Path, "/../") || strings.HasSuffix(op.Path, "/..") || strings.HasSuffix(op.Path, "/.") {
		return nil, fmt.Errorf("the path %.100q holds characters that a path of a connector has not", from.Path)
	}
	if from.Deprecated {
		op.Deprecated = "the document marks it as deprecated"
	}
	op.Notes = append(op.Notes, lines(from.Notes)...)
	d.writes(op)
	return op, nil
}

// lines makes lines of texts.
func lines(texts []string) []string {
	var out []string
	for _, t := range texts[:min(len(texts), 10)] {
		out = append(out, line(strings.ToUpper(t[:1])+t[1:]+".", 2*maxText))
	}
	return out
}

// writes says of a write whether it may be sent twice, and what cannot be undone.
func (d *draft) writes(op *Operation) {
	if op.Read {
		return
	}
	switch op.Method {
	case http.MethodPost:
		op.Repeat = "never"
		if op.IdempotencyHeader != "" {
			op.Notes = append(op.Notes, "It takes a key by which the service knows a repetition; write repeat: safe if it remembers keys for long enough.")
		}
	default:
		op.Repeat, op.RepeatGuess = "safe", "by the meaning of "+op.Method+" in HTTP"
	}
	if op.Method == http.MethodDelete {
		op.Danger = "delete"
	}
}

// isOurs reports whether an address is that of the document.
func (d *draft) isOurs(server string) bool {
	text, trouble := usable(server)
	return trouble == "" && text == d.c.BaseURL
}

// isCredential reports parameters that the sign-in sends.
func (d *draft) isCredential(p openapi.Parameter) bool {
	return slices.ContainsFunc(d.doc.Schemes, func(s openapi.Scheme) bool {
		return s.Type == "apiKey" && s.In == p.In && strings.EqualFold(s.Param, p.Name)
	})
}

// scopes are those of the first alternative that has some.
func scopes(from *openapi.Operation) []string {
	for _, needs := range from.Security {
		var all []string
		for _, some := range needs {
			for _, s := range some {
				if isText(s, 200) && !strings.Contains(s, " ") {
					all = append(all, s)
				}
			}
		}
		if len(all) > 0 {
			slices.Sort(all)
			return slices.Compact(all)
		}
	}
	return nil
}

// version returns the header that carries the version of the API in most operations, and
// its usual value.
func (d *draft) version() *Version {
	values, names := map[string]map[string]int{}, map[string]string{}
	for _, op := range d.doc.Operations {
		for _, p := range op.Parameters {
			if constant := constantOf(p); p.In == "header" && constant != "" && isVersion(p.Name) && headerForm.MatchString(p.Name) {
				key := fold(p.Name)
				if values[key] == nil {
					values[key] = map[string]int{}
				}
				values[key][constant]++
				names[key] = p.Name
			}
		}
	}
	var best *Version
	most := len(d.doc.Operations) / 2
	for key, counts := range values {
		sum, value := 0, ""
		for v, n := range counts {
			if sum += n; n > counts[value] || (n == counts[value] && v < value) {
				value = v
			}
		}
		if sum > most || (best != nil && sum == most && names[key] < best.Header) {
			most, best = sum, &Version{Header: names[key], Value: value}
		}
	}
	return best
}

// settings finds the values that so many operations need that an account should say them
// once: the account, team or place whose records are read and written.
func (d *draft) settings(all []*Operation) {
	counts, first := map[string]int{}, map[string]int{}
	for _, op := range all {
		for i := range op.Inputs {
			in := &op.Inputs[i]
			if in.Required && in.Type == "string" && in.Default == nil && len(in.Options) == 0 && !in.File && isOwner(in.Name) {
				counts[in.Name]++
				if in.place == "path" && len(op.holes()) > 0 && op.holes()[0] == in.Name {
					first[in.Name]++
				}
			}
		}
	}
	for _, name := range sortedKeys(counts) {
		if counts[name] < 3 || counts[name]*20 < len(all)*3 || (first[name] > 0 && first[name]*10 < len(all)*7) {
			continue
		}
		s := Field{Name: name, Type: "string", Guess: fmt.Sprintf("%d of %d operations need it", counts[name], len(all))}
		for _, op := range all {
			for i := range op.Inputs {
				if in := &op.Inputs[i]; in.Name == name && in.Required && in.Type == "string" && in.Default == nil && len(in.Options) == 0 && !in.File {
					in.Setting = name
					s.Description = cmp.Or(s.Description, in.Description)
				}
			}
		}
		d.c.Settings = append(d.c.Settings, s)
	}
}

// isOwner reports names of what owns all records of an account.
func isOwner(name string) bool {
	all := words(name)
	owners := []string{
		"account", "location", "company", "team", "workspace", "tenant", "organization", "organisation", "org", "site", "store", "shop", "project", "merchant", "realm", "domain", "business", "agency", "portal", "app",
	}
	end := []string{"id", "key", "uuid", "name", "slug", "sid"}
	return len(all) > 0 && len(all) <= 3 && (slices.Contains(owners, all[len(all)-1]) || (len(all) > 1 && slices.Contains(end, all[len(all)-1]) && slices.Contains(owners, all[len(all)-2])))
}

// check chooses the read that shows whether a credential works: the account itself, or
// the first list that nobody has to give anything.
func (d *draft) check(all []*Operation) {
	best := 0
	for _, op := range all {
		if !op.Read || op.Method != http.MethodGet || op.Deprecated != "" || (op.Answer != nil && op.Answer.File) || slices.ContainsFunc(op.Inputs, func(in Field) bool { return in.unfilled(op) }) {
			continue
		}
		rank := 1
		if op.Answer != nil && op.Answer.List != "" {
			rank = 2
		}
		if slices.Contains([]string{"me", "whoami", "self", "account", "profile", "ping", "current_user"}, op.place.noun()) {
			rank = 3
		}
		if rank > best {
			best, d.c.Check = rank, op.Key
		}
	}
	if best == 0 {
		d.c.note("No read was found that can check a credential by itself; add check: with one and what it needs.")
	}
}

// fileOf is the name of the file of an operation: its tag, or what its path leads to.
func (d *draft) fileOf(from *openapi.Operation) string {
	name := ""
	if len(from.Tags) > 0 {
		name = snake(from.Tags[0])
	}
	if name == "" {
		if r := routeOf(from.Path); len(r.nouns) > 0 {
			name = r.nouns[0]
		}
	}
	return cmp.Or(name, "operations")
}

// files puts operations and objects into files. An object stands in the file of the first
// operation that answers with it.
func (d *draft) files(all []*Operation) {
	byName := map[string]*File{}
	for _, op := range all {
		f := byName[op.file]
		if f == nil {
			f = &File{Name: op.file}
			byName[op.file] = f
		}
		f.Operations = append(f.Operations, op)
	}
	placed := map[string]bool{}
	for _, name := range sortedKeys(byName) {
		f := byName[name]
		d.c.Files = append(d.c.Files, f)
		for _, op := range f.Operations {
			if op.Answer != nil && op.Answer.Object != nil && !placed[op.Answer.Object.Key] {
				placed[op.Answer.Object.Key] = true
				f.Objects = append(f.Objects, op.Answer.Object)
			}
		}
	}
}
