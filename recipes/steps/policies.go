package steps

import (
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The bounds of repetition. They keep a slip of the pen, such as ms for m, from
// flooding a service.
const (
	maxTries  = 100
	leastWait = 100 * time.Millisecond
	mostWait  = 24 * time.Hour
)

// errorKinds are the kinds that a rule can match. They are those of the contract
// with connectors, which this package does not know; canceled is no failure.
func errorKinds() []string {
	return []string{AnyKind, "transient", "rate_limited", "auth", "invalid", "not_found", "conflict", "uncertain"}
}

// Rules reads the answers to errors. A rule with a mistake is kept, because the file is
// refused anyway.
func Rules(n *yamlnode.Node, into *diag.List) []Rule {
	items, ok := n.List(into)
	if !ok {
		return nil
	}
	var rules []Rule
	catchAll := false
	for _, item := range items {
		m, ok := values.Mapping(item, []string{"match", "code", "status", "do"}, []string{"notify"}, into)
		if !ok {
			continue
		}
		var r Rule
		r.Kind, _ = m.Get("match").Word(into, errorKinds()...)
		r.Code, _ = m.Get("code").Text(into)
		r.Status, _ = m.Get("status").Int(into, 100, 599)
		r.Do, _ = m.Need(into, "do", "do: park").Word(into, DoRetry, DoContinue, DoStop, DoPark, DoPauseAccount)
		at := item.At()
		at.Width = 1
		if !m.Has("match") && !m.Has("code") && !m.Has("status") {
			into.Errorf(at, CodeRule, "add match: any", "the rule matches nothing")
		}
		if catchAll {
			into.Warnf(at, CodeUnreachableRule, "put it before the one that matches any", "this rule is never reached")
		}
		catchAll = catchAll || r.Kind == AnyKind && r.Code == "" && r.Status == 0
		rules = append(rules, r)
	}
	return rules
}

// readRetry reads how often and with what waits a call is repeated.
func readRetry(n *yamlnode.Node, into *diag.List) Retry {
	var r Retry
	m, ok := n.Mapping(into, "tries", "wait")
	if !ok {
		return r
	}
	r.Tries, _ = m.Get("tries").Int(into, 1, maxTries)
	wait := m.Get("wait")
	if wait == nil {
		return r
	}
	least, most, isRange := strings.Cut(wait.Written(), "..")
	if !isRange {
		most = least
	}
	var okLeast, okMost bool
	r.Min, okLeast = yamlnode.ParseDuration(strings.TrimSpace(least))
	r.Max, okMost = yamlnode.ParseDuration(strings.TrimSpace(most))
	switch {
	case !okLeast || !okMost:
		wait.Mismatch(into, "a duration such as 5s, or a range such as 5s..30m")
	case r.Min < leastWait:
		into.Errorf(wait.At(), CodeRetry, "write 100ms or more", "a wait of %s is too short", least)
	case r.Max < r.Min:
		into.Errorf(wait.At(), CodeRetry, "write the shorter one first", "the longest wait is shorter than the first")
	case r.Max > mostWait:
		into.Errorf(wait.At(), CodeRetry, "write 24h or less", "a wait of %s is too long", most)
	}
	return r
}
