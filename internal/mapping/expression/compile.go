package expression

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The bounds of an expression. They keep a recipe from making the program slow to
// load; what an evaluation may cost is bounded in loops.go.
const (
	maxSource = 4 << 10
	maxNodes  = 500
	// maxExpressions bounds the time that a recipe takes to load.
	maxExpressions = 2_000
)

// Program is a compiled expression. It is immutable and safe for concurrent use. The
// library's code in it is only read while it runs.
type Program struct {
	Source string
	// Result is what is known of the value that the expression gives.
	Result *shapes.Shape
	code   *vm.Program
	uses   map[string]bool // names and functions
	env    []string        // the names that must be set before it runs
}

// Uses reports whether the expression refers to a name or calls a function.
func (p *Program) Uses(name string) bool { return p.uses[name] }

// Fragment is an expression inside a file. Offsets and widths count characters, not
// bytes, from the beginning of the source.
type Fragment struct {
	Source string
	At     diag.Place
	// Locate gives the place of some characters of the expression.
	Locate func(offset, width int) diag.Place
}

// Compile checks an expression against the names and their types, reports the
// first thing that is wrong, and translates it. ok is false after a finding.
//
// The work is done twice. The first pass has types and finds mistakes. The second
// has none, because the library trusts types so far that a nil where it expects
// text would be an error; there our own operators take the place of the library's.
func (n *Names) Compile(f Fragment, into *diag.List) (p *Program, ok bool) {
	if *n.compiled++; *n.compiled > maxExpressions {
		if *n.compiled == maxExpressions+1 {
			into.Errorf(f.At, CodeTooMany, "split the recipe", "the recipe has more than %d expressions", maxExpressions)
		}
		return nil, false
	}
	if len(f.Source) > maxSource {
		into.Errorf(f.At, CodeTooLong, "split it into set steps", "the expression has %d bytes, more than %d", len(f.Source), maxSource)
		return nil, false
	}
	if strings.TrimSpace(f.Source) == "" {
		into.Errorf(f.At, CodeSyntax, "", "the expression is empty")
		return nil, false
	}
	defer func() {
		// The library is not ours; a bug in it must not end the program.
		if r := recover(); r != nil {
			into.Errorf(f.At, CodeSyntax, "write it more simply", "the expression cannot be compiled")
			p, ok = nil, false
		}
	}()
	tree, ok := n.check(f, into)
	if !ok {
		return nil, false
	}
	return n.translate(f, tree, into)
}

// check is the first pass. Functions are declared with their types here, so that a
// wrong argument is found before a run meets it. Our own rules come between the
// library's parser and its checker: what they say is more exact. The tree is only for
// looking at; the second pass parses anew.
func (n *Names) check(f Fragment, into *diag.List) (*parser.Tree, bool) {
	config := configure(expr.Env(n.exprEnv()))
	for _, fn := range functions.Table() {
		expr.Function(fn.Doc.Name, fn.Call, fn.Types...)(config)
	}
	tree, err := parser.ParseWithConfig(f.Source, config)
	if err != nil {
		n.report(f, nil, err, into)
		return nil, false
	}
	rules := newRules(n)
	rules.walk(tree.Node)
	if rules.problem != nil {
		rules.problem.add(f, into)
		return nil, false
	}
	for _, doubt := range rules.doubts {
		doubt.add(f, into)
	}
	for _, p := range rules.named {
		n.note(p.Path, f.Locate(p.offset, p.width), false)
	}
	if _, err := checker.Check(tree, config); err != nil {
		n.report(f, tree.Node, err, into)
		return nil, false
	}
	return tree, true
}

// translate is the second pass. checked is the tree of the first pass, whose types
// say what the result is. Which names are set before each evaluation is noted, since
// a large record that nobody asks for need not be handed over.
func (n *Names) translate(f Fragment, checked *parser.Tree, into *diag.List) (*Program, bool) {
	uses := usedNames(checked.Node)
	options := []expr.Option{
		expr.Env(types.Map{types.Extra: types.Any}), expr.DisableAllBuiltins(), expr.Optimize(false),
		expr.MaxNodes(maxNodes), expr.Patch(&rewriter{names: n, shapes: map[ast.Node]*shapes.Shape{}}),
	}
	for _, name := range keptBuiltins() {
		options = append(options, expr.EnableBuiltin(name))
	}
	for _, fn := range functions.Table() {
		options = append(options, expr.Function(fn.Doc.Name, fn.Call))
	}
	for name, call := range operatorFunctions() {
		options = append(options, expr.Function(name, call))
	}
	code, err := expr.Compile(f.Source, options...)
	if err != nil {
		n.report(f, checked.Node, err, into)
		return nil, false
	}
	p := &Program{Source: f.Source, Result: n.shape(checked.Node), code: code, uses: uses}
	for _, name := range n.words() {
		if uses[name] {
			p.env = append(p.env, name)
		}
	}
	// changed looks at the record through the scope, without naming it.
	if uses[functions.Changed] {
		p.uses[nameRecord] = true
	}
	return p, true
}

