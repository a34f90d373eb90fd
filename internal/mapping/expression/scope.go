package expression

import (
	"strconv"
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
	Event       Event
	Run         Run
	Account     string // its name
	// Vars are the recipe's constants, Steps the results of its steps by id.
	Vars, Steps map[string]any
	// Now is the time of the run's commit.
	Now time.Time
	// Item is what the innermost each goes through, Index its place in the list, from 0.
	// They are meant only inside an each.
	Item  any
	Index int
	// Target is the record that a step is about to write, as it was read just before.
	// It is meant only for only_if.
	Target map[string]any
	// Named leads from names that users of a service have given to what the records hold;
	// nil where no names are known.
	Named Namer
}

// Event is the change that a recipe decides about. It becomes an object only for
// expressions that look at it, as does a run.
type Event struct {
	Record   string
	Parent   string // the id of the record that it belongs to; empty, and nil for expressions, for none
	Revision int
	// CreatedAt and UpdatedAt are the service's own times; zero, and nil for
	// expressions, when it does not say.
	CreatedAt, UpdatedAt time.Time
}

func (e *Event) object() map[string]any {
	return map[string]any{
		"id": e.Record + "@" + strconv.Itoa(e.Revision), "record": e.Record, "revision": e.Revision,
		"created_at": functions.TimeOrNil(e.CreatedAt), "updated_at": functions.TimeOrNil(e.UpdatedAt), "parent": functions.TextOrNil(e.Parent),
	}
}

// Run is the run that expressions of steps belong to.
type Run struct{ ID, Recipe, Version string }

func (r *Run) object() map[string]any {
	return map[string]any{"id": r.ID, "recipe": r.Recipe, "version": r.Version}
}

// isNew tells whether the record was not there before. One that enters a scope may be new,
// or one that was outside of it.
func (s *Scope) isNew() bool {
	return s.Kind == Created || s.Kind == Entered && s.BeforeKnown && s.Before == nil
}

// changed tells whether a field or a path counts as changed: on creation when it has a value,
// and always when it is unknown how the record was before. Too many runs are better
// than a change that was passed over.
func (s *Scope) changed(field string) bool {
	if s.isNew() {
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
		return s.Event.object()
	case nameVars:
		return s.Vars
	case nameSteps:
		return s.Steps
	case nameRun:
		return s.Run.object()
	case nameAccount:
		return map[string]any{"name": s.Account}
	case nameNow:
		return s.Now
	case nameItem:
		return s.Item
	case nameIndex:
		return s.Index
	case nameTarget:
		return s.Target
	}
	return nil
}
