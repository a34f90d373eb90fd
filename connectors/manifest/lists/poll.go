package lists

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Poll says how a list, or a single record, is asked for changes.
type Poll struct {
	// With are inputs that only polling sets, e.g. the sort order.
	With   map[string]any
	Since  *Since  // nil unless the strategy is keyset
	Window *Window // nil for lists without one
	// Gone names the field that is true in records that were deleted, or holds the time
	// of it; such rows are left out. Empty for none.
	Gone string
	// Record names the input whose value identifies the record that a read of a
	// single one answers; empty when the object has an id.
	Record string
}

// Window says how the bounds of a window go into a request.
type Window struct {
	From, To string // inputs
	Format   TimeFormat
}

// Since says how the lower bound of the updated time goes into a request.
type Since struct {
	Input  string
	Format TimeFormat
	// Value is what the input gets, with [SincePlaceholder] where the time goes.
	// A list is put behind the one that the input holds already.
	Value any
}

// ReadPoll reads how changes are found. Which keys a strategy needs and which it may
// have is checked here; what they name is checked by [CheckPoll] and [CheckOthers],
// when all files are read.
func ReadPoll(n *yamlnode.Node, paging Paging, into *diag.List) (*connectors.Poll, *Poll) {
	m, ok := n.Mapping(into, pollKeys...)
	if !ok {
		return nil, nil
	}
	word, _ := m.Need(into, "strategy", "strategy: snapshot").Word(into, strategies()...)
	spec := &connectors.Poll{
		Strategy: connectors.Strategy(word), PageSize: paging.Size,
		Offsets: paging.Style == Offset || paging.Style == Numbered,
	}
	spec.Overlap, _ = m.Get("overlap").Duration(into)
	if size, ok := m.Get("page_size").Int(into, 1, max(1, paging.MaxSize)); ok {
		spec.PageSize = size
	}
	spec.By, _ = m.Get("by").Text(into)
	if operation, input, ok := other(m.Get("parents"), "contact.search", into); ok {
		spec.Parents = &connectors.Parents{Operation: operation, Input: input}
	}
	if operation, input, ok := other(m.Get("confirm"), "contact.get", into); ok {
		spec.Confirm = &connectors.Confirm{Operation: operation, Input: input}
	}
	spec.Instead, _ = m.Get("instead").Text(into)
	p := &Poll{With: Values(m.Get("with"), into)}
	p.Gone, _ = m.Get("gone").Text(into)
	p.Record, _ = m.Get("record").Text(into)
	p.Window, spec.Window = window(m.Get("window"), into)
	if word != "" {
		strategyFits(spec.Strategy, m, into)
	}
	p.since(m.Get("since"), into)
	return spec, p
}

// strategies are the words for the ways of finding changes.
func strategies() []string {
	return []string{string(connectors.Keyset), string(connectors.Newest), string(connectors.Snapshot), string(connectors.FanOut)}
}

// strategyFits reports what a strategy needs and what only others have. A list that
// is walked by time needs a promise of its author: an order, even if that is said
// with an empty mapping.
func strategyFits(strategy connectors.Strategy, m yamlnode.Map, into *diag.List) {
	keyset, newest, fanOut := strategy == connectors.Keyset, strategy == connectors.Newest, strategy == connectors.FanOut
	windowed := m.Has("window")
	for _, rule := range []struct {
		key            string
		needed         bool
		lacks, example string // what to say if it is missing
		allowed        bool
		stray, change  string // what to say if it is there for nothing
	}{
		{
			key: "with", allowed: true, needed: keyset, example: "write with: {sort: updated_asc}, or with: {} where the list is always in that order",
			lacks: "a keyset list must say what sorts it by its updated time, oldest first",
		},
		{
			key: "with", allowed: true, needed: newest, example: "write with: {sort: created_desc}, or with: {} where the list is always in that order",
			lacks: "a list of the strategy newest must say what sorts it by its time, newest first",
		},
		{
			key: "since", allowed: keyset, needed: keyset, example: "write since: {input: updated_after, format: rfc3339}", change: "leave it out, or write strategy: keyset",
			lacks: "a keyset list must say which input takes the lower bound of the updated time", stray: "only keyset lists take a lower bound",
		},
		{key: "overlap", allowed: keyset || newest, change: "leave it out", stray: "only lists that are walked by time have an overlap"},
		{key: "window", allowed: !keyset && !newest, change: "leave it out, or write strategy: snapshot", stray: "a list that is walked by time has no window"},
		{
			key: "by", allowed: newest || windowed, needed: windowed, example: "write by: starts_at", change: "leave it out",
			lacks: "a window needs the field whose time lies in it", stray: "only lists of the strategy newest and those with a window have a field to go by",
		},
		{
			key: "parents", allowed: fanOut, needed: fanOut, example: "write parents: {operation: contact.search, input: contactId}", change: "leave it out, or write strategy: fan_out",
			lacks: "a fan_out list must say whose records it is asked for", stray: "only fan_out lists have parents",
		},
	} {
		switch {
		case rule.needed && !m.Has(rule.key):
			into.Errorf(m.At(), finding.CodePoll, rule.example, "%s", rule.lacks)
		case !rule.allowed && m.Has(rule.key):
			into.Errorf(m.Get(rule.key).At(), finding.CodePoll, rule.change, "%s", rule.stray)
		}
	}
}

// window reads which inputs take the bounds of a window, and how far it reaches.
func window(n *yamlnode.Node, into *diag.List) (*Window, *connectors.Window) {
	m, ok := n.Mapping(into, windowKeys...)
	if !ok {
		return nil, nil
	}
	w, spec := &Window{}, &connectors.Window{}
	w.From, _ = m.Need(into, "from", "from: starts_after").Text(into)
	w.To, _ = m.Need(into, "to", "to: starts_before").Text(into)
	w.Format = format(m, into)
	back, backOK := m.Need(into, "back", "back: 24h").Duration(into)
	ahead, aheadOK := m.Need(into, "ahead", "ahead: 90d").Duration(into)
	spec.Back, spec.Ahead = back, ahead
	if backOK && aheadOK && back+ahead <= 0 {
		into.Errorf(m.At(), finding.CodePoll, "write back: 24h", "the window has no length")
	}
	return w, spec
}

// other reads an operation of the same connector and its input that takes the id of a
// record; false without one. usual is an operation to show.
func other(n *yamlnode.Node, usual string, into *diag.List) (operation, input string, ok bool) {
	m, ok := n.Mapping(into, otherKeys...)
	if !ok {
		return "", "", false
	}
	operation, _ = m.Need(into, "operation", "operation: "+usual).Text(into)
	input, _ = m.Need(into, "input", "input: contactId").Text(into)
	return operation, input, true
}

// since reads how the lower bound is written. Without a value the time stands alone;
// with one it takes the place of the placeholder, wherever that is nested.
func (p *Poll) since(n *yamlnode.Node, into *diag.List) {
	m, ok := n.Mapping(into, sinceKeys...)
	if !ok {
		return
	}
	s := &Since{Value: SincePlaceholder}
	s.Input, _ = m.Need(into, "input", "input: updated_after").Text(into)
	s.Format = format(m, into)
	if value := m.Get("value"); value != nil {
		s.Value = value.Value()
		if !holdsPlaceholder(s.Value) {
			into.Errorf(value.At(), finding.CodePoll, "write "+SincePlaceholder+" where the time goes", "the value does not say where the time goes")
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
