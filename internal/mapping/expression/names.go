package expression

import (
	"maps"
	"slices"

	"github.com/expr-lang/expr/types"

	"github.com/pollux-automation/pollux/connectors/schema"
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
)

// Names lists what expressions of one recipe may refer to. It is used by one
// goroutine at a time. One is made for the filter, one for the steps; both count into
// the same bound.
type Names struct {
	shapes map[string]*Shape
	// away explains names that exist, but not here.
	away map[string]string
	// compiled counts expressions, over all names of a recipe.
	compiled *int
	// later are the steps that have not run yet.
	later []string
}

// NewNames makes the names of a filter: the record (nil: nothing is known of it)
// and the recipe's vars; title is what messages call the record.
func NewNames(record *schema.Object, title string, vars map[string]any) *Names {
	n := &Names{compiled: new(int), away: map[string]string{
		nameSteps: "steps have not run yet when a filter is decided",
		nameRun:   "there is no run yet when a filter is decided",
	}}
	n.shapes = map[string]*Shape{
		nameRecord:  ObjectShape(record, title),
		nameBefore:  ObjectShape(record, title),
		nameKind:    {Sort: functions.Text},
		nameEvent:   fixed("event", "id", "record"),
		nameVars:    varsShape(vars),
		nameAccount: fixed("account", "name"),
		nameNow:     {Sort: functions.Time},
	}
	event := n.shapes[nameEvent].fields
	event["revision"] = &Shape{Sort: functions.Integer}
	event["created_at"], event["updated_at"] = &Shape{Sort: functions.Time}, &Shape{Sort: functions.Time}
	return n
}

// NewConstants makes the names of a value that is decided when a recipe is
// loaded: only vars.
func NewConstants(vars map[string]any) *Names {
	n := &Names{compiled: new(int), away: map[string]string{}, shapes: map[string]*Shape{nameVars: varsShape(vars)}}
	for _, name := range []string{nameRecord, nameBefore, nameKind, nameEvent, nameSteps, nameRun, nameAccount, nameNow} {
		n.away[name] = "only vars can be used here"
	}
	return n
}

// ForSteps returns the names of the steps: those of the filter, and run and steps.
func (n *Names) ForSteps() *Names {
	out := &Names{shapes: maps.Clone(n.shapes), away: map[string]string{}, compiled: n.compiled}
	out.shapes[nameRun] = fixed("run", "id", "recipe", "version")
	out.shapes[nameSteps] = &Shape{Sort: functions.Object, title: "steps", fields: map[string]*Shape{}}
	return out
}

// AddStep makes the result of a step known to the expressions that are compiled
// from then on.
func (n *Names) AddStep(id string, result *Shape) { n.shapes[nameSteps].fields[id] = result }

// SetLater names the steps that have not run when the expressions that are compiled
// from then on are evaluated; a reference to one of them gets a finding of its own.
func (n *Names) SetLater(ids []string) { n.later = ids }

// varsShape is the shape of the recipe's constants; there is always one, so that a
// misspelt constant is found even in a recipe that has none.
func varsShape(vars map[string]any) *Shape {
	if vars == nil {
		vars = map[string]any{}
	}
	return ConstantShape(vars, "vars")
}

// fixed is the shape of an object of texts.
func fixed(title string, names ...string) *Shape {
	s := &Shape{Sort: functions.Object, title: title, fields: map[string]*Shape{}}
	for _, name := range names {
		s.fields[name] = &Shape{Sort: functions.Text}
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
		m[name] = s.exprType()
	}
	return m
}
