package derive

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/requests"
	"github.com/pollux-automation/pollux/internal/authoring/walks"
	"github.com/pollux-automation/pollux/internal/authoring/wording"
	"github.com/pollux-automation/pollux/internal/openapi"
)

// From makes the draft of a connector with that key.
func From(doc *openapi.Document, key string) *draft.Connector {
	d := &maker{doc: doc, c: &draft.Connector{}, objects: map[string]*draft.Object{}, prints: map[string]string{}}
	d.service(key)
	all := d.operations()
	d.settings(all)
	for _, op := range all {
		walks.Poll(op)
	}
	walks.Parents(all)
	walks.Confirms(all)
	d.check(all)
	d.files(all)
	return d.c
}

// Key makes the key of a connector of the title of its document, or of a file's name;
// "" where nothing is left.
func Key(title string) string {
	title = strings.ReplaceAll(wording.Line(title, wording.MaxTitle), "OpenAPI", "")
	all := slices.DeleteFunc(wording.Words(title), func(w string) bool {
		return slices.Contains([]string{"api", "apis", "openapi", "swagger", "rest", "spec", "specification", "the", "public", "reference", "v1", "v2", "v3", "v4"}, w)
	})
	if len(all) > 3 {
		all = all[:3]
	}
	return wording.Joined(all)
}

// maker makes a draft.
type maker struct {
	doc     *openapi.Document
	c       *draft.Connector
	objects map[string]*draft.Object
	prints  map[string]string
}

// operations turns all operations, by key.
func (d *maker) operations() []*draft.Operation {
	d.c.Version = d.version()
	var all []*draft.Operation
	var waiting []keyed
	answers := map[*draft.Operation]*openapi.Operation{}
	for _, from := range d.doc.Operations {
		op, err := d.operation(from)
		if err != nil {
			d.c.LeftOut = append(d.c.LeftOut, draft.LeftOut{Method: from.Method, Path: wording.Line(from.Path, 200), Pointer: wording.Line(from.Pointer, 300), Reason: wording.Line(err.Error(), 2*wording.MaxText)})
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
			op: op, resource: op.Route.Resource(tag), id: from.ID,
			verb: op.Route.Verb(from.Method, list, from.Method == http.MethodPut && d.patched(from.Path)), holes: op.Holes(),
		})
	}
	assignKeys(waiting)
	slices.SortFunc(all, func(a, b *draft.Operation) int { return cmp.Compare(a.Key, b.Key) })
	d.objectsOf(all)
	for _, op := range all {
		op.Title = cmp.Or(op.Title, wording.Titled(wording.Words(op.Key)))
		if op.Answer != nil && op.Answer.List != "" {
			op.Paging = walks.Paging(op, answers[op].Answer.Schema)
		}
	}
	return all
}

// patched reports whether a path has a PATCH too.
func (d *maker) patched(path string) bool {
	return slices.ContainsFunc(d.doc.Operations, func(o *openapi.Operation) bool { return o.Path == path && o.Method == http.MethodPatch })
}

// plainPath are paths that a manifest can have, once their holes are filled.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?$`)

// operation turns one operation. The error says why it cannot be expressed.
func (d *maker) operation(from *openapi.Operation) (*draft.Operation, error) {
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, from.Method) {
		return nil, fmt.Errorf("the method %s is not one that an operation has", from.Method)
	}
	host, err := d.host(from.Server)
	if err != nil {
		return nil, err
	}
	op := &draft.Operation{
		Title: wording.Line(from.Summary, wording.MaxTitle), Method: from.Method, Pointer: wording.Line(from.Pointer, 300), Route: wording.RouteOf(from.Path),
		Scopes: scopes(from), Tag: d.fileOf(from), Host: host,
	}
	if text := wording.Line(from.Description, wording.MaxText); text != op.Title {
		op.Description = text
	}
	op.Read = from.Method == http.MethodGet
	if from.Method == http.MethodPost && op.Route.Reads(from.ID) {
		op.Read, op.KindGuess = true, "it is called like something that only looks"
	}
	if err := d.request(from, op); err != nil {
		return nil, err
	}
	if from.Deprecated {
		op.Deprecated = "the document marks it as deprecated"
	}
	op.Notes = append(op.Notes, lines(from.Notes)...)
	d.writes(op)
	return op, nil
}

// request makes the inputs of an operation and its path, in which holes are called like
// them.
func (d *maker) request(from *openapi.Operation, op *draft.Operation) error {
	how := requests.How{Skip: d.isCredential}
	if d.c.Version != nil {
		how.Version = d.c.Version.Header
	}
	if err := requests.Inputs(from, op, how); err != nil {
		return err
	}
	if d.c.Version != nil && op.Version == d.c.Version.Value {
		op.Version = ""
	}
	var texts []string
	for _, s := range op.Route.Segments {
		texts = append(texts, s.Text)
	}
	op.Path = "/" + strings.Join(texts, "/")
	if strings.HasSuffix(from.Path, "/") && op.Path != "/" {
		op.Path += "/"
	}
	if len(op.Path) > 500 {
		return fmt.Errorf("the path has %d characters", len(op.Path))
	}
	climbs := slices.Contains(texts, ".") || slices.Contains(texts, "..")
	if climbs || !plainPath.MatchString(requests.AnyHole.ReplaceAllString(op.Path, "x")) {
		return fmt.Errorf("the path %.100q holds characters that a path of a connector has not", from.Path)
	}
	return nil
}

