package actions

import "github.com/pollux-automation/pollux/internal/mapping"

// SetValues is the step that computes values for later steps.
type SetValues struct {
	Values *mapping.Mapping
}

// Prepare computes the values; they are the step's output.
func (a SetValues) Prepare(s *mapping.Scope) (Prepared, error) {
	values, err := a.Values.Input(s)
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Output: values}, nil
}
