package desk

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// Replay carries out a run again: from the step that failed, or from another one.
type Replay struct {
	Who
	Unsure UnsureRule
	// Recipe is the version that is carried out: as it is now, or the one of then.
	Recipe *recipes.Recipe
	// From is the id of the step to begin at; empty for where the run stands.
	From string
	// Repeat also repeats writes that were confirmed, from the step From on.
	Repeat bool
	// Event replaces that of the run: the record as it is now. nil keeps it.
	Event *store.Event
	// Later is true when a later run of the lane has begun; Stale does not mind.
	Later, Stale bool
}

// Revise returns what the replay means for a run. The errors are [ErrHeld], [ErrGoesOn],
// [ErrNothingLeft], [ErrGone], [ErrElsewhere], [ErrForgotten], [ErrLater], [ErrRepeat], [ErrNoStep] and
// [ErrUnsure].
func (r Replay) Revise(run *store.Run, steps []store.Step) (store.Revision, error) {
	if err := r.allowed(run); err != nil {
		return store.Revision{}, fmt.Errorf("run %s: %w", run.ID, err)
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, State: again(run.State), Event: r.Event}
	if r.Recipe.Version != run.Version {
		rev.Version = r.Recipe.Version
	}
	if err := r.begin(&rev, legacy(run, steps, &rev)); err != nil {
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
	case !r.Recipe.Source().Matches(run.Account):
		return fmt.Errorf("account %s: %w", run.Account, ErrElsewhere)
	case r.Repeat && r.From == "":
		return ErrRepeat
	case r.Event == nil && run.Event.Forgotten:
		return ErrForgotten
	case r.Event == nil && r.Later && !r.Stale:
		return ErrLater
	}
	return nil
}

// begin takes back the results of the steps that are to be carried out again.
func (r Replay) begin(rev *store.Revision, list []store.Step) error {
	b, err := beginningOf(r.Recipe, r.From)
	if err != nil {
		return err
	}
	for i := range list {
		b.saved[list[i].ID] = &list[i]
	}
	kept := map[string]bool{}
	for i := range list {
		if r.keeps(b, &list[i]) {
			kept[list[i].ID] = true
			b.hold(list[i].ID)
		}
	}
	for i := range list {
		s := &list[i]
		switch {
		case unsure(s):
			if err := settle(rev, *s, r.Unsure); err != nil {
				return fmt.Errorf("step %s: %w", s.ID, err)
			}
		case kept[s.ID]:
		default:
			r.reset(rev, b, s)
		}
	}
	// What was only marked as passed may be taken back after all.
	rev.Steps = slices.DeleteFunc(rev.Steps, func(s store.Step) bool { return slices.Contains(rev.Forget, s.ID) })
	return nil
}

// keeps reports whether the result of a step stays: its write was confirmed, or is about
// to be looked up, or a person's word settles it.
func (r Replay) keeps(b *beginning, s *store.Step) bool {
	switch {
	case s.Effect == nil:
		return false
	case s.Effect.State == store.Confirmed:
		return !r.Repeat || b.of(s.ID) != after
	}
	return s.Effect.State == store.Sent || unsure(s)
}

// reset takes back the result of a step, or a part of it, if it must.
func (r Replay) reset(rev *store.Revision, b *beginning, s *store.Step) {
	at := b.of(s.ID)
	if at == before && r.Event != nil && b.computed(s) {
		at = after
	}
	switch {
	case at == before:
		// Only what stands in the way: another try may find other values.
		if s.Status != runs.Failed && s.Status != runs.Parked || s.Passed || b.behind(s.ID) {
			return
		}
	case opened(s) && (at == around || b.held[s.ID]):
		// It goes through its list again, or through the case that it took.
		s.Status, s.Passed, s.Error, s.FinishedAt, s.Due = runs.Waiting, false, nil, time.Time{}, time.Time{}
		rev.Steps = append(rev.Steps, *s)
		return
	}
	if b.held[s.ID] && !strings.HasSuffix(s.ID, "]") {
		return // with it would go what is kept; that an item was given up can go alone
	}
	rev.Forget = append(rev.Forget, s.ID)
}

