package desk

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// UnsureRule is what a person found out about a write of which nobody knew
// whether it was carried out.
type UnsureRule string

// The rules. With AskUnsure a run with such a write does not go on.
const (
	AskUnsure  UnsureRule = ""
	SendUnsure UnsureRule = "send" // it was not carried out: send it again
	DoneUnsure UnsureRule = "done" // it was carried out: go on behind it
)

// UnsureRules lists the rules that can be given.
func UnsureRules() []string { return []string{string(SendUnsure), string(DoneUnsure)} }

var (
	// ErrUnsure is returned for a run with an unsure write when no rule says what became
	// of it.
	ErrUnsure = errors.New("nobody knows whether its last write was carried out: look at the service, then say --unsure send to repeat the write, or --unsure done if it is there")
	// ErrNotWaiting is returned by Release for a run that waits for nobody.
	ErrNotWaiting = errors.New("the run is neither held nor parked")
	// ErrGoesOn is returned by Replay for a run that goes on by itself.
	ErrGoesOn = errors.New("the run is not over: it goes on by itself")
	// ErrHeld is returned by Replay for a run that has never begun.
	ErrHeld = errors.New("the run has never begun; let it go with pollux runs release")
	// ErrOver is returned by Drop for a run that ended well, or was dropped before.
	ErrOver = errors.New("the run is over, there is nothing to give up")
	// ErrNothingLeft is returned by Replay for a run that ended well, unless a step says
	// where to begin.
	ErrNothingLeft = errors.New("the run succeeded, so nothing is left to do; say from which step on with --from")
	// ErrNoStep is returned by Replay for a step that the recipe does not have.
	ErrNoStep = errors.New("the recipe has no such step")
	// ErrLater is returned by Replay when a later run of the lane has begun.
	ErrLater = errors.New("a later run of the same lane has begun since; --as-now takes the record as it is now, --stale carries out the old change all the same")
	// ErrForgotten is returned by Replay for a run whose record was forgotten.
	ErrForgotten = errors.New("what the run carried was forgotten (keep.payloads); --as-now takes the record as it is now")
	// ErrRepeat is returned by Replay when writes are to be repeated from no step on.
	ErrRepeat = errors.New("say from which step on writes are to be repeated, with --from")
	// ErrGone is returned when the recipe of a run is not loaded any more.
	ErrGone = errors.New("its recipe is not loaded any more; --original takes the version of then")
	// ErrElsewhere is returned when the recipe does not watch the account of a run any more.
	ErrElsewhere = errors.New("its recipe does not watch that account any more; --original takes the version of then")
)

// Who says who wants something, when and why, for the audit trail.
type Who struct {
	Actor string // see [store.AuditEntry]
	At    time.Time
}

// entry is what the trail says of a revision.
func (w Who) entry(action string, run *store.Run, details map[string]string) *store.AuditEntry {
	maps.DeleteFunc(details, func(_, v string) bool { return v == "" })
	details["was"] = string(run.State.Status)
	details["recipe"] = run.Recipe
	return &store.AuditEntry{At: w.At.UTC(), Actor: w.Actor, Action: action, Target: string(run.ID), Details: details}
}

// Release lets a run go on that is held or parked, at the step where it stands.
type Release struct {
	Who
	Unsure UnsureRule
	// Recipe is the recipe as it is now; nil when it is gone, or when the run is to go on
	// with the version of then.
	Recipe *recipes.Recipe
}

// Revise returns what the release means for a run. The errors are [ErrNotWaiting],
// [ErrElsewhere] and [ErrUnsure].
func (r Release) Revise(run *store.Run, steps []store.Step) (store.Revision, error) {
	if s := run.State.Status; s != store.Held && s != store.Parked {
		return store.Revision{}, fmt.Errorf("run %s is %s: %w", run.ID, s, ErrNotWaiting)
	}
	if r.Recipe != nil && !r.Recipe.Source().Matches(run.Account) {
		return store.Revision{}, fmt.Errorf("run %s of %s: %w", run.ID, run.Account, ErrElsewhere)
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, State: again(run.State)}
	if r.Recipe != nil && r.Recipe.Version != run.Version {
		rev.Version = r.Recipe.Version
	}
	for _, s := range legacy(run, steps, &rev) {
		switch {
		case unsure(&s):
			if err := settle(&rev, s, r.Unsure); err != nil {
				return store.Revision{}, fmt.Errorf("run %s, step %s: %w", run.ID, s.ID, err)
			}
		case s.Status == runs.Parked:
			s.Attempts = 0 // it has all its tries again
			rev.Steps = append(rev.Steps, s)
		}
	}
	rev.Audit = r.entry("run.release", run, map[string]string{"unsure": string(r.Unsure), "version": rev.Version})
	return rev, nil
}

// again is the state of a run that is to go on.
func again(s store.RunState) store.RunState {
	s.Status, s.Reason, s.Error, s.Due, s.FinishedAt = store.Queued, "", nil, time.Time{}, time.Time{}
	s.Attempts, s.Step, s.Narrow = 0, 0, false
	return s
}

// legacy returns the steps of a run. Those that an earlier version of Pollux counted as
// behind the run, and that failed, are marked so.
func legacy(run *store.Run, steps []store.Step, rev *store.Revision) []store.Step {
	out := slices.Clone(steps)
	for i := range out[:min(run.State.Step, len(out))] {
		if out[i].Status == runs.Failed && !out[i].Passed && (run.State.Error == nil || run.State.Error.Step != out[i].ID) {
			out[i].Passed = true
			rev.Steps = append(rev.Steps, out[i])
		}
	}
	return out
}

// unsure reports whether nobody knows what became of the write of a step, and it matters.
func unsure(s *store.Step) bool {
	return s.Effect != nil && s.Effect.State == store.Unsure && !s.Effect.Safe && !s.Passed && s.Status != runs.Succeeded
}

// settle takes a person's word about an unsure write.
func settle(rev *store.Revision, s store.Step, u UnsureRule) error {
	switch u {
	case AskUnsure:
		return ErrUnsure
	case DoneUnsure:
		effect := *s.Effect
		effect.State = store.Confirmed
		s.Effect, s.Status, s.Error, s.Due = &effect, runs.Succeeded, nil, time.Time{}
		rev.Steps = append(rev.Steps, s)
	case SendUnsure:
		s.Attempts, s.Due = 0, time.Time{}
		rev.Steps = append(rev.Steps, s)
	default:
		return fmt.Errorf("unknown rule %q for unsure writes", u)
	}
	return nil
}

// Drop gives a run up: it never goes on. The next run of its record sees as before what
// this one saw, unless Narrow.
type Drop struct {
	Who
	Narrow bool
}

// Revise returns what the drop means for a run. The error is [ErrOver].
func (d Drop) Revise(run *store.Run, _ []store.Step) (store.Revision, error) {
	if s := run.State.Status; s == store.Succeeded || s == store.Dropped {
		return store.Revision{}, fmt.Errorf("run %s is %s: %w", run.ID, s, ErrOver)
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, State: run.State}
	rev.State.Status, rev.State.Due, rev.State.Narrow = store.Dropped, time.Time{}, d.Narrow
	if rev.State.FinishedAt.IsZero() {
		rev.State.FinishedAt = d.At.UTC()
	}
	narrow := ""
	if d.Narrow {
		narrow = "yes"
	}
	rev.Audit = d.entry("run.drop", run, map[string]string{"reason": run.State.Reason, "forget": narrow})
	return rev, nil
}
