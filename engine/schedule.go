package engine

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	// stretched is true while polls come less often than the schedule says.
	stretched bool
	// rested is true when its account rested as it was due last.
	rested bool
	// began is when the last poll began.
	began time.Time
	// again is when the lists show what was hinted at last, gap the least time between two
	// polls because of it, parents what it belongs to and was not marked yet.
	again   time.Time
	gap     time.Duration
	parents []string
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

// scheduler polls feeds when they are due. A feed is in the queue, being polled or held,
// never two of these, so ticks that arrive meanwhile collapse into one. All fields
// belong to the goroutine of run.
type scheduler struct {
	e       *Engine
	queue   dueQueue
	busy    map[store.FeedID]bool   // being polled or held
	waiting map[store.FeedID][]hold // those who want a feed that is busy
	hinted  map[store.FeedID][]Hint // hints for feeds that are busy
	back    chan *dueFeed           // takes the feeds that are free again; nobody closes it
	slots   chan struct{}
	polls   sync.WaitGroup
}

// schedule polls feeds until take ends; then it waits for the polls in progress.
func (e *Engine) schedule(take, work context.Context) error {
	s := &scheduler{
		e: e, busy: map[store.FeedID]bool{}, waiting: map[store.FeedID][]hold{}, hinted: map[store.FeedID][]Hint{},
		back: make(chan *dueFeed, e.pollers), slots: make(chan struct{}, e.pollers),
	}
	for {
		r, err := s.round(take, work)
		if r == nil || err != nil {
			return err
		}
		r.done <- e.replace(take, r.plan)
	}
}

// round polls the feeds of the current plan until take ends, or until another plan takes
// its place. When it returns nothing is being polled, and what polls have left in memory
// is stored.
func (s *scheduler) round(take, work context.Context) (next *reload, err error) {
	if s.queue, err = s.e.firstPolls(take); err != nil {
		return nil, err
	}
	round, end := context.WithCancel(take)
	defer s.e.flush(context.WithoutCancel(take))
	defer s.end(take)
	defer end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	now := time.Now()
	for {
		select {
		case <-take.Done():
			return nil, nil
		case r := <-s.e.reloads:
			return &r, nil
		case f := <-s.back:
			s.free(round, work, f)
		case <-s.e.resumed:
			s.queue.wake(time.Now())
		case pong := <-s.e.pingScheduler:
			close(pong)
		case h := <-s.e.holds:
			s.hold(round, work, h)
		case h := <-s.e.hints:
			s.hint(h)
		case <-timer.C:
		}
		last := now
		if now = time.Now(); setBack(last.Round(0), now.Round(0), now.Sub(last)) {
			s.e.log.Warn().Str("component", "scheduler").Msg("clock was set back")
			s.queue.replan(now)
		}
		for len(s.queue) > 0 && !s.queue[0].due.After(now) && len(s.slots) < cap(s.slots) {
			s.poll(round, work)
		}
		timer.Reset(untilNext(s.queue, now))
	}
}

// poll polls the feed that is due first.
func (s *scheduler) poll(round, work context.Context) {
	f, _ := heap.Pop(&s.queue).(*dueFeed)
	s.busy[f.feed.ID] = true
	s.slots <- struct{}{}
	s.polls.Go(func() {
		s.e.pollDue(round, work, f)
		<-s.slots
		s.back <- f
	})
}

// free puts a feed back into the queue, or gives it to the first who waits for it.
func (s *scheduler) free(round, work context.Context, f *dueFeed) {
	id := f.feed.ID
	if wishes := s.waiting[id]; len(wishes) > 0 {
		s.waiting[id] = wishes[1:]
		s.give(round, work, f, wishes[0])
		return
	}
	f.lookAgain()
	for _, h := range s.hinted[id] {
		f.hint(time.Now(), h)
	}
	delete(s.busy, id)
	delete(s.waiting, id)
	delete(s.hinted, id)
	heap.Push(&s.queue, f)
}

// hold gives a feed to somebody, now or as soon as it is free.
func (s *scheduler) hold(round, work context.Context, h hold) {
	at := slices.IndexFunc(s.queue, func(f *dueFeed) bool { return f.feed.ID == h.feed })
	switch {
	case at >= 0:
		f, _ := heap.Remove(&s.queue, at).(*dueFeed)
		s.busy[h.feed] = true
		s.give(round, work, f, h)
	case s.busy[h.feed]:
		s.waiting[h.feed] = append(s.waiting[h.feed], h)
	default:
		h.done <- fmt.Errorf("feed %s: no recipe watches it: %w", h.feed, store.ErrNotFound)
	}
}

