package mapping

import (
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The kinds of change that an expression can compare kind with.
const (
	Created = expression.Created
	Updated = expression.Updated
)

// Scope is what filters, expressions and mappings are evaluated with.
type Scope = expression.Scope

// Event is the change in a scope.
type Event = expression.Event

// Run is the run in a scope.
type Run = expression.Run

// Shape is what is known at load time of a value: of a record, of an answer.
type Shape = expression.Shape

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
func Anything() *Shape { return expression.Anything() }

// ObjectShape is the shape of a record or answer. title is what messages call it;
// a nil object gives [Anything].
func ObjectShape(o *schema.Object, title string) *Shape { return expression.ObjectShape(o, title) }

// ListShape is the shape of a list.
func ListShape(items *Shape) *Shape { return expression.ListShape(items) }

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
