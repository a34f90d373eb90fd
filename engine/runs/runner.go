package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// saveLimit is how long the store may take for one write.
const saveLimit = time.Minute

// reasonUnfit marks runs that their version of the recipe cannot carry out.
const reasonUnfit = "the recipe's version does not fit any more"

// The statuses of a step.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
	Skipped   = "skipped"
	Waiting   = "waiting"
	Parked    = "parked"
)

// runner carries out one run.
type runner struct {
	x       *Executor
	program *program.Program
	// mu guards what follows. Whoever walks through the steps holds it, but for the time
	// that it waits for somebody outside.
	mu    sync.Mutex
	run   store.Run
	scope *mapping.Scope
	// saved are the results by step id, pending the ids of those that go into the next
	// commit, perhaps more than once. marks counts the moments that must be stored before
	// anything else happens outside, stored those that are. lost is why the store did not
	// take a commit: from then on nothing else is.
	saved         map[string]store.Step
	pending       []string
	marks, stored int
	lost          error
	// saving is true while results are on their way to the store; quiet tells of the end.
	saving bool
	quiet  sync.Cond
	// uncounted is true when the run was told to wait, which is no attempt.
	uncounted bool
	// free gives the worker back; what follows only waits for the store.
	free func()
}

// Execute carries out a run from its first step that was not saved, and returns
// the state in which it came to rest. behind are the runs that wait behind it in its lane.
// free may be called before it returns, when nothing is left but to wait for the store.
func (x *Executor) Execute(ctx context.Context, id store.RunID, behind []store.RunID, free func()) (state store.RunState) {
	defer func() {
		if p := recover(); p != nil {
			x.panicked(id, p)
			state = later()
		}
	}()
	x.at(Claimed)
	r, rest := x.newRunner(ctx, id, behind)
	if r == nil {
		return rest
	}
	r.free = free
	state, err := r.steps(ctx)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, errPanicked) {
			x.Fail(err)
		}
		return later()
	}
	x.Ended(state.Status)
	return state
}

