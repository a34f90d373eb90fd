package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind names a way to misbehave.
type FaultKind string

// The ways to misbehave.
const (
	// RateLimited answers 429 and does nothing, with a Retry-After if the fault
	// has one.
	RateLimited FaultKind = "rate_limited"
	// ServerError answers 500, or the fault's status, and does nothing.
	ServerError FaultKind = "server_error"
	// Slow waits for the fault's delay, then answers as usual.
	Slow FaultKind = "slow"
	// Cut closes the connection before anything is done.
	Cut FaultKind = "cut"
	// Lost does what was asked, then closes the connection without an answer.
	Lost FaultKind = "lost"
	// Broken does what was asked and answers with half of the JSON.
	Broken FaultKind = "broken_json"
	// Half lets a list show only the first half of its rows, as if there were no more.
	Half FaultKind = "half"
	// Stuck lets a list answer with its first page, whatever page is asked for.
	Stuck FaultKind = "stuck"
	// Unsorted lets a list ignore the order that is asked for, or that it always has.
	Unsorted FaultKind = "unsorted"
	// Unfiltered lets a list ignore the conditions that are asked for.
	Unfiltered FaultKind = "unfiltered"
	// Block answers 403 to everything from an address for some time (For), once it has
	// had so many refusals (After; 4xx) within a minute. It stands for good, whatever
	// other faults strike.
	Block FaultKind = "block"
	// Keyed answers a write that repeats an Idempotency-Key as the first one was
	// answered, and does nothing. It stands for good, whatever other faults strike.
	Keyed FaultKind = "keyed"
)

// FaultKinds are all ways to misbehave.
func FaultKinds() []FaultKind {
	return []FaultKind{RateLimited, ServerError, Slow, Cut, Lost, Broken, Half, Stuck, Unsorted, Unfiltered, Block, Keyed}
}

// Fault is one rule of misbehaviour.
//
// As JSON its durations are texts such as "5s".
type Fault struct {
	// Operation is what it concerns, "highlevel.contact.search"; a name that ends
	// in * concerns all that begin so; empty means every operation.
	Operation string
	Kind      FaultKind
	// Next is how many of the next requests are concerned; 0 means all, as Rate
	// says.
	Next int
	// Rate is the share of requests concerned, from 0 to 1; 0 means all.
	Rate float64
	// RetryAfter is what a 429 says, in whole seconds; 0 means it says nothing.
	RetryAfter time.Duration
	// Delay is how long a slow answer takes.
	Delay time.Duration
	// Status is the status of a server error; 0 means 500.
	Status int
	// After is how many refusals begin a block, 0 means 10; For is how long it lasts,
	// 0 means an hour.
	After int
	For   time.Duration
}

// check says what is wrong with a rule.
func (f *Fault) check() error {
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("unknown kind of fault %q, want one of %v", f.Kind, FaultKinds())
	case f.Rate < 0 || f.Rate > 1:
		return fmt.Errorf("rate %v of a fault, want 0 to 1", f.Rate)
	case f.Next < 0 || f.Delay < 0 || f.RetryAfter < 0 || f.After < 0 || f.For < 0:
		return fmt.Errorf("fault %q with a number below 0", f.Kind)
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status %d of a fault, want 400 to 599", f.Status)
	}
	return f.checkStanding()
}

// checkStanding says what is wrong with a rule that stands for all requests.
func (f *Fault) checkStanding() error {
	if f.stands() && (f.Rate != 0 && f.Rate != 1 || f.Next != 0) {
		return fmt.Errorf("fault %q stands for all requests, so it has no rate and no number of next ones", f.Kind)
	}
	return nil
}

// stands reports a rule that concerns all requests instead of striking some.
func (f *Fault) stands() bool { return f.Kind == Block || f.Kind == Keyed }

func (f *Fault) concerns(operation string) bool {
	if prefix, ok := strings.CutSuffix(f.Operation, "*"); ok {
		return strings.HasPrefix(operation, prefix)
	}
	return f.Operation == "" || f.Operation == operation
}

// faults are the rules in force, in the order in which they were made.
type faults struct {
	dice *Dice
	mu   sync.Mutex // guards list
	list []Fault
}

// pick returns the first rule that hits a request, or a zero Fault.
func (fs *faults) pick(operation string) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := range fs.list {
		f := &fs.list[i]
		if f.stands() || !f.concerns(operation) || (f.Rate > 0 && !fs.dice.Happens(f.Rate)) {
			continue
		}
		hit := *f
		if f.Next > 0 {
			if f.Next--; f.Next == 0 {
				fs.list = slices.Delete(fs.list, i, i+1)
			}
		}
		return hit
	}
	return Fault{}
}

// standing returns the rules in force for an operation that stand for good.
func (fs *faults) standing(operation string) []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var rules []Fault
	for i := range fs.list {
		if f := &fs.list[i]; f.stands() && f.concerns(operation) {
			rules = append(rules, *f)
		}
	}
	return rules
}

// Suffers reports whether a fault of a kind strikes the request.
func (c *Call) Suffers(kind FaultKind) bool { return c.fault.Kind == kind }

// Forget drops members of a body that a fault of a kind makes the service ignore.
func (c *Call) Forget(kind FaultKind, body map[string]any, members ...string) {
	if c.Suffers(kind) {
		for _, name := range members {
			delete(body, name)
		}
	}
}

// Skips is how many rows a list leaves out that was asked to leave out some.
func (c *Call) Skips(n int) int {
	if c.Suffers(Stuck) {
		return 0
	}
	return n
}

// Rows are the rows of a list that are there for a request.
func Rows[T any](c *Call, all []T) []T {
	if c.Suffers(Half) {
		return all[:(len(all)+1)/2]
	}
	return all
}

// Fail adds a rule of misbehaviour. The error says what is wrong with the rule.
func (w *World) Fail(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.list = append(w.faults.list, f)
	return nil
}

// Heal removes all rules of misbehaviour, and what they remember.
func (w *World) Heal() {
	w.standing.forget()
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.list = nil
}

// Faults returns the rules in force, those with a count with what is left of it.
func (w *World) Faults() []Fault {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	return slices.Clone(w.faults.list)
}

// wait lets time pass for a slow answer, or ends the request with its client.
func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}
