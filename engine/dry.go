package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// DryCall is a write that was refused because the engine runs dry.
type DryCall struct {
	Recipe    string
	Run       store.RunID
	Step      string
	Account   string
	Operation *connectors.Operation
	Input     map[string]any
	// Request is what would have been sent, secrets replaced by stars.
	Request connectors.Request
}

// Dry returns accounts that read and never write: every call of a write is told of and
// answered with a value of the shape that its operation promises. An engine that is made
// with them cannot change anything outside, whichever way it comes to a call. tell is
// called on the goroutines that make the calls.
func Dry(accounts []*Account, tell func(DryCall)) []*Account {
	out := make([]*Account, len(accounts))
	for i, a := range accounts {
		dry := *a
		dry.Session = &drySession{real: a.Session, account: a.Name, tell: tell}
		out[i] = &dry
	}
	return out
}

// drySession is a session that writes nothing.
type drySession struct {
	real    connectors.Session
	account string
	tell    func(DryCall)
}

// Page reads.
func (s *drySession) Page(ctx context.Context, op *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	if op.Kind != connectors.Read {
		return connectors.Page{}, s.refuse(op)
	}
	return s.real.Page(ctx, op, q)
}

// Call reads, and tells of a write.
func (s *drySession) Call(ctx context.Context, op *connectors.Operation, inputs map[string]any) (connectors.Answer, error) {
	if op.Kind == connectors.Read {
		return s.real.Call(ctx, op, inputs)
	}
	request, err := s.real.Preview(op, inputs)
	if err != nil {
		return connectors.Answer{}, err
	}
	call := DryCall{Recipe: connectors.Behalf(ctx), Account: s.account, Operation: op, Input: inputs, Request: request}
	run, step, _ := strings.Cut(connectors.KeyOf(ctx), "/")
	call.Run, call.Step = store.RunID(run), step
	s.tell(call)
	return connectors.Answer{Status: 200, Value: simulated(op, nil)}, nil
}

// refuse is the error of a list that is read by an operation that writes.
func (s *drySession) refuse(op *connectors.Operation) error {
	return &connectors.Error{Kind: connectors.Invalid, Op: op.Name(), Err: fmt.Errorf("%s writes, and this is a dry run", op.Name())}
}

// Preview sends nothing anyway.
func (s *drySession) Preview(op *connectors.Operation, inputs map[string]any) (connectors.Request, error) {
	return s.real.Preview(op, inputs)
}

// Check only asks.
func (s *drySession) Check(ctx context.Context) error { return s.real.Check(ctx) }

// Close leaves the session to whoever owns it.
func (s *drySession) Close() {}

// Carry carries out one run as far as it goes, with an engine that does not serve. It
// returns the state in which the run rests.
func (e *Engine) Carry(ctx context.Context, id store.RunID) (store.RunState, error) {
	if err := e.readSwitches(ctx); err != nil {
		return store.RunState{}, err
	}
	if err := e.saveRecipes(ctx, e.plan()); err != nil {
		return store.RunState{}, err
	}
	state := e.exec.Execute(ctx, id, nil, func() {})
	select {
	case err := <-e.fatal:
		return state, err
	default:
		return state, ctx.Err()
	}
}
