package recipes

import (
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The bounds of what a recipe may ask for. They keep a slip of the pen, such as ms
// for m, from flooding a service or filling the disk.
const (
	defaultWorkers = 4
	maxWorkers     = 64
	maxTries       = 100
	leastWait      = 100 * time.Millisecond
	mostWait       = 24 * time.Hour
	mostKeep       = 3650 * 24 * time.Hour
)

// errorKinds are the kinds that a rule can match. They are those of the contract
// with connectors, which this package does not know; canceled is no failure.
func errorKinds() []string {
	return []string{AnyKind, "transient", "rate_limited", "auth", "invalid", "not_found", "conflict", "uncertain"}
}

// order reads which runs wait for each other.
func (p *parser) order(n *yamlnode.Node) {
	o := &p.recipe.Order
	*o = Order{Workers: defaultWorkers, WhileWaiting: RunAll, WhenParked: Hold}
	m, ok := n.Mapping(p.into, "by", "workers", "while_waiting", "when_parked")
	if !ok {
		return
	}
	if by := m.Get("by"); by != nil {
		o.By = p.names.Expression(p.expression(by), p.into)
	}
	if workers, ok := m.Get("workers").Int(p.into, 1, maxWorkers); ok {
		o.Workers = workers
	}
	waiting := m.Get("while_waiting")
	if waiting.Written() == "keep_latest" {
		p.notYet(waiting.At(), "keep_latest")
	} else {
		waiting.Word(p.into, RunAll)
	}
	if word, ok := m.Get("when_parked").Word(p.into, Hold, GoOn); ok {
		o.WhenParked = word
	}
}

// rules reads the answers to errors. A rule with a mistake is kept, because the file is
// refused anyway.
func (p *parser) rules(n *yamlnode.Node) []Rule {
	items, ok := n.List(p.into)
	if !ok {
		return nil
	}
	var rules []Rule
	catchAll := false
	for _, item := range items {
		m, ok := p.mapping(item, []string{"match", "code", "status", "do"}, []string{"notify"})
		if !ok {
			continue
		}
		var r Rule
		r.Kind, _ = m.Get("match").Word(p.into, errorKinds()...)
		r.Code, _ = m.Get("code").Text(p.into)
		r.Status, _ = m.Get("status").Int(p.into, 100, 599)
		r.Do, _ = m.Need(p.into, "do", "do: park").Word(p.into, DoRetry, DoContinue, DoStop, DoPark, DoPauseAccount)
		at := item.At()
		at.Width = 1
		if !m.Has("match") && !m.Has("code") && !m.Has("status") {
			p.into.Errorf(at, CodeRule, "add match: any", "the rule matches nothing")
		}
		if catchAll {
			p.into.Warnf(at, CodeUnreachableRule, "put it before the one that matches any", "this rule is never reached")
		}
		catchAll = catchAll || r.Kind == AnyKind && r.Code == "" && r.Status == 0
		rules = append(rules, r)
	}
	return rules
}

// retry reads how often and with what waits a call is repeated.
func (p *parser) retry(n *yamlnode.Node) Retry {
	var r Retry
	m, ok := n.Mapping(p.into, "tries", "wait")
	if !ok {
		return r
	}
	r.Tries, _ = m.Get("tries").Int(p.into, 1, maxTries)
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
		wait.Mismatch(p.into, "a duration such as 5s, or a range such as 5s..30m")
	case r.Min < leastWait:
		p.into.Errorf(wait.At(), CodeRetry, "write 100ms or more", "a wait of %s is too short", least)
	case r.Max < r.Min:
		p.into.Errorf(wait.At(), CodeRetry, "write the shorter one first", "the longest wait is shorter than the first")
	case r.Max > mostWait:
		p.into.Errorf(wait.At(), CodeRetry, "write 24h or less", "a wait of %s is too long", most)
	}
	return r
}

// keep reads how long history is kept.
func (p *parser) keep(n *yamlnode.Node) {
	m, ok := n.Mapping(p.into, "runs", "payloads", "mask")
	if !ok {
		return
	}
	k := &p.recipe.Keep
	k.Runs = p.duration(m.Get("runs"), 0, mostKeep)
	k.Payloads = p.duration(m.Get("payloads"), 0, mostKeep)
	k.Mask, _ = m.Get("mask").Texts(p.into)
}
