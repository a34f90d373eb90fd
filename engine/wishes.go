package engine

import (
	"context"
	"errors"

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
// [ErrReloading].
func (e *Engine) WithFeed(ctx context.Context, id store.FeedID, do func(context.Context, *poll.Feed) error) error {
	h := hold{feed: id, done: make(chan error, 1), do: func(ctx context.Context, f *poll.Feed) error {
		if err := e.poller.Flush(ctx, f); err != nil {
			return err
		}
		return do(ctx, f)
	}}
	if err := tell(ctx, e, e.holds, h); err != nil {
		return err
	}
	err, gone := answer(ctx, h.done)
	if gone != nil {
		return gone
	}
	return err
}

// EditRuns lets somebody change stored runs of a serving engine, between two starts of
// runs. Those for which running is true must not be touched. What was changed is taken up
// at once.
func (e *Engine) EditRuns(ctx context.Context, do func(running func(lane string, run store.RunID) bool)) error {
	w := edit{do: do, done: make(chan struct{})}
	if err := tell(ctx, e, e.edits, w); err != nil {
		return err
	}
	_, err := answer(ctx, w.done)
	return err
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
