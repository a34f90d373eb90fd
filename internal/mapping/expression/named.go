package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression/operators"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Named is a place of a recipe that uses a name which users of a service have given to
// an element of a list, as in record.customFields.plan.
type Named struct {
	Connection string // the recipe's name for the account whose names they are
	Spec       *schema.Named
	Field      string // "customFields"
	Name       string // "plan"; empty where only an evaluation tells
	At         diag.Place
	// Watch is true for what the trigger watches, Write for what a step sends.
	Watch, Write bool
}

// Namer leads from names to the ids under which records have their values.
type Namer interface {
	// ID returns the id of a name. The error says what to write instead.
	ID(connection string, spec *schema.Named, name string) (string, error)
}

// SetConnection tells whose records the names are about.
func (n *Names) SetConnection(connection string) {
	n.connection = connection
	for _, name := range []string{nameRecord, nameBefore} {
		n.shapes[name] = n.shapes[name].Of(connection)
	}
}

// Note notes that the recipe uses a name.
func (n *Names) Note(use Named) { *n.uses = append(*n.uses, use) }

// Named returns where the recipe uses names that users have given, as far as it was
// compiled.
func (n *Names) Named() []Named { return *n.uses }

// note notes the use of a name at a place.
func (n *Names) note(p *shapes.Path, at diag.Place, watch bool) {
	n.Note(Named{Connection: p.Connection, Spec: p.Spec, Field: p.Field, Name: p.Name, At: at, Watch: watch})
}

// foundName is a name in an expression; its place counts characters.
type foundName struct {
	*shapes.Path
	offset, width int
}

// member notes a member of a list that is a name, and no number of an element.
func (r *rules) member(n *ast.MemberNode) {
	owner := r.names.resolve(n.Node)
	if owner == nil || owner.List == nil {
		return
	}
	switch property := n.Property.(type) {
	case *ast.IntegerNode, *ast.UnaryNode:
	case *ast.StringNode:
		r.named = append(r.named, foundName{&shapes.Path{Named: owner.List, Name: property.Value}, property.Location().From, property.Location().To - property.Location().From})
	default:
		r.named = append(r.named, foundName{&shapes.Path{Named: owner.List, Name: ""}, property.Location().From, 1})
	}
}

// shapeOf is what is known of a part that was visited before.
func (r *rewriter) shapeOf(node ast.Node) *shapes.Shape {
	switch x := node.(type) {
	case *ast.IdentifierNode:
		return r.names.shapes[x.Value]
	case *ast.ChainNode:
		return r.shapeOf(x.Node)
	}
	return r.shapes[node]
}

// member replaces the look at a member. Elements of some lists have names.
func (r *rewriter) member(node *ast.Node, n *ast.MemberNode) {
	owner := r.shapeOf(n.Node)
	property, isText := n.Property.(*ast.StringNode)
	if owner != nil && owner.List != nil {
		replace(node, opNamed, &ast.IdentifierNode{Value: opState}, n.Node, n.Property, &ast.ConstantNode{Value: owner.List})
		return
	}
	replace(node, opGet, n.Node, n.Property)
	switch {
	case owner == nil:
	case owner.Sort == functions.List:
		r.shapes[*node] = owner.Items
	case isText:
		r.shapes[*node] = owner.Fields[property.Value]
	}
}

// paths replaces the fields that changed is asked for by what their names lead to.
func (r *rewriter) paths(arguments []ast.Node) {
	record := r.names.shapes[nameRecord]
	for i, arg := range arguments {
		if text, ok := arg.(*ast.StringNode); ok && record != nil {
			if p := record.Path(text.Value); p != nil {
				arguments[i] = &ast.ConstantNode{Value: p}
			}
		}
	}
}

// byName reads an element of a list by its name: the frame, the list, the name, and what
// is known of the list.
func byName(args ...any) (any, error) {
	f, isFrame := args[0].(*frame)
	list, isList := args[3].(*shapes.Named)
	name, isName := args[2].(string)
	if !isFrame || !isList || !isName {
		return operators.Get(args[1], args[2])
	}
	return f.scope.element(&shapes.Path{Named: list, Name: name}, args[1])
}

// element returns the value of the element that a name leads to; nil without one. Records
// that were written by hand may have an object of values by name in the list's place.
func (s *Scope) element(p *shapes.Path, v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		return x[p.Name], nil
	case nil, []any:
		id, err := s.id(p)
		if err != nil {
			return nil, err
		}
		list, _ := x.([]any)
		for _, e := range list {
			element, _ := e.(map[string]any)
			if element[p.Key] != id {
				continue
			}
			for _, value := range p.Values {
				if element[value] != nil {
					return element[value], nil
				}
			}
			return nil, nil
		}
		if s.Named == nil && len(list) > 0 {
			return nil, fmt.Errorf("nobody knows the names of the %ss here; write %s: {%s: ...}", p.Spec.Title, p.Field, p.Name)
		}
		return nil, nil
	}
	return nil, fmt.Errorf("%s has no member %q", functions.SortOf(v), p.Name)
}

// id is the id of a name; the name itself where no names are known.
func (s *Scope) id(p *shapes.Path) (string, error) {
	if s.Named == nil {
		return p.Name, nil
	}
	return s.Named.ID(p.Connection, p.Spec, p.Name)
}

// changedNamed is changed for an element with a name.
func (s *Scope) changedNamed(p *shapes.Path) (bool, error) {
	if s.isNew() {
		v, err := s.element(p, s.Record[p.Field])
		return v != nil, err
	}
	id, err := s.id(p)
	return err == nil && s.changed(p.Field+"."+id), err
}
