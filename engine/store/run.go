package store

import (
	"encoding/json"
	"time"
)

// RunID identifies a run. Ids of one state file sort in the order in which the
// runs were queued, all have the same length, and they begin with letters of that
// file, so that an id found in a text at a service is proof of this run.
type RunID string

// Status says where a run stands.
type Status string

// The statuses of a run.
const (
	Held      Status = "held"      // not started until somebody releases it
	Queued    Status = "queued"    // waits for its turn
	Running   Status = "running"   // has begun
	Waiting   Status = "waiting"   // goes on by itself at its due time
	Parked    Status = "parked"    // waits for a person or a new login
	Succeeded Status = "succeeded" // ended well
	Failed    Status = "failed"    // ended with an error
	Dropped   Status = "dropped"   // given up by a person
)

// Statuses lists all statuses in the order of a run's life.
func Statuses() []Status {
	return []Status{Held, Queued, Running, Waiting, Parked, Succeeded, Failed, Dropped}
}

// Final reports whether a run with this status is over.
func (s Status) Final() bool { return s == Succeeded || s == Failed || s == Dropped }

// Run is one execution of a recipe for one event. The first part never changes
// after the run was queued; State does.
type Run struct {
	ID       RunID     `json:"id"`
	Recipe   string    `json:"recipe"`
	Version  string    `json:"version"` // hash of the recipe's text, see SaveRecipe
	Account  string    `json:"account"`
	Feed     FeedID    `json:"feed"`
	Record   string    `json:"record"`
	Revision uint32    `json:"revision"`
	Kind     string    `json:"kind"`
	Lane     string    `json:"lane"` // recipe, account and order value
	QueuedAt time.Time `json:"queued_at"`
	Event    Event     `json:"event"`

	State RunState `json:"-"`
}

// Event is the change that a run was made for, immutable.
type Event struct {
	Before      json.RawMessage `json:"before,omitempty"` // null or absent when unknown or new
	BeforeKnown bool            `json:"before_known"`
	Record      json.RawMessage `json:"record"`
	Fields      []string        `json:"fields,omitempty"`
	// Parent is the id of the record that the record belongs to; empty for none.
	Parent string `json:"parent,omitempty"`
	// CreatedAt and UpdatedAt are the service's own times.
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Previous is the last run that the same subscription made for the same record before
	// this one; empty for none. The store fills it in, see CommitPoll.
	Previous RunID `json:"previous,omitempty"`
	// Forgotten is true when Record and Before were removed because they were old, and
	// with them the inputs and outputs of the run's steps.
	Forgotten bool `json:"forgotten,omitempty"`
}

// RunState is the part of a run that changes while it is executed.
type RunState struct {
	Status     Status    `json:"status"`
	Due        time.Time `json:"due,omitzero"` // for Waiting
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Step is how many steps of the recipe are behind the run.
	Step int `json:"step,omitempty"`
	// Attempts counts how often the run was taken up; waiting for a budget does
	// not count.
	Attempts int      `json:"attempts,omitempty"`
	Error    *Failure `json:"error,omitempty"`
	// Reason says why a held or parked run is not going on; may be empty.
	Reason string `json:"reason,omitempty"`
	// Widened is the earlier run whose Before this run took over; empty for none.
	Widened RunID `json:"widened,omitempty"`
	// Narrow is true for a run that was given up and must not widen the next one.
	Narrow bool `json:"narrow,omitempty"`
}

// Step is the stored result of one step of a run.
type Step struct {
	ID         string          `json:"id"` // path of the step in the recipe
	Status     string          `json:"status"`
	Attempts   int             `json:"attempts,omitempty"`
	Input      json.RawMessage `json:"input,omitempty"`
	Output     json.RawMessage `json:"output,omitempty"`
	Error      *Failure        `json:"error,omitempty"`
	StartedAt  time.Time       `json:"started_at,omitzero"`
	FinishedAt time.Time       `json:"finished_at,omitzero"`
	// Due is when a step that waits goes on.
	Due time.Time `json:"due,omitzero"`
	// Passed is true when the run went on in spite of the step's failure.
	Passed bool `json:"passed,omitempty"`
	// More is true when the output is the first page of a list that goes on, or may go on.
	More bool `json:"more,omitempty"`
	// Effect is what the ledger says of the step's write; nil for other steps.
	Effect *Effect `json:"effect,omitempty"`
}

// EffectState says what is known of one outside write.
type EffectState string

// The states of an effect.
const (
	Sent      EffectState = "sent"      // stored before the request
	Confirmed EffectState = "confirmed" // the service said yes, or a lookup found it
	NotDone   EffectState = "failed"    // the service said no, or it was never sent
	Unsure    EffectState = "unsure"    // nobody knows
)

// Effect is the ledger's record of one outside write.
type Effect struct {
	State     EffectState `json:"state"`
	Operation string      `json:"operation"`
	// SentAt is when the first intent was stored; a lookup looks from there on.
	SentAt time.Time `json:"sent_at"`
	// Sends counts how often the request may have left us.
	Sends int `json:"sends"`
	// Looked is true when a lookup settled the question.
	Looked bool `json:"looked,omitempty"`
	// Safe is true when the write may be repeated whatever became of it.
	Safe bool `json:"safe,omitempty"`
	// Doubt is true when an earlier send of the write may have arrived.
	Doubt bool `json:"doubt,omitempty"`
}

// StepSave is what one moment of a run changes. It is written whole or not at
// all.
type StepSave struct {
	Run RunID
	// Steps are the results so far of the steps that this moment touched, in the
	// recipe's order; a result replaces the one with the same id. Empty when only
	// the state changes.
	Steps []Step
	// State is the run's new state. A final status ends the run: it leaves the
	// queue and joins the history.
	State RunState
}

// RunFilter selects runs for a listing. Zero values select everything.
type RunFilter struct {
	Status  Status
	Recipe  string
	Record  string
	Account string
	Lane    string
	Kind    string    // of the error of the run's state
	Reason  string    // of the run's state
	Since   time.Time // queued at or after
	Until   time.Time // queued before
	After   RunID     // older than this run: where the page before ended
	Limit   int       // 0 means no limit
}

// QueuedRun is what the dispatcher needs of an unfinished run.
type QueuedRun struct {
	ID      RunID
	Recipe  string
	Version string
	Account string
	Lane    string
	Status  Status
	Due     time.Time // only for Waiting
	Reason  string    // only for Waiting, Parked and Held
}
