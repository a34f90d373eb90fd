package expression

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/types"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The names that expressions use.
const (
	nameRecord  = "record"
	nameBefore  = "before"
	nameKind    = "kind"
	nameEvent   = "event"
	nameVars    = "vars"
	nameSteps   = "steps"
	nameRun     = "run"
	nameAccount = "account"
	nameNow     = "now"
	nameItem    = "item"
	nameIndex   = "index"
	nameTarget  = "target"
)

// Names lists what expressions of one recipe may refer to. It is used by one
// goroutine at a time. One is made for the filter, one for the steps; both count into
// the same bound.
type Names struct {
	shapes map[string]*shapes.Shape
	// away explains names that exist, but not here.
	away map[string]string
	// kinds are the values that kind can have.
	kinds []string
	// compiled counts expressions, over all names of a recipe.
	compiled *int
	// uses are the names given by users that a recipe uses, connection whose they are.
	uses       *[]Named
	connection string
	// later are the steps that have not run yet.
	later []string
	// own are the results of steps that these names were told of, hidden those that are
	// out of reach, by step.
	own    map[string]*shapes.Shape
	hidden map[string]hiddenStep
}

// hiddenStep explains why the result of a step cannot be used.
type hiddenStep struct{ why, instead string }

// NewNames makes the names of a filter: the record (nil: nothing is known of it)
// and the recipe's vars; title is what messages call the record.
func NewNames(record *schema.Object, title string, vars map[string]any) *Names {
	n := &Names{compiled: new(int), uses: new([]Named), kinds: Kinds(false), away: map[string]string{
		nameSteps: "steps have not run yet when a filter is decided",
		nameRun:   "there is no run yet when a filter is decided",
	}}
	n.hideInner()
	n.shapes = map[string]*shapes.Shape{
		nameRecord:  shapes.ObjectShape(record, title),
		nameBefore:  shapes.ObjectShape(record, title),
		nameKind:    {Sort: functions.Text},
		nameEvent:   fixed("event", "id", "record", "parent"),
		nameVars:    varsShape(vars),
		nameAccount: fixed("account", "name"),
		nameNow:     {Sort: functions.Time},
	}
	event := n.shapes[nameEvent].Fields
	event["revision"] = &shapes.Shape{Sort: functions.Integer}
	event["created_at"], event["updated_at"] = &shapes.Shape{Sort: functions.Time}, &shapes.Shape{Sort: functions.Time}
	return n
}

// NewConstants makes the names of a value that is decided when a recipe is
// loaded: only vars.
func NewConstants(vars map[string]any) *Names {
	n := &Names{shapes: map[string]*shapes.Shape{nameVars: varsShape(vars)}, kinds: Kinds(false), compiled: new(int), uses: new([]Named)}
	n.hide("only vars can be used here", nameRecord, nameBefore, nameKind, nameEvent, nameSteps, nameRun, nameAccount, nameNow, functions.Changed)
	n.hideInner()
	return n
}

// hideInner hides the names that only some expressions of steps can use.
func (n *Names) hideInner() {
	n.hide("only the steps inside an each have it", nameItem, nameIndex)
	n.hide("only only_if sees how the target is before the write", nameTarget)
}

// hide names what exists, but not here, and says why.
func (n *Names) hide(why string, names ...string) {
	if n.away == nil {
		n.away = make(map[string]string, len(names))
	}
	for _, name := range names {
		n.away[name] = why
	}
}

// SetScoped tells that the recipe has a scope, and so the kinds of change that come
// with one.
func (n *Names) SetScoped() { n.kinds = Kinds(true) }

// ForScope returns the names of a scope: the record, vars and account. Whether a record
// is in scope must follow from the record alone, since it is asked of the record as it
// was before, too, and asked again at any later time.
func (n *Names) ForScope() *Names {
	out := n.only(nameRecord, nameVars, nameAccount)
	const why = "a scope is a property of the record alone; "
	out.hide(why+"use it in filter", nameBefore, nameKind, nameEvent, nameNow, functions.Changed)
	out.hide(why+"use it in steps", nameSteps, nameRun)
	return out
}

// ForParents returns the names of the choice of parents: the record of a parent (nil:
// nothing is known of it), which messages call title, and vars.
func (n *Names) ForParents(parent *schema.Object, title string) *Names {
	out := n.only(nameVars)
	out.shapes[nameRecord] = shapes.ObjectShape(parent, title).Of(n.connection)
	out.hide("parents are chosen by their record and vars alone", nameBefore, nameKind, nameEvent, nameSteps, nameRun, nameAccount, nameNow, functions.Changed)
	return out
}

