package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/triggers"
)

// saveLimit is how long the store may take for one write.
const saveLimit = time.Minute

// The statuses of a step.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
	Skipped   = "skipped"
	Waiting   = "waiting"
	Parked    = "parked"
)

// runner carries out one run. It belongs to one goroutine.
type runner struct {
	x       *Executor
	run     store.Run
	program *Program
	scope   *mapping.Scope
	// saved are the stored results by step id, pending those that go into the
	// next commit.
	saved   map[string]store.Step
	pending []store.Step
	// free gives the worker back; what follows only waits for the store.
	free func()
}

// Execute carries out a run from its first step that was not saved, and returns
// the state in which it came to rest. free may be called before it returns, when
// nothing is left but to wait for the store.
func (x *Executor) Execute(ctx context.Context, id store.RunID, free func()) (state store.RunState) {
	defer func() {
		if p := recover(); p != nil {
			x.Log.Error().Str("component", "runner").Str("run_id", string(id)).
				Str("error", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("run panicked")
			state = later()
		}
	}()
	x.at(Claimed)
	r, rest := x.newRunner(ctx, id)
	if r == nil {
		return rest
	}
	r.free = free
	state, err := r.steps(ctx)
	if err != nil {
		if ctx.Err() == nil {
			x.Fail(err)
		}
		return later()
	}
	x.Ended(state.Status)
	return state
}

// later is the state of a run that could not go on and left no trace: it is tried
// again, in memory only.
func later() store.RunState {
	return store.RunState{Status: store.Waiting, Due: time.Now().Add(time.Minute)}
}

// newRunner loads a run and the version of the recipe that it belongs to. Without
// a runner there is nothing to do, and the state says where the run rests: one that
// is held or parked can stand behind others in its lane, and is met only now.
func (x *Executor) newRunner(ctx context.Context, id store.RunID) (*runner, store.RunState) {
	var run store.Run
	var saved []store.Step
	known, fresh := x.Fresh(id)
	if fresh {
		run = *known.Run
	} else {
		var err error
		if run, saved, err = x.Store.LoadRun(ctx, id); err != nil {
			return nil, x.notLoaded(ctx, id, err)
		}
	}
	if s := run.State.Status; s == store.Held || s == store.Parked || s.Final() {
		return nil, run.State
	}
	r, err := x.ready(ctx, run, saved, known.Scope)
	if err != nil {
		return nil, x.unfit(ctx, &run, err)
	}
	return r, store.RunState{}
}

// notLoaded is the state of a run that the store did not give: it is tried again.
func (x *Executor) notLoaded(ctx context.Context, id store.RunID, cause error) store.RunState {
	if ctx.Err() == nil {
		x.Log.Error().Str("component", "runner").Str("run_id", string(id)).Err(cause).Msg("run not loaded")
	}
	return later()
}

// unfit parks a run that its own version of the recipe cannot carry out any more:
// an account or an operation is gone. Nothing was sent.
func (x *Executor) unfit(ctx context.Context, run *store.Run, cause error) store.RunState {
	if ctx.Err() != nil {
		return later()
	}
	state := run.State
	state.Status, state.Reason, state.Due = store.Parked, reasonUnfit, time.Time{}
	state.Error = retry.Failure(&connectors.Error{Kind: connectors.Invalid, Op: "recipe " + run.Recipe, Err: cause}, "")
	if err := x.Store.SaveStep(ctx, store.StepSave{Run: run.ID, State: state}); err != nil {
		return x.notLoaded(ctx, run.ID, errors.Join(cause, err))
	}
	x.Ended(state.Status)
	x.Log.Error().Str("component", "runner").Str("recipe", run.Recipe).Str("run_id", string(run.ID)).Err(cause).Msg("run parked")
	return state
}

// ready makes the runner of a run with the steps that are saved. A scope that is
// still at hand need not be read from the run's event.
func (x *Executor) ready(ctx context.Context, run store.Run, saved []store.Step, scope *mapping.Scope) (*runner, error) {
	p, err := x.Program(ctx, Key{Recipe: run.Recipe, Version: run.Version})
	if err != nil {
		return nil, err
	}
	run.State.Attempts++
	r := &runner{x: x, run: run, program: p, saved: make(map[string]store.Step, len(saved))}
	if r.scope = scope; scope == nil {
		if r.scope, err = p.scope(&run); err != nil {
			return nil, err
		}
	}
	r.scope.Run.ID = string(run.ID)
	for _, s := range saved {
		r.saved[s.ID] = s
		if err := r.know(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// scope builds what the expressions of a run see, from its stored event.
func (p *Program) scope(run *store.Run) (*mapping.Scope, error) {
	c := triggers.Change{
		Kind: triggers.Kind(run.Kind), Record: run.Record, Revision: run.Revision,
		BeforeKnown: run.Event.BeforeKnown, Fields: run.Event.Fields,
		CreatedAt: run.Event.CreatedAt, UpdatedAt: run.Event.UpdatedAt, Parent: run.Event.Parent,
	}
	var err error
	if c.After, err = p.Source.Answer.Decode(run.Event.Record); err != nil {
		return nil, fmt.Errorf("stored record: %w", err)
	}
	if len(run.Event.Before) > 0 {
		if c.Before, err = p.Source.Answer.Decode(run.Event.Before); err != nil {
			return nil, fmt.Errorf("stored before: %w", err)
		}
	}
	return watch.NewScope(p.Recipe, run.Account, c, run.QueuedAt), nil
}

// know lets later steps see a step's result.
func (r *runner) know(s store.Step) error {
	if len(s.Output) == 0 {
		return nil
	}
	v, err := connectors.Decode(s.Output)
	if err != nil {
		return fmt.Errorf("stored output of step %s: %w", s.ID, err)
	}
	r.scope.Steps[s.ID] = v
	return nil
}

// steps carries out what is left of the recipe. A nil error means that the state
// it returns is stored.
func (r *runner) steps(ctx context.Context) (store.RunState, error) {
	for r.run.State.Step < len(r.program.steps) {
		s := r.program.steps[r.run.State.Step]
		o, err := r.step(ctx, s)
		if err != nil {
			return store.RunState{}, err
		}
		switch {
		case o.rest != nil:
			return *o.rest, nil
		case o.failure != nil:
			return r.finish(ctx, store.Failed, o.failure)
		case o.stop:
			return r.finish(ctx, store.Succeeded, nil)
		}
		r.advance()
		if !o.save || r.run.State.Step == len(r.program.steps) {
			continue // the next commit holds this step's result too
		}
		r.run.State.Status = store.Running
		if err := r.save(ctx); err != nil {
			return store.RunState{}, err
		}
		r.x.at(AfterOutcome)
	}
	return r.finish(ctx, store.Succeeded, nil)
}

// outcome is what follows from a step.
type outcome struct {
	stop    bool            // the run ends well
	save    bool            // something happened outside: store it before going on
	failure *store.Failure  // the run ends with an error
	rest    *store.RunState // the run comes to rest in this state, which is stored
}

// advance puts the current step behind the run.
func (r *runner) advance() {
	r.run.State.Step++
	r.run.State.Error = nil
}

// step carries out one step.
func (r *runner) step(ctx context.Context, s step) (outcome, error) {
	began := time.Now().UTC()
	if s.If != nil {
		ok, err := s.If.Match(r.scope)
		if err != nil {
			return r.broken(s, began, fmt.Errorf("if: %w", err)), nil
		}
		if !ok {
			r.note(store.Step{ID: s.ID, Status: Skipped, StartedAt: began, FinishedAt: began})
			return outcome{}, nil
		}
	}
	p, err := s.action.Prepare(r.scope)
	if err != nil {
		return r.broken(s, began, err), nil
	}
	if p.Call != nil {
		return r.call(ctx, s, p)
	}
	result := store.Step{ID: s.ID, Status: Succeeded, StartedAt: began, FinishedAt: time.Now().UTC()}
	if p.Output != nil {
		if result.Output, err = connectors.Encode(p.Output); err != nil {
			return r.broken(s, began, err), nil
		}
		r.scope.Steps[s.ID] = p.Output
	}
	r.note(result)
	return outcome{stop: p.Stop || s.ThenStop}, nil
}

// broken ends the run because the values of a step do not fit; nothing was sent.
func (r *runner) broken(s step, began time.Time, cause error) outcome {
	err := &connectors.Error{Kind: connectors.Invalid, Op: "step " + s.ID, Err: cause}
	f := retry.Failure(err, s.ID)
	r.note(store.Step{ID: s.ID, Status: Failed, Error: f, StartedAt: began, FinishedAt: time.Now().UTC()})
	return outcome{failure: f}
}

// note keeps a step's result for the next commit.
func (r *runner) note(s store.Step) {
	r.saved[s.ID] = s
	for i := range r.pending {
		if r.pending[i].ID == s.ID {
			r.pending[i] = s
			return
		}
	}
	r.pending = append(r.pending, s)
}

// finish ends the run.
func (r *runner) finish(ctx context.Context, status store.Status, f *store.Failure) (store.RunState, error) {
	r.run.State.Status = status
	r.run.State.Error = f
	r.run.State.Due = time.Time{}
	r.run.State.Reason = ""
	r.run.State.FinishedAt = time.Now().UTC()
	r.free()
	if err := r.save(ctx); err != nil {
		return store.RunState{}, err
	}
	r.x.at(AfterFinished)
	if f != nil {
		r.x.Log.Warn().Str("component", "runner").Str("recipe", r.run.Recipe).Str("run_id", string(r.run.ID)).
			Str("account", r.run.Account).Str("step", f.Step).Str("kind", f.Kind).Str("error", f.Message).Msg("run failed")
	}
	return r.run.State, nil
}

// save writes the pending results and the run's state in one transaction. What
// happened outside has happened, so a stop does not end it; while the disk is full
// it tries again until the work must end.
func (r *runner) save(ctx context.Context) error {
	if r.run.State.StartedAt.IsZero() {
		r.run.State.StartedAt = time.Now().UTC()
	}
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
		err := r.x.Store.SaveStep(save, store.StepSave{Run: r.run.ID, Steps: r.pending, State: r.run.State})
		cancel()
		if err == nil {
			r.pending = r.pending[:0]
			return nil
		}
		if !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("save run %s: %w", r.run.ID, err)
		}
		r.x.Log.Error().Str("component", "runner").Str("run_id", string(r.run.ID)).Err(err).
			Int64("retry_in_ms", wait.Milliseconds()).Msg("disk is full")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// rest stores a state in which the run comes to rest.
func (r *runner) rest(ctx context.Context, state store.RunState) (outcome, error) {
	r.run.State = state
	r.free()
	if err := r.save(ctx); err != nil {
		return outcome{}, err
	}
	return outcome{rest: &r.run.State}, nil
}

// input is a step's evaluated mapping as it is stored.
func input(p actions.Prepared) json.RawMessage {
	text, err := connectors.Encode(p.Input)
	if err != nil {
		return nil // only values that JSON cannot write; the call itself reports them
	}
	return text
}
