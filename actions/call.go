package actions

import (
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// CallOperation is the step that calls an operation of a connector.
type CallOperation struct {
	Account   string
	Session   connectors.Session
	Operation *connectors.Operation
	// With builds the inputs; nil for none.
	With *mapping.Mapping
}

// Prepare builds the inputs of the call.
func (c CallOperation) Prepare(s *mapping.Scope) (Prepared, error) {
	input := map[string]any{}
	if c.With != nil {
		var err error
		if input, err = c.With.Input(s); err != nil {
			return Prepared{}, err
		}
	}
	return Prepared{
		Input: input,
		Call:  &Call{Account: c.Account, Session: c.Session, Operation: c.Operation, Input: input},
	}, nil
}
