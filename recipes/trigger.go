package recipes

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
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
	tm, ok := p.mapping(m.Need(p.into, "trigger", "trigger: {poll: crm.contact.search, schedule: {every: 5m}, start: now}"), triggerKeys, triggerLater)
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
	t.Overlap = p.duration(tm.Get("overlap"), 0, maxOverlap)
	if n, ok := tm.Get("hold_over").Int(p.into, 1, math.MaxInt32); ok {
		t.HoldOver = n
	}
}

// poll reads which list is polled, and with what inputs.
func (p *parser) poll(m yamlnode.Map) {
	n := m.Need(p.into, "poll", "poll: crm.contact.search")
	t := p.target(n)
	if t == nil {
		return
	}
	if t.operation.Write || t.operation.Strategy == "" {
		p.into.Errorf(n.At(), CodeCannotPoll, p.pollable(t.connection), "%s cannot be polled", t.name())
		return
	}
	p.trigger = t
	p.recipe.Trigger.Connection, p.recipe.Trigger.Operation = t.connection.Name, t.operation.Key
	title := "the record"
	if t.operation.Object != nil {
		title = t.operation.Object.Key
	}
	p.names = mapping.NewNames(t.operation.Object, title, p.recipe.Vars)
	p.recipe.Trigger.With = p.constantInputs(t, m.Get("with"), n.At())
}

// pollable suggests operations that can be polled.
func (p *parser) pollable(c Connection) string {
	operations, _ := p.catalog.Operations(c.Connector)
	var keys []string
	for _, o := range operations {
		if !o.Write && o.Strategy != "" {
			keys = append(keys, c.Name+"."+o.Key)
		}
	}
	return known("", keys)
}

// constantInputs evaluates the inputs of the polled operation now: a feed is known
// by them, so they cannot depend on anything that changes.
func (p *parser) constantInputs(t *target, n *yamlnode.Node, at diag.Place) map[string]any {
	s := mapping.Source{At: at, Object: true}
	if n.Kind() != yamlnode.Null {
		s = source(n)
	}
	before, want := p.into.Len(), t.inputs()
	if parent := t.operation.ParentInput; parent != "" {
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
	return inputs
}

// once reports a value that is in a list already.
func (p *parser) once(n *yamlnode.Node, before []string, value string) {
	if slices.Contains(before, value) {
		p.into.Errorf(n.At(), CodeDuplicateValue, "remove it", "%q stands here twice", cut(value))
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
		p.into.Errorf(n.At(), CodeBadTime, suggestion, "%q is not a start", cut(text))
		return s
	}
	if p.trigger != nil && !p.trigger.operation.Timed {
		p.into.Errorf(n.At(), CodeNoTimes, "write start: now or start: all", "the records of %s carry no times", p.trigger.name())
	}
	return Start{Mode: StartTime, At: at.UTC(), Text: text}
}

// duration reads a duration between two bounds, inclusive; 0 when it is absent.
func (p *parser) duration(n *yamlnode.Node, least, most time.Duration) time.Duration {
	d, ok := n.Duration(p.into)
	if !ok {
		return 0
	}
	return p.between(n, d, least, most)
}

// between reports a duration outside two bounds, and returns 0 for it.
func (p *parser) between(n *yamlnode.Node, d, least, most time.Duration) time.Duration {
	if d < least || d > most {
		p.into.Errorf(n.At(), CodeTimeout, "write "+short(least)+" to "+short(most), "%s is outside its bounds", n.Written())
		return 0
	}
	return d
}

// short writes a duration without its zero parts, as in 24h and 30d.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
