package actions

import (
	"fmt"

	"github.com/pollux-automation/pollux/internal/mapping"
)

// Switch is the step that carries out the first of its cases that holds.
type Switch struct {
	// Cases are the conditions in their order; nil is an else, which always holds.
	Cases []*mapping.Filter
}

// Prepare says which case is taken. Conditions behind it are not evaluated.
func (a Switch) Prepare(s *mapping.Scope) (Prepared, error) {
	taken := -1
	for i, condition := range a.Cases {
		holds := condition == nil
		if !holds {
			var err error
			if holds, err = condition.Match(s); err != nil {
				return Prepared{}, fmt.Errorf("case %d: %w", i, err)
			}
		}
		if holds {
			taken = i
			break
		}
	}
	return Prepared{Case: taken, Output: map[string]any{"case": taken}}, nil
}
