package budget

import (
	"fmt"
	"net/http"
	"time"
)

// pool is what a service counts together: the requests of one account, or of all
// accounts of a host. The lobby's mutex guards it.
type pool struct {
	windows  []*counter
	breakers []*breaker
	flying   int // requests under way
	// closedUntil is when the service wants to be asked again, why says who wants so.
	closedUntil time.Time
	why         string
	numbers     Numbers
	advanced    time.Time
}

// Why a gate is closed, as [State.Reason] says it.
const (
	whyRetryAfter = "Retry-After"
	whyStatus429  = "status 429"
	quotaSuffix   = " quota" // behind the name of a window
)

// Numbers is what a gate has counted since it was made.
type Numbers struct {
	// Sent counts the requests that were let through, Waited those of them that had
	// to wait before, and Wait is how long they waited together.
	Sent   int64         `json:"sent"`
	Waited int64         `json:"waited"`
	Wait   time.Duration `json:"wait"`
	// Refused counts the requests that were told to come back later.
	Refused int64 `json:"refused"`
	// Answers counts by class of status: 2 for 2xx; 0 is for no answer at all.
	Answers [6]int64 `json:"answers"`
	// Closed counts how often the gate was closed: by the service or by a breaker.
	Closed int64 `json:"closed"`
}

// block is what keeps a request back. All but wait is for the words.
type block struct {
	wait   time.Duration
	by     *counter // the window
	closed string   // why the gate is closed
	flying int      // too many requests under way
}

// reason says it in words.
func (b *block) reason() string {
	switch {
	case b.by != nil:
		return fmt.Sprintf("the budget %q of %d requests per %s is used up", b.by.Name, b.by.max, b.by.Per)
	case b.closed == whyRetryAfter || b.closed == whyStatus429:
		return "the service asked for a pause"
	case b.closed != "":
		return "no requests for now; " + b.closed
	default:
		return fmt.Sprintf("%d requests are under way", b.flying)
	}
}

// advance lets the windows forget what has left them.
func (p *pool) advance(now time.Time) {
	if now.Equal(p.advanced) {
		return
	}
	p.advanced = now
	for _, c := range p.windows {
		c.advance(now)
	}
}

// delay returns what keeps a request back; its wait is 0 when it may go.
func (p *pool) delay(now time.Time, r request) (b block) {
	p.advance(now)
	if now.Before(p.closedUntil) {
		return block{wait: p.closedUntil.Sub(now), closed: p.why}
	}
	for _, c := range p.windows {
		if !c.counts(r) {
			continue
		}
		if d := c.wait(now, r.priority); d > b.wait {
			b = block{wait: d, by: c}
		}
	}
	for _, one := range p.breakers {
		// All that are under way may be refused too, and must still fit.
		if b.wait == 0 && p.flying >= max(1, one.Failures-one.recent(now)) {
			b = block{wait: time.Second, flying: p.flying} // the next Leave looks again
		}
	}
	return b
}

// take counts a request that goes out now.
func (p *pool) take(r request, waited time.Duration) {
	for _, c := range p.windows {
		if c.counts(r) {
			c.take(r.priority, r.gate.factor)
		}
	}
	p.flying++
	p.numbers.Sent++
	if waited > 0 {
		p.numbers.Waited++
		p.numbers.Wait += waited
	}
}

// leave counts an answer and learns from it. connector is whose operation was called.
func (p *pool) leave(now time.Time, connector string, status int, header http.Header) {
	p.flying = max(0, p.flying-1)
	p.numbers.Answers[min(max(status/100, 0), 5)]++
	for _, c := range p.windows {
		if c.owner == connector {
			c.learn(now, header, p.flying)
		}
	}
	for _, one := range p.breakers {
		if until, tripped := one.saw(now, status); tripped {
			p.close(now, until, one.why())
		}
	}
}

// pause closes the gate as the service asked, for the shortest window if it did not
// say how long.
func (p *pool) pause(now time.Time, status int, retryAfter time.Duration) {
	if retryAfter > 0 {
		p.close(now, now.Add(min(retryAfter, MaxRetryAfter)), whyRetryAfter)
	} else if status == http.StatusTooManyRequests {
		p.close(now, now.Add(p.shortest()), whyStatus429)
	}
}

// close closes the gate, unless it is closed for longer already.
func (p *pool) close(now, until time.Time, why string) {
	if !until.After(p.closedUntil) || !until.After(now) {
		return
	}
	if !now.Before(p.closedUntil) {
		p.numbers.Closed++
	}
	p.closedUntil, p.why = until, why
}

// shortest returns the shortest window that counts all operations, 10 s without
// one.
func (p *pool) shortest() time.Duration {
	shortest := time.Duration(0)
	for _, c := range p.windows {
		if len(c.Operations) == 0 && (shortest == 0 || c.Per < shortest) {
			shortest = c.Per
		}
	}
	if shortest == 0 {
		return 10 * time.Second
	}
	return shortest
}

// What an answer's header says of the windows of a pool.
const (
	nothingSaid = iota
	nothingLeft
	somethingLeft
)

// told returns whether a header says that one of the windows is used up.
func (p *pool) told(h http.Header) int {
	said := nothingSaid
	for _, c := range p.windows {
		if left, ok := number(h, c.Remaining); ok && left == 0 {
			return nothingLeft
		} else if ok {
			said = somethingLeft
		}
	}
	return said
}
