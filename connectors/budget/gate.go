package budget

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The priorities, with the numbers that the package connectors gives them.
const (
	poll = 0
	step = 1
)

const (
	// MaxWait is how long Enter waits at most before it says how long it would
	// still take.
	MaxWait = 5 * time.Second
	// MaxRetryAfter is the longest time for which a service can close a gate.
	MaxRetryAfter = time.Hour
	// Concurrency is how many requests of an account are under way at most,
	// unless [New] is told otherwise.
	Concurrency = 8
)

// Gate admits the requests of one account. It is safe for concurrent use and
// starts no goroutines.
type Gate struct {
	mu      sync.Mutex
	windows []*counter
	places  int   // how many requests may be under way
	flying  int   // how many are
	ended   int64 // requests that are over, however they ended
	waiting []*waiter
	// closedUntil is when the service wants to be asked again.
	closedUntil time.Time
}

// waiter is a request that has not been admitted yet. The gate's mutex guards it.
type waiter struct {
	operation string
	priority  int
	admitted  chan struct{} // closed when it may go
	wait      time.Duration // at the last look
	by        *counter      // the window that keeps it back; nil for other reasons
}

// New makes the gate of one account. concurrency is how many requests may be
// under way at once; 0 means [Concurrency].
func New(windows []Window, concurrency int) *Gate {
	if concurrency <= 0 {
		concurrency = Concurrency
	}
	now := time.Now()
	g := &Gate{places: concurrency}
	for _, w := range windows {
		g.windows = append(g.windows, newCounter(w, now))
	}
	return g
}

// ClosedError says that a gate will not open soon. The request was not sent.
type ClosedError struct {
	For    time.Duration // how long until it may open
	Reason string        // "the daily budget is used up"
}

// Error names the reason and the wait.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("%s; next request in %s", e.Reason, e.For.Round(time.Millisecond))
}

// Wait returns how long until the gate may open.
func (e *ClosedError) Wait() time.Duration { return e.For }

// Enter waits until a request may be sent, [MaxWait] at most: then it returns a
// [*ClosedError], at once where the wait is known to be longer. It returns ctx's
// error when ctx ends. Each nil must be followed by one [Gate.Leave].
//
// Steps (priority 1) go before polls (0), and each in the order in which they
// came; one that only a window of its own operations keeps back lets others pass.
func (g *Gate) Enter(ctx context.Context, operation string, priority int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &waiter{operation: operation, priority: min(max(priority, poll), step), admitted: make(chan struct{})}
	begin := time.Now()
	g.mu.Lock()
	g.queue(w)
	g.admit(begin)
	g.mu.Unlock()
	for {
		wait, in := g.look(w)
		if in {
			return nil
		}
		if wait > MaxWait-time.Since(begin) {
			return g.giveUp(w, nil)
		}
		timer := time.NewTimer(max(wait, time.Microsecond))
		select {
		case <-w.admitted:
		case <-timer.C:
			g.mu.Lock()
			g.admit(time.Now())
			g.mu.Unlock()
		case <-ctx.Done():
			timer.Stop()
			return g.giveUp(w, ctx.Err())
		}
		timer.Stop()
	}
}

// Leave reports how a request ended: with the status and header of its answer, or
// with 0 and nil. retryAfter is what the service asked for; 0 with status 429
// closes the gate for the shortest window.
func (g *Gate) Leave(status int, header http.Header, retryAfter time.Duration) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flying = max(0, g.flying-1)
	g.ended++
	for _, c := range g.windows {
		c.learn(now, header, g.flying)
	}
	if status == http.StatusTooManyRequests && retryAfter <= 0 {
		retryAfter = g.shortest()
	}
	if until := now.Add(min(retryAfter, MaxRetryAfter)); retryAfter > 0 && until.After(g.closedUntil) {
		g.closedUntil = until
	}
	g.admit(now)
}

// Requests returns how many requests have passed the gate and are over.
func (g *Gate) Requests() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}

// queue puts a waiter behind those of its priority.
func (g *Gate) queue(w *waiter) {
	at := len(g.waiting)
	if w.priority == step {
		if i := slices.IndexFunc(g.waiting, func(o *waiter) bool { return o.priority == poll }); i >= 0 {
			at = i
		}
	}
	g.waiting = slices.Insert(g.waiting, at, w)
}

// admit lets in whoever may go now, in order, and tells the others how long to
// wait.
func (g *Gate) admit(now time.Time) {
	for _, c := range g.windows {
		c.advance(now)
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(w *waiter) bool {
		w.wait, w.by = g.delay(now, w)
		if w.wait > 0 {
			return false
		}
		for _, c := range g.windows {
			if c.counts(w.operation) {
				c.take(w.priority)
			}
		}
		g.flying++
		close(w.admitted)
		return true
	})
}

// delay returns how long a request must wait, 0 when it may go, and the window
// that keeps it back.
func (g *Gate) delay(now time.Time, w *waiter) (wait time.Duration, by *counter) {
	if now.Before(g.closedUntil) {
		return g.closedUntil.Sub(now), nil
	}
	for _, c := range g.windows {
		if !c.counts(w.operation) {
			continue
		}
		if d := c.wait(now, w.priority); d > wait {
			wait, by = d, c
		}
	}
	if wait == 0 && g.flying >= g.places {
		return time.Second, nil // the next Leave looks again
	}
	return wait, by
}

// look returns what admit last found out about a waiter.
func (g *Gate) look(w *waiter) (wait time.Duration, in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.admitted:
		return 0, true
	default:
		return w.wait, false
	}
}

// giveUp takes a waiter out of the queue. It returns err, or a [*ClosedError]
// when that is nil; it returns nil when the waiter was admitted in the meantime.
func (g *Gate) giveUp(w *waiter, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i < 0 {
		return nil
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	if err != nil {
		return err
	}
	return &ClosedError{For: w.wait, Reason: g.reason(w)}
}

// reason says what keeps a waiter back.
func (g *Gate) reason(w *waiter) string {
	switch {
	case w.by != nil:
		return fmt.Sprintf("the budget %q of %d requests per %s is used up", w.by.Name, w.by.max, w.by.Per)
	case time.Now().Before(g.closedUntil):
		return "the service asked for a pause"
	default:
		return fmt.Sprintf("%d requests are under way", g.flying)
	}
}

// shortest returns the shortest window that counts all operations, 10 s without
// one.
func (g *Gate) shortest() time.Duration {
	shortest := time.Duration(0)
	for _, c := range g.windows {
		if len(c.Operations) == 0 && (shortest == 0 || c.Per < shortest) {
			shortest = c.Per
		}
	}
	if shortest == 0 {
		return 10 * time.Second
	}
	return shortest
}
