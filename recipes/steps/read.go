package steps

import (
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/catalog"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The keys of a step: all of them, those of later versions, and those that each kind has
// besides id and if.
//
//nolint:gochecknoglobals // tables
var (
	stepKeys = []string{
		"id", "if", "call", "with", "only_if", "set", "stop", "switch", "each", "steps", "parallel", "wait",
		"then", "on_error", "retry", "timeout", "unsure",
	}
	stepLater = []string{"link", "notify"}
	kindKeys  = map[string][]string{
		"call":   {"with", "only_if", "then", "on_error", "retry", "timeout", "unsure"},
		"set":    {"then", "on_error"},
		"stop":   {},
		"switch": {"then", "on_error"},
		"each":   {"steps", "parallel", "then", "on_error"},
		"wait":   {"then"},
	}
	reserved = []string{
		"record", "before", "kind", "changed", "event", "vars", "steps", "run", "account", "now", "item", "index", "target", "clear",
		"nil", "true", "false", "not", "and", "or", "in", "let", "if", "else", "contains", "matches",
	}
)

// The bounds of a step's timeout; the engine has its own for steps that give none.
const (
	leastTimeout = time.Second
	mostTimeout  = 10 * time.Minute
)

// Most is how many steps a recipe has at most.
const Most = 200

// About is what the reader must know of the recipe.
type About struct {
	// Connections find the operations that steps call.
	Connections *catalog.Connections
	// Vars are the constants of the recipe.
	Vars map[string]any
	// Names are those of the steps, without any.
	Names *mapping.Names
	// Trigger is what is polled; nil when that is unknown. Kinds are the kinds of change
	// that the recipe runs for, and Watches tells whether a changed field counts.
	Trigger *catalog.Found
	Kinds   []string
	Watches func(fields []string) bool
	// Guarded is true when a scope or filter narrows down which changes lead to the steps.
	Guarded bool
}

// reader reads the steps of one recipe. It goes on after a mistake and leaves the
// field zero.
type reader struct {
	about About
	into  *diag.List
	ids   []string // of the steps so far
	// all are the ids of all steps as they are written, in the order of the file, and
	// next is the place of the next step among them.
	all  []string
	next int
	// depth is how many steps the next one is inside of, and eachDepth how many of them
	// are an each.
	depth, eachDepth int
	// guards is how many conditions the next step stands behind.
	guards int
}

// Read reads the chain, one step after the other: each sees the results of those
// before. After an error the result is not fit for use.
func Read(n *yamlnode.Node, about About, into *diag.List) []Step {
	items, ok := n.List(into)
	if !ok {
		return nil
	}
	r := &reader{about: about, into: into, all: stepIDs(items)}
	switch {
	case len(items) == 0:
		into.Errorf(n.At(), CodeNoSteps, "write at least one step", "the recipe has no steps")
	case len(r.all) > Most:
		into.Errorf(n.At(), CodeTooManySteps, "split the recipe", "the recipe has %d steps, more than %d", len(r.all), Most)
		return nil
	}
	return r.steps(items, about.Names)
}

// stepIDs returns the ids of some steps and of those inside them, as they are written.
func stepIDs(items []*yamlnode.Node) []string {
	var ids []string
	for _, item := range items {
		ids = append(ids, item.Member("id").Written())
		ids = append(ids, stepIDs(item.Member("steps").Items())...)
		for _, c := range item.Member("switch").Items() {
			ids = append(ids, stepIDs(c.Member("steps").Items())...)
			ids = append(ids, stepIDs(c.Member("else").Items())...)
		}
	}
	return ids
}

// steps reads some steps that follow each other.
func (r *reader) steps(items []*yamlnode.Node, names *mapping.Names) []Step {
	list := make([]Step, len(items))
	for i, item := range items {
		first := r.next
		list[i] = r.step(item, names)
		r.next = first + len(stepIDs(items[i:i+1])) // also after a step that was not read to its end
	}
	return list
}

// inner reads the steps inside another one. There must be some.
func (r *reader) inner(n *yamlnode.Node, what string, names *mapping.Names) []Step {
	items, ok := n.List(r.into)
	if ok && len(items) == 0 {
		r.into.Errorf(n.At(), CodeNoSteps, "write at least one step", "%s has no steps", what)
	}
	return r.steps(items, names)
}

// step reads one step and makes its result known to those that follow.
func (r *reader) step(n *yamlnode.Node, names *mapping.Names) Step {
	s := Step{Index: r.next}
	names.SetLater(r.all[r.next:])
	m, ok := values.Mapping(n, stepKeys, stepLater, r.into)
	if !ok {
		return s
	}
	r.next++
	s.ID = r.stepID(m)
	s.If = values.Condition(m.Get("if"), names, r.into)
	if _, ok := m.Get("then").Word(r.into, "stop"); ok {
		s.ThenStop = true
	}
	guards := r.guards
	if m.Has("if") {
		r.guards++
	}
	result := r.does(n, m, &s, names)
	if r.guards = guards; m.Has("if") && (s.Kind == Stop || s.ThenStop) {
		r.guards++ // what follows is not reached by every change
	}
	s.OnError = Rules(m.Get("on_error"), r.into)
	if s.Kind == Set || s.Kind == Switch || s.Kind == Each {
		r.callAnswers(m.Get("on_error"), s.Kind)
	}
	if s.ID != "" {
		names.AddStep(s.ID, result)
	}
	return s
}

// does reads what a step does, and returns the shape of its result.
func (r *reader) does(n *yamlnode.Node, m yamlnode.Map, s *Step, names *mapping.Names) *mapping.Shape {
	result := mapping.Anything()
	switch kind := r.stepKind(n, m); kind {
	case "call":
		result = r.call(m, s, names)
	case "set":
		s.Kind = Set
		if s.With = names.Mapping(values.Of(m.Get("set")), nil, r.into); s.With != nil {
			result = s.With.Shape("the result of step " + s.ID)
		}
	case "stop":
		r.stop(m.Get("stop"), s)
	case "switch", "each":
		result = r.nested(m, s, names, kind)
	case "wait":
		s.Kind, s.Wait = Wait, r.pause(m.Get("wait"), names)
		result = mapping.MembersShape("the result of step "+s.ID, nil)
	}
	return result
}

// stepID reads the id, by which a step is known in expressions and in the ledger.
func (r *reader) stepID(m yamlnode.Map) string {
	n := m.Need(r.into, "id", "id: upsert")
	id, ok := n.Text(r.into)
	switch {
	case !ok:
		return ""
	case !values.IsName(id):
		r.into.Errorf(n.At(), values.CodeBadID, "use small letters, digits and _, and begin with a letter", "%q cannot be the id of a step", values.Cut(id))
	case slices.Contains(reserved, id):
		r.into.Errorf(n.At(), CodeReservedID, "choose another id", "%q is a word of expressions", id)
	case slices.Contains(r.ids, id):
		r.into.Errorf(n.At(), CodeDuplicateID, "choose another id", "two steps have the id %q", id)
	}
	r.ids = append(r.ids, id)
	return id
}

// stepKind returns what the step does, by the word for it; "" after a finding.
func (r *reader) stepKind(n *yamlnode.Node, m yamlnode.Map) string {
	var found []yamlnode.Field
	later := false
	for _, f := range m.Fields() {
		if kindKeys[f.Name] != nil {
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
		r.into.Errorf(at, CodeStepKind, "add call, set, switch, each, wait or stop", "the step does nothing")
		return ""
	case len(found) > 1:
		r.into.Errorf(found[1].At, CodeStepKind, "make two steps of it", "a step has only one of call, set, switch, each, wait and stop")
		return ""
	}
	kind := found[0].Name
	for _, f := range m.Fields() {
		known := f.Name == kind || f.Name == "id" || f.Name == "if" || slices.Contains(kindKeys[kind], f.Name)
		if !known && slices.Contains(stepKeys, f.Name) {
			r.into.Errorf(f.At, CodeMisplaced, "remove it", "%q does nothing in a step that has %s", f.Name, kind)
		}
	}
	return kind
}

// callAnswers reports answers to errors that only a call can follow.
func (r *reader) callAnswers(rules *yamlnode.Node, kind Kind) {
	for _, rule := range rules.Items() {
		if do := rule.Member("do"); do.Written() == DoRetry || do.Written() == DoPauseAccount {
			r.into.Errorf(do.At(), CodeMisplaced, "move the rule to the call, or to the recipe", "%q does nothing in a step that has %s", do.Written(), kind)
		}
	}
}

// stop reads a step that ends the run; false would be a stop that never stops.
func (r *reader) stop(n *yamlnode.Node, s *Step) {
	s.Kind = Stop
	if n.Kind() == yamlnode.Text {
		s.Reason = n.Written()
		return
	}
	if on, ok := n.Bool(r.into); ok && !on {
		n.Mismatch(r.into, "true or the reason")
	}
}

// call reads a step that calls an operation, and returns the shape of its answer.
func (r *reader) call(m yamlnode.Map, s *Step, names *mapping.Names) *mapping.Shape {
	s.Kind = Call
	s.Retry = readRetry(m.Get("retry"), r.into)
	s.Timeout = values.Duration(m.Get("timeout"), leastTimeout, mostTimeout, r.into)
	n := m.Get("call")
	t := r.about.Connections.Find(n)
	with := mapping.Source{At: n.At(), Object: true}
	if w := m.Get("with"); w.Kind() != yamlnode.Null {
		with = values.Of(w)
	}
	if t == nil { // what stands in the inputs can be wrong all the same
		names.Mapping(with, nil, r.into)
		return mapping.Anything()
	}
	s.Connection, s.Operation = t.Connection.Name, t.Operation.Key
	before := r.into.Len()
	s.With = names.Mapping(with, t.Inputs(), r.into)
	if r.into.Len() == before { // else it was said already
		s.Form = r.about.Connections.Form(t, with, r.about.Vars)
	}
	r.onlyIf(m.Get("only_if"), t, s, names)
	r.unsure(m.Get("unsure"), n.At(), t, s)
	r.loop(n.At(), t, s)
	r.danger(n.At(), t, m.Has("only_if"))
	shape := mapping.ObjectShape(t.Operation.Object, "the answer of "+t.Operation.Key).Of(s.Connection)
	if t.Operation.List {
		return mapping.ListShape(shape)
	}
	return shape
}

// unsure reads what to do when an answer is lost, and checks that it can be done.
func (r *reader) unsure(n *yamlnode.Node, at diag.Place, t *catalog.Found, s *Step) {
	word, given := n.Word(r.into, UnsureSafe, UnsureFind, UnsurePark)
	if n != nil && !given {
		return
	}
	s.Unsure = word
	o := t.Operation
	switch {
	case given && !o.Write:
		r.into.Errorf(n.At(), CodeMisplaced, "remove it", "%s only reads, so nothing is unsure", t.Name())
	case word == UnsureFind && o.Repeat != UnsureFind:
		r.into.Errorf(n.At(), CodeNothingToFind, "write park, or leave it out", "a lost %s cannot be looked up", t.Name())
	case word == UnsureSafe && o.Repeat != UnsureSafe:
		r.into.Warnf(n.At(), CodeUnsafeRepeat, "write park to be asked instead", "%s sent twice leaves two effects", t.Name())
	case o.Repeat == UnsureFind && word != UnsurePark && !r.provable(o.Match, s.With):
		r.proofless(at, t, s)
	}
}

// proofless warns of a write whose text cannot prove whether it arrived. Where the text may
// still show that it did, it is looked for and never sent again; else a lost one is parked.
func (r *reader) proofless(at diag.Place, t *catalog.Found, s *Step) {
	proof, what := "(run ${run.id})", "arrived"
	if r.eachDepth > 0 {
		proof = "(run ${run.id}, ${index})"
	}
	if t.Operation.Dated {
		what = "did not arrive"
	} else if s.Unsure == "" {
		s.Unsure = UnsurePark
	}
	match := t.Operation.Match
	r.into.Warnf(at, CodeNoProof, `add "`+proof+`" to `+match, "if the answer of %s is lost, nothing in %s can prove that it %s", t.Name(), match, what)
}

// provable reports whether the input by which a lost write is looked up can hold the
// run's id, itself or through an earlier step. Inside an each it must tell the items
// apart, too: the run's id is the same for all of them.
func (r *reader) provable(match string, with *mapping.Mapping) bool {
	if match == "" || with == nil || with.InputUses(match, "steps") {
		return true
	}
	item := r.eachDepth == 0 || with.InputUses(match, "item") || with.InputUses(match, "index")
	return item && with.InputUses(match, "run")
}

// danger warns of a step that cannot be undone and that every change leads to, unless it
// asks by itself, with only_if.
func (r *reader) danger(at diag.Place, t *catalog.Found, asks bool) {
	if does := t.Operation.Danger; does != "" && !r.about.Guarded && r.guards == 0 && !asks {
		r.into.Warnf(at, CodeUnguarded, "add a filter or scope to the recipe, or if to the step; true says that this is meant",
			"%s %s, and every change leads to it", t.Name(), does)
	}
}

// watched reports whether a step's connection stands for an account that the trigger polls.
func (r *reader) watched(c catalog.Connection) bool {
	trigger := r.about.Trigger.Connection
	return c.Name == trigger.Name || trigger.Connector == c.Connector && trigger.Matches(c.Account)
}

// loop warns of a step that changes what the recipe itself watches: its own write
// would start it again.
func (r *reader) loop(at diag.Place, t *catalog.Found, s *Step) {
	if r.about.Trigger == nil || !t.Operation.Write || !r.watched(t.Connection) || r.about.Trigger.Operation.Object == nil {
		return
	}
	// What is below an operation's own name may write its records (contact.tag.add those
	// of contact.search), what stands beside it does not (contact.tag.add and the notes).
	key := r.about.Trigger.Operation.Key
	if own := key[:strings.LastIndexByte(key, '.')+1]; own == "" || !strings.HasPrefix(t.Operation.Key, own) {
		return
	}
	if kinds := r.about.Kinds; !slices.Contains(kinds, mapping.Updated) && !slices.Contains(kinds, mapping.Changed) {
		return
	}
	o := r.about.Trigger.Operation.Object
	var fields []string
	for _, input := range s.With.Inputs() {
		if _, isField := o.Field(input); isField && input != o.ID && r.about.Watches(s.With.Paths(input)) {
			fields = append(fields, input)
		}
	}
	if len(fields) > 0 {
		r.into.Warnf(at, CodeLoop, "watch other fields: watch: [...]", "the step writes %s of the records that start this recipe", strings.Join(fields, ", "))
	}
}
