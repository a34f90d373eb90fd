package manifest

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// maxPageSize is the largest page that is ever asked for.
const maxPageSize = 10_000

// paging reads how a list is read page by page. Where nothing else is said, the first
// page is number 1 or offset 0, and a page with fewer records than were asked for is
// the last. A list that takes no size cannot tell that, so there only an empty page
// ends it.
func (r *reader) paging(d *draft) {
	m, ok := d.m.Get("paging").Mapping(r.into, pagingKeys...)
	if !ok {
		return
	}
	p := &d.op.Paging
	word, _ := m.Need(r.into, "style", "style: offset").Word(r.into,
		string(NoPaging), string(Cursor), string(Numbered), string(Offset), string(NextLink))
	p.Style, p.Last, p.First = Style(word), ShortIsLast, 0
	if p.Style == Numbered {
		p.First = 1
	}
	r.size(p, m.Get("size"))
	r.carry(p, m.Get("carry"))
	p.Input, _ = m.Get("input").Text(r.into)
	if first, ok := m.Get("first").Int(r.into, 0, math.MaxInt32); ok {
		p.First = first
	}
	p.Link = r.paths(m.Get("link"))
	if p.SizeInput == "" {
		p.Last = EmptyIsLast
	}
	if word, ok := m.Get("last").Word(r.into, string(ShortIsLast), string(EmptyIsLast), string(NoNextIsLast)); ok {
		p.Last = LastPage(word)
	}
	p.Total = r.paths(m.Get("total"))
	if p.Style != "" {
		r.pagingFits(p, m)
	}
}

// size reads the number of records a page. Without a default the largest is asked
// for: it costs the fewest requests.
func (r *reader) size(p *Paging, n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, sizeKeys...)
	if !ok {
		return
	}
	p.SizeInput, _ = m.Need(r.into, "input", "input: limit").Text(r.into)
	p.MaxSize, _ = m.Need(r.into, "max", "max: 100").Int(r.into, 1, maxPageSize)
	p.Size = p.MaxSize
	if size, ok := m.Get("default").Int(r.into, 1, max(1, p.MaxSize)); ok {
		p.Size = size
	}
}

// carry reads which values of an answer go into the next request.
func (r *reader) carry(p *Paging, n *yamlnode.Node) {
	m, _ := n.Mapping(r.into)
	for _, f := range m.Fields() {
		text, ok := f.Value.Text(r.into)
		if !ok {
			continue
		}
		from, path, _ := strings.Cut(text, ".")
		if (from != "last" && from != "answer") || path == "" {
			r.into.Errorf(f.Value.At(), CodePaging, "write last.id for a value of the last record, answer.next for one of the answer",
				"%q does not say where the value stands", text)
			continue
		}
		r.path(path, f.Value.At())
		p.Carry = append(p.Carry, Carry{Input: f.Name, Last: from == "last", Path: path})
	}
}

// pagingFits reports what a style needs and what only other styles have.
func (r *reader) pagingFits(p *Paging, m yamlnode.Map) {
	for _, rule := range []struct {
		key    string
		styles []Style
		needed bool
	}{
		{"carry", []Style{Cursor}, true},
		{"input", []Style{Numbered, Offset}, true},
		{"first", []Style{Numbered, Offset}, false},
		{"link", []Style{NextLink}, true},
	} {
		belongs := false
		for _, s := range rule.styles {
			belongs = belongs || s == p.Style
		}
		if m.Has(rule.key) && !belongs {
			r.into.Errorf(m.Get(rule.key).At(), CodePaging, "leave it out, or change the style", "%q does not go with the style %q", rule.key, p.Style)
		}
		if belongs && rule.needed && !m.Has(rule.key) {
			r.into.Errorf(m.At(), CodePaging, "", "the style %q needs %q", p.Style, rule.key)
		}
	}
	if p.Last == NoNextIsLast && (p.Style == Numbered || p.Style == Offset) {
		r.into.Errorf(m.Get("last").At(), CodePaging, "write last: empty", "the style %q never comes to an end without an empty page", p.Style)
	}
	if p.Last == ShortIsLast && p.SizeInput == "" && p.Style != NoPaging {
		r.into.Errorf(m.At(), CodePaging, "add size, or write last: empty", "without a size no page can be called short")
	}
}

