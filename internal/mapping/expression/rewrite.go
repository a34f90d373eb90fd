package expression

import (
	"github.com/expr-lang/expr/ast"

	"github.com/pollux-automation/pollux/internal/mapping/expression/operators"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The names of our operators. No expression can spell them. They begin with a
// character that the library's lexer takes for no part of a name. State is no
// operator: it is the frame, which those that count or ask for the change take as
// their first argument.
const (
	opState   = "·state"
	opGet     = "·get"
	opSlice   = "·slice"
	opAdd     = "·add"
	opEqual   = "·equal"
	opCompare = "·compare"
	opTruth   = "·truth"
	opMatch   = "·match"
	opBounded = "·bounded"
	opRound   = "·round"
	opDecide  = "·decide"
	opChanged = "·changed"
	opIn      = "·in"
	opNamed   = "·named"
)

// operatorFunctions are the operators by name.
func operatorFunctions() map[string]functions.Func {
	return map[string]functions.Func{
		opGet: operators.Get, opSlice: operators.Slice, opAdd: operators.Add, opEqual: operators.Equal, opCompare: operators.Compare,
		opTruth: operators.Truth, opIn: operators.In, opMatch: operators.Match,
		opBounded: bounded, opRound: round, opDecide: decide, opChanged: changed, opNamed: byName,
	}
}

// rewriter replaces the library's operators by ours, which know nil and bounds. It
// is a visitor of the untyped tree.  The parts inside come first, so what it puts in
// their place is not visited again.
type rewriter struct {
	names *Names
	// shapes are those of the parts that were replaced, as far as they are known.
	shapes map[ast.Node]*shapes.Shape
}

// Visit is called for each part of an expression, innermost first.
func (r *rewriter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.SliceNode:
		replace(node, opSlice, n.Node, orNil(n.From), orNil(n.To))
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			n.Node = truth(n.Node)
		}
	case *ast.ConditionalNode:
		n.Cond = truth(n.Cond)
	case *ast.BinaryNode:
		visitBinary(node, n)
	case *ast.ArrayNode, *ast.MapNode:
		replace(node, opBounded, *node)
	case *ast.BuiltinNode:
		visitLoop(n)
	case *ast.CallNode:
		if isName(n.Callee, functions.Changed) {
			r.paths(n.Arguments)
			n.Callee = &ast.IdentifierNode{Value: opChanged}
			n.Arguments = append([]ast.Node{&ast.IdentifierNode{Value: opState}}, n.Arguments...)
		}
	}
}

// visitBinary replaces an operator between two values. Those that stay (- * / % ** and
// the text operators) do the right thing with nil or fail cleanly.
func visitBinary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "+":
		replace(node, opAdd, n.Left, n.Right)
	case "==", "!=":
		replace(node, opEqual, n.Left, n.Right, &ast.BoolNode{Value: n.Operator == "=="})
	case "<", ">", "<=", ">=":
		replace(node, opCompare, n.Left, n.Right, &ast.StringNode{Value: n.Operator})
	case "in":
		replace(node, opIn, n.Left, n.Right)
	case "and", "or", "&&", "||":
		n.Left, n.Right = truth(n.Left), truth(n.Right)
	case "matches":
		if pattern, ok := n.Right.(*ast.StringNode); ok {
			if compiled, problem := functions.Pattern(pattern.Value); problem == "" {
				replace(node, opMatch, n.Left, &ast.ConstantNode{Value: compiled})
			}
		}
	}
}

// visitLoop puts a counter around the body of a function such as any or map. Where
// the body decides, nil counts as false.
func visitLoop(n *ast.BuiltinNode) {
	operator := opRound
	switch n.Name {
	case "all", "none", "any", "one", "filter", "count", "find", "findIndex", "findLast", "findLastIndex":
		operator = opDecide
	}
	for _, arg := range n.Arguments {
		if body, ok := arg.(*ast.PredicateNode); ok {
			replace(&body.Node, operator, &ast.IdentifierNode{Value: opState}, body.Node)
		}
	}
}

// replace puts the call of one of our operators in the place of a node.
func replace(node *ast.Node, operator string, arguments ...ast.Node) {
	ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: operator}, Arguments: arguments})
}

// orNil stands for the bound that a slice leaves out.
func orNil(n ast.Node) ast.Node {
	if n == nil {
		return &ast.NilNode{}
	}
	return n
}

// truth wraps what may be nil where true or false is needed. What gives true or false
// by itself stays as it is.
func truth(n ast.Node) ast.Node {
	switch x := n.(type) {
	case *ast.BoolNode:
		return n
	case *ast.UnaryNode:
		if x.Operator == "not" || x.Operator == "!" {
			return n
		}
	case *ast.BinaryNode:
		switch x.Operator {
		case "and", "or", "&&", "||", "contains", "startsWith", "endsWith":
			return n
		}
	case *ast.CallNode:
		if isName(x.Callee, opEqual) || isName(x.Callee, opCompare) || isName(x.Callee, opIn) || isName(x.Callee, opMatch) || isName(x.Callee, opChanged) {
			return n
		}
	}
	wrapped := n
	replace(&wrapped, opTruth, n)
	return wrapped
}
