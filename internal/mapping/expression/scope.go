package expression

import (
	"time"

	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// Scope is what an expression is evaluated with. Maps may be nil; then each of
// their members is nil. Expressions never write to them.
type Scope struct {
	// Record is the record as it is now, Before as it was last known.
	Record, Before map[string]any
	// Kind is what happened to the record.
	Kind string
	// Changed are the names of the fields that changed, and paths below them where
	// it is known what changed inside; it counts only if BeforeKnown is true.
	Changed     []string
	BeforeKnown bool
	// Event has id, record, parent (nil when the record has none), revision (int),
	// created_at and updated_at (time.Time, nil when the service does not say); Run
	// has id, recipe and version; Account has name.
	Event, Run, Account map[string]any
	// Vars are the recipe's constants, Steps the results of its steps by id.
	Vars, Steps map[string]any
	// Now is the time of the run's commit.
	Now time.Time
}

// changed tells whether a field or a path counts as changed: on creation when it has a value,
// and always when it is unknown how the record was before. Too many runs are better
// than a change that was passed over.
func (s *Scope) changed(field string) bool {
	if s.Kind == Created {
		return functions.Present(s.Record, field)
	}
	return !s.BeforeKnown || functions.Listed(s.Changed, field)
}

// value returns what a name stands for.
func (s *Scope) value(name string) any {
	switch name {
	case nameRecord:
		return s.Record
	case nameBefore:
		return s.Before
	case nameKind:
		return s.Kind
	case nameEvent:
		return s.Event
	case nameVars:
		return s.Vars
	case nameSteps:
		return s.Steps
	case nameRun:
		return s.Run
	case nameAccount:
		return s.Account
	case nameNow:
		return s.Now
	}
	return nil
}
