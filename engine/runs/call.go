package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/files"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// call is one step's call of an operation, with its entry in the ledger.
type call struct {
	*branch
	step    *program.Step
	request *actions.Call
	rule    connectors.Repeat
	result  store.Step
	// said is what was answered to a write of which nobody knows what became.
	said *store.Failure
}

// call carries out a step's call. Writes go through the ledger: one that is not
// safe to repeat is noted as sent before the request, and its outcome, the step's
// result and the run's next state share one commit.
func (b *branch) call(ctx context.Context, s *program.Step, p actions.Prepared) (ending, error) {
	c := &call{branch: b, step: s, request: p.Call, rule: repeatRule(s, p.Call)}
	id := b.prefix + s.ID
	c.result = b.saved[id]
	c.result.ID, c.result.Input = id, input(p)
	c.said, c.result.Error = c.result.Error, nil
	now := time.Now()
	if c.result.StartedAt.IsZero() {
		c.result.StartedAt = now.UTC()
	}
	if due := c.result.Due; c.result.Status == Waiting && now.Before(due) && due.Sub(now) <= longestWait(s) {
		// Another branch of the run was due before.
		return ending{kind: waits, due: due, idle: true, open: doubtful(c.result.Effect)}, nil
	}
	c.result.Due = time.Time{}
	if until, rests := b.x.Rests(p.Call.Account, now); rests {
		// In memory only: nothing happened.
		return ending{kind: waits, due: until, idle: true, open: doubtful(c.result.Effect)}, nil
	}
	ctx = connectors.WithKey(connectors.For(ctx, b.run.Recipe), effectID(b.run.ID, id))
	ctx = connectors.WithFiles(ctx, files.Keeper{Store: b.x.Store, Run: b.run.ID, Step: id})
	if e := c.result.Effect; e != nil && e.State == store.Sent && c.rule != connectors.RepeatSafe {
		return c.settle(ctx, errUnsure)
	}
	if s.OnlyIf != nil && (c.result.Effect == nil || c.result.Effect.State == store.NotDone) {
		if holds, end, err := c.guard(ctx); !holds || err != nil {
			return end, err
		}
	}
	return c.send(ctx)
}

// longestWait is the longest that the step ever waits between two tries. A due time that
// lies further ahead was stored before the clock was set back.
func longestWait(s *program.Step) time.Duration { return max(s.Retry.Max, longestLimit) }

// longestLimit is the longest that a service wants to be left alone: as long as the longest
// window of a budget.
const longestLimit = 24 * time.Hour

// doubtful reports whether nobody knows what became of a write.
func doubtful(e *store.Effect) bool {
	return e != nil && (e.State == store.Sent || e.State == store.Unsure)
}

// effectID names an outside write: the same on every attempt.
func effectID(run store.RunID, step string) string { return string(run) + "/" + step }

// repeatRule is what may be done when nobody knows whether the write arrived: the
// operation's rule, unless the step has one of its own.
func repeatRule(s *program.Step, c *actions.Call) connectors.Repeat {
	if c.Operation.Kind == connectors.Read {
		return connectors.RepeatSafe
	}
	switch s.Unsure {
	case recipes.UnsureSafe:
		return connectors.RepeatSafe
	case recipes.UnsureFind:
		return connectors.RepeatFind
	case recipes.UnsurePark:
		return connectors.RepeatNever
	}
	return c.Operation.Repeat
}

// guard reads what the call is about to write, and reports whether the step's condition
// holds. Unless it does the ending says what follows.
func (c *call) guard(ctx context.Context) (holds bool, end ending, err error) {
	inputs := poll.Inputs(c.step.Target, c.step.Account, nil)
	for _, in := range c.step.Target.Inputs {
		from := in.Name
		if t := c.request.Operation.Target; t != nil && t.With[from] != "" {
			from = t.With[from]
		}
		if v, given := c.request.Input[from]; given {
			inputs[in.Name] = v
		}
	}
	if err := c.flush(ctx); err != nil {
		return false, end, err
	}
	c.result.Attempts++
	answer, err := c.ask(ctx, c.step.Target, inputs)
	if ctx.Err() != nil && err != nil {
		return false, end, ctx.Err()
	}
	if err != nil {
		end, err = c.failed(fmt.Errorf("only_if: %w", err))
		return false, end, err
	}
	scope := *c.scope
	scope.Target, _ = answer.Value.(map[string]any)
	if holds, err = c.step.OnlyIf.Match(&scope); err != nil {
		return false, c.broken(c.step, c.result.StartedAt, fmt.Errorf("only_if: %w", err)), nil
	}
	c.result.Attempts--
	if !holds {
		c.result.Status, c.result.FinishedAt = Skipped, time.Now().UTC()
		c.note(c.result)
	}
	return holds, ending{}, nil
}

// send makes the call and acts on what comes back.
func (c *call) send(ctx context.Context) (ending, error) {
	if err := ctx.Err(); err != nil {
		return ending{}, err // nothing is begun any more
	}
	if err := c.intend(ctx); err != nil {
		return ending{}, err
	}
	c.result.Attempts++
	answer, err := c.ask(ctx, c.request.Operation, c.request.Input)
	c.x.at(AfterCall)
	if ctx.Err() != nil && err != nil {
		return ending{}, ctx.Err() // we stopped: the next start finds the intent
	}
	if err == nil || c.gone(err) {
		return c.confirm(answer)
	}
	k := connectors.KindOf(err)
	unknown := k == connectors.Uncertain || k == connectors.Canceled // what was given up may have arrived all the same
	if unknown && c.rule != connectors.RepeatSafe {
		return c.lost(ctx, err)
	}
	if c.result.Effect != nil {
		c.result.Effect.State = store.NotDone
		if unknown {
			c.result.Effect.State = store.Unsure // sent again all the same: that is safe
		}
	}
	return c.failed(err)
}

