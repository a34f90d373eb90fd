package runs

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// Point is a place in the life of a run at which a crash would be most interesting.
type Point string

// The points, in the order in which a run passes them.
const (
	Claimed       Point = "run-claimed"    // a run was handed out, nothing happened
	BeforeIntent  Point = "before-intent"  // an effect is about to be noted as sent
	AfterIntent   Point = "after-intent"   // the effect is noted, nothing was sent
	AfterCall     Point = "after-call"     // the service answered, nothing is stored
	AfterOutcome  Point = "after-outcome"  // the outcome is stored
	BeforeLookup  Point = "before-lookup"  // a lost effect is about to be looked up
	AfterFinished Point = "after-finished" // the run is over and stored
)

// Executor carries out runs, any number at once. Its fields are set before the first
// one.
type Executor struct {
	Store  store.Store
	Log    zerolog.Logger
	Health *retry.Health
	// Rests tells whether an account must not be used now, and until when.
	Rests func(account string, now time.Time) (until time.Time, rests bool)
	// At is called at every point, on the goroutine that passes it; nil means nobody
	// wants to know.
	At func(Point)
	// Program returns a version of a recipe. The error says why it cannot be carried
	// out any more.
	Program func(ctx context.Context, key program.Key) (*program.Program, error)
	// Fresh returns a run that was queued a moment ago and forgets it, so that it need
	// not be read again.
	Fresh func(id store.RunID) (Fresh, bool)
	// Accepted is told that an account's credential works, Ended where a run came to
	// rest, Fail of an error after which nothing can be trusted.
	Accepted func(account string)
	Ended    func(store.Status)
	Fail     func(error)
	// Saved is told of everything that was stored of a run.
	Saved func(Saved)

	writing atomic.Int64
}

// Saved is what one commit has stored of a run.
type Saved struct {
	Recipe   string
	QueuedAt time.Time
	store.StepSave
}

// Writing counts the outside writes that were sent and have no answer yet.
func (x *Executor) Writing() int { return int(x.writing.Load()) }

// Fresh is a run with what its expressions see.
type Fresh struct {
	Run   *store.Run
	Scope *mapping.Scope
}

func (x *Executor) at(p Point) {
	if x.At != nil {
		x.At(p)
	}
}
