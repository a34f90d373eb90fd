package engine

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
)

// tickEvery is the finest step of the schedule: everything that is due within it
// is taken together.
const tickEvery = 100 * time.Millisecond

// longestNap is how long the scheduler sleeps at most: after it, it looks whether
// the clock was set.
const longestNap = time.Minute

// clockSlack is how much the clock may be corrected without a word.
const clockSlack = 10 * time.Second

// saveLimit is how long the store may take for one write.
const saveLimit = time.Minute

// dueFeed is a feed with the time of its next poll.
type dueFeed struct {
	feed *poll.Feed
	due  time.Time
	// failures counts the polls that failed in a row.
	failures int
}

// dueQueue is a heap of feeds, the next one first.
type dueQueue []*dueFeed

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push adds a feed; it is for package heap.
func (q *dueQueue) Push(x any) { *q = append(*q, x.(*dueFeed)) } //nolint:forcetypeassert // only schedule pushes

// Pop removes the last feed; it is for package heap.
func (q *dueQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// schedule polls feeds when they are due, until take ends; then it waits for the
// polls in progress. A feed is in the queue or being polled, never both, so ticks
// that arrive meanwhile collapse into one.
func (e *Engine) schedule(take, work context.Context) error {
	queue, err := e.firstPolls(take)
	if err != nil {
		return err
	}
	back := make(chan *dueFeed, len(queue)+1) // one place for every feed, so nobody waits to give it back
	slots := make(chan struct{}, e.pollers)
	var polls sync.WaitGroup
	defer e.flush(context.WithoutCancel(take))
	defer polls.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	now := time.Now()
	for {
		select {
		case <-take.Done():
			return nil
		case f := <-back:
			heap.Push(&queue, f)
		case <-timer.C:
		}
		last := now
		if now = time.Now(); setBack(last.Round(0), now.Round(0), now.Sub(last)) {
			e.log.Warn().Str("component", "scheduler").Msg("clock was set back")
			queue.replan(now)
		}
		for len(queue) > 0 && !queue[0].due.After(now) && len(slots) < cap(slots) {
			f, _ := heap.Pop(&queue).(*dueFeed)
			slots <- struct{}{}
			polls.Go(func() {
				e.pollDue(take, work, f)
				<-slots
				back <- f
			})
		}
		timer.Reset(untilNext(queue, now))
	}
}

// flush stores what quiet polls have left in memory, once no poll is under way.
func (e *Engine) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	for _, f := range e.plan.feeds {
		if err := e.poller.Flush(ctx, f); err != nil && !errors.Is(err, store.ErrClosed) {
			e.log.Warn().Str("component", "poller").Str("trigger", string(f.ID)).Err(err).Msg("time of the last poll not stored")
		}
	}
}

// untilNext is how long the scheduler may sleep.
func untilNext(q dueQueue, now time.Time) time.Duration {
	if len(q) == 0 {
		return longestNap
	}
	return min(max(q[0].due.Sub(now), tickEvery), longestNap)
}

// setBack reports whether the clock on the wall went on less than the time that has
// passed.
func setBack(last, now time.Time, passed time.Duration) bool {
	return now.Sub(last) < passed-clockSlack
}

// replan brings polls forward that the clock, being set back, put further ahead
// than their schedule allows.
func (q dueQueue) replan(now time.Time) {
	for _, d := range q {
		if next := d.feed.Next(now); d.due.After(next) {
			d.due = next
		}
	}
	heap.Init(&q)
}

// firstPolls says when each feed is polled first: at once when it is due or was
// due while we were down, else at its stored time, unless that lies further ahead
// than its schedule allows (a clock that was set back).
func (e *Engine) firstPolls(ctx context.Context) (dueQueue, error) {
	var queue dueQueue
	now := time.Now()
	for _, f := range e.plan.feeds {
		feed, err := e.store.LoadFeed(ctx, f.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		next := f.Next(now)
		due := feed.NextPollAt
		switch {
		case due.IsZero() || feed.LastPollAt.IsZero():
			due = now
		case due.After(next):
			due = next
		case due.Before(now) && f.SkipsMissed():
			due = next
		}
		queue = append(queue, &dueFeed{feed: f, due: due})
	}
	heap.Init(&queue)
	return queue, nil
}

// pollDue polls a feed once and says when it is due again.
func (e *Engine) pollDue(take, work context.Context, d *dueFeed) {
	if until, rests := e.health.Rests(d.feed.Account.Name, time.Now()); rests {
		d.due = until
		return
	}
	// A stop ends the poll between two pages, or in the middle of a request:
	// what was not committed is fetched again.
	ctx, cancel := context.WithCancel(work)
	defer context.AfterFunc(take, cancel)()
	defer cancel()
	more, err := e.poller.Poll(ctx, d.feed, d.feed.Next(time.Now()))
	if err == nil {
		e.recovered(d)
		d.failures = 0
		if d.due = d.feed.Next(time.Now()); more {
			d.due = time.Now()
		} else {
			e.tally.polls.Add(1)
		}
		return
	}
	if take.Err() != nil {
		return
	}
	wait, counts := retry.Poll(err, d.failures)
	d.due = time.Now().Add(wait)
	if !counts {
		return
	}
	d.failures++
	e.pollFailed(work, d, err)
}

// pollFailed stores and logs why a poll failed: the first time at once, then at
// growing distances.
func (e *Engine) pollFailed(ctx context.Context, d *dueFeed, cause error) {
	if connectors.KindOf(cause) == connectors.Auth {
		e.health.Pause(d.feed.Account.Name, time.Now())
	}
	if errors.Is(cause, store.ErrClosed) {
		return
	}
	if d.failures&(d.failures-1) == 0 {
		e.log.Warn().Str("component", "poller").Str("trigger", string(d.feed.ID)).Str("account", d.feed.Account.Name).
			Err(cause).Str("kind", retry.Failure(cause, "").Kind).Int("attempt", d.failures).
			Int64("retry_in_ms", time.Until(d.due).Milliseconds()).Msg("poll failed")
	}
	status := store.FeedStatus{NextPollAt: d.due.UTC(), Error: retry.Failure(cause, ""), Failures: d.failures}
	if err := e.store.SaveFeed(ctx, d.feed.ID, status); err != nil && !errors.Is(err, store.ErrFull) && ctx.Err() == nil {
		e.fail(err)
	}
}

// recovered says once that a feed works again, and lets the runs go on that
// waited for its account.
func (e *Engine) recovered(d *dueFeed) {
	if d.failures > 0 {
		e.log.Info().Str("component", "poller").Str("trigger", string(d.feed.ID)).Str("account", d.feed.Account.Name).
			Int("attempt", d.failures).Msg("poll works again")
	}
	e.accepted(d.feed.Account.Name)
}
