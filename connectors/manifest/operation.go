package manifest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/manifest/places"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// maxTimeout is the longest time that one call may take.
const maxTimeout = 10 * time.Minute

// operation reads one operation. What concerns other parts of the manifest is checked
// at the end, by [reader.check]. The order matters: inputs look at the method and the
// path, polling at the paging, and repeat at the kind.
func (r *reader) operation(f yamlnode.Field) {
	r.key(f.Name, f.At, operationForm, "contact.create")
	if i := slices.IndexFunc(r.drafts, func(d *draft) bool { return d.op.Spec.Key == f.Name }); i >= 0 {
		first := r.drafts[i].at
		r.into.Errorf(f.At, finding.CodeKeyTaken, "", "the operation %q exists already, in %s line %d", f.Name, first.File, first.Line)
		return
	}
	m, ok := f.Value.Mapping(r.into, operationKeys...)
	if !ok {
		return
	}
	spec := &connectors.Operation{Connector: r.m.Key, Key: f.Name, Version: r.usualVersion}
	d := &draft{
		op: &Operation{Spec: spec, At: map[string]string{}, Paging: lists.Paging{Style: lists.NoPaging}},
		at: f.At, m: m, inputAt: map[string]diag.Place{},
	}
	r.drafts = append(r.drafts, d)
	spec.Title, _ = m.Need(r.into, "title", "title: Create contact").Text(r.into)
	spec.Description, _ = m.Get("description").Text(r.into)
	spec.Deprecated, _ = m.Get("deprecated").Text(r.into)
	spec.Scopes, _ = m.Get("scopes").Texts(r.into)
	spec.Token, _ = m.Get("token").Text(r.into)
	d.op.Host, _ = m.Get("host").Text(r.into)
	spec.Notes, _ = m.Get("notes").Texts(r.into)
	if version, ok := m.Get("version").Text(r.into); ok {
		spec.Version = version
	}
	r.compose(d)
	r.timeout(d)
	r.request(d)
	r.inputs(d)
	r.fixed(d)
	r.answer(d)
	d.op.Paging = lists.ReadPaging(m.Get("paging"), r.into)
	spec.Poll, d.op.Poll = lists.ReadPoll(m.Get("poll"), d.op.Paging, r.into)
	r.repeat(d)
	r.idempotency(d)
	r.target(d)
	r.versionsOf(d)
	r.danger(d)
	d.op.Rules = r.rules(m.Get("errors"))
	r.checkRules(d)
}

// timeout reads how long one call may take; 0 leaves it to the client.
func (r *reader) timeout(d *draft) {
	n := d.m.Get("timeout")
	timeout, ok := n.Duration(r.into)
	if ok && (timeout < time.Second || timeout > maxTimeout) {
		n.Mismatch(r.into, "a duration from 1s to 10m")
		return
	}
	d.op.Timeout = timeout
}

// request reads the line "read: GET /contacts/{contactId}". Whether it reads or
// writes is said by the author, not taken from the method: a search may be a POST.
func (r *reader) request(d *draft) {
	read, write := d.m.Get("read"), d.m.Get("write")
	line, spec := read, d.op.Spec
	if d.op.Compose != nil {
		return
	}
	spec.Kind = connectors.Read
	if write != nil {
		line, spec.Kind = write, connectors.Write
	}
	if (read == nil) == (write == nil) {
		r.into.Errorf(d.at, finding.CodeReadOrWrite, "write one of read: GET /things and write: POST /things", "an operation either reads or writes")
		return
	}
	text, ok := line.Text(r.into)
	if !ok {
		return
	}
	method, path, ok := strings.Cut(text, " ")
	if !ok || !slices.Contains(methods(), method) {
		r.into.Errorf(line.At(), finding.CodeReadOrWrite, "write it like POST /contacts/{contactId}", "%q does not begin with one of %s", text, strings.Join(methods(), ", "))
		return
	}
	spec.Method, spec.Path = method, strings.TrimSpace(path)
	if text, ok := places.Trouble(spec.Path); !ok {
		r.into.Errorf(line.At(), finding.CodePath, "write it like /contacts/{contactId}", "the path %q %s", spec.Path, text)
	}
}

// methods are the methods that an operation may have.
func methods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// inputs reads the operation's own inputs and those of the groups that it uses.
func (r *reader) inputs(d *draft) {
	use := d.m.Get("use")
	names, _ := use.Texts(r.into)
	for i, name := range names {
		group, known := r.groups[name]
		if !known {
			finding.Unknown(r.into, use.Items()[i].At(), "group of inputs", name, finding.Keys(r.groups))
			continue
		}
		for _, f := range group.Fields() {
			r.input(d, f)
		}
	}
	own, _ := d.m.Get("inputs").Mapping(r.into)
	for _, f := range own.Fields() {
		r.input(d, f)
	}
}

// input reads one input and where it goes: to the place that the method suggests
// unless it says another, under its own name unless at says another. What goes into
// the path is always required.
func (r *reader) input(d *draft, f yamlnode.Field) {
	if _, taken := d.inputAt[f.Name]; taken {
		r.into.Errorf(f.At, finding.CodeKeyTaken, "", "%s has the input %q already", d.op.Spec.Key, f.Name)
		return
	}
	d.inputAt[f.Name] = f.At
	field, m := r.fields().Input(f)
	in := connectors.Input{Field: field, In: r.usualPlace(d, f.Name)}
	if word, ok := m.Get("in").Word(r.into, "path", "query", "header", "body"); ok {
		in.In = word
	}
	in.Setting, _ = m.Get("setting").Text(r.into)
	in.Required = in.Required || in.In == "path"
	in.File, _ = m.Get("file").Bool(r.into)
	if d.op.Compose != nil {
		r.bar(m, "in", "at", "file")
		in.In, in.Required = "", field.Required
	}
	at := f.Name
	if text, ok := m.Get("at").Text(r.into); ok {
		at = text
	}
	d.op.At[f.Name] = at
	d.op.Spec.Inputs = append(d.op.Spec.Inputs, in)
}

// usualPlace is where an input goes that does not say it.
func (r *reader) usualPlace(d *draft, name string) string {
	switch {
	case slices.Contains(places.Holes(d.op.Spec.Path), name):
		return "path"
	case d.op.Spec.Method == http.MethodGet || d.op.Spec.Method == http.MethodDelete:
		return "query"
	}
	return "body"
}

// fixed reads the constant part of a request.  An empty body is a body too.
func (r *reader) fixed(d *draft) {
	m, ok := d.m.Get("fixed").Mapping(r.into, fixedKeys...)
	if !ok {
		return
	}
	if body := m.Get("body"); body != nil {
		d.op.Fixed.Body, d.op.Fixed.HasBody = body.Value(), true
	}
	d.op.Fixed.Headers = r.headers(m.Get("headers"))
	d.op.Fixed.Form, _ = m.Get("form").Bool(r.into)
	query, _ := m.Get("query").Mapping(r.into)
	for _, f := range query.Fields() {
		if d.op.Fixed.Query == nil {
			d.op.Fixed.Query = map[string]string{}
		}
		d.op.Fixed.Query[f.Name], _ = f.Value.Text(r.into)
	}
}
