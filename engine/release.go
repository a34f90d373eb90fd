package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
)

// UnsureRule is what a person found out about a write of which nobody knew
// whether it was carried out.
type UnsureRule string

// The rules. With AskUnsure a run with such a write is not released.
const (
	AskUnsure  UnsureRule = ""
	SendUnsure UnsureRule = "send" // it was not carried out: send it again
	DoneUnsure UnsureRule = "done" // it was carried out: go on behind it
)

var (
	// ErrUnsure is returned by Release for a run with an unsure write when no rule
	// says what became of it.
	ErrUnsure = errors.New("nobody knows whether its last write was carried out: look at the service, then say --unsure send to repeat the write, or --unsure done if it is there")
	// ErrNotWaiting is returned by Release for a run that waits for nobody.
	ErrNotWaiting = errors.New("the run is neither held nor parked")
)

// Release lets a run go on that is held or parked. It begins at the step that
// failed, with the version of the recipe it was queued with; steps that are saved
// are not repeated. The error is [store.ErrNotFound], [ErrNotWaiting], [ErrUnsure]
// or one of the store; after any of them nothing has changed.
func Release(ctx context.Context, s store.Store, id store.RunID, u UnsureRule) error {
	run, steps, err := s.LoadRun(ctx, id)
	if err != nil {
		return err
	}
	if run.State.Status != store.Held && run.State.Status != store.Parked {
		return fmt.Errorf("run %s is %s: %w", id, run.State.Status, ErrNotWaiting)
	}
	save := store.StepSave{Run: id, State: run.State}
	save.State.Status, save.State.Reason, save.State.Error = store.Queued, "", nil
	for _, step := range steps {
		if step.Effect == nil || step.Effect.State != store.Unsure {
			continue
		}
		switch u {
		case AskUnsure:
			return fmt.Errorf("run %s, step %s: %w", id, step.ID, ErrUnsure)
		case DoneUnsure:
			effect := *step.Effect
			effect.State = store.Confirmed
			step.Effect, step.Status, step.Error = &effect, runs.Succeeded, nil
			save.Steps = append(save.Steps, step)
			save.State.Step++
		case SendUnsure:
		default:
			return fmt.Errorf("unknown rule %q for unsure writes", u)
		}
	}
	if err := s.SaveStep(ctx, save); err != nil {
		return fmt.Errorf("release run %s: %w", id, err)
	}
	return nil
}
