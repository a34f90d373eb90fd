// Package turns lets one at a time read and then write what belongs together.
package turns

import (
	"context"
	"sync"
)

// Turns let one at a time read and then write what a key stands for, in the order in which
// they came. It is safe for concurrent use.
type Turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

// turn is taken by whoever has put something into taken. It is forgotten when nobody holds
// it or waits for it.
type turn struct {
	taken   chan struct{}
	wanters int
}

// New returns turns of which nobody has taken any.
func New() *Turns { return &Turns{held: map[string]*turn{}} }

// Take waits for the turn of a key. The error is that of ctx; without one, done must be
// called once.
func (t *Turns) Take(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	mine, ok := t.held[key]
	if !ok {
		mine = &turn{taken: make(chan struct{}, 1)}
		t.held[key] = mine
	}
	mine.wanters++
	t.mu.Unlock()
	forget := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.wanters--; mine.wanters == 0 {
			delete(t.held, key)
		}
	}
	select {
	case mine.taken <- struct{}{}:
		return func() { <-mine.taken; forget() }, nil
	case <-ctx.Done():
		forget()
		return nil, ctx.Err()
	}
}
