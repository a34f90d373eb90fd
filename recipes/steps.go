package recipes

import (
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys of a step.
//
//nolint:gochecknoglobals // tables
var (
	stepKeys  = []string{"id", "if", "call", "with", "set", "stop", "then", "on_error", "retry", "timeout", "unsure"}
	stepLater = []string{"switch", "each", "wait", "only_if", "link", "notify"}
	kindKeys  = []string{"call", "set", "stop"}
	callKeys  = []string{"with", "on_error", "retry", "timeout", "unsure"}
	reserved  = []string{
		"record", "before", "kind", "changed", "event", "vars", "steps", "run", "account", "now", "clear",
		"nil", "true", "false", "not", "and", "or", "in", "let", "if", "else", "contains", "matches",
	}
)

// The bounds of a step's timeout; the engine has its own for steps that give none.
const (
	leastTimeout = time.Second
	mostTimeout  = 10 * time.Minute
)

// steps reads the chain, one step after the other: each sees the results of those before.
func (p *parser) steps(m yamlnode.Map) {
	n := m.Need(p.into, "steps", "steps: [{id: ..., call: ..., with: {...}}]")
	items, ok := n.List(p.into)
	if !ok {
		return
	}
	switch {
	case len(items) == 0:
		p.into.Errorf(n.At(), CodeNoSteps, "write at least one step", "the recipe has no steps")
	case len(items) > maxSteps:
		p.into.Errorf(n.At(), CodeTooManySteps, "split the recipe", "the recipe has %d steps, more than %d", len(items), maxSteps)
		return
	}
	names := p.names.ForSteps()
	ids := stepIDs(items)
	for i, item := range items {
		names.SetLater(ids[i:])
		p.recipe.Steps = append(p.recipe.Steps, p.step(item, i, names))
	}
}

// stepIDs returns the ids of the steps as they are written.
func stepIDs(items []*yamlnode.Node) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.Member("id").Written()
	}
	return ids
}

// step reads one step and makes its result known to those that follow.
func (p *parser) step(n *yamlnode.Node, index int, names *mapping.Names) Step {
	s := Step{Index: index}
	m, ok := p.mapping(n, stepKeys, stepLater)
	if !ok {
		return s
	}
	s.ID = p.stepID(m)
	if c := m.Get("if"); c != nil {
		s.If = p.condition(names, c)
	}
	if _, ok := m.Get("then").Word(p.into, "stop"); ok {
		s.ThenStop = true
	}
	result := mapping.Anything()
	switch p.stepKind(n, m) {
	case "call":
		result = p.call(m, &s, names)
	case "set":
		s.Kind = Set
		if s.With = names.Mapping(source(m.Get("set")), nil, p.into); s.With != nil {
			result = s.With.Shape("the result of step " + s.ID)
		}
	case "stop":
		p.stop(m.Get("stop"), &s)
	}
	if s.ID != "" {
		names.AddStep(s.ID, result)
	}
	return s
}

// stepID reads the id, by which a step is known in expressions and in the ledger.
func (p *parser) stepID(m yamlnode.Map) string {
	n := m.Need(p.into, "id", "id: upsert")
	id, ok := n.Text(p.into)
	switch {
	case !ok:
		return ""
	case !identifier.MatchString(id):
		p.into.Errorf(n.At(), CodeBadID, "use small letters, digits and _, and begin with a letter", "%q cannot be the id of a step", cut(id))
	case slices.Contains(reserved, id):
		p.into.Errorf(n.At(), CodeReservedID, "choose another id", "%q is a word of expressions", id)
	case slices.ContainsFunc(p.recipe.Steps, func(s Step) bool { return s.ID == id }):
		p.into.Errorf(n.At(), CodeDuplicateID, "choose another id", "two steps have the id %q", id)
	}
	return id
}

// stepKind returns which of call, set and stop the step has; "" after a finding.
func (p *parser) stepKind(n *yamlnode.Node, m yamlnode.Map) string {
	var found []yamlnode.Field
	later := false
	for _, f := range m.Fields() {
		if slices.Contains(kindKeys, f.Name) {
			found = append(found, f)
		}
		later = later || slices.Contains(stepLater, f.Name)
	}
	switch {
	case len(found) == 0 && later:
		return "" // what it does is not available yet, and that was said
	case len(found) == 0:
		at := n.At()
		at.Width = 1
		p.into.Errorf(at, CodeStepKind, "add call, set or stop", "the step does nothing")
		return ""
	case len(found) > 1:
		p.into.Errorf(found[1].At, CodeStepKind, "make two steps of it", "a step has only one of call, set and stop")
		return ""
	}
	kind := found[0].Name
	for _, f := range m.Fields() {
		if kind != "call" && slices.Contains(callKeys, f.Name) || kind == "stop" && f.Name == "then" {
			p.into.Errorf(f.At, CodeMisplaced, "remove it", "%q does nothing in a step that has %s", f.Name, kind)
		}
	}
	return kind
}

