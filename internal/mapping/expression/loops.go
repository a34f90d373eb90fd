package expression

import (
	"errors"
	"time"

	"github.com/pollux-automation/pollux/internal/mapping/expression/operators"
	"github.com/pollux-automation/pollux/internal/mapping/expression/shapes"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// The bounds of the loops of one evaluation, all of them together. What is slower or
// larger is a mistake in the recipe and becomes an error of the step; without the
// bounds it would hold up a worker for hours.
const (
	maxRounds = 100_000
	maxTime   = time.Second
	// memoryBudget counts the elements of the lists that the library makes.
	memoryBudget = 100_000
)

var (
	errTooMuch = errors.New("the expression goes through more than 100,000 rounds")
	errTooSlow = errors.New("the expression takes longer than a second")
)

// bounded passes a list or object on unless it is too large.  The lists and objects
// that an expression writes out go through it.
func bounded(args ...any) (any, error) {
	if err := functions.Bounded(args[0]); err != nil {
		return nil, err
	}
	return args[0], nil
}

// round is called around the body of a loop: it counts and watches the clock. The
// library has no bound on time, and a loop inside a loop over a long list would
// take hours without ever asking for memory.
func round(args ...any) (any, error) {
	f, ok := args[0].(*frame)
	if !ok {
		return args[1], nil
	}
	if f.rounds++; f.rounds > maxRounds {
		return nil, errTooMuch
	}
	switch args[1].(type) {
	case nil, string, int, float64, bool:
		if f.rounds%64 != 1 { // asking for the time costs more than such a round
			return args[1], nil
		}
	}
	if f.begun.IsZero() {
		f.begun = time.Now()
	}
	if time.Since(f.begun) > maxTime {
		return nil, errTooSlow
	}
	return bounded(args[1])
}

// decide is round for bodies that must be true or false.
func decide(args ...any) (any, error) {
	v, err := round(args...)
	if err != nil {
		return nil, err
	}
	return operators.Truth(v)
}

// changed asks the change itself; args[0] is the frame, the others are fields.
func changed(args ...any) (any, error) {
	f, ok := args[0].(*frame)
	if !ok {
		return false, nil
	}
	for _, arg := range args[1:] {
		switch x := arg.(type) {
		case string:
			if f.scope.changed(x) {
				return true, nil
			}
		case *shapes.Path:
			if yes, err := f.scope.changedNamed(x); yes || err != nil {
				return yes, err
			}
		}
	}
	return false, nil
}
