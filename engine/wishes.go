package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
)

var (
	// ErrStopping is returned for a wish that came too late: the engine stops.
	ErrStopping = errors.New("the program is stopping")
	// ErrReloading is returned for a wish that met a reload.
	ErrReloading = errors.New("the recipes were loaded again meanwhile; try once more")
	// ErrBusy is returned for a run that is being carried out at this moment.
	ErrBusy = errors.New("the run is being carried out right now; try again in a moment")
)

// stopping is why a wish was not heard.
func stopping(take context.Context) error {
	if take.Err() != nil {
		return ErrStopping
	}
	return ErrReloading
}

// hold is somebody's wish to have a feed for himself.
type hold struct {
	feed store.FeedID
	do   func(context.Context, *poll.Feed) error
	done chan error // has room for the one answer
}

// reload is the wish to go on with another plan.
type reload struct {
	plan *plan
	done chan error // has room for the one answer
}

// edit is the wish to change stored runs while nobody carries them out.
type edit struct {
	// do is told by running which runs are being carried out.
	do   func(running func(lane string, run store.RunID) bool)
	done chan struct{} // closed when it is done
}

// tell hands a wish to a loop of the engine, once it serves.
func tell[T any](ctx context.Context, e *Engine, to chan<- T, wish T) error {
	select {
	case to <- wish:
		return nil
	case <-e.ended:
		return ErrStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer waits for the answer to a wish.
func answer[T any](ctx context.Context, from <-chan T) (T, error) {
	select {
	case v := <-from:
		return v, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// WithFeed lets somebody have a feed of a serving engine for himself: no poll is under
// way meanwhile, and what the last ones left in memory is stored before. Then the feed is
// due at once. The error is that of do, [store.ErrNotFound], [ErrStopping] or
// [ErrReloading], or that of ctx when it ended before the feed was free: then do is not
// called any more. Once it is called WithFeed waits for it.
func (e *Engine) WithFeed(ctx context.Context, id store.FeedID, do func(context.Context, *poll.Feed) error) error {
	var settled atomic.Bool // either do is called, or nobody waits for it any more
	h := hold{feed: id, done: make(chan error, 1), do: func(polling context.Context, f *poll.Feed) error {
		if !settled.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		if err := e.poller.Flush(polling, f); err != nil {
			return err
		}
		return do(polling, f)
	}}
	if err := tell(ctx, e, e.holds, h); err != nil {
		return err
	}
	err, gone := answer(ctx, h.done)
	switch {
	case gone == nil:
		return err
	case settled.CompareAndSwap(false, true):
		return gone
	}
	return <-h.done
}

// EditRuns lets somebody change stored runs of a serving engine, between two starts of
// runs. Those for which running is true must not be touched. What was changed is taken up
// at once.
func (e *Engine) EditRuns(ctx context.Context, do func(running func(lane string, run store.RunID) bool)) error {
	w := edit{do: do, done: make(chan struct{})}
	if err := tell(ctx, e, e.edits, w); err != nil {
		return err
	}
	<-w.done // it is being done, whether ctx ends or not
	return nil
}

// Ping returns once the engine serves and its loops have answered, each in its turn. An
// error means that it stops, or that ctx ended before.
func (e *Engine) Ping(ctx context.Context) error {
	for _, loop := range []chan chan struct{}{e.pingScheduler, e.pingDispatcher} {
		pong := make(chan struct{})
		if err := tell(ctx, e, loop, pong); err != nil {
			return err
		}
		if _, err := answer(ctx, pong); err != nil {
			return err
		}
	}
	return nil
}
