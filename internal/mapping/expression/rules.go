package expression

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// rules are what recipes may not write although the library would accept it, and what
// it cannot check: the values of kind, the arguments of changed. One is made for each
// expression.
type rules struct {
	names   *Names
	problem *problem // the first in reading order
	doubts  []*problem
	callees map[ast.Node]bool
	named   []foundName
}

// newRules makes the rules for one expression.
func newRules(n *Names) *rules { return &rules{names: n, callees: map[ast.Node]bool{}} }

// walk looks at every part. Callees are collected first, because a function's name is
// visited before the call that it belongs to.
func (r *rules) walk(root ast.Node) {
	ast.Walk(&root, visitor(func(n *ast.Node) {
		if call, ok := (*n).(*ast.CallNode); ok {
			r.callees[call.Callee] = true
		}
	}))
	ast.Walk(&root, visitor(r.visit))
}

// found keeps a problem if it stands before those found so far.
func (r *rules) found(p *problem) {
	if p != nil && (r.problem == nil || p.offset < r.problem.offset) {
		r.problem = p
	}
}

// add keeps a problem, or a warning for what looks like a mistake where there is no way
// of saying that it is meant.
func (r *rules) add(p *problem) {
	if p.warn {
		r.doubts = append(r.doubts, p)
		return
	}
	r.found(p)
}

// visit applies the rules to one part.
func (r *rules) visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.identifier(n)
	case *ast.CallNode:
		r.call(n)
	case *ast.BinaryNode:
		r.binary(n)
	case *ast.BytesNode:
		r.found(problemAt(n, CodeNotAllowed, "write text in quotes", "bytes cannot be used"))
	case *ast.MemberNode:
		if n.Method {
			r.found(problemAt(n.Property, CodeNotAllowed, "call a function", "methods cannot be called"))
			return
		}
		r.nearMiss(n)
		r.member(n)
	}
}

// nearMiss refuses a field that an open object may have, but that looks like a
// misspelt one of its listed fields: it would be nil for ever, and a filter would
// drop every record. With ?. the author says that the field is meant.
func (r *rules) nearMiss(n *ast.MemberNode) {
	name, ok := n.Property.(*ast.StringNode)
	owner := r.names.resolve(n.Node)
	if !ok || n.Optional || owner == nil || !owner.Open || owner.Fields[name.Value] != nil {
		return
	}
	if near := diag.DidYouMean(name.Value, owner.Names()); near != "" {
		p := problemAt(name, CodeUnknownField, near+" If the field exists, write ?."+name.Value, "%s has no listed field %q", owner.Title, name.Value)
		p.width = max(p.width, len([]rune(name.Value)))
		r.found(p)
	}
}

// identifier refuses names that exist, but not here or not alone.
func (r *rules) identifier(n *ast.IdentifierNode) {
	if n.Value == "$env" {
		r.found(problemAt(n, CodeNotAllowed, "use the names themselves", "$env cannot be used"))
		return
	}
	if why, away := r.names.away[n.Value]; away {
		r.found(problemAt(n, CodeUnknownName, why, "%q is not in reach here", n.Value))
	}
	if _, isFunction := functions.ByName(n.Value); isFunction && !r.callees[n] {
		r.found(problemAt(n, CodeUnknownName, "write record."+n.Value+" for the field, "+n.Value+"(...) to call it", "%q is a function", n.Value))
	}
	if n.Value == "clear" {
		r.found(problemAt(n, CodeUnknownName, "write =clear as the whole value of an input", "clear cannot be a part of an expression"))
	}
}

// call refuses methods, and checks arguments that are constants. A misspelt time zone
// or pattern of a date would else be met only when a record comes.
func (r *rules) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		if m, isMember := n.Callee.(*ast.MemberNode); isMember && m.Method {
			return // found at the member
		}
		r.found(problemAt(n.Callee, CodeNotAllowed, "call a function", "methods cannot be called"))
		return
	}
	if callee.Value == functions.Changed {
		r.changed(n)
		return
	}
	f, known := functions.ByName(callee.Value)
	if !known {
		return // the checker reports it
	}
	for i, arg := range n.Arguments {
		constant, isText := arg.(*ast.StringNode)
		check := f.Constants[i]
		if check == nil || !isText {
			continue
		}
		if err := check(constant.Value); err != nil {
			r.found(problemAt(arg, CodeArgument, err.Hint, "%s", err.Text))
		}
	}
}

// changed checks that the arguments are names of fields, or paths below them.
func (r *rules) changed(n *ast.CallNode) {
	if r.names.away[functions.Changed] != "" {
		return // found at the name
	}
	if len(n.Arguments) == 0 {
		r.found(problemAt(n, CodeArgument, `write changed("field")`, "changed wants the names of fields"))
	}
	record := r.names.shapes[nameRecord]
	for _, arg := range n.Arguments {
		name, ok := arg.(*ast.StringNode)
		if !ok {
			r.found(problemAt(arg, CodeArgument, `write changed("field")`, "changed wants the name of a field in quotes"))
			continue
		}
		if p := pathProblem(record, name.Value); p != nil {
			at := problemAt(arg, p.code, p.suggestion, "%s", p.message)
			at.width, at.warn = max(at.width, len([]rune(name.Value))), p.warn
			r.add(at)
		}
		if p := record.Path(name.Value); p != nil {
			r.named = append(r.named, foundName{p, name.Location().From, name.Location().To - name.Location().From})
		}
	}
}

// binary checks what kind is compared with, and the patterns of matches.
func (r *rules) binary(n *ast.BinaryNode) {
	if n.Operator == "matches" {
		r.pattern(n)
	}
	left, right := isName(n.Left, nameKind), isName(n.Right, nameKind)
	if !left && !right {
		return
	}
	switch n.Operator {
	case "==", "!=", "in":
		other := n.Right
		if right {
			other = n.Left
		}
		r.kindValue(other)
	case "<", ">", "<=", ">=", "contains", "startsWith", "endsWith", "matches":
		r.found(problemAt(n, CodeKind, `write kind == "`+r.names.kinds[0]+`"`, "kind can only be compared with == and !="))
	}
}

// isName reports whether a node is that name.
func isName(n ast.Node, name string) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == name
}

// kindValue refuses everything but the constants that kind can be. A comparison with
// anything else is never true, and nobody would notice.
func (r *rules) kindValue(n ast.Node) {
	switch x := n.(type) {
	case *ast.StringNode:
		if !slices.Contains(r.names.kinds, x.Value) {
			r.found(problemAt(x, CodeKind, r.names.suggestKind(x.Value), "kind is never %q", x.Value))
		}
	case *ast.ArrayNode:
		for _, item := range x.Nodes {
			r.kindValue(item)
		}
	default:
		r.found(problemAt(n, CodeKind, r.names.suggestKind(""), "kind can only be compared with its values"))
	}
}

// pattern checks the pattern of matches.
func (r *rules) pattern(n *ast.BinaryNode) {
	constant, ok := n.Right.(*ast.StringNode)
	if !ok {
		r.found(problemAt(n.Right, CodePattern, "write the pattern in quotes", "the pattern of matches must be a constant"))
		return
	}
	if _, err := functions.Pattern(constant.Value); err != "" {
		r.found(problemAt(constant, CodePattern, `see the syntax of RE2; \ is written \\ in quotes`, "%s", err))
	}
}