// give lets somebody use a feed; then it is due at once.
func (s *scheduler) give(round, work context.Context, f *dueFeed, h hold) {
	s.polls.Go(func() {
		ctx, cancel := context.WithCancel(work)
		defer context.AfterFunc(round, cancel)()
		defer cancel()
		h.done <- h.do(ctx, f.feed)
		f.due = time.Now()
		s.back <- f
	})
}

// end waits for the polls in progress. Those who wait for a feed are told that they must
// ask again.
func (s *scheduler) end(take context.Context) {
	quiet := make(chan struct{})
	go func() {
		s.polls.Wait()
		close(quiet)
	}()
	for waits := true; waits; {
		select {
		case <-s.back:
		case <-quiet:
			waits = false
		}
	}
	for len(s.back) > 0 {
		<-s.back
	}
	for id, wishes := range s.waiting {
		for _, h := range wishes {
			h.done <- fmt.Errorf("feed %s: %w", id, stopping(take))
		}
	}
	clear(s.busy)
	clear(s.waiting)
	clear(s.hinted)
}

// flush stores what quiet polls have left in memory, once no poll is under way.
func (e *Engine) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	for _, f := range e.plan().feeds {
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

// wake is replan, and has those polled now that rested or were refused: their account may
// go on.
func (q dueQueue) wake(now time.Time) {
	for _, d := range q {
		if (d.rested || d.failures > 0) && d.due.After(now) {
			d.due = now
		}
	}
	q.replan(now)
}

// firstPolls says when each feed is polled first: at once when it is due or was
// due while we were down, else at its stored time, unless that lies further ahead
// than its schedule allows (a clock that was set back).
func (e *Engine) firstPolls(ctx context.Context) (dueQueue, error) {
	var queue dueQueue
	now := time.Now()
	for _, f := range e.plan().feeds {
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
	until, rests := e.restUntil(d.feed.Account.Name, time.Now())
	if d.rested = rests; rests {
		d.due = until
		return
	}
	if e.space.low.Load() {
		d.due = time.Now().Add(tendEvery)
		return
	}
	// A stop ends the poll between two pages, or in the middle of a request:
	// what was not committed is fetched again.
	ctx, cancel := context.WithCancel(work)
	defer context.AfterFunc(take, cancel)()
	defer cancel()
	began := time.Now()
	d.began = began
	more, err := e.pollHinted(ctx, d)
	if err == nil || take.Err() == nil {
		e.polled(d, began, more, err)
	}
	if err == nil {
		e.recovered(d)
		d.failures = 0
		if d.due = e.next(d); more {
			d.due = time.Now()
		} else {
			e.tally.polls.Add(1)
			e.visited.Store(d.feed.ID, visit{read: began.UTC(), next: d.due.UTC()})
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

// next is when a feed is to be polled next: by its schedule, or later when the account's
// quota would not last otherwise.
func (e *Engine) next(d *dueFeed) time.Time {
	now := time.Now()
	next := d.feed.Next(now)
	b := e.plan().budgets
	if b == nil {
		return next
	}
	factor, why := b.Stretch(d.feed.Account.Name)
	stretched := factor > 1.05 // less is not worth a word
	if stretched != d.stretched {
		d.stretched = stretched
		line := e.log.Info().Str("component", "scheduler").Str("trigger", string(d.feed.ID)).Str("account", d.feed.Account.Name)
		if stretched {
			line.Float64("factor", math.Round(factor*10)/10).Str("why", why).Msg("polls come less often")
		} else {
			line.Msg("polls come as often as usual again")
		}
	}
	if stretched {
		next = now.Add(time.Duration(float64(next.Sub(now)) * factor))
	}
	return next
}

// pollFailed stores and logs why a poll failed: the first time at once, then at
// growing distances.
func (e *Engine) pollFailed(ctx context.Context, d *dueFeed, cause error) {
	if connectors.KindOf(cause) == connectors.Auth && !connectors.IsNarrow(cause) {
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