// opened reports whether a step around others has begun: its list or its case is known.
func opened(s *store.Step) bool {
	return s.Effect == nil && s.Status != runs.Skipped && (len(s.Input) > 0 || len(s.Output) > 0)
}

// place is where a step stands from where a replay begins.
type place int

// The places.
const (
	before place = iota // behind the run, or no beginning was named
	around              // around the step where it begins
	after               // that step, and what follows
)

// beginning is where a replay begins, and what that means for the steps of the run.
type beginning struct {
	places map[string]place         // by ids in the recipe
	steps  map[string]*recipes.Step // the same
	parent map[string]*recipes.Step // the step around each; absent for none
	saved  map[string]*store.Step
	held   map[string]bool // stored steps with something inside that is kept
}

// beginningOf finds out where the steps of a recipe stand from one of them.
func beginningOf(r *recipes.Recipe, from string) (*beginning, error) {
	b := &beginning{
		places: map[string]place{}, steps: map[string]*recipes.Step{}, parent: map[string]*recipes.Step{},
		saved: map[string]*store.Step{}, held: map[string]bool{},
	}
	found := false
	var ids []string
	for s := range r.AllSteps() {
		found = found || s.ID == from
		if found {
			b.places[s.ID] = after
		}
		b.steps[s.ID] = s
		ids = append(ids, s.ID)
		for i := range s.Steps {
			b.parent[s.Steps[i].ID] = s
		}
		for _, c := range s.Cases {
			for i := range c.Steps {
				b.parent[c.Steps[i].ID] = s
			}
		}
	}
	if from != "" && !found {
		return nil, fmt.Errorf("%q: %w; it has %s", from, ErrNoStep, strings.Join(ids, ", "))
	}
	for s := b.parent[from]; s != nil; s = b.parent[s.ID] {
		b.places[s.ID] = around
	}
	return b, nil
}

// split takes the id of a stored step apart: "fan[3].send" is the step send inside
// "fan[3]", which is the fourth item of fan.
func split(id string) (outside, name string) {
	if at := strings.LastIndexByte(id, '.'); at >= 0 {
		return id[:at], id[at+1:]
	}
	return "", id
}

// of is the place of a stored step. That of an item is the one of its list.
func (b *beginning) of(id string) place {
	_, name := split(id)
	name, _, _ = strings.Cut(name, "[")
	return b.places[name]
}

// outer yields what stands around a stored step, from the inside out: the items and lists
// that it is for, and the switches whose case it is in.
func (b *beginning) outer(id string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			outside, name := split(id)
			each, _, isItem := strings.Cut(name, "[")
			switch p := b.parent[name]; {
			case isItem:
				id = join(outside, each)
			case p != nil && p.Kind == recipes.Switch:
				id = join(outside, p.ID)
			case outside != "":
				id = outside
			default:
				return
			}
			if !yield(id) {
				return
			}
		}
	}
}

// join is the id of a step inside an item; that of a step inside none is its name.
func join(outside, name string) string {
	if outside == "" {
		return name
	}
	return outside + "." + name
}

// hold notes that something inside the steps around a step is kept, so that their lists
// and cases must stay.
func (b *beginning) hold(id string) {
	for outer := range b.outer(id) {
		b.held[outer] = true
	}
}

// behind reports whether a step around a stored one is behind the run, whatever became of
// what is inside.
func (b *beginning) behind(id string) bool {
	for outer := range b.outer(id) {
		if s := b.saved[outer]; s != nil && (s.Passed || s.Status == runs.Succeeded) {
			return true
		}
	}
	return false
}

// computed reports whether the result of a step hangs on the record alone: it was read or
// worked out. Time that has passed stays passed.
func (b *beginning) computed(s *store.Step) bool {
	_, name := split(s.ID)
	if known := b.steps[name]; known != nil && known.Kind == recipes.Wait && s.Status == runs.Succeeded {
		return false
	}
	return s.Effect == nil
}
