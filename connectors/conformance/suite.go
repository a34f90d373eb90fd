package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
)

// Run makes all checks of all operations of a connector. The error is for an account that
// cannot be opened, or for the end of ctx.
func Run(ctx context.Context, c connectors.Connector, w World) (Report, error) {
	report := Report{Connector: c.Describe().Key}
	for _, op := range c.Describe().Operations {
		one, err := Try(ctx, c, w, op)
		if err != nil {
			return report, err
		}
		report.Operations = append(report.Operations, one)
	}
	return report, nil
}

// Try makes all checks of one operation of a connector. The error is that of [Run].
func Try(ctx context.Context, c connectors.Connector, w World, op *connectors.Operation) (Operation, error) {
	t, err := newTrial(c, w, op)
	if err != nil {
		return Operation{}, err
	}
	defer t.close()
	out := Operation{Operation: op.Key}
	for _, check := range Checks() {
		err := t.make(ctx, check)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		out.Results = append(out.Results, t.result(check, err))
	}
	return out, nil
}

// make makes one check, unless the world cannot have it made.
func (t *trial) make(ctx context.Context, check Check) error {
	if t.world.Only != nil && !slices.Contains(t.world.Only, check) {
		return skip(t.world.Else)
	}
	if t.world.Key != "" {
		ctx = connectors.WithKey(ctx, strings.Join([]string{t.world.Key, t.op.Key, string(check)}, "-"))
	}
	return t.checks()[check](ctx)
}

// result is what came of a check that ended with err.
func (t *trial) result(check Check, err error) Result {
	r := Result{Check: check, Verdict: Passed}
	if skip, ok := errors.AsType[*skipped](err); ok {
		r.Verdict, r.Reason = Skipped, skip.reason
	} else if err != nil {
		r.Verdict, r.Reason, r.Failures = Failed, err.Error(), failuresOf(check, err)
		if why := t.world.Excused[t.op.Key+" "+string(check)]; why != "" {
			r = Result{Check: check, Verdict: Skipped, Reason: why}
		}
	}
	return r
}

// skipped is the error of a check that was not made.
type skipped struct{ reason string }

// Error implements error.
func (s *skipped) Error() string { return s.reason }

func skip(reason string) error { return &skipped{reason} }

// trial tries one operation.
type trial struct {
	world       *World
	description *connectors.Description
	op          *connectors.Operation
	// real reaches the service, through line; struck reaches what stands in its place,
	// through fake.
	real, struck connectors.Session
	line, fake   *wire
	shut         *shut              // stands in the place of the fake for a program
	stranger     connectors.Session // nil without one
}

func newTrial(c connectors.Connector, w World, op *connectors.Operation) (*trial, error) {
	t := &trial{world: &w, description: c.Describe(), op: op, line: &wire{next: w.Account.Transport}, fake: &wire{}, shut: &shut{}}
	if t.line.next == nil {
		t.line.next = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	account := w.Account
	account.Transport = t.line
	var err error
	if t.real, err = c.Open(account); err != nil {
		return nil, fmt.Errorf("open the account: %w", err)
	}
	account.Transport, account.Gate = t.fake, open{}
	if t.description.Program { // it makes its requests itself, so they end at the gate
		account.Gate = t.shut
	}
	if t.struck, err = c.Open(account); err != nil {
		return nil, fmt.Errorf("open the account: %w", err)
	}
	if w.Stranger != nil {
		if t.stranger, err = c.Open(*w.Stranger); err != nil {
			return nil, fmt.Errorf("open the stranger's account: %w", err)
		}
	}
	return t, nil
}

// close lets go of connections.
func (t *trial) close() {
	t.real.Close()
	t.struck.Close()
	if t.stranger != nil {
		t.stranger.Close()
	}
	if own, ok := t.line.next.(*http.Transport); ok && t.world.Account.Transport == nil {
		own.CloseIdleConnections()
	}
}

// checks is the list of what is tried. A check returns nil where it passes.
func (t *trial) checks() map[Check]func(context.Context) error {
	return map[Check]func(context.Context) error{
		Described: t.described, Dry: t.dry, Missing: t.missing, Types: t.types,
		Callable: t.callable, Paging: t.paging, Errors: t.errors, Repeat: t.repeat,
	}
}

// writes reports whether the operation changes something, which the world must allow.
func (t *trial) allowed() error {
	if t.op.Kind == connectors.Write && !t.world.Writes {
		return skip("the operation changes something, and no writes are allowed")
	}
	return nil
}

// inputs are those of a call, made anew.
func (t *trial) inputs(ctx context.Context) (map[string]any, error) {
	in, err := t.world.inputs(ctx, t.op)
	if err != nil {
		return nil, fmt.Errorf("make what must be there: %w", err)
	}
	return in, nil
}

// struckCount returns how many requests left, or would have left, in place of the service.
func (t *trial) struckCount() int { return t.fake.count() + int(t.shut.asked.Load()) }

// operation returns another operation of the connector.
func (t *trial) operation(key string) (*connectors.Operation, error) {
	op, ok := t.description.Operation(key)
	if !ok {
		return nil, fmt.Errorf("there is no operation %q", key)
	}
	return op, nil
}

// unsent are the inputs of a call that is never sent: where the world has none, or does
// not allow the operation, they are made up, and so is what the account lacks.
func (t *trial) unsent(ctx context.Context) (map[string]any, error) {
	err := t.allowed()
	if err != nil && !t.world.Unsent {
		return nil, err
	}
	if err == nil {
		in, err := t.inputs(ctx)
		if _, none := errors.AsType[*skipped](err); !none {
			return in, err
		}
	}
	in := Complete(t.op, nil)
	for _, input := range t.op.Inputs {
		if input.Required && input.Setting != "" && t.world.Account.Settings[input.Setting] == nil {
			in[input.Name] = Sample(input.Field)
		}
	}
	return in, nil
}
