package engine

import (
	"context"
	"encoding/json"
	"errors"
	"sort"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// Report says what one visit to all feeds has done.
type Report struct {
	Feeds    int       `json:"feeds"`
	Polls    int64     `json:"polls"`
	Records  int64     `json:"records"`
	Changes  int64     `json:"changes"`
	Requests int64     `json:"requests"`
	Runs     RunCounts `json:"runs"`
	// DurationMS is how long it took, in milliseconds.
	DurationMS int64 `json:"duration_ms"`
	// Failures are the feeds whose poll did not end well.
	Failures []FeedFailure `json:"-"`
}

// RunCounts counts runs by how they ended. Queued ones have not come to rest.
type RunCounts struct {
	Succeeded int64 `json:"succeeded"`
	Failed    int64 `json:"failed"`
	Parked    int64 `json:"parked"`
	Queued    int64 `json:"queued"`
}

// FeedFailure is a feed with the error of its poll.
type FeedFailure struct {
	Feed store.FeedID
	Err  error
}

// Once polls every feed once to its end, carries out all runs that can go on now
// or within a minute, and says what was done. Once a day it then forgets what recipes do
// not keep. Feeds that fail are in the report;
// the error is only for a store that does not work.
func (e *Engine) Once(ctx context.Context) (Report, error) {
	began, sent := time.Now(), e.requests()
	if err := e.begin(ctx); err != nil {
		return Report{}, err
	}
	take, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	polled := make(chan struct{})
	report := Report{Feeds: len(e.plan().feeds)}
	var group sync.WaitGroup
	group.Go(func() {
		defer close(polled)
		report.Failures = e.pollAll(take)
	})
	group.Go(func() {
		select {
		case err := <-e.fatal:
			stop(err)
		case <-take.Done():
		}
	})
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(e.drain, end) })()
	err := newDispatcher(e).run(take, work, polled)
	cause := context.Cause(take)
	stop(nil)
	group.Wait()
	if err == nil && ctx.Err() == nil && cause != nil {
		err = cause
	}
	e.storeBudgets(context.WithoutCancel(ctx), map[string]json.RawMessage{})
	e.fill(ctx, &report, began, sent)
	if err == nil && ctx.Err() == nil {
		e.pruner.Once(ctx)
	}
	return report, err
}

// fill completes a report with what was counted.
func (e *Engine) fill(ctx context.Context, r *Report, began time.Time, sent int64) {
	r.Polls, r.Records, r.Changes = e.tally.polls.Load(), e.tally.records.Load(), e.tally.changes.Load()
	r.Requests = e.requests() - sent
	r.Runs = e.counts(ctx)
	r.DurationMS = time.Since(began).Milliseconds()
}

// counts says how the runs of this engine ended, and how many wait in the store.
func (e *Engine) counts(ctx context.Context) RunCounts {
	c := RunCounts{Succeeded: e.tally.succeeded.Load(), Failed: e.tally.failed.Load(), Parked: e.tally.parked.Load()}
	all, err := e.store.CountRuns(context.WithoutCancel(ctx))
	if err == nil {
		c.Queued = int64(all[store.Queued] + all[store.Running] + all[store.Waiting] + all[store.Held])
	}
	return c
}

// pollAll polls every feed once, some at a time. Feeds from which others take their
// parents go first.
func (e *Engine) pollAll(ctx context.Context) []FeedFailure {
	var first, rest []*poll.Feed
	for _, f := range e.plan().feeds {
		if f.Op.Poll.Parents == nil {
			first = append(first, f)
		} else {
			rest = append(rest, f)
		}
	}
	failures := append(e.pollEach(ctx, first), e.pollEach(ctx, rest)...)
	sort.Slice(failures, func(i, j int) bool { return failures[i].Feed < failures[j].Feed })
	return failures
}

// pollEach polls some feeds once, without those of accounts that rest because a person wants
// it so.
func (e *Engine) pollEach(ctx context.Context, feeds []*poll.Feed) []FeedFailure {
	var (
		mu       sync.Mutex
		failures []FeedFailure
		group    sync.WaitGroup
	)
	slots := make(chan struct{}, e.pollers)
	for _, f := range feeds {
		if e.rests.account(f.Account.Name) {
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := e.pollPatiently(ctx, e.poller, f); err != nil {
				mu.Lock()
				failures = append(failures, FeedFailure{Feed: f.ID, Err: err})
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return failures
}

// pollPatiently polls a feed to its end. It waits out what passes, up to a minute
// at each place of the list.
func (e *Engine) pollPatiently(ctx context.Context, poller *poll.Poller, f *poll.Feed) error {
	var waited time.Duration
	d := &dueFeed{feed: f}
	for {
		more, err := poller.Poll(ctx, f, time.Time{})
		if err == nil && more {
			continue
		}
		if err == nil {
			e.tally.polls.Add(1)
			return nil
		}
		if f.Further() {
			waited, d.failures = 0, 0
		}
		kind := connectors.KindOf(err)
		wait, counts := retry.Poll(err, d.failures)
		waited += wait
		passes := (kind == connectors.RateLimited || kind == connectors.Transient) && !errors.Is(err, poll.ErrNoParents) && !errors.Is(err, triggers.ErrWalk)
		if ctx.Err() != nil || !passes || waited > patience {
			d.failures++
			d.due = time.Now().Add(wait)
			e.pollFailed(context.WithoutCancel(ctx), d, err)
			return err
		}
		if counts {
			d.failures++
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