// ask makes a request, within the step's own time limit. Running into that
// limit is like losing the answer.
func (c *call) ask(ctx context.Context, op *connectors.Operation, in map[string]any) (answer connectors.Answer, err error) {
	if op.Kind == connectors.Write {
		c.x.writing.Add(1)
		defer c.x.writing.Add(-1)
	}
	c.outside(func() {
		if c.step.Timeout <= 0 {
			answer, err = c.request.Session.Call(ctx, op, in)
			return
		}
		limited, cancel := context.WithTimeout(ctx, c.step.Timeout)
		defer cancel()
		answer, err = c.request.Session.Call(limited, op, in)
		if err == nil || ctx.Err() != nil || limited.Err() == nil || connectors.KindOf(err) != connectors.Canceled {
			return
		}
		kind := connectors.Transient
		if op.Kind == connectors.Write {
			kind = connectors.Uncertain
		}
		err = &connectors.Error{Kind: kind, Op: op.Name(), Err: fmt.Errorf("no answer within the step's timeout of %s", c.step.Timeout)}
	})
	return answer, err
}

// deletes reports whether a record is gone after the call. Sent a second time such a write
// finds nothing: that it may have arrived before must be known then.
func (c *call) deletes() bool { return c.request.Operation.Danger == connectors.DangerDelete }

// gone reports whether an error says that nothing is left of what an earlier send may have
// deleted. The service itself must say so: a page of something on the way to it knows
// nothing.
func (c *call) gone(err error) bool {
	e, ok := errors.AsType[*connectors.Error](err)
	return ok && e.Kind == connectors.NotFound && e.Said && c.deletes() && c.result.Effect.Doubt
}

// intend stores what has happened so far, and notes a write in the ledger. One that is
// safe to repeat needs no commit of its own: after a crash it is sent again. Deletes do.
func (c *call) intend(ctx context.Context) error {
	if c.request.Operation.Kind == connectors.Read {
		return c.flush(ctx)
	}
	now := time.Now().UTC()
	e := store.Effect{Operation: c.request.Operation.Name(), SentAt: now, Safe: c.rule == connectors.RepeatSafe}
	if old := c.result.Effect; old != nil {
		if e.Doubt = old.Doubt || doubtful(old); old.State == store.Sent {
			e.Sends = old.Sends
		}
	}
	e.State = store.Sent
	e.Sends++
	c.result.Effect = &e
	if c.rule == connectors.RepeatSafe && !c.deletes() {
		return c.flush(ctx)
	}
	c.x.at(BeforeIntent)
	c.result.Status = Waiting
	c.note(c.result)
	c.mark()
	if err := c.flush(ctx); err != nil {
		return err
	}
	c.x.at(AfterIntent)
	return nil
}

// confirm notes that the call did what it should.
func (c *call) confirm(answer connectors.Answer) (ending, error) {
	if c.result.Effect != nil {
		c.result.Effect.State = store.Confirmed
	}
	output, err := connectors.Encode(answer.Value)
	if err != nil {
		return ending{}, fmt.Errorf("answer of step %s: %w", c.result.ID, err)
	}
	c.result.Status, c.result.Output, c.result.More, c.result.FinishedAt = Succeeded, output, answer.More, time.Now().UTC()
	c.note(c.result)
	c.mark()
	c.scope.Steps[c.step.ID] = answer.Value
	c.x.Accepted(c.request.Account)
	if c.step.ThenStop {
		return ending{kind: stopped}, nil
	}
	return ending{}, nil
}

// failed acts on an error that left no effect, or of a write that may be repeated.
func (c *call) failed(cause error) (ending, error) {
	return c.act(cause, retry.Judge(cause, c.result.Attempts, c.step.Step, c.rules(c.step)...))
}

// act carries out what was decided about an error.
func (c *call) act(cause error, d retry.Decision) (ending, error) {
	if !d.Counts {
		c.result.Attempts--
		c.uncount()
	}
	c.result.Error = retry.Failure(cause, c.result.ID)
	switch d.Verdict {
	case retry.Later:
		c.result.Status, c.result.Due = Waiting, time.Now().Add(d.Wait).UTC()
		c.note(c.result)
		return ending{kind: waits, due: c.result.Due, failure: c.result.Error, open: doubtful(c.result.Effect)}, nil
	case retry.Pause:
		if !connectors.IsNarrow(cause) && c.x.Health.Pause(c.request.Account, time.Now()) {
			c.x.Log.Error().Str("component", "runner").Str("account", c.request.Account).Err(cause).Msg("account rests: its credential was refused")
		}
	case retry.Fail, retry.Park, retry.Continue, retry.Stop:
	}
	if d.Verdict == retry.Pause || d.Verdict == retry.Park {
		c.x.Log.Warn().Str("component", "runner").Str("recipe", c.run.Recipe).Str("run_id", string(c.run.ID)).
			Str("account", c.run.Account).Str("step", c.result.ID).Str("kind", c.result.Error.Kind).Err(cause).Msg("run parked")
		c.mark()
	}
	c.result.Status, c.result.FinishedAt = Failed, time.Now().UTC()
	return c.end(c.step, c.result, d), nil
}