// panicked tells of a panic, on the goroutine that recovers from it.
func (x *Executor) panicked(id store.RunID, p any) {
	x.Log.Error().Str("component", "runner").Str("run_id", string(id)).
		Str("error", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("run panicked")
}

// later is the state of a run that could not go on and left no trace: it is tried
// again, in memory only.
func later() store.RunState {
	return store.RunState{Status: store.Waiting, Due: time.Now().Add(time.Minute)}
}

// newRunner loads a run and the version of the recipe that it belongs to. Without
// a runner there is nothing to do, and the state says where the run rests: one that
// is held or parked can stand behind others in its lane, and is met only now.
func (x *Executor) newRunner(ctx context.Context, id store.RunID, behind []store.RunID) (*runner, store.RunState) {
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
	p, err := x.Program(ctx, program.Key{Recipe: run.Recipe, Version: run.Version, Account: run.Account})
	if err != nil {
		return nil, x.unfit(ctx, &run, err)
	}
	rest, err := x.merge(ctx, &run, p, behind)
	wider := false
	if err == nil && rest == nil {
		wider, rest, err = x.widen(ctx, &run, p)
	}
	if err != nil {
		return nil, x.notLoaded(ctx, id, err)
	}
	if rest != nil {
		x.Ended(rest.Status)
		return nil, *rest
	}
	if wider {
		known.Scope = nil // it was made of the event as it was
	}
	r, err := x.ready(p, run, saved, known.Scope)
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
	x.Saved(Saved{Recipe: run.Recipe, QueuedAt: run.QueuedAt, StepSave: store.StepSave{Run: run.ID, State: state}})
	x.Log.Error().Str("component", "runner").Str("recipe", run.Recipe).Str("run_id", string(run.ID)).Err(cause).Msg("run parked")
	return state
}

// ready makes the runner of a run with the steps that are saved. A scope that is
// still at hand need not be read from the run's event.
func (x *Executor) ready(p *program.Program, run store.Run, saved []store.Step, scope *mapping.Scope) (*runner, error) {
	var err error
	run.State.Attempts++
	r := &runner{x: x, run: run, program: p, saved: make(map[string]store.Step, len(saved))}
	r.quiet.L = &r.mu
	if r.scope = scope; scope == nil {
		if r.scope, err = p.Scope(&run); err != nil {
			return nil, err
		}
	}
	r.scope.Run.ID = string(run.ID)
	for _, s := range saved {
		r.saved[s.ID] = s
	}
	r.former()
	if run.State.Status == store.Queued {
		r.released()
	}
	return r, nil
}

// released lets the steps go on that were parked, with all their attempts.
func (r *runner) released() {
	for _, s := range r.saved {
		if s.Status == Parked {
			s.Status, s.Attempts = Waiting, 0
			r.note(s)
		}
	}
}

// former marks the steps that are behind a run which an earlier version has begun: it
// counted them.
func (r *runner) former() {
	for i := range min(r.run.State.Step, len(r.program.Steps)) {
		id := r.program.Steps[i].ID
		if s, ok := r.saved[id]; ok && s.Status == Failed {
			s.Passed = true
			r.saved[id] = s
		}
	}
}

// steps carries out what is left of the recipe. A nil error means that the state
// it returns is stored, or that nothing happened that must be.
func (r *runner) steps(ctx context.Context) (store.RunState, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rests, err := r.learn(ctx); err != nil || rests.kind != goesOn {
		if err != nil {
			return store.RunState{}, err
		}
		return r.rest(ctx, rests)
	}
	var end ending
	err := r.safely(func() (err error) {
		b := branch{runner: r, scope: r.scope}
		end, err = b.chain(ctx, r.program.Steps)
		return err
	})
	if err != nil {
		// What has happened outside is known, whatever stopped the rest.
		if failed := r.flush(ctx); failed != nil {
			err = failed
		}
		return store.RunState{}, err
	}
	if (end.kind == stopped || end.kind == failed) && r.open() {
		end = ending{kind: parked, reason: ReasonUnsure, failure: &store.Failure{Kind: string(connectors.Uncertain), Message: errUnsure.Error()}}
	}
	switch end.kind {
	case failed:
		return r.finish(ctx, store.Failed, end.failure)
	case parked, waits:
		return r.rest(ctx, end)
	case goesOn, stopped, givenUp:
	}
	return r.finish(ctx, store.Succeeded, nil)
}

// errPanicked is the error of a run whose steps have panicked; the log has the place.
var errPanicked = errors.New("the run panicked")

// safely does something that may panic.
func (r *runner) safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.x.panicked(r.run.ID, p)
			err = errPanicked
		}
	}()
	return do()
}

// open reports whether nobody knows what became of a write: another branch of the run was
// about to find out.
func (r *runner) open() bool {
	for _, s := range r.saved {
		if doubtful(s.Effect) && !s.Effect.Safe && !passed(&s) && s.Status != Failed {
			return true
		}
	}
	return false
}

// rest stores the state in which the run comes to rest. One that waits although nothing
// happened is kept in memory only.
func (r *runner) rest(ctx context.Context, end ending) (store.RunState, error) {
	former := r.run.State
	state := &r.run.State
	state.Status, state.Due, state.Reason, state.Error = store.Waiting, end.due.UTC(), end.reason, end.failure
	if end.kind == parked {
		state.Status, state.Due = store.Parked, time.Time{}
	}
	if end.idle && len(r.pending) == 0 {
		return store.RunState{Status: store.Waiting, Due: end.due}, nil
	}
	if end.kind == waits && len(r.pending) == 0 && former.Status == store.Waiting && former.Due.Equal(state.Due) {
		return *state, nil // it was woken before its time
	}
	if end.idle {
		// Why it waits is known in memory only, and may be over at any time: what is stored
		// is that it can go on.
		state.Due = time.Now().UTC()
	}
	r.free()
	r.mark()
	err := r.save(ctx)
	rests := r.run.State
	if end.idle {
		rests.Due = end.due.UTC()
	}
	return rests, err
}

