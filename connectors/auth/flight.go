package auth

import (
	"context"
	"sync"
)

// flights let one of several callers do a piece of work, and the others wait for what
// comes of it. The zero value is ready.
type flights struct {
	mu      sync.Mutex
	current *flight
}

// flight is a piece of work under way.
type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

// flying reports whether work is under way.
func (f *flights) flying() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current != nil
}

// do has the work done by the first caller, on its own goroutine; the others wait for
// its end or that of their context. The work goes on when the caller does not want it any
// more: a token that a service has given must be kept. led is true for who did it.
func (f *flights) do(ctx context.Context, work func(context.Context) error) (led bool, err error) {
	f.mu.Lock()
	if mine := f.current; mine != nil {
		f.mu.Unlock()
		select {
		case <-mine.done:
			return false, mine.err
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	mine := &flight{done: make(chan struct{}), err: errBroken}
	f.current = mine
	f.mu.Unlock()
	defer func() { // even after a panic, or all would wait for ever
		f.mu.Lock()
		f.current = nil
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.err = work(context.WithoutCancel(ctx))
	return true, mine.err
}

// errBroken is what those get who waited for work that panicked.
var errBroken = &Error{Words: "the request for a token broke off"}
