package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
)

const (
	// freshMost is how many runs are remembered between their commit and their
	// start. The rest is read from the store.
	freshMost = 1000
	// freshWait is how long a poll waits with its next page for runs of the last
	// ones to start: steps go before polls.
	freshWait = 500 * time.Millisecond
)

// fresh remembers runs that were just queued, so that the common case (a run
// that starts soon) need not read and decode what is still at hand. It is only a
// memory: every run in it is in the store too. It is safe for concurrent use.
type fresh struct {
	mu   sync.Mutex
	runs map[store.RunID]runs.Fresh
	seen store.RunID // the last run that the dispatcher knows of
	// room tells that half of the memory is free again. It holds one signal;
	// nobody closes it.
	room chan struct{}
}

// passed tells the hooks of the moments of a poll.
func (e *Engine) passed(m poll.Moment) {
	e.hooks.at([...]Point{poll.Fetched: PageFetched, poll.Deciding: BeforeCommit, poll.Committed: AfterCommit}[m])
}

// committed takes over what a commit brought: runs that can start at once.
func (e *Engine) committed(c poll.Commit) {
	e.tally.page(c.Records, c.Changes, len(c.Runs))
	if e.observer != nil {
		e.observer.Read(c.Records, c.Changes)
	}
	for i, id := range c.IDs {
		if s := c.Runs[i].Run.State.Status; s == store.Queued {
			e.fresh.put(id, runs.Fresh{Run: &c.Runs[i].Run, Scope: c.Scopes[i]})
		} else {
			e.tally.ended(s)
			e.rested(c.Runs[i].Run.Recipe, c.Runs[i].Run.QueuedAt, c.Runs[i].Run.State)
			if e.recallable(c.Runs[i].Run.Recipe, s, c.Runs[i].Run.State.Reason) {
				e.recall() // its recipe went on between the decision and the commit
			}
		}
	}
	if len(c.Runs) > 0 {
		e.signal()
	}
}

func newFresh() *fresh {
	return &fresh{runs: make(map[store.RunID]runs.Fresh), room: make(chan struct{}, 1)}
}

// reach notes that the dispatcher knows the runs up to an id and may start them at
// any time. A run that was remembered after its start would begin anew, so none of
// them is taken in any more.
func (f *fresh) reach(id store.RunID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = max(f.seen, id)
}

// clear forgets all runs: somebody may have changed them in the store.
func (f *fresh) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.runs)
}

// put remembers a run as long as there is room and it cannot have begun.
func (f *fresh) put(id store.RunID, r runs.Fresh) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.runs) >= freshMost || id <= f.seen {
		return
	}
	r.Run.ID = id
	f.runs[id] = r
}

// take returns a run and forgets it.
func (f *fresh) take(id store.RunID) (runs.Fresh, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.runs[id]
	delete(f.runs, id)
	if ok && len(f.runs) == freshMost/2 {
		nudge(f.room)
	}
	return r, ok
}

// wait returns when half of the memory is free, or after a while. Runs that have
// not started by then wait for something else; they are forgotten.
func (f *fresh) wait(ctx context.Context) {
	f.mu.Lock()
	full := len(f.runs) > freshMost/2
	select {
	case <-f.room: // an old signal
	default:
	}
	f.mu.Unlock()
	if !full {
		return
	}
	timer := time.NewTimer(freshWait)
	defer timer.Stop()
	select {
	case <-f.room:
	case <-ctx.Done():
	case <-timer.C:
		f.mu.Lock()
		defer f.mu.Unlock()
		clear(f.runs)
	}
}
