package engine

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

const (
	// hintGap is the least time between two polls of a feed that hints cause. For lists
	// that are read whole it is the lag of the service, if that is longer.
	hintGap = 5 * time.Second
	// hintGapRounds is the same for lists that are asked for once for each parent.
	hintGapRounds = 30 * time.Second
)

// Hint is somebody's word that records of an account have changed. It is never taken for
// the truth: it makes feeds due, and what happened is read from the service.
type Hint struct {
	Account string
	// Objects are the keys of the kinds of records that have changed.
	Objects []string
	// Parent is the id of the record that they belong to; empty if that is not known.
	Parent string
	// Lag is how late the service's lists may show what happened: then they are asked
	// once more.
	Lag time.Duration
}

// hinting is a hint on its way to the scheduler.
type hinting struct {
	Hint
	feeds chan []store.FeedID // has room for the one answer
}

// Hint lets a serving engine poll the feeds that read what a hint names, and returns
// them; none of them was polled yet. A feed that fails, or whose polls are spread so that
// a quota lasts, keeps its time. Many hints cause one poll in five seconds at most. The
// error is [ErrStopping], or that of ctx.
func (e *Engine) Hint(ctx context.Context, h Hint) ([]store.FeedID, error) {
	w := hinting{Hint: h, feeds: make(chan []store.FeedID, 1)}
	if err := tell(ctx, e, e.hints, w); err != nil {
		return nil, err
	}
	return <-w.feeds, nil // the scheduler answers at once
}

// hint makes the feeds due that a hint concerns.
func (s *scheduler) hint(h hinting) {
	now := time.Now()
	var list []store.FeedID
	for id, f := range s.e.plan().feeds {
		if f.Account.Name != h.Account || f.Op.Answer == nil || !slices.Contains(h.Objects, f.Op.Answer.Key) {
			continue
		}
		list = append(list, id)
		if s.busy[id] {
			s.hinted[id] = append(s.hinted[id], h.Hint)
			continue
		}
		if at := slices.IndexFunc(s.queue, func(d *dueFeed) bool { return d.feed.ID == id }); at >= 0 {
			s.queue[at].hint(now, h.Hint)
			heap.Fix(&s.queue, at)
		}
	}
	slices.Sort(list)
	h.feeds <- list
}

// hint takes note of a hint that concerns the feed, while it is not being polled.
func (d *dueFeed) hint(now time.Time, h Hint) {
	if h.Parent != "" && d.feed.Op.Poll.Strategy == connectors.FanOut && !slices.Contains(d.parents, h.Parent) {
		d.parents = append(d.parents, h.Parent)
	}
	d.again, d.gap = now.Add(h.Lag), hintGap
	if strategy := d.feed.Op.Poll.Strategy; strategy == connectors.FanOut {
		d.gap = hintGapRounds
	} else if strategy == connectors.Snapshot { // a second walk proves what is gone: it must not see the same index
		d.gap = max(hintGap, h.Lag)
	}
	d.soon(now)
}

// soon brings the next poll forward to a time, or to the end of the least time after the
// last one. It leaves the service alone that fails or whose quota is short.
func (d *dueFeed) soon(at time.Time) {
	if d.failures > 0 || d.stretched {
		return
	}
	if least := d.began.Add(d.gap); least.After(at) {
		at = least
	}
	if d.due.After(at) {
		d.due = at
	}
}

// lookAgain brings the next poll forward to when the lists show what was hinted at.
func (d *dueFeed) lookAgain() {
	if d.again.IsZero() || !d.began.Before(d.again) {
		d.again = time.Time{}
		return
	}
	d.soon(d.again)
}

// pollHinted polls a feed, the parents first that were hinted at. more is true when the
// walk over the whole list is to go on at once.
func (e *Engine) pollHinted(ctx context.Context, d *dueFeed) (more bool, err error) {
	if err := e.markParents(ctx, d); err != nil {
		return false, err
	}
	return e.poller.Poll(ctx, d.feed, e.next(d))
}

// markParents notes which parents a feed is to read first. It is called by who has the
// feed. Parents that are marked too often only cost a request each.
func (e *Engine) markParents(ctx context.Context, d *dueFeed) error {
	if len(d.parents) == 0 {
		return nil
	}
	if err := e.poller.Flush(ctx, d.feed); err != nil {
		return err
	}
	f, err := e.store.LoadFeed(ctx, d.feed.ID)
	if errors.Is(err, store.ErrNotFound) {
		d.parents = nil // its first poll reads them all
		return nil
	}
	if err != nil {
		return err
	}
	known, err := e.knownParents(ctx, d)
	c := store.PollCommit{Feed: f}
	for _, id := range known {
		c.Parents = append(c.Parents, store.ParentMark{Feed: f.ID, Parent: id, Due: true})
	}
	if len(known) > 0 {
		_, err = e.store.CommitPoll(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("mark the parents that were hinted at: %w", err)
	}
	d.parents = nil
	return nil
}

// knownParents returns the parents that were hinted at and whose own list shows them. A
// look at any other one would take what it has for what was there before, and could not
// tell whether a recipe watches it: their list finds it, and marks it by itself.
func (e *Engine) knownParents(ctx context.Context, d *dueFeed) ([]string, error) {
	var entries map[string]triggers.Entry
	named, all := d.feed.Named()
	if !all {
		var err error
		if entries, err = e.store.Entries(ctx, d.feed.Parents.ID, d.parents); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(d.parents), func(id string) bool {
		_, listed := entries[id]
		return !listed && !slices.Contains(named, id)
	}), nil
}
