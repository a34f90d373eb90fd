package budget

import (
	"context"
	"fmt"
	"net/http"
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
	lobby     *lobby // shared with the other gates of the host, if there is one
	connector string // whose operations the account calls; "" without a host
	places    int    // how many requests may be under way
	host      *Host  // nil for an account that shares nothing
	// hostWide is true when the account's own connector counts by host, so that a
	// refusal may concern the host.
	hostWide bool
	own      pool
	factor   float64 // the last one of Stretch
	ended    int64   // requests that are over, however they ended
}

// New makes the gate of one account that shares nothing with others. concurrency is
// how many requests may be under way at once; 0 means [Concurrency].
func New(windows []Window, concurrency int) *Gate {
	return newGate(&lobby{}, windows, concurrency)
}

func newGate(l *lobby, windows []Window, concurrency int) *Gate {
	if concurrency <= 0 {
		concurrency = Concurrency
	}
	now := time.Now()
	g := &Gate{lobby: l, places: concurrency}
	for _, w := range windows {
		g.own.windows = append(g.own.windows, newCounter(w, now))
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
// Steps (priority 1) go before polls (0). Within each, the names in whose behalf
// requests wait take turns, and those of one name go in the order in which they
// came; one that only a window of its own operations keeps back lets others pass.
func (g *Gate) Enter(ctx context.Context, operation, name string, priority int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := request{gate: g, operation: operation, priority: min(max(priority, poll), step)}
	begin := time.Now()
	g.lobby.mu.Lock()
	if g.lobby.empty() && g.delay(begin, r).wait == 0 {
		g.take(r, 0)
		g.lobby.mu.Unlock()
		return nil
	}
	w := &waiter{request: r, name: name, since: begin, admitted: make(chan struct{})}
	g.lobby.queue(w)
	g.lobby.admit(begin)
	g.lobby.mu.Unlock()
	return g.stand(ctx, w)
}

// stand waits in the queue.
func (g *Gate) stand(ctx context.Context, w *waiter) error {
	for {
		wait, in := g.lobby.look(w)
		if in {
			return nil
		}
		if wait > MaxWait-time.Since(w.since) {
			return g.giveUp(w, nil)
		}
		timer := time.NewTimer(max(wait, time.Microsecond))
		select {
		case <-w.admitted:
		case <-timer.C:
			g.lobby.mu.Lock()
			g.lobby.admit(time.Now())
			g.lobby.mu.Unlock()
		case <-ctx.Done():
			timer.Stop()
			return g.giveUp(w, ctx.Err())
		}
		timer.Stop()
	}
}

// giveUp takes a waiter out of the queue. It returns err, or a [*ClosedError]
// when that is nil; it returns nil when the waiter was admitted in the meantime.
func (g *Gate) giveUp(w *waiter, err error) error {
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	if !g.lobby.remove(w) {
		return nil
	}
	if err != nil {
		return err
	}
	g.own.numbers.Refused++
	if g.host != nil {
		g.host.pool.numbers.Refused++
	}
	return &ClosedError{For: w.block.wait, Reason: w.block.reason()}
}

// Leave reports how a request ended: with the status and header of its answer, or
// with 0 and nil. retryAfter is what the service asked for; 0 with status 429
// closes the gate for the shortest window. Where windows count by host, it closes
// the host too, unless the header tells that only the account has nothing left.
func (g *Gate) Leave(status int, header http.Header, retryAfter time.Duration) {
	now := time.Now()
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	g.ended++
	g.own.leave(now, "", status, header)
	if g.host != nil {
		g.host.pool.leave(now, g.connector, status, header)
	}
	if status == http.StatusTooManyRequests || retryAfter > 0 {
		g.pause(now, status, header, retryAfter)
	}
	g.lobby.admit(now)
}

// pause closes what the service wants closed.
func (g *Gate) pause(now time.Time, status int, header http.Header, retryAfter time.Duration) {
	mine, theirs := len(g.own.windows) > 0 || !g.hostWide, g.hostWide
	if mine && theirs { // both count, and the header may tell which of them refused
		switch empty, full := g.own.told(header), g.host.pool.told(header); {
		case empty == nothingLeft && full == somethingLeft:
			theirs = false
		case empty == somethingLeft && full == nothingLeft:
			mine = false
		}
	}
	if mine {
		g.own.pause(now, status, retryAfter)
	}
	if theirs {
		g.host.pool.pause(now, status, retryAfter)
	}
}

// Requests returns how many requests have passed the gate and are over.
func (g *Gate) Requests() int64 {
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	return g.ended
}

// delay returns what keeps a request back; its wait is 0 when it may go.
func (g *Gate) delay(now time.Time, r request) block {
	b := g.own.delay(now, r)
	if g.host != nil {
		if theirs := g.host.pool.delay(now, r); theirs.wait > b.wait {
			b = theirs
		}
	}
	if b.wait == 0 && g.own.flying >= g.places {
		return block{wait: time.Second, flying: g.own.flying} // the next Leave looks again
	}
	return b
}

// take counts a request that goes out now, after it waited for some time.
func (g *Gate) take(r request, waited time.Duration) {
	g.own.take(r, waited)
	if g.host != nil {
		g.host.pool.take(r, waited)
	}
}
