package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
)

// accepted notes that an account's credential works, and has the dispatcher let
// the runs go on that waited for it.
func (e *Engine) accepted(account string) {
	if e.health.Works(account, time.Now()) {
		e.recall()
	}
}

// recall tells the dispatcher that runs may go on that were held or parked.
func (e *Engine) recall() {
	nudge(e.released)
}

// recallable reports whether a run goes on by itself: it was parked because a credential
// was refused, or held because its recipe rested and does not any more.
func (e *Engine) recallable(recipe string, status store.Status, reason string) bool {
	return status == store.Parked && reason == retry.ReasonAuth ||
		status == store.Held && reason == watch.ReasonPaused && !e.rests.recipe(recipe)
}

// requeue lets the runs go on that were parked because a credential was refused, or held
// because their recipe rested.
// Runs belong to the account of their trigger, but any account of the recipe may
// have been refused, so every run with that reason is looked at. Only the
// dispatcher calls it once it runs.
func (e *Engine) requeue(ctx context.Context) error {
	var after store.RunID
	released := 0
	for {
		found, err := e.store.Waiting(ctx, after, scanStep)
		if err != nil {
			return fmt.Errorf("look for parked runs: %w", err)
		}
		for _, q := range found {
			after = q.ID
			if !e.recallable(q.Recipe, q.Status, q.Reason) {
				continue
			}
			ok, err := e.requeueOne(ctx, q.ID)
			if err != nil {
				return err
			}
			if ok {
				released++
			}
		}
		if len(found) < scanStep {
			break
		}
	}
	if released > 0 {
		e.log.Info().Str("component", "runner").Int("records", released).Msg("runs go on that waited for a credential or a recipe")
	}
	return nil
}

// requeueOne puts a run back into the queue if it goes on by itself.
func (e *Engine) requeueOne(ctx context.Context, id store.RunID) (bool, error) {
	run, _, err := e.store.LoadRun(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !e.recallable(run.Recipe, run.State.Status, run.State.Reason) {
		return false, nil
	}
	state := run.State
	state.Status, state.Reason, state.Error, state.Attempts = store.Queued, "", nil, 0
	if err := e.store.SaveStep(ctx, store.StepSave{Run: id, State: state}); err != nil {
		return false, fmt.Errorf("release run %s: %w", id, err)
	}
	return true, nil
}
