package expression

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// frame is what one evaluation needs. Frames are pooled; one goroutine has one.
// Everything of the former evaluation is reset or cleared; only memory is kept.
type frame struct {
	vm     vm.VM
	env    map[string]any
	scope  *Scope
	rounds int
	begun  time.Time // of the first loop; zero before
}

//nolint:gochecknoglobals // a pool
var frames = sync.Pool{New: func() any {
	return &frame{vm: vm.VM{MemoryBudget: memoryBudget}, env: make(map[string]any, 12)}
}}

// Run evaluates the expression. What it returns may be of types that only the
// expression library makes; see [Program.Value] for plain data. It never panics,
// and it ends within the bounds that the package comment of mapping states.
func (p *Program) Run(s *Scope) (any, error) {
	f, ok := frames.Get().(*frame)
	if !ok {
		return nil, functions.ErrUnknownValue // the pool holds nothing else
	}
	f.scope, f.rounds, f.begun = s, 0, time.Time{}
	f.env[opState] = f
	for _, name := range p.env {
		f.env[name] = s.value(name)
	}
	v, err := f.vm.Run(p.code, f.env)
	// A frame in the pool must not keep a record alive.
	clear(f.env)
	f.scope = nil
	frames.Put(f)
	if err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", functions.Shorten(p.Source), cause(err))
	}
	return v, nil
}

// Value evaluates the expression and returns plain data: nil, bool, int, float64,
// string, []any or map[string]any.
func (p *Program) Value(s *Scope) (any, error) {
	v, err := p.Run(s)
	if err != nil {
		return nil, err
	}
	if v, err = functions.Plain(v); err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", functions.Shorten(p.Source), err)
	}
	return v, nil
}

// cause returns our own error out of the library's, or its text in our words. Errors
// of Go's runtime, such as a failed type assertion inside the library, say nothing to
// the author of a recipe.
func cause(err error) error {
	e, ok := errors.AsType[*file.Error](err)
	if !ok {
		return err
	}
	if e.Prev == nil {
		return errors.New(humanize(e.Message))
	}
	if _, goError := errors.AsType[runtime.Error](e.Prev); goError {
		return errors.New("a value has the wrong type for what is done with it")
	}
	return e.Prev
}
