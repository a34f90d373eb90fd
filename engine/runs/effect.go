package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// mostSends is how often a write that can be looked up is sent: once, and once
// again when the lookup shows that it did not arrive.
const mostSends = 2

// call is one step's call of an operation, with its entry in the ledger.
type call struct {
	*runner
	step    step
	request *actions.Call
	rule    connectors.Repeat
	result  store.Step
}

// call carries out a step's call. Writes go through the ledger: one that is not
// safe to repeat is noted as sent before the request, and its outcome, the step's
// result and the run's next state share one commit.
func (r *runner) call(ctx context.Context, s step, p actions.Prepared) (outcome, error) {
	c := &call{runner: r, step: s, request: p.Call, rule: repeatRule(s, p.Call)}
	c.result = r.saved[s.ID]
	c.result.ID, c.result.Input = s.ID, input(p)
	c.result.Error = nil
	if c.result.StartedAt.IsZero() {
		c.result.StartedAt = time.Now().UTC()
	}
	if until, rests := r.x.Health.Rests(p.Call.Account, time.Now()); rests {
		// In memory only: nothing happened.
		return outcome{rest: &store.RunState{Status: store.Waiting, Due: until}}, nil
	}
	if e := c.result.Effect; e != nil && e.State == store.Sent && c.rule != connectors.RepeatSafe {
		return c.settle(ctx)
	}
	return c.send(ctx)
}

