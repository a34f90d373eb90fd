package lists

import (
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Poll says how the list is asked for changes.
type Poll struct {
	// With are inputs that only polling sets, e.g. the sort order.
	With  map[string]any
	Since *Since // nil unless the strategy is keyset
}

// TimeFormat is a way to write a time into a request.
type TimeFormat string

// The formats of times in requests.
const (
	EpochMillis  TimeFormat = "epoch_ms"
	EpochSeconds TimeFormat = "epoch_s"
	RFC3339      TimeFormat = "rfc3339"
)

// SincePlaceholder stands for the time inside [Since.Value].
const SincePlaceholder = "$since"

// Since says how the lower bound of the updated time goes into a request.
type Since struct {
	Input  string
	Format TimeFormat
	// Value is what the input gets, with [SincePlaceholder] where the time goes.
	// A list is put behind the one that the input holds already.
	Value any
}

// ReadPoll reads how changes in a list are found. A keyset list needs two promises of its
// author: an input that takes the lower bound, and an order by the updated time, even
// if that is said with an empty mapping.
func ReadPoll(n *yamlnode.Node, paging Paging, into *diag.List) (*connectors.Poll, *Poll) {
	m, ok := n.Mapping(into, pollKeys...)
	if !ok {
		return nil, nil
	}
	word, _ := m.Need(into, "strategy", "strategy: snapshot").Word(into, string(connectors.Keyset), string(connectors.Snapshot))
	spec := &connectors.Poll{
		Strategy: connectors.Strategy(word), PageSize: paging.Size,
		Offsets: paging.Style == Offset || paging.Style == Numbered,
	}
	spec.Overlap, _ = m.Get("overlap").Duration(into)
	if size, ok := m.Get("page_size").Int(into, 1, max(1, paging.MaxSize)); ok {
		spec.PageSize = size
	}
	p := &Poll{With: Values(m.Get("with"), into)}
	keyset := spec.Strategy == connectors.Keyset
	if keyset && !m.Has("with") {
		into.Errorf(m.At(), finding.CodePoll, "write with: {sort: updated_asc}, or with: {} where the list is always in that order",
			"a keyset list must say what sorts it by its updated time, oldest first")
	}
	since := m.Get("since")
	switch {
	case keyset && since == nil:
		into.Errorf(m.At(), finding.CodePoll, "write since: {input: updated_after, format: rfc3339}", "a keyset list must say which input takes the lower bound of the updated time")
	case !keyset && since != nil:
		into.Errorf(since.At(), finding.CodePoll, "leave it out, or write strategy: keyset", "only keyset lists take a lower bound")
	}
	p.since(since, into)
	return spec, p
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
	word, _ := m.Need(into, "format", "format: rfc3339").Word(into, string(EpochMillis), string(EpochSeconds), string(RFC3339))
	s.Format = TimeFormat(word)
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