// lines makes lines of texts.
func lines(texts []string) []string {
	var out []string
	for _, t := range texts[:min(len(texts), 10)] {
		out = append(out, wording.Line(strings.ToUpper(t[:1])+t[1:]+".", 2*wording.MaxText))
	}
	return out
}

// writes says of a write whether it may be sent twice, and what cannot be undone.
func (d *maker) writes(op *draft.Operation) {
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

// isCredential reports parameters that the sign-in sends.
func (d *maker) isCredential(p openapi.Parameter) bool {
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
				if wording.IsText(s, 200) && !strings.Contains(s, " ") {
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
func (d *maker) version() *draft.Version {
	values, names := map[string]map[string]int{}, map[string]string{}
	for _, op := range d.doc.Operations {
		for _, p := range op.Parameters {
			constant := requests.ConstantOf(p)
			if p.In != "header" || constant == "" || !requests.IsVersion(p.Name) || !requests.HeaderForm.MatchString(p.Name) {
				continue
			}
			key := wording.Fold(p.Name)
			if values[key] == nil {
				values[key] = map[string]int{}
			}
			values[key][constant]++
			names[key] = p.Name
		}
	}
	var best *draft.Version
	most := len(d.doc.Operations) / 2
	for _, key := range wording.SortedKeys(values) {
		sum, value := 0, ""
		for _, v := range wording.SortedKeys(values[key]) {
			n := values[key][v]
			if sum += n; value == "" || n > values[key][value] {
				value = v
			}
		}
		if sum > most {
			most, best = sum, &draft.Version{Header: names[key], Value: value}
		}
	}
	return best
}

// settings finds the values that so many operations need that an account should say them
// once: the account, team or place whose records are read and written.
func (d *maker) settings(all []*draft.Operation) {
	counts, first := map[string]int{}, map[string]int{}
	for _, op := range all {
		for i := range op.Inputs {
			in := &op.Inputs[i]
			if !couldBeSetting(in) {
				continue
			}
			counts[in.Name]++
			if in.Place == "path" && op.Holes()[0] == in.Name {
				first[in.Name]++
			}
		}
	}
	for _, name := range wording.SortedKeys(counts) {
		few := counts[name] < 3 || counts[name]*20 < len(all)*3
		if few || (first[name] > 0 && first[name]*10 < len(all)*7) {
			continue
		}
		s := draft.Field{Name: name, Type: "string", Guess: fmt.Sprintf("%d of %d operations need it", counts[name], len(all))}
		for _, op := range all {
			for i := range op.Inputs {
				if in := &op.Inputs[i]; in.Name == name && couldBeSetting(in) {
					in.Setting = name
					s.Description = cmp.Or(s.Description, in.Description)
				}
			}
		}
		d.c.Settings = append(d.c.Settings, s)
	}
}

// couldBeSetting reports inputs that an account could say once.
func couldBeSetting(in *draft.Field) bool {
	return in.Required && in.Type == "string" && in.Default == nil && len(in.Options) == 0 && !in.File && isOwner(in.Name)
}

// isOwner reports names of what owns all records of an account.
func isOwner(name string) bool {
	all := wording.Words(name)
	owners := []string{
		"account", "location", "company", "team", "workspace", "tenant", "organization", "organisation", "org", "site", "store", "shop", "project", "merchant", "realm", "domain", "business", "agency", "portal", "app",
	}
	end := []string{"id", "key", "uuid", "name", "slug", "sid"}
	return len(all) > 0 && len(all) <= 3 && (slices.Contains(owners, all[len(all)-1]) || (len(all) > 1 && slices.Contains(end, all[len(all)-1]) && slices.Contains(owners, all[len(all)-2])))
}

// check chooses the read that shows whether a credential works: the account itself, or
// the first list that nobody has to give anything.
func (d *maker) check(all []*draft.Operation) {
	best := 0
	for _, op := range all {
		if !op.Read || op.Method != http.MethodGet || op.Deprecated != "" || (op.Answer != nil && op.Answer.File) || slices.ContainsFunc(op.Inputs, func(in draft.Field) bool { return in.Unfilled(op) }) {
			continue
		}
		rank := 1
		if op.Answer != nil && op.Answer.List != "" {
			rank = 2
		}
		if slices.Contains([]string{"me", "whoami", "self", "account", "profile", "ping", "current_user"}, op.Route.Noun()) {
			rank = 3
		}
		if rank > best {
			best, d.c.Check = rank, op.Key
		}
	}
	if best == 0 {
		d.c.Note("No read was found that can check a credential by itself; add check: with one and what it needs.")
	}
}

// fileOf is the name of the file of an operation: its tag, or what its path leads to.
func (d *maker) fileOf(from *openapi.Operation) string {
	name := ""
	if len(from.Tags) > 0 {
		name = wording.Snake(from.Tags[0])
	}
	if name == "" {
		if r := wording.RouteOf(from.Path); len(r.Nouns) > 0 {
			name = r.Nouns[0]
		}
	}
	return cmp.Or(name, "operations")
}

// files puts operations and objects into files. An object stands in the file of the first
// operation that answers with it.
func (d *maker) files(all []*draft.Operation) {
	byName := map[string]*draft.File{}
	for _, op := range all {
		f := byName[op.Tag]
		if f == nil {
			f = &draft.File{Name: op.Tag}
			byName[op.Tag] = f
		}
		f.Operations = append(f.Operations, op)
	}
	placed := map[string]bool{}
	for _, name := range wording.SortedKeys(byName) {
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
