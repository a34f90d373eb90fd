package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Desk is the part of the store that people work with: what somebody changed by hand,
// what rests, and what is kept under a key.
type Desk interface {
	// Revise changes a run by hand, also one that is over. The error is ErrNotFound for an
	// unknown run, and ErrConflict when the run is not in the status that is named.
	Revise(ctx context.Context, r Revision) error

	// AddAudit appends to the audit trail. The store gives the entry its number.
	AddAudit(ctx context.Context, e AuditEntry) error
	// ListAudit returns entries of the audit trail, the newest first.
	ListAudit(ctx context.Context, f AuditFilter) ([]AuditEntry, error)
	// PruneAudit forgets the oldest entries, those from before a time, at most
	// [MaxPruned] at once, and returns how many. Nothing else ever changes the trail.
	PruneAudit(ctx context.Context, before time.Time) (int, error)

	// SetSwitch keeps whether something rests, with what the trail says of it; nil says
	// nothing.
	SetSwitch(ctx context.Context, s Switch, audit *AuditEntry) error
	// Switches returns all switches that were ever set, sorted by kind and name.
	Switches(ctx context.Context) ([]Switch, error)

	// SaveBudgets keeps what is left of budgets, by account or host. It replaces those
	// that are given; an empty one is removed. The error wraps ErrInvalid for what is no
	// JSON.
	SaveBudgets(ctx context.Context, budgets map[string]json.RawMessage) error
	// Budgets returns all budgets.
	Budgets(ctx context.Context) (map[string]json.RawMessage, error)

	// PutSecret keeps a secret, sealed, in place of the former one of that name. The
	// error is ErrNoKey for a store without a key.
	PutSecret(ctx context.Context, name string, value []byte, audit *AuditEntry) error
	// Secret returns a secret. The error is ErrNotFound for an unknown one, and ErrNoKey
	// or ErrWrongKey when it cannot be opened.
	Secret(ctx context.Context, name string) ([]byte, error)
	// SecretNames returns the names of all secrets, sorted. It needs no key.
	SecretNames(ctx context.Context) ([]string, error)
	// DeleteSecret removes a secret. The error is ErrNotFound for an unknown one.
	DeleteSecret(ctx context.Context, name string, audit *AuditEntry) error
}

// Revision is a change of a run by hand. It is written whole or not at all. The run
// keeps its id and its place in the queue.
type Revision struct {
	Run RunID
	// Was is the status that the run must have.
	Was Status
	// Version replaces the version of the recipe; empty keeps it.
	Version string
	// Event replaces the run's event; nil keeps it. Kind replaces what kind of change it
	// is; empty keeps that.
	Event *Event
	Kind  string
	// Forget are ids of steps whose results are removed, with those below them: the ids
	// that go on with "[" or "/".
	Forget []string
	// Steps are results that are saved after that, as [StepSave] does.
	Steps []Step
	// State is the run's new state. A final one takes the run to the history; any other
	// takes it to the queue, also a run that was over.
	State RunState
	// Audit is what the trail says of it; nil says nothing.
	Audit *AuditEntry
}

// Validate returns an error that wraps [ErrInvalid] for a revision that no store can
// keep.
func (r *Revision) Validate() error {
	save := StepSave{Steps: r.Steps, State: r.State}
	if err := save.Validate(); err != nil {
		return err
	}
	if !slices.Contains(Statuses(), r.Was) {
		return fmt.Errorf("former status %q: %w", r.Was, ErrInvalid)
	}
	return r.Audit.Validate()
}

// Removes reports whether the revision removes the result of a step.
func (r *Revision) Removes(step string) bool {
	for _, id := range r.Forget {
		rest, below := strings.CutPrefix(step, id)
		if below && (rest == "" || rest[0] == '[' || rest[0] == '/') {
			return true
		}
	}
	return false
}

// Revised returns the steps of a run after the revision: those that stay, in their
// order, then new ones.
func (r *Revision) Revised(steps []Step) []Step {
	out := make([]Step, 0, len(steps)+len(r.Steps))
	for i := range steps {
		if !r.Removes(steps[i].ID) {
			out = append(out, steps[i])
		}
	}
	for i := range r.Steps {
		at := slices.IndexFunc(out, func(s Step) bool { return s.ID == r.Steps[i].ID })
		if at < 0 {
			out = append(out, r.Steps[i])
			continue
		}
		out[at] = r.Steps[i]
	}
	return out
}

// Apply changes the part of a run that is otherwise immutable.
func (r *Revision) Apply(run *Run) {
	if r.Version != "" {
		run.Version = r.Version
	}
	if r.Event != nil {
		run.Event = *r.Event
	}
	if r.Kind != "" {
		run.Kind = r.Kind
	}
	run.State = r.State
}

