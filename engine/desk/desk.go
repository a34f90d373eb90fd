package desk

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	// ErrLater is returned by Replay when a later run of the lane has ended.
	ErrLater = errors.New("a later run of the same lane has ended since; --as-now takes the record as it is now, --stale carries out the old change all the same")
	// ErrForgotten is returned by Replay for a run whose record was forgotten.
	ErrForgotten = errors.New("what the run carried was forgotten (keep.payloads); --as-now takes the record as it is now")
	// ErrGone is returned when the recipe of a run is not loaded any more.
	ErrGone = errors.New("its recipe is not loaded any more; --original takes the version of then")
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

// Revise returns what the release means for a run. The errors are [ErrNotWaiting] and
// [ErrUnsure].
func (r Release) Revise(run *store.Run, steps []store.Step) (store.Revision, error) {
	if s := run.State.Status; s != store.Held && s != store.Parked {
		return store.Revision{}, fmt.Errorf("run %s is %s: %w", run.ID, s, ErrNotWaiting)
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, State: again(run.State)}
	if r.Recipe != nil {
		rev.Version = r.Recipe.Version
	}
	for _, s := range legacy(run, steps, &rev) {
		if !unsure(&s) {
			continue
		}
		if err := settle(&rev, s, r.Unsure); err != nil {
			return store.Revision{}, fmt.Errorf("run %s, step %s: %w", run.ID, s.ID, err)
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
		if out[i].Status == runs.Failed && !out[i].Passed && run.State.Error != nil && run.State.Error.Step != out[i].ID {
			out[i].Passed = true
			rev.Steps = append(rev.Steps, out[i])
		}
	}
	return out
}

// unsure reports whether nobody knows what became of the write of a step.
func unsure(s *store.Step) bool {
	return s.Effect != nil && s.Effect.State == store.Unsure && !s.Passed && s.Status != runs.Succeeded
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

// Replay carries out a run again: from the step that failed, or from another one.
type Replay struct {
	Who
	Unsure UnsureRule
	// Recipe is the version that is carried out: as it is now, or the one of then.
	Recipe *recipes.Recipe
	// From is the id of the step to begin at; empty for where the run stands.
	From string
	// Repeat also repeats writes that were confirmed.
	Repeat bool
	// Event replaces that of the run: the record as it is now. nil keeps it.
	Event *store.Event
	// Later is true when a later run of the lane has ended; Stale does not mind.
	Later, Stale bool
}

// Revise returns what the replay means for a run.
func (r Replay) Revise(run *store.Run, steps []store.Step) (store.Revision, error) {
	if err := r.allowed(run); err != nil {
		return store.Revision{}, fmt.Errorf("run %s: %w", run.ID, err)
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, State: again(run.State), Event: r.Event}
	if r.Recipe.Version != run.Version {
		rev.Version = r.Recipe.Version
	}
	list := legacy(run, steps, &rev)
	if err := r.begin(&rev, list); err != nil {
		return store.Revision{}, fmt.Errorf("run %s: %w", run.ID, err)
	}
	details := map[string]string{"from": r.From, "version": rev.Version, "unsure": string(r.Unsure)}
	for name, on := range map[string]bool{"as_now": r.Event != nil, "stale": r.Later && r.Stale && r.Event == nil, "repeat": r.Repeat} {
		if on {
			details[name] = "yes"
		}
	}
	rev.Audit = r.entry("run.replay", run, details)
	return rev, nil
}

// allowed says why a run cannot be carried out again; nil if it can.
func (r Replay) allowed(run *store.Run) error {
	switch run.State.Status {
	case store.Held:
		return ErrHeld
	case store.Queued, store.Running, store.Waiting:
		return ErrGoesOn
	case store.Succeeded:
		if r.From == "" {
			return ErrNothingLeft
		}
	case store.Parked, store.Failed, store.Dropped:
	}
	switch {
	case r.Recipe == nil:
		return ErrGone
	case r.Event == nil && run.Event.Forgotten:
		return ErrForgotten
	case r.Event == nil && r.Later && !r.Stale:
		return ErrLater
	}
	return nil
}

// begin takes back the results of the steps that are to be carried out again.
func (r Replay) begin(rev *store.Revision, list []store.Step) error {
	var p places
	if r.From != "" {
		var err error
		if p, err = placesOf(r.Recipe, r.From); err != nil {
			return err
		}
	}
	kept := r.keptUnder(list, p)
	for _, s := range list {
		again, err := r.again(rev, &s, p, kept)
		if err != nil {
			return fmt.Errorf("step %s: %w", s.ID, err)
		}
		if again {
			rev.Forget = append(rev.Forget, s.ID)
		}
	}
	// What is forgotten with a step takes along what lies below it.
	rev.Forget = slices.DeleteFunc(rev.Forget, func(id string) bool {
		return slices.ContainsFunc(kept, func(k string) bool { return under(k, id) })
	})
	return nil
}

// again reports whether the result of a step is to be forgotten. What is kept of it in
// another form is put into the revision.
func (r Replay) again(rev *store.Revision, s *store.Step, p places, kept []string) (bool, error) {
	if unsure(s) {
		return false, settle(rev, *s, r.Unsure)
	}
	if s.Effect != nil && s.Effect.State == store.Sent || slices.Contains(kept, s.ID) {
		return false, nil // it is looked up, or stays
	}
	at := r.place(p, s)
	switch {
	case at == around || at == after && slices.ContainsFunc(kept, func(k string) bool { return under(k, s.ID) }):
		// The step is carried out again, for the sake of what is inside it.
		s.Status, s.Passed, s.Error, s.FinishedAt = runs.Waiting, false, nil, time.Time{}
		rev.Steps = append(rev.Steps, *s)
		return false, nil
	case at == before:
		// Only what stands in the way: another try may find other values.
		return (s.Status == runs.Failed || s.Status == runs.Parked) && !s.Passed, nil
	}
	return true, nil
}

// place is where a step stands from where the replay begins. With another record all that
// was only computed or read is done again.
func (r Replay) place(p places, s *store.Step) place {
	at := p.of(s.ID)
	if r.Event != nil && at == before && s.Effect == nil {
		return after
	}
	return at
}

// keptUnder are the steps that stay as they are because their write was confirmed.
func (r Replay) keptUnder(list []store.Step, p places) (kept []string) {
	for _, s := range list {
		confirmed := s.Effect != nil && s.Effect.State == store.Confirmed
		if confirmed && (!r.Repeat || p.of(s.ID) != after) {
			kept = append(kept, s.ID)
		}
	}
	return kept
}

// under reports whether an id is that of a step inside another one, or the same.
func under(id, other string) bool {
	rest, ok := strings.CutPrefix(id, other)
	return ok && (rest == "" || rest[0] == '[' || rest[0] == '.')
}

// place is where a step stands from where a replay begins.
type place int

// The places.
const (
	before place = iota // behind the run, or no beginning was named
	around              // around the step where it begins
	after               // that step, and what follows
)

// places tells the places of steps, by their ids in the recipe.
type places map[string]place

// placesOf finds out where the steps of a recipe stand from one of them.
func placesOf(r *recipes.Recipe, from string) (places, error) {
	p, found := places{}, false
	for s := range r.AllSteps() {
		found = found || s.ID == from
		p[s.ID] = before
		if found {
			p[s.ID] = after
		}
	}
	if !found {
		var ids []string
		for s := range r.AllSteps() {
			ids = append(ids, s.ID)
		}
		return nil, fmt.Errorf("%q: %w; it has %s", from, ErrNoStep, strings.Join(ids, ", "))
	}
	for s := range r.AllSteps() {
		if s.ID != from && holds(s, from) {
			p[s.ID] = around
		}
	}
	return p, nil
}

// holds reports whether a step is inside another one.
func holds(s *recipes.Step, id string) bool {
	within := func(list []recipes.Step) bool {
		return slices.ContainsFunc(list, func(inner recipes.Step) bool { return inner.ID == id || holds(&inner, id) })
	}
	return within(s.Steps) || slices.ContainsFunc(s.Cases, func(c recipes.Case) bool { return within(c.Steps) })
}

// of is the place of a stored step: "fan[3].send" is the step send for an item of fan, and
// "fan[3]" the item itself.
func (p places) of(id string) place {
	if at := strings.LastIndexByte(id, '.'); at >= 0 {
		id = id[at+1:]
	}
	name, _, _ := strings.Cut(id, "[")
	return p[name]
}
