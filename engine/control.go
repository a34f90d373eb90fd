package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
)

// accepted notes that an account's credential works, and has the dispatcher let
// the runs go on that waited for it.
func (e *Engine) accepted(account string) {
	if !e.health.Works(account, time.Now()) {
		return
	}
	select {
	case e.released <- struct{}{}:
	default: // a signal waits already
	}
}

// requeue lets the runs go on that were parked because a credential was refused.
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
			if q.Status != store.Parked || q.Reason != retry.ReasonAuth {
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
		e.log.Info().Str("component", "runner").Int("records", released).Msg("runs released after a refused credential")
	}
	return nil
}

// requeueOne puts a run back into the queue if it was parked for a refused
// credential.
func (e *Engine) requeueOne(ctx context.Context, id store.RunID) (bool, error) {
	run, _, err := e.store.LoadRun(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if run.State.Status != store.Parked || run.State.Reason != retry.ReasonAuth {
		return false, nil
	}
	state := run.State
	state.Status, state.Reason, state.Error, state.Attempts = store.Queued, "", nil, 0
	if err := e.store.SaveStep(ctx, store.StepSave{Run: id, State: state}); err != nil {
		return false, fmt.Errorf("release run %s: %w", id, err)
	}
	return true, nil
}
