package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// ReasonMerged begins the reason of a run that was dropped because a later one of its
// record carries out its change too.
const ReasonMerged = "merged into "

// reasonNothing is why a run is dropped whose change, with that of the runs before it, comes
// to nothing: the record came and went.
const reasonNothing = "nothing is left: the record came and went"

// reasonUnwanted is why a run is dropped whose change, with that of the runs before it, is
// none that the recipe wants to be told of.
const reasonUnwanted = "the recipe is not told of what is left: "

// merge drops a run that has not begun if a later one of its record can carry out its
// change too, and returns the state in which it rests. later are the runs that wait behind
// it in its lane.
func (x *Executor) merge(ctx context.Context, run *store.Run, p *program.Program, later []store.RunID) (*store.RunState, error) {
	if p.Recipe.Order.WhileWaiting != recipes.KeepLatest || !run.State.StartedAt.IsZero() {
		return nil, nil
	}
	for _, id := range later {
		next, _, err := x.Store.LoadRun(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if next.Event.Previous == run.ID && next.State.Status == store.Queued && next.State.StartedAt.IsZero() {
			return x.drop(ctx, run, ReasonMerged+string(id))
		}
	}
	return nil, nil
}

// drop ends a run that has not begun.
func (x *Executor) drop(ctx context.Context, run *store.Run, reason string) (*store.RunState, error) {
	state := run.State
	state.Status, state.Reason, state.FinishedAt = store.Dropped, reason, time.Now().UTC()
	what := store.StepSave{Run: run.ID, State: state}
	if err := x.save(ctx, what); err != nil {
		return nil, err
	}
	x.Saved(Saved{Recipe: run.Recipe, QueuedAt: run.QueuedAt, StepSave: what})
	return &state, nil
}

// widen lets a run that is about to begin take over what the runs of its record before it
// have not carried out: failed and dropped ones. It sees as before what the first of them
// saw. As long as they left no effect it is also told the kind of the whole change, if the
// recipe is told of that kind. Where none of them has begun the whole change can come to
// nothing, and with keep_latest to what the recipe is not told of: then the run ends in the
// state that is returned; nil lets it begin.
func (x *Executor) widen(ctx context.Context, run *store.Run, p *program.Program) (changed bool, rest *store.RunState, err error) {
	if run.Event.Previous == "" || !run.State.StartedAt.IsZero() {
		return false, nil, nil
	}
	w := widening{event: run.Event, kind: triggers.Kind(run.Kind), clean: true, waited: true}
	for id := run.Event.Previous; id != ""; {
		former, steps, err := x.Store.LoadRun(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			break // it is so old that it was forgotten
		}
		if err != nil {
			return false, nil, fmt.Errorf("run %s, which came before: %w", id, err)
		}
		if !w.take(&former, steps) {
			break
		}
		id = former.Event.Previous
		if !former.State.StartedAt.IsZero() {
			break // it has taken over those before it already
		}
	}
	if w.from == "" {
		return false, nil, nil
	}
	return true, x.widened(ctx, run, p, &w), nil
}

// widening is a change with the ones before it that were not carried out.
type widening struct {
	event store.Event
	kind  triggers.Kind
	from  store.RunID // the first of them
	clean bool        // none of them has left an effect
	// waited is true when this run waited behind all of them (keep_latest).
	waited bool
	none   bool // nothing is left of the whole change
}

// take adds an earlier run and reports whether it was one that was not carried out.
func (w *widening) take(former *store.Run, steps []store.Step) bool {
	switch s := &former.State; {
	case former.Event.Forgotten, s.Narrow:
		return false
	case s.Status != store.Failed && s.Status != store.Dropped:
		return false
	}
	w.event.Before, w.event.BeforeKnown = former.Event.Before, former.Event.BeforeKnown
	if triggers.Kind(former.Kind) == triggers.Created {
		w.event.BeforeKnown = true
	}
	w.from = former.ID
	w.clean = w.clean && !slices.ContainsFunc(steps, func(s store.Step) bool { return s.Effect != nil && s.Effect.State != store.NotDone })
	w.waited = w.waited && strings.HasPrefix(former.State.Reason, ReasonMerged)
	if !w.clean || w.none {
		return true
	}
	kind, left := triggers.Merge(triggers.Kind(former.Kind), w.kind)
	switch {
	case left:
		w.kind = kind
	case former.State.StartedAt.IsZero():
		w.none = true
	default:
		w.clean = false // it began: something may have come of it that nobody noted
	}
	return true
}

// widened stores what a run has taken over.
func (x *Executor) widened(ctx context.Context, run *store.Run, p *program.Program, w *widening) *store.RunState {
	p.Compare(&w.event)
	state := run.State
	state.Widened = w.from
	switch {
	case w.none:
		state.Status, state.Reason, state.FinishedAt = store.Dropped, reasonNothing, time.Now().UTC()
	case slices.Contains(p.Recipe.Trigger.Kinds, string(w.kind)):
	case !w.waited: // the recipe asked to be told of this one
		w.kind = triggers.Kind(run.Kind)
	default:
		state.Status, state.Reason, state.FinishedAt = store.Dropped, reasonUnwanted+string(w.kind), time.Now().UTC()
	}
	rev := store.Revision{Run: run.ID, Was: run.State.Status, Event: &w.event, Kind: string(w.kind), State: state}
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	if err := x.Store.Revise(save, rev); err != nil {
		if !errors.Is(err, store.ErrFull) && ctx.Err() == nil {
			x.Fail(fmt.Errorf("widen run %s: %w", run.ID, err))
		}
		rest := later()
		return &rest
	}
	rev.Apply(run)
	if !state.Status.Final() {
		return nil
	}
	x.Saved(Saved{Recipe: run.Recipe, QueuedAt: run.QueuedAt, StepSave: store.StepSave{Run: run.ID, State: state}})
	return &state
}