// poll reads how changes in a list are found. A keyset list needs two promises of its
// author: an input that takes the lower bound, and an order by the updated time, even
// if that is said with an empty mapping.
func (r *reader) poll(d *draft) {
	m, ok := d.m.Get("poll").Mapping(r.into, pollKeys...)
	if !ok {
		return
	}
	word, _ := m.Need(r.into, "strategy", "strategy: snapshot").Word(r.into, string(connectors.Keyset), string(connectors.Snapshot))
	spec := &connectors.Poll{
		Strategy: connectors.Strategy(word), PageSize: d.op.Paging.Size,
		Offsets: d.op.Paging.Style == Offset || d.op.Paging.Style == Numbered,
	}
	spec.Overlap, _ = m.Get("overlap").Duration(r.into)
	if size, ok := m.Get("page_size").Int(r.into, 1, max(1, d.op.Paging.MaxSize)); ok {
		spec.PageSize = size
	}
	d.op.Spec.Poll = spec
	d.op.Poll = &Poll{With: r.values(m.Get("with"))}
	keyset := spec.Strategy == connectors.Keyset
	if keyset && !m.Has("with") {
		r.into.Errorf(m.At(), CodePoll, "write with: {sort: updated_asc}, or with: {} where the list is always in that order",
			"a keyset list must say what sorts it by its updated time, oldest first")
	}
	since := m.Get("since")
	switch {
	case keyset && since == nil:
		r.into.Errorf(m.At(), CodePoll, "write since: {input: updated_after, format: rfc3339}", "a keyset list must say which input takes the lower bound of the updated time")
	case !keyset && since != nil:
		r.into.Errorf(since.At(), CodePoll, "leave it out, or write strategy: keyset", "only keyset lists take a lower bound")
	}
	r.since(d.op.Poll, since)
}

// since reads how the lower bound is written. Without a value the time stands alone;
// with one it takes the place of the placeholder, wherever that is nested.
func (r *reader) since(p *Poll, n *yamlnode.Node) {
	m, ok := n.Mapping(r.into, sinceKeys...)
	if !ok {
		return
	}
	s := &Since{Value: SincePlaceholder}
	s.Input, _ = m.Need(r.into, "input", "input: updated_after").Text(r.into)
	word, _ := m.Need(r.into, "format", "format: rfc3339").Word(r.into, string(EpochMillis), string(EpochSeconds), string(RFC3339))
	s.Format = TimeFormat(word)
	if value := m.Get("value"); value != nil {
		s.Value = value.Value()
		if !holdsPlaceholder(s.Value) {
			r.into.Errorf(value.At(), CodePoll, "write "+SincePlaceholder+" where the time goes", "the value does not say where the time goes")
		}
	}
	p.Since = s
}

// holdsPlaceholder looks for the placeholder as a whole text; inside a longer text it
// is not replaced.
func holdsPlaceholder(v any) bool {
	switch x := v.(type) {
	case string:
		return x == SincePlaceholder
	case []any:
		return slices.ContainsFunc(x, holdsPlaceholder)
	case map[string]any:
		for _, e := range x {
			if holdsPlaceholder(e) {
				return true
			}
		}
	}
	return false
}

// usualSettle is how long after a write a lookup is trusted that does not say it. It
// must outlast the lag of the service's own index, or a write that arrived would be
// sent again.
const usualSettle = 2 * time.Minute

// repeat reads whether a write may be sent twice. It has no default: the wrong one
// would double writes or park runs for nothing.
func (r *reader) repeat(d *draft) {
	n, spec := d.m.Get("repeat"), d.op.Spec
	write := spec.Kind == connectors.Write
	switch {
	case !write && n != nil:
		r.into.Errorf(n.At(), CodeRepeat, "leave it out", "reads can always be repeated")
		return
	case write && n == nil:
		r.into.Errorf(d.at, CodeRepeat, "add repeat: safe, repeat: never or repeat: {find: …}", "the write does not say whether it may be sent twice")
		return
	case n.Kind() != yamlnode.Mapping:
		word, _ := n.Word(r.into, string(connectors.RepeatSafe), string(connectors.RepeatNever))
		spec.Repeat = connectors.Repeat(word)
		return
	}
	m, _ := n.Mapping(r.into, repeatKeys...)
	spec.Repeat = connectors.RepeatFind
	find := &connectors.Find{With: map[string]string{}, Settle: usualSettle}
	find.Operation, _ = m.Need(r.into, "find", "find: contact.note.list").Text(r.into)
	find.Match, _ = m.Need(r.into, "match", "match: body").Text(r.into)
	if settle, ok := m.Get("settle").Duration(r.into); ok {
		find.Settle = settle
	}
	with, _ := m.Get("with").Mapping(r.into)
	for _, f := range with.Fields() {
		find.With[f.Name], _ = f.Value.Text(r.into)
	}
	spec.Find = find
}

// inputNames returns the names of an operation's inputs.
func inputNames(o *connectors.Operation) []string {
	names := make([]string, len(o.Inputs))
	for i, in := range o.Inputs {
		names[i] = in.Name
	}
	return names
}

// input returns an operation's input with that name, nil without one.
func input(o *connectors.Operation, name string) *connectors.Input {
	for i := range o.Inputs {
		if o.Inputs[i].Name == name {
			return &o.Inputs[i]
		}
	}
	return nil
}

// needInput reports a name that is no input of the operation.
func (r *reader) needInput(o *connectors.Operation, name string, at diag.Place) *connectors.Input {
	in := input(o, name)
	if in == nil && name != "" {
		r.unknown(at, "input of "+o.Key, name, inputNames(o))
	}
	return in
}
