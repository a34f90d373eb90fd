package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Filter is a compiled condition.
type Filter struct {
	program *expression.Program
}

// Expression is a compiled expression of any type.
type Expression struct {
	program *expression.Program
}

// Filter compiles a condition: an expression, without a leading =, that is true or
// false. It returns nil after a finding.
func (n *Names) Filter(s Source, into *diag.List) *Filter {
	if on, ok := s.Value.(bool); ok { // "if: false" switches a step off
		s.Value = strconv.FormatBool(on)
	}
	p, ok := n.expression(s, into)
	if !ok {
		return nil
	}
	if got := p.Result.Sort; got != functions.Bool && got != functions.Any {
		into.Errorf(s.At, expression.CodeNotCondition, `compare it with something, as in record.email != nil`, "a condition is true or false, this is %s", got)
		return nil
	}
	return &Filter{program: p}
}

// Expression compiles an expression, without a leading =. It returns nil after a
// finding.
func (n *Names) Expression(s Source, into *diag.List) *Expression {
	p, ok := n.expression(s, into)
	if !ok {
		return nil
	}
	return &Expression{program: p}
}

// expression compiles a scalar as an expression.
func (n *Names) expression(s Source, into *diag.List) (*expression.Program, bool) {
	if s.Broken {
		return nil, false
	}
	source, ok := s.Value.(string)
	if !ok {
		into.Errorf(s.At, expression.CodeSyntax, "", "expected an expression such as record.email != nil")
		return nil, false
	}
	if rest, marked := strings.CutPrefix(strings.TrimSpace(source), "="); marked {
		into.Errorf(s.At, CodeNeedless, "write "+functions.Shorten(strings.TrimSpace(rest)), "this is always an expression; it needs no =")
		return nil, false
	}
	return n.Compile(expression.Fragment{Source: source, At: s.At, Locate: s.locate}, into)
}

// Match reports whether the condition holds. A condition that is nil does not.
func (f *Filter) Match(s *Scope) (bool, error) {
	v, err := f.program.Run(s)
	if err != nil {
		return false, err
	}
	if v == nil {
		return false, nil
	}
	yes, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("evaluate %q: expected true or false, found %s", functions.Shorten(f.program.Source), functions.SortOf(v))
	}
	return yes, nil
}

// Uses reports whether the condition refers to a name or calls a function.
func (f *Filter) Uses(name string) bool { return f != nil && f.program.Uses(name) }

// String returns the condition as it was written.
func (f *Filter) String() string { return f.program.Source }

// Value returns what the expression gives, as plain data: nil, bool, int, float64,
// string, []any or map[string]any.
func (x *Expression) Value(s *Scope) (any, error) {
	return x.program.Value(s)
}

// Uses reports whether the expression refers to a name or calls a function.
func (x *Expression) Uses(name string) bool { return x != nil && x.program.Uses(name) }

// String returns the expression as it was written.
func (x *Expression) String() string { return x.program.Source }