// KeepAudit is how long the audit trail is kept unless somebody says otherwise.
const KeepAudit = 400 * 24 * time.Hour

// AuditEntry says that somebody did something that matters later.
type AuditEntry struct {
	// Seq is the entry's number, from 1 without gaps. The store gives it.
	Seq uint64    `json:"seq"`
	At  time.Time `json:"at"`
	// Actor is "program", "cli:NAME" or "web:NAME".
	Actor string `json:"actor"`
	// Action says what was done, such as "run.release" or "secret.set".
	Action string `json:"action"`
	// Target is the id of what it was done to; may be empty.
	Target string `json:"target,omitempty"`
	// Details are more of it, never a secret.
	Details map[string]string `json:"details,omitempty"`
}

// Validate returns an error that wraps [ErrInvalid] for an entry that says too little
// or too much. Nil says nothing, and is fine.
func (e *AuditEntry) Validate() error {
	if e == nil {
		return nil
	}
	if e.At.IsZero() || e.Actor == "" || e.Action == "" {
		return fmt.Errorf("audit entry without time, actor or action: %w", ErrInvalid)
	}
	size := len(e.Actor) + len(e.Action) + len(e.Target)
	for name, text := range e.Details {
		size += len(name) + len(text)
	}
	if size > maxAuditBytes {
		return fmt.Errorf("audit entry of %d bytes, want at most %d: %w", size, maxAuditBytes, ErrInvalid)
	}
	return nil
}

// maxAuditBytes bounds an entry: it names things and does not hold them.
const maxAuditBytes = 64 << 10

// AuditFilter selects entries of the audit trail. Zero values select everything.
type AuditFilter struct {
	Action string // beginning of the action, such as "run."
	Target string
	Since  time.Time // at or after
	Until  time.Time // before
	Limit  int       // 0 means no limit
}

// Matches reports whether an entry is one of those that the filter selects. It does not
// look at Limit.
func (f *AuditFilter) Matches(e *AuditEntry) bool {
	return strings.HasPrefix(e.Action, f.Action) &&
		(f.Target == "" || e.Target == f.Target) &&
		(f.Since.IsZero() || !e.At.Before(f.Since)) &&
		(f.Until.IsZero() || e.At.Before(f.Until))
}

// The kinds of switches.
const (
	SwitchRecipe  = "recipe"
	SwitchAccount = "account"
	// SwitchPart is for accounts that were found as a part of another one, such as a
	// location of an agency: they rest while their service does not list them.
	SwitchPart = "part"
	// SwitchList is for accounts whose parts are looked for: Reason says why the last list
	// of them was not believed; it is empty when it was. Nothing rests by it.
	SwitchList = "list"
)

// Switch says whether a recipe or an account rests because somebody wants it to, or because
// its service has it no more.
type Switch struct {
	Kind   string    `json:"kind"` // SwitchRecipe, SwitchAccount, SwitchPart or SwitchList
	Name   string    `json:"name"`
	Paused bool      `json:"paused"`
	At     time.Time `json:"at"`
	By     string    `json:"by"` // an actor of the audit trail
	Reason string    `json:"reason,omitempty"`
	// Of is the account that a part belongs to, ID what the service calls the part, and
	// Title its name there; empty for all other switches.
	Of    string `json:"of,omitempty"`
	ID    string `json:"id,omitempty"`
	Title string `json:"title,omitempty"`
}

// Validate returns an error that wraps [ErrInvalid] for a switch of no known kind or
// without a name.
func (s *Switch) Validate() error {
	if !slices.Contains([]string{SwitchRecipe, SwitchAccount, SwitchPart, SwitchList}, s.Kind) {
		return fmt.Errorf("switch of kind %q: %w", s.Kind, ErrInvalid)
	}
	return validID(s.Kind, s.Name)
}

// MaxSecretBytes is the longest secret that a store keeps.
const MaxSecretBytes = 64 << 10

// ValidSecret returns an error that wraps [ErrInvalid] for a name or a value that no
// store can keep.
func ValidSecret(name string, value []byte) error {
	if err := validID("secret", name); err != nil {
		return err
	}
	if len(value) == 0 || len(value) > MaxSecretBytes {
		return fmt.Errorf("secret of %d bytes, want 1 to %d: %w", len(value), MaxSecretBytes, ErrInvalid)
	}
	return nil
}

// ValidBudgets returns an error that wraps [ErrInvalid] for budgets that no store can
// keep.
func ValidBudgets(budgets map[string]json.RawMessage) error {
	for key, b := range budgets {
		if err := validID("budget", key); err != nil {
			return err
		}
		if len(b) > 0 && !json.Valid(b) {
			return fmt.Errorf("budget of %.80q is no JSON: %w", key, ErrInvalid)
		}
	}
	return nil
}