// only returns some of the names.
func (n *Names) only(names ...string) *Names {
	out := &Names{shapes: make(map[string]*shapes.Shape, len(names)+1), kinds: n.kinds, compiled: n.compiled, uses: n.uses, connection: n.connection}
	for _, name := range names {
		out.shapes[name] = n.shapes[name]
	}
	out.hideInner()
	return out
}

// ForSteps returns the names of the steps: those of the filter, and run and steps.
func (n *Names) ForSteps() *Names {
	out := &Names{shapes: maps.Clone(n.shapes), kinds: n.kinds, compiled: n.compiled, uses: n.uses, connection: n.connection}
	out.shapes[nameRun] = fixed("run", "id", "recipe", "version")
	out.shapes[nameSteps] = shapes.MembersShape("steps", map[string]*shapes.Shape{})
	out.hideInner()
	return out
}

// Inner returns the names of steps inside another one. What they are told from then on
// is not known outside; see [Names.Adopt].
func (n *Names) Inner() *Names {
	out := &Names{shapes: maps.Clone(n.shapes), away: maps.Clone(n.away), kinds: n.kinds, compiled: n.compiled, uses: n.uses, connection: n.connection, hidden: maps.Clone(n.hidden)}
	out.shapes[nameSteps] = shapes.MembersShape("steps", maps.Clone(n.shapes[nameSteps].Fields))
	return out
}

// ForItems returns the names of the steps that run once for each item of a list: those
// of [Names.Inner], and item and index.
func (n *Names) ForItems(list *shapes.Shape) *Names {
	out := n.Inner()
	out.shapes[nameItem], out.shapes[nameIndex] = shapes.Anything(), &shapes.Shape{Sort: functions.Integer}
	if list != nil && list.Items != nil {
		out.shapes[nameItem] = list.Items
	}
	delete(out.away, nameItem)
	delete(out.away, nameIndex)
	return out
}

// ForTarget returns the names of a condition about the record that a step is about to
// write: those of the step, and target.
func (n *Names) ForTarget(target *shapes.Shape) *Names {
	out := n.Inner()
	out.later, out.shapes[nameTarget] = n.later, target
	delete(out.away, nameTarget)
	return out
}

// AddStep makes the result of a step known to the expressions that are compiled
// from then on.
func (n *Names) AddStep(id string, result *shapes.Shape) {
	n.shapes[nameSteps].Fields[id] = result
	if n.own == nil {
		n.own = map[string]*shapes.Shape{}
	}
	n.own[id] = result
}

// Adopt makes known what the names of inner steps were told.
func (n *Names) Adopt(inner *Names) {
	for id, result := range inner.own {
		n.AddStep(id, result)
	}
}

// Results is the shape of an object with the results that these names were told of;
// title is what messages call it.
func (n *Names) Results(title string) *shapes.Shape {
	return shapes.MembersShape(title, maps.Clone(n.own))
}

// HideSteps explains why expressions that are compiled from then on cannot use the
// results of some steps, and what they can use instead.
func (n *Names) HideSteps(ids []string, why, instead string) {
	if n.hidden == nil {
		n.hidden = make(map[string]hiddenStep, len(ids))
	}
	for _, id := range ids {
		n.hidden[id] = hiddenStep{why, instead}
	}
}

// SetLater names the steps that have not run when the expressions that are compiled
// from then on are evaluated; a reference to one of them gets a finding of its own.
func (n *Names) SetLater(ids []string) { n.later = ids }

// varsShape is the shape of the recipe's constants; there is always one, so that a
// misspelt constant is found even in a recipe that has none.
func varsShape(vars map[string]any) *shapes.Shape {
	if vars == nil {
		vars = map[string]any{}
	}
	return shapes.ConstantShape(vars, "vars")
}

// fixed is the shape of an object of texts.
func fixed(title string, names ...string) *shapes.Shape {
	s := &shapes.Shape{Sort: functions.Object, Title: title, Fields: map[string]*shapes.Shape{}}
	for _, name := range names {
		s.Fields[name] = &shapes.Shape{Sort: functions.Text}
	}
	return s
}

// words returns all names, sorted, for suggestions.
func (n *Names) words() []string { return slices.Sorted(maps.Keys(n.shapes)) }

// exprEnv gives the names and their types in the library's terms. A name that is
// missing here is an error of the first pass.
func (n *Names) exprEnv() types.Map {
	m := make(types.Map, len(n.shapes))
	for name, s := range n.shapes {
		m[name] = s.ExprType()
	}
	return m
}
