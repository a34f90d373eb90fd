package conformance

import (
	"context"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// World is the ground on which a connector is tried. Its functions may be nil. They are
// called one after the other.
type World struct {
	// Account is at a service that answers. Its Transport carries what the suite sends
	// there; nil means one of the suite's own.
	Account connectors.Account
	// Stranger is an account at the same service with a credential that it does not know;
	// nil leaves that case out.
	Stranger *connectors.Account
	// Writes allows operations that change something at the service.
	Writes bool
	// Inputs makes what must be there for a call of an operation, and returns the inputs
	// that only the world can know, such as ids. Required ones that it leaves out are made
	// up. It is asked anew for each thing that is tried, so that a write can be given
	// something new each time.
	Inputs func(ctx context.Context, op *connectors.Operation) (map[string]any, error)
	// Shows returns the reads that show what a write has done, besides its
	// [connectors.Target]: what they answer before differs from what they answer after.
	Shows func(op *connectors.Operation, inputs map[string]any) []Reading
	// Pass waits until what was written shows in lists; nil waits for the time that it is
	// given. settle is what the operation's lookup needs, 0 for all others.
	Pass func(ctx context.Context, settle time.Duration) error
	// Unknown are the kinds, besides not_found, with which the service refuses an id that
	// it does not know.
	Unknown []connectors.Kind
	// Smallest are the sizes of the smallest pages that the service takes, by operation; 1
	// where there is none.
	Smallest map[string]int
	// Only are the checks that are made, for callers that cannot make the others; nil means
	// all. Else is why the others are skipped.
	Only []Check
	Else string
	// Unsent lets the checks that send nothing (dry, missing, types) be made on writes too
	// that Writes does not allow, with inputs that are made up.
	Unsent bool
	// Gentle keeps back what the service is expected to refuse (ids that it does not know),
	// for services that shut out who is refused too often.
	Gentle bool
	// Reused says that Inputs may name records with which an earlier check has done the same,
	// so that a write may have nothing left to change.
	Reused bool
	// Pages bounds how many pages of a list are read; 0 means to its end.
	Pages int
	// Key begins the keys by which the service knows repetitions, so that the same requests
	// can be sent again another day; empty leaves them to chance.
	Key string
	// Excused tells, by "operation check", why a check cannot pass at this service: it is
	// skipped with that reason if it fails.
	Excused map[string]string
}

// Skip returns the error with which Inputs says that an operation cannot be tried, and why.
// What needs no service is tried all the same.
func Skip(reason string) error { return &skipped{reason} }

// Reading is a call of a read.
type Reading struct {
	Operation string
	Inputs    map[string]any
}

// inputs are those of a call: what the world knows, and the rest made up.
func (w *World) inputs(ctx context.Context, op *connectors.Operation) (map[string]any, error) {
	var known map[string]any
	if w.Inputs != nil {
		var err error
		if known, err = w.Inputs(ctx, op); err != nil {
			return nil, err
		}
	}
	return Complete(op, known), nil
}

// pass waits until what was written shows.
func (w *World) pass(ctx context.Context, settle time.Duration) error {
	if w.Pass != nil {
		return w.Pass(ctx, settle)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settle):
		return nil
	}
}