// repeatRule is what may be done when nobody knows whether the write arrived: the
// operation's rule, unless the step has one of its own.
func repeatRule(s step, c *actions.Call) connectors.Repeat {
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

// send makes the call and acts on what comes back.
func (c *call) send(ctx context.Context) (outcome, error) {
	if err := c.intend(ctx); err != nil {
		return outcome{}, err
	}
	c.result.Attempts++
	answer, err := c.ask(ctx)
	c.x.at(AfterCall)
	if ctx.Err() != nil && err != nil {
		return outcome{}, ctx.Err() // we stopped: the next start finds the intent
	}
	if err == nil {
		return c.confirm(answer.Value)
	}
	if k := connectors.KindOf(err); (k == connectors.Uncertain || k == connectors.Canceled) && c.rule != connectors.RepeatSafe {
		return c.lost(ctx, err) // what was given up may have arrived all the same
	}
	if c.result.Effect != nil {
		c.result.Effect.State = store.NotDone
		if connectors.KindOf(err) == connectors.Uncertain {
			c.result.Effect.State = store.Unsure // sent again all the same: that is safe
		}
	}
	return c.failed(ctx, err)
}

// ask makes the request, within the step's own time limit. Running into that
// limit is like losing the answer.
func (c *call) ask(ctx context.Context) (connectors.Answer, error) {
	op := c.request.Operation
	if c.step.Timeout <= 0 {
		return c.request.Session.Call(ctx, op, c.request.Input)
	}
	limited, cancel := context.WithTimeout(ctx, c.step.Timeout)
	defer cancel()
	answer, err := c.request.Session.Call(limited, op, c.request.Input)
	if err == nil || ctx.Err() != nil || limited.Err() == nil || connectors.KindOf(err) != connectors.Canceled {
		return answer, err
	}
	kind := connectors.Transient
	if op.Kind == connectors.Write {
		kind = connectors.Uncertain
	}
	return answer, &connectors.Error{Kind: kind, Op: op.Name(), Err: fmt.Errorf("no answer within the step's timeout of %s", c.step.Timeout)}
}

// intend notes a write in the ledger. One that is safe to repeat needs no commit
// of its own: after a crash it is sent again.
func (c *call) intend(ctx context.Context) error {
	if c.request.Operation.Kind == connectors.Read {
		return nil
	}
	now := time.Now().UTC()
	e := store.Effect{Operation: c.request.Operation.Name(), SentAt: now}
	if old := c.result.Effect; old != nil && old.State == store.Sent {
		e.Sends = old.Sends
	}
	e.State = store.Sent
	e.Sends++
	c.result.Effect = &e
	if c.rule == connectors.RepeatSafe {
		return nil
	}
	c.x.at(BeforeIntent)
	c.result.Status = Waiting
	c.note(c.result)
	c.run.State.Status = store.Running
	if err := c.save(ctx); err != nil {
		return err
	}
	c.x.at(AfterIntent)
	return nil
}

// confirm notes that the call did what it should.
func (c *call) confirm(value any) (outcome, error) {
	if c.result.Effect != nil {
		c.result.Effect.State = store.Confirmed
	}
	output, err := connectors.Encode(value)
	if err != nil {
		return outcome{}, fmt.Errorf("answer of step %s: %w", c.step.ID, err)
	}
	c.result.Status, c.result.Output, c.result.FinishedAt = Succeeded, output, time.Now().UTC()
	c.note(c.result)
	c.scope.Steps[c.step.ID] = value
	c.x.Accepted(c.request.Account)
	return outcome{stop: c.step.ThenStop, save: true}, nil
}

// lost handles a write whose answer was lost.
func (c *call) lost(ctx context.Context, cause error) (outcome, error) {
	c.result.Error = retry.Failure(cause, c.step.ID)
	if c.rule == connectors.RepeatFind && c.provable() {
		c.note(c.result)
		return c.settle(ctx)
	}
	return c.unsure(ctx, cause)
}

// provable reports whether a lookup can prove anything: the text that comes back
// must contain the run's id.
func (c *call) provable() bool {
	find := c.request.Operation.Find
	if find == nil {
		return false
	}
	text, _ := c.request.Input[find.Match].(string)
	return strings.Contains(text, string(c.run.ID))
}

// settle finds out what became of a write that was sent and never answered.
func (c *call) settle(ctx context.Context) (outcome, error) {
	e := *c.result.Effect
	if c.rule != connectors.RepeatFind || !c.provable() {
		return c.unsure(ctx, errUnsure)
	}
	if due := e.SentAt.Add(c.request.Operation.Find.Settle); time.Now().Before(due) {
		c.result.Status = Waiting
		c.note(c.result)
		state := c.run.State
		state.Status, state.Due, state.Reason = store.Waiting, due.UTC(), "looks for a lost write"
		return c.rest(ctx, state)
	}
	c.x.at(BeforeLookup)
	found, record, err := c.look(ctx)
	switch {
	case ctx.Err() != nil:
		return outcome{}, ctx.Err()
	case err != nil:
		return c.blind(ctx, fmt.Errorf("look for a lost write: %w", err))
	case found:
		c.result.Effect.Looked = true
		return c.confirm(record)
	case e.Sends >= mostSends:
		return c.unsure(ctx, errUnsure)
	}
	return c.send(ctx)
}

// blind acts on a lookup that failed. The recipe's rules are for the write, of which
// nothing is known yet: a lookup that cannot be repeated leaves it unsure.
func (c *call) blind(ctx context.Context, cause error) (outcome, error) {
	c.result.Attempts++
	switch d := retry.Judge(cause, c.result.Attempts, c.step.Step, nil); d.Verdict {
	case retry.Later, retry.Pause:
		return c.act(ctx, cause, d)
	case retry.Fail, retry.Park, retry.Continue, retry.Stop:
	}
	return c.unsure(ctx, cause)
}

// errUnsure is the error of a run that is parked because of an unsure effect.
var errUnsure = errors.New("nobody knows whether the write was carried out; look at the service, then release or drop the run")

// look reads the list in which the write would have left a record.
func (c *call) look(ctx context.Context) (found bool, record any, err error) {
	find := c.request.Operation.Find
	account := c.step.account
	op, ok := account.Connector.Describe().Operation(find.Operation)
	if !ok {
		return false, nil, fmt.Errorf("no operation %q to look with", find.Operation)
	}
	inputs := poll.Inputs(op, account, nil)
	for name, from := range find.With {
		inputs[name] = c.request.Input[from]
	}
	position := ""
	for range poll.MaxPages {
		page, err := c.request.Session.Page(ctx, op, connectors.Query{Inputs: inputs, Position: position})
		if err != nil {
			return false, nil, err
		}
		for _, r := range page.Records {
			fields, err := op.Answer.Decode(r.Raw)
			if err != nil {
				return false, nil, err
			}
			text, _ := fields[find.Match].(string)
			if strings.Contains(text, string(c.run.ID)) && !c.anothers(op, r.ID) {
				return true, fields, nil
			}
		}
		if page.Next == "" || page.Next == position {
			return false, nil, nil
		}
		position = page.Next
	}
	return false, nil, fmt.Errorf("no end after %d pages", poll.MaxPages)
}

// anothers reports whether a record was left by another step of the run, whose text
// holds the run's id as well.
func (c *call) anothers(list *connectors.Operation, record string) bool {
	for id, value := range c.scope.Steps {
		e := c.saved[id].Effect
		if id == c.step.ID || e == nil || e.Operation != c.request.Operation.Name() {
			continue
		}
		fields, _ := value.(map[string]any)
		if left := fields[list.Answer.ID]; left != nil && fmt.Sprint(left) == record {
			return true
		}
	}
	return false
}

// unsure parks the run: a person must look.
func (c *call) unsure(ctx context.Context, cause error) (outcome, error) {
	c.result.Effect.State = store.Unsure
	return c.park(ctx, reasonUnsure, cause)
}

// failed acts on an error that left no effect, or of a write that may be repeated.
func (c *call) failed(ctx context.Context, cause error) (outcome, error) {
	return c.act(ctx, cause, retry.Judge(cause, c.result.Attempts, c.step.Step, c.rules()))
}

// act carries out what was decided about an error.
func (c *call) act(ctx context.Context, cause error, d retry.Decision) (outcome, error) {
	if !d.Counts {
		c.result.Attempts--
		c.run.State.Attempts--
	}
	c.result.Error = retry.Failure(cause, c.step.ID)
	switch d.Verdict {
	case retry.Later:
		return c.retry(ctx, d)
	case retry.Park:
		return c.park(ctx, d.Reason, cause)
	case retry.Pause:
		if c.x.Health.Pause(c.request.Account, time.Now()) {
			c.x.Log.Error().Str("component", "runner").Str("account", c.request.Account).Err(cause).Msg("account rests: its credential was refused")
		}
		return c.park(ctx, d.Reason, cause)
	case retry.Continue, retry.Stop:
		c.result.Status, c.result.FinishedAt = Failed, time.Now().UTC()
		c.note(c.result)
		return outcome{stop: d.Verdict == retry.Stop || c.step.ThenStop}, nil
	case retry.Fail:
	}
	c.result.Status, c.result.FinishedAt = Failed, time.Now().UTC()
	c.note(c.result)
	return outcome{failure: c.result.Error}, nil
}

// rules are the step's own rules, then the recipe's.
func (c *call) rules() []recipes.Rule {
	return slices.Concat(c.step.OnError, c.program.Recipe.OnError)
}

// retry lets the run wait for the step's next try.
func (c *call) retry(ctx context.Context, d retry.Decision) (outcome, error) {
	c.result.Status = Waiting
	c.note(c.result)
	state := c.run.State
	state.Status, state.Due, state.Error = store.Waiting, time.Now().Add(d.Wait).UTC(), c.result.Error
	state.Reason = ""
	return c.rest(ctx, state)
}

// park lets the run wait for a person or a new login.
func (c *call) park(ctx context.Context, reason string, cause error) (outcome, error) {
	c.result.Status, c.result.Error = Parked, retry.Failure(cause, c.step.ID)
	c.note(c.result)
	state := c.run.State
	state.Status, state.Reason, state.Error, state.Due = store.Parked, reason, c.result.Error, time.Time{}
	c.x.Log.Warn().Str("component", "runner").Str("recipe", c.run.Recipe).Str("run_id", string(c.run.ID)).
		Str("account", c.run.Account).Str("step", c.step.ID).Str("kind", c.result.Error.Kind).Err(cause).Msg("run parked")
	return c.rest(ctx, state)
}