// configure returns the library's configuration for the first pass. What it does is
// what the library's Compile does before it parses; only so can the tree be looked at
// between parsing and checking.
func configure(options ...expr.Option) *conf.Config {
	config := conf.CreateNew()
	options = append(options, expr.DisableAllBuiltins(), expr.Optimize(false), expr.MaxNodes(maxNodes))
	for _, name := range keptBuiltins() {
		options = append(options, expr.EnableBuiltin(name))
	}
	for _, o := range options {
		o(config)
	}
	for name := range config.Disabled {
		delete(config.Builtins, name)
	}
	config.Check()
	return config
}

// keptBuiltins are the library's functions that stay; each is bounded by the size of
// its arguments. Those that read the clock or make long texts of short ones are not
// among them; package functions has bounded ones in their place.
func keptBuiltins() []string {
	return []string{
		"all", "none", "any", "one", "filter", "map", "count", "sum", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy", "reduce",
		"abs", "ceil", "floor", "round", "max", "min", "first", "last", "sort", "reverse", "concat", "keys", "values",
	}
}

// usedNames returns the identifiers of an expression, those of functions too. The
// result may hold names that a let introduces.
func usedNames(node ast.Node) map[string]bool {
	uses := make(map[string]bool)
	ast.Walk(&node, visitor(func(n *ast.Node) {
		if id, ok := (*n).(*ast.IdentifierNode); ok {
			uses[id.Value] = true
		}
	}))
	return uses
}

// visitor makes a function the visitor of a tree.
type visitor func(*ast.Node)

// Visit calls the function.
func (v visitor) Visit(n *ast.Node) { v(n) }

// shape tells what the expression gives, as precisely as it is known. Of what the
// library finds out only the sort is kept; members are known for names and fields
// alone.
func (n *Names) shape(node ast.Node) *shapes.Shape {
	if s := n.resolve(node); s != nil {
		return s
	}
	s := &shapes.Shape{Sort: shapes.SortOf(node.Nature())}
	switch s.Sort {
	case functions.List:
		s.Items = shapes.Anything()
	case functions.Object:
		s.Open = true
	case functions.Nil:
		s.Sort = functions.Any
	default:
	}
	return s
}

// resolve follows names and fields to the shape that they lead to; nil when the
// expression is anything else.
func (n *Names) resolve(node ast.Node) *shapes.Shape {
	switch x := node.(type) {
	case *ast.IdentifierNode:
		return n.shapes[x.Value]
	case *ast.ChainNode:
		return n.resolve(x.Node)
	case *ast.MemberNode:
		base := n.resolve(x.Node)
		if base == nil {
			return nil
		}
		name, isText := x.Property.(*ast.StringNode)
		if isText && base.Sort == functions.Object {
			if s, known := base.Fields[name.Value]; known {
				return s
			}
			return shapes.Anything()
		}
		if isText && base.List != nil {
			return shapes.Anything()
		}
		if base.Sort == functions.List {
			return base.Items
		}
	}
	return nil
}

// report turns an error of the library into a finding. root is nil when the
// expression could not even be parsed.
func (n *Names) report(f Fragment, root ast.Node, err error, into *diag.List) {
	p := problem{width: utf8.RuneCountInString(f.Source)}
	message := err.Error()
	if e, ok := errors.AsType[*file.Error](err); ok {
		message = e.Message
		p.offset, p.width = e.From, e.To-e.From
	}
	explainError(&p, n, root, message)
	p.add(f, into)
}

// problem is a finding inside an expression; places count characters. A warning
// leaves the expression usable.
type problem struct {
	offset, width             int
	code, message, suggestion string
	warn                      bool
}

// problemAt makes a problem at a part of the expression. It covers the whole chain
// that leads to the part, as in record.email.
func problemAt(node ast.Node, code, suggestion, format string, args ...any) *problem {
	at := node.Location()
	for base := node; ; { // a member's own place is that of its name alone
		m, ok := base.(*ast.MemberNode)
		if !ok {
			at.From = min(at.From, base.Location().From)
			break
		}
		base = m.Node
	}
	return &problem{offset: at.From, width: at.To - at.From, code: code, suggestion: suggestion, message: fmt.Sprintf(format, args...)}
}

// add adds the problem to the findings, at its exact place in the file. A place
// behind the end of the source, which the library gives for what is missing, becomes
// that of the whole expression.
func (p *problem) add(f Fragment, into *diag.List) {
	at := f.At
	if p.offset+p.width <= utf8.RuneCountInString(f.Source)+1 {
		at = f.Locate(p.offset, p.width)
	}
	if p.warn {
		into.Warnf(at, p.code, p.suggestion, "%s", p.message)
		return
	}
	into.Errorf(at, p.code, p.suggestion, "%s", p.message)
}
