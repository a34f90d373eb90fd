package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"

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

// List compiles an expression, without a leading =, that is a list. It returns nil
// after a finding.
func (n *Names) List(s Source, into *diag.List) *Expression {
	if s.List {
		into.Errorf(s.At, CodeNotList, `put it in quotes, as in '["a", "b"]'`, "a list is written as an expression here")
		return nil
	}
	p, ok := n.expression(s, into)
	if !ok {
		return nil
	}
	if got := p.Result.Sort; got != functions.List && got != functions.Any {
		into.Errorf(s.At, CodeNotList, "write a list, as in record.tags", "expected a list, this is %s", got)
		return nil
	}
	return &Expression{program: p}
}

// Time compiles a value that is a time, or a text that tells one: an expression with a
// leading =, or a constant. It returns nil after a finding.
func (n *Names) Time(s Source, into *diag.List) *Expression {
	if s.Broken {
		return nil
	}
	const form = "write =record.dueDate, or a time such as 2026-03-01T09:00:00+09:00"
	text, ok := s.Value.(string)
	if !ok {
		into.Errorf(s.At, CodeNotTime, form, "expected a time")
		return nil
	}
	source, marked := strings.CutPrefix(text, "=")
	offset := 1
	if !marked {
		if _, err := functions.TimeOf(text); err != nil {
			into.Errorf(s.At, CodeNotTime, form, "%q is not a time", functions.Shorten(text))
			return nil
		}
		source, offset = strconv.Quote(text), 0
	}
	p, ok := n.Compile(expression.Fragment{
		Source: source, At: s.At,
		Locate: func(o, width int) diag.Place { return s.locate(offset+o, width) },
	}, into)
	if !ok {
		return nil
	}
	if got := p.Result.Sort; got != functions.Time && got != functions.Text && got != functions.Any {
		into.Errorf(s.At, CodeNotTime, form, "expected a time, this is %s", got)
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

// Items returns the elements of the list that the expression gives; none for nil.
func (x *Expression) Items(s *Scope) ([]any, error) {
	v, err := x.program.Value(s)
	if err != nil || v == nil {
		return nil, err
	}
	items, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("evaluate %q: expected a list, found %s", functions.Shorten(x.program.Source), functions.SortOf(v))
	}
	return items, nil
}

// Time returns the time that the expression gives, or that its text tells; zero for
// nil.
func (x *Expression) Time(s *Scope) (time.Time, error) {
	v, err := x.program.Run(s)
	if err != nil || v == nil {
		return time.Time{}, err
	}
	if _, number := v.(int); number { // milliseconds or seconds? a person must say
		return time.Time{}, fmt.Errorf("evaluate %q: expected a time, found a number; make one of it with date(...)", functions.Shorten(x.program.Source))
	}
	at, err := functions.TimeOf(v)
	if err != nil {
		return time.Time{}, fmt.Errorf("evaluate %q: %w", functions.Shorten(x.program.Source), err)
	}
	return at, nil
}

// Uses reports whether the expression refers to a name or calls a function.
func (x *Expression) Uses(name string) bool { return x != nil && x.program.Uses(name) }

// String returns the expression as it was written.
func (x *Expression) String() string { return x.program.Source }
