package recipes

import (
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// Recipe is one checked file.
type Recipe struct {
	ID   string
	Name string // the id when the file gives none
	File string
	Text []byte
	// Version names the text: the first 12 hex digits of its SHA-256.
	Version     string
	Connections map[string]Connection
	Vars        map[string]any
	Trigger     Trigger
	// Scope turns changes into entered, changed and left; nil means that the recipe
	// has none.
	Scope  *mapping.Filter
	Filter *mapping.Filter // nil lets all changes pass
	Order  Order
	Steps  []Step
	// OnError holds for all steps, after their own rules.
	OnError []Rule
	Keep    Keep
	Tests   []Test
	// Named are the places that use names given by users of a service, as in
	// record.customFields.plan.
	Named []mapping.Named
	// NeedsBodies is true when the recipe looks at how a record was before: it has
	// watch or a scope, wants deletions, or uses before or changed().
	NeedsBodies bool

	idAt diag.Place // where the id stands
}

// Source is the connection whose account, or accounts, the recipe watches.
func (r *Recipe) Source() Connection { return r.Connections[r.Trigger.Connection] }

// Trigger says what starts the recipe.
type Trigger struct {
	Connection string
	Operation  string // "contact.search"
	// With are the inputs that the recipe gives; settings of the account and
	// defaults of the connector are not filled in.
	With map[string]any
	// Kinds are some of created, updated and deleted, or with a scope some of
	// entered, changed and left.
	Kinds    []string
	Schedule Schedule
	Start    Start
	// Watch are the fields, and paths such as address.city, of which one must change
	// for an update to count; empty lets every update count. See [Trigger.Watches].
	Watch []string
	// Overlap is how far behind the newest updated time a poll begins.
	Overlap time.Duration // 0 means the default
	// HoldOver is how many runs one poll may start; more are held for a person.
	HoldOver int
	Deletes  Deletes
	// Reconcile is how often a list that is normally read from a watermark is read
	// whole. 0 means the default, [Never] that it is not.
	Reconcile time.Duration
	// Parents narrows a list of the strategy fan-out.
	Parents Parents
	// Named are those of the recipe's [Recipe.Named] that decide about a change: what is
	// watched, and the names in scope, filter, order and parents.
	Named []mapping.Named
}

// Never is the interval of what is not done at all.
const Never time.Duration = -1

// Deletes says how deletions are found.
type Deletes struct {
	// Scan is how often a list that is normally read from a watermark is read whole
	// to find deletions; 0 means as often as it is reconciled.
	Scan time.Duration
	// RefuseOver is the part of the known records, from 0 to 1, of which no more
	// may be missing at once. Meant only if HasRefuseOver.
	RefuseOver    float64
	HasRefuseOver bool
}

// Parents narrows the records that a list of the strategy fan-out is asked for.
// At most one of the two is set; without both, all count.
type Parents struct {
	IDs []string
	// Where sees the parent as record, and vars.
	Where *mapping.Filter
}

// The modes of a start.
const (
	StartNow  = "now"
	StartAll  = "all"
	StartTime = "time"
)

// Start says from when on changes count.
type Start struct {
	Mode string    // StartNow, StartAll or StartTime
	At   time.Time // only for StartTime
	Text string    // as it is written
}

// The ways of ordering runs that wait.
const (
	RunAll     = "run_all"
	KeepLatest = "keep_latest"
	Hold       = "hold"
	GoOn       = "go_on"
)

// Order says which runs wait for each other.
type Order struct {
	By *mapping.Expression // nil means the record's id
	// Workers is how many runs of this recipe may be under way at once.
	Workers int
	// WhileWaiting is RunAll: every change gets its run; or KeepLatest: changes of a
	// record whose runs have not started become one.
	WhileWaiting string
	// WhenParked is Hold or GoOn: whether a parked run keeps back those behind it.
	WhenParked string
}

// Keep says how long history is kept and what is masked in it.
type Keep struct {
	Runs, Payloads time.Duration // 0: the engine's
	Mask           []string      // names of fields
}
