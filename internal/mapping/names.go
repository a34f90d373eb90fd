package mapping

import (
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The kinds of change that an expression can compare kind with: those of recipes
// without a scope, and those of recipes with one.
const (
	Created = expression.Created
	Updated = expression.Updated
	Deleted = expression.Deleted

	Entered = expression.Entered
	Changed = expression.Changed
	Left    = expression.Left
)

// Kinds returns the kinds of change that a recipe can run for. scoped tells whether it
// has a scope. The kinds at the same place are each other's nearest: created and entered,
// updated and changed, deleted and left.
func Kinds(scoped bool) []string { return expression.Kinds(scoped) }

// Listed reports whether a field, or a path below one such as "address.city", is among
// those that changed. A field counts as changed with anything below it. What stands
// below a field counts if the field is listed alone; where paths below it are listed
// too, they tell what changed in it.
func Listed(changed []string, field string) bool { return functions.Listed(changed, field) }

// Scope is what filters, expressions and mappings are evaluated with.
type Scope = expression.Scope

// Named is a place of a recipe that uses a name which users of a service have given.
type Named = expression.Named

// Namer leads from such names to what records hold.
type Namer = expression.Namer

// Event is the change in a scope.
type Event = expression.Event

// Run is the run in a scope.
type Run = expression.Run

// Shape is what is known at load time of a value: of a record, of an answer.
type Shape = shapes.Shape

// FunctionDoc describes a function for the documentation.
type FunctionDoc = functions.Doc

// Functions describes all functions that Pollux adds, in the order of the
// documentation.
func Functions() []FunctionDoc {
	docs := make([]FunctionDoc, 0, len(functions.Table()))
	for _, f := range functions.Table() {
		docs = append(docs, f.Doc)
	}
	return docs
}

// Anything is the shape of a value of which nothing is known.
func Anything() *Shape { return shapes.Anything() }

// ObjectShape is the shape of a record or answer. title is what messages call it;
// a nil object gives [Anything].
func ObjectShape(o *schema.Object, title string) *Shape { return shapes.ObjectShape(o, title) }

// ListShape is the shape of a list.
func ListShape(items *Shape) *Shape { return shapes.ListShape(items) }

// MembersShape is the shape of an object with the given members and no others; title
// is what messages call it.
func MembersShape(title string, members map[string]*Shape) *Shape {
	return shapes.MembersShape(title, members)
}

// NumberShape is the shape of a whole number.
func NumberShape() *Shape { return shapes.ConstantShape(0, "") }

// Names is what the expressions of a recipe may refer to, and compiles them. It is
// used by one goroutine at a time.
type Names struct {
	*expression.Names
}

// NewNames makes the names of a filter: the record (nil: nothing is known of it)
// and the recipe's vars; title is what messages call the record.
func NewNames(record *schema.Object, title string, vars map[string]any) *Names {
	return &Names{expression.NewNames(record, title, vars)}
}

// NewConstants makes the names of a value that is decided when a recipe is
// loaded: only vars.
func NewConstants(vars map[string]any) *Names { return &Names{expression.NewConstants(vars)} }

// ForSteps returns the names of the steps: those of the filter, and run and steps.
func (n *Names) ForSteps() *Names { return &Names{n.Names.ForSteps()} }

// Inner returns the names of steps inside another one. What they are told from then on
// is not known outside; see [Names.Adopt].
func (n *Names) Inner() *Names { return &Names{n.Names.Inner()} }

// ForItems returns the names of the steps that run once for each item of a list: those
// of [Names.Inner], and item and index.
func (n *Names) ForItems(list *Expression) *Names {
	if list == nil {
		return &Names{n.Names.ForItems(nil)}
	}
	return &Names{n.Names.ForItems(list.program.Result)}
}

// ForTarget returns the names of a condition about the record that a step is about to
// write: those of the step, and target.
func (n *Names) ForTarget(target *Shape) *Names { return &Names{n.Names.ForTarget(target)} }

// Adopt makes known what the names of inner steps were told.
func (n *Names) Adopt(inner *Names) { n.Names.Adopt(inner.Names) }

// ForScope returns the names of a scope: the record, vars and account.
func (n *Names) ForScope() *Names { return &Names{n.Names.ForScope()} }

// ForParents returns the names of the choice of parents: the record of a parent (nil:
// nothing is known of it), which messages call title, and vars.
func (n *Names) ForParents(parent *schema.Object, title string) *Names {
	return &Names{n.Names.ForParents(parent, title)}
}
