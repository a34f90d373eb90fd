package recipes

import (
	"math"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/catalog"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The keys of a trigger.
//
//nolint:gochecknoglobals // tables
var (
	triggerKeys  = []string{"poll", "with", "kinds", "schedule", "start", "watch", "overlap", "deletes", "reconcile", "parents", "hold_over"}
	triggerLater = []string{"webhook"}
)

// A poll that starts more runs than defaultHoldOver was probably not meant; a longer
// overlap than maxOverlap would read the same records over and over.
const (
	defaultHoldOver = 1000
	maxOverlap      = 24 * time.Hour
)

// readTrigger reads what starts the recipe. Whatever is wrong with it, there are names
// afterwards, so that the expressions of the recipe can be looked at.
func (p *parser) readTrigger(m yamlnode.Map) {
	t := &p.recipe.Trigger
	t.HoldOver = defaultHoldOver
	p.scoped = m.Has("scope")
	p.names = mapping.NewNames(nil, "the record", p.recipe.Vars)
	tm, ok := values.Mapping(m.Need(p.into, "trigger", "trigger: {poll: crm.contact.search, schedule: {every: 5m}, start: now}"), triggerKeys, triggerLater, p.into)
	if ok {
		p.poll(tm)
	}
	if p.scoped {
		p.names.SetScoped()
	}
	p.kinds(tm.Get("kinds"))
	if !ok {
		return
	}
	t.Schedule = p.schedule(tm.Need(p.into, "schedule", "schedule: {every: 5m}"))
	t.Start = p.start(tm.Need(p.into, "start", "start: now"))
	p.watch(tm.Get("watch"))
	p.deletes(tm)
	p.reconcile(tm)
	p.parents(tm)
	t.Overlap = values.Duration(tm.Get("overlap"), 0, maxOverlap, p.into)
	if n, ok := tm.Get("hold_over").Int(p.into, 1, math.MaxInt32); ok {
		t.HoldOver = n
	}
}

// poll reads which list is polled, and with what inputs.
func (p *parser) poll(m yamlnode.Map) {
	n := m.Need(p.into, "poll", "poll: crm.contact.search")
	t := p.connections.Find(n)
	if t == nil {
		return
	}
	if !t.Operation.CanPoll() {
		p.into.Errorf(n.At(), CodeCannotPoll, p.connections.Pollable(t.Connection), "%s cannot be polled", t.Name())
		return
	}
	p.recipe.Trigger.With = p.constantInputs(t, m.Get("with"), n.At())
	p.trigger = t
	p.recipe.Trigger.Connection, p.recipe.Trigger.Operation = t.Connection.Name, t.Operation.Key
	title := "the record"
	if t.Operation.Object != nil {
		title = t.Operation.Object.Key
	}
	p.names = mapping.NewNames(t.Operation.Object, title, p.recipe.Vars)
	p.names.SetConnection(t.Connection.Name)
}

// constantInputs evaluates the inputs of the polled operation now: a feed is known
// by them, so they cannot depend on anything that changes.
func (p *parser) constantInputs(t *catalog.Found, n *yamlnode.Node, at diag.Place) map[string]any {
	s := mapping.Source{At: at, Object: true}
	if n.Kind() != yamlnode.Null {
		s = values.Of(n)
	}
	before, want := p.into.Len(), t.Inputs()
	if parent := t.Operation.ParentInput; parent != "" {
		want.Filled[parent] = true
		s.Fields = p.withoutParent(s.Fields, parent)
	}
	m := mapping.NewConstants(p.recipe.Vars).Mapping(s, want, p.into)
	if m == nil || p.into.Len() > before {
		return nil
	}
	inputs, err := m.Input(&mapping.Scope{Vars: p.recipe.Vars})
	if err != nil {
		p.into.Errorf(s.At, mapping.CodeInputType, "", "%v", err)
	}
	p.connections.Form(t, s, p.recipe.Vars)
	return inputs
}

// once reports a value that is in a list already.
func (p *parser) once(n *yamlnode.Node, before []string, value string) {
	if slices.Contains(before, value) {
		p.into.Errorf(n.At(), CodeDuplicateValue, "remove it", "%q stands here twice", values.Cut(value))
	}
}

// start reads from when on changes count. It has no default: whether what exists already
// is taken is for a person to say.
func (p *parser) start(n *yamlnode.Node) Start {
	text, ok := n.Text(p.into)
	if !ok {
		return Start{}
	}
	s := Start{Mode: text, Text: text}
	if text == StartNow || text == StartAll {
		return s
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		suggestion := diag.DidYouMean(text, []string{StartNow, StartAll})
		if suggestion == "" {
			suggestion = "write now, all, or a time such as 2026-03-01T09:00:00+09:00"
		}
		p.into.Errorf(n.At(), CodeBadTime, suggestion, "%q is not a start", values.Cut(text))
		return s
	}
	if p.trigger != nil && !p.trigger.Operation.Timed {
		p.into.Errorf(n.At(), CodeNoTimes, "write start: now or start: all", "the records of %s carry no times", p.trigger.Name())
	}
	return Start{Mode: StartTime, At: at.UTC(), Text: text}
}