// finish ends the run.
func (r *runner) finish(ctx context.Context, status store.Status, f *store.Failure) (store.RunState, error) {
	r.run.State.Status = status
	r.run.State.Error = f
	r.run.State.Due = time.Time{}
	r.run.State.Reason = ""
	r.run.State.FinishedAt = time.Now().UTC()
	r.free()
	r.mark()
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

// uncount takes back that the run was taken up: it was told to wait.
func (r *runner) uncount() {
	if !r.uncounted {
		r.uncounted = true
		r.run.State.Attempts--
	}
}

// mark has what was noted be stored before anything else happens outside.
func (r *runner) mark() { r.marks++ }

// flush stores what has happened outside, before anything else does.
func (r *runner) flush(ctx context.Context) error {
	if r.stored >= r.marks {
		return nil
	}
	r.run.State.Status, r.run.State.Due, r.run.State.Reason, r.run.State.Error = store.Running, time.Time{}, "", nil
	if err := r.save(ctx); err != nil {
		return err
	}
	r.x.at(AfterOutcome)
	return nil
}

// outside does something that waits, while other branches of the run may go on.
func (r *runner) outside(do func()) {
	r.mu.Unlock()
	defer r.mu.Lock()
	do()
}

// note keeps a step's result for the next commit.
func (r *runner) note(s store.Step) {
	r.saved[s.ID] = s
	r.pending = append(r.pending, s.ID)
}

// take returns the steps that go into the next commit, in the order in which they were
// first noted.
func (r *runner) take() []store.Step {
	ids := r.pending
	r.pending = nil
	list := make([]store.Step, 0, len(ids))
	var seen map[string]bool
	if len(ids) > 16 {
		seen = make(map[string]bool, len(ids))
	}
	for i, id := range ids {
		if seen != nil && seen[id] || seen == nil && slices.Contains(ids[:i], id) {
			continue
		}
		if seen != nil {
			seen[id] = true
		}
		list = append(list, r.saved[id])
	}
	return list
}

// save writes the pending results and the run's state in one transaction, unless
// somebody else has just done so. What happened outside has happened, so a stop does not
// end it; while the disk is full it tries again until the work must end.
func (r *runner) save(ctx context.Context) error {
	if r.run.State.StartedAt.IsZero() {
		r.run.State.StartedAt = time.Now().UTC()
	}
	marks := r.marks
	for r.saving { // one at a time: a result must not be overwritten by an older one
		r.quiet.Wait()
	}
	if r.lost != nil || r.stored >= marks {
		return r.lost
	}
	marks = r.marks
	what := store.StepSave{Run: r.run.ID, Steps: r.take(), State: r.run.State}
	r.saving = true
	var err error
	r.outside(func() { err = r.x.save(ctx, what) })
	r.saving = false
	r.quiet.Broadcast()
	if r.lost = err; err == nil {
		r.stored = marks
		r.x.Saved(Saved{Recipe: r.run.Recipe, QueuedAt: r.run.QueuedAt, StepSave: what})
	}
	return err
}

// save writes what one moment of a run changed.
func (x *Executor) save(ctx context.Context, what store.StepSave) error {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
		err := x.Store.SaveStep(save, what)
		cancel()
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrFull) {
			return fmt.Errorf("save run %s: %w", what.Run, err)
		}
		x.Log.Error().Str("component", "runner").Str("run_id", string(what.Run)).Err(err).
			Int64("retry_in_ms", wait.Milliseconds()).Msg("disk is full")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// input is a step's evaluated mapping as it is stored.
func input(p actions.Prepared) json.RawMessage {
	text, err := connectors.Encode(p.Input)
	if err != nil {
		return nil // only values that JSON cannot write; the call itself reports them
	}
	return text
}
