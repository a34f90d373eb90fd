package runs

import (
	"context"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/retry"
)

// A run waits for names that cannot be read twice as long each time that it is taken up,
// from twice namesWait to 2^mostDoubled times as long.
const (
	namesWait   = time.Minute
	mostDoubled = 4
)

// learn gives the run's expressions the names by which they read. Where those cannot be
// read the run waits, as often as it takes: nothing of it has happened.
func (r *runner) learn(ctx context.Context) (end ending, err error) {
	if !r.program.Reads() {
		return ending{}, nil
	}
	r.outside(func() { r.scope.Named, err = r.program.Names(ctx) })
	if ctx.Err() != nil {
		return ending{}, ctx.Err()
	}
	if err == nil {
		return ending{}, nil
	}
	wait := namesWait << min(r.run.State.Attempts, mostDoubled)
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		wait = max(wait, e.RetryAfter)
	}
	return ending{kind: waits, due: time.Now().Add(wait).UTC(), reason: "waits for the names of fields", failure: retry.Failure(err, "")}, nil
}
