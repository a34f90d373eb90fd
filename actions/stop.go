package actions

import "github.com/pollux-automation/pollux/internal/mapping"

// StopRun is the step that ends the run well.
type StopRun struct {
	Reason string // shown with the step; may be empty
}

// Prepare says to stop.
func (a StopRun) Prepare(*mapping.Scope) (Prepared, error) {
	p := Prepared{Stop: true}
	if a.Reason != "" {
		p.Output = map[string]any{"reason": a.Reason}
	}
	return p, nil
}