// stop reads a step that ends the run; false would be a stop that never stops.
func (p *parser) stop(n *yamlnode.Node, s *Step) {
	s.Kind = Stop
	if n.Kind() == yamlnode.Text {
		s.Reason = n.Written()
		return
	}
	if on, ok := n.Bool(p.into); ok && !on {
		n.Mismatch(p.into, "true or the reason")
	}
}

// call reads a step that calls an operation, and returns the shape of its answer.
func (p *parser) call(m yamlnode.Map, s *Step, names *mapping.Names) *mapping.Shape {
	s.Kind = Call
	s.OnError = p.rules(m.Get("on_error"))
	s.Retry = p.retry(m.Get("retry"))
	s.Timeout = p.duration(m.Get("timeout"), leastTimeout, mostTimeout)
	n := m.Get("call")
	t := p.target(n)
	if t == nil {
		return mapping.Anything()
	}
	s.Connection, s.Operation = t.connection.Name, t.operation.Key
	with := mapping.Source{At: n.At(), Object: true}
	if w := m.Get("with"); w.Kind() != yamlnode.Null {
		with = source(w)
	}
	s.With = names.Mapping(with, t.inputs(), p.into)
	p.unsure(m.Get("unsure"), n.At(), t, s)
	p.loop(n.At(), t, s)
	shape := mapping.ObjectShape(t.operation.Object, "the answer of "+t.operation.Key)
	if t.operation.List {
		return mapping.ListShape(shape)
	}
	return shape
}

// unsure reads what to do when an answer is lost, and checks that it can be done.
func (p *parser) unsure(n *yamlnode.Node, at diag.Place, t *target, s *Step) {
	word, given := n.Word(p.into, UnsureSafe, UnsureFind, UnsurePark)
	if n != nil && !given {
		return
	}
	s.Unsure = word
	o := t.operation
	switch {
	case given && !o.Write:
		p.into.Errorf(n.At(), CodeMisplaced, "remove it", "%s only reads, so nothing is unsure", t.name())
	case word == UnsureFind && o.Repeat != UnsureFind:
		p.into.Errorf(n.At(), CodeNothingToFind, "write park, or leave it out", "a lost %s cannot be looked up", t.name())
	case word == UnsureSafe && o.Repeat != UnsureSafe:
		p.into.Warnf(n.At(), CodeUnsafeRepeat, "write park to be asked instead", "%s sent twice leaves two effects", t.name())
	case o.Repeat == UnsureFind && word != UnsurePark && !provable(o.Match, s.With):
		p.into.Warnf(at, CodeNoProof, `add "(run ${run.id})" to `+o.Match, "if the answer of %s is lost, nothing in %s can prove that it arrived", t.name(), o.Match)
		if word == "" {
			s.Unsure = UnsurePark
		}
	}
}

// provable reports whether the input by which a lost write is looked up can hold
// the run's id, itself or through an earlier step.
func provable(match string, with *mapping.Mapping) bool {
	return match == "" || with == nil || with.InputUses(match, "run") || with.InputUses(match, "steps")
}

// loop warns of a step that changes what the recipe itself watches: its own write
// would start it again.
func (p *parser) loop(at diag.Place, t *target, s *Step) {
	if p.trigger == nil || !t.operation.Write || t.connection.Account != p.trigger.connection.Account || p.trigger.operation.Object == nil {
		return
	}
	// What is below an operation's own name may write its records (contact.tag.add those
	// of contact.search), what stands beside it does not (contact.tag.add and the notes).
	key := p.trigger.operation.Key
	if own := key[:strings.LastIndexByte(key, '.')+1]; !strings.HasPrefix(t.operation.Key, own) {
		return
	}
	if kinds := p.recipe.Trigger.Kinds; !slices.Contains(kinds, mapping.Updated) && !slices.Contains(kinds, mapping.Changed) {
		return
	}
	o := p.trigger.operation.Object
	var fields []string
	for _, input := range s.With.Inputs() {
		if _, isField := o.Field(input); isField && input != o.ID && p.recipe.Trigger.Watches([]string{input}) {
			fields = append(fields, input)
		}
	}
	if len(fields) > 0 {
		p.into.Warnf(at, CodeLoop, "watch other fields: watch: [...]", "the step writes %s of the records that start this recipe", strings.Join(fields, ", "))
	}
}
