package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
)

// PollReport says what the poll of one feed has found.
type PollReport struct {
	Feed     store.FeedID `json:"feed"`
	Records  int64        `json:"records"`
	Changes  int64        `json:"changes"`
	Requests int64        `json:"requests"`
	// Queued are the runs that go on with the next "run"; Held and Parked ones wait
	// for a person.
	Queued int64 `json:"queued"`
	Held   int64 `json:"held"`
	Parked int64 `json:"parked"`
	// DurationMS is how long it took, in milliseconds.
	DurationMS int64 `json:"duration_ms"`
}

// Feeds returns the ids of the feeds that the recipes watch, and of those that others
// need, sorted.
func (e *Engine) Feeds() []store.FeedID { return slices.Sorted(maps.Keys(e.plan().feeds)) }

// feed returns a feed of the plan.
func (e *Engine) feed(id store.FeedID) (*poll.Feed, error) {
	f, ok := e.plan().feeds[id]
	if !ok {
		return nil, fmt.Errorf("feed %s: no recipe watches it: %w", id, store.ErrNotFound)
	}
	return f, nil
}

// PollFeed polls one feed to its end, waiting out what passes. Runs are queued and not
// carried out. Nothing else of the engine may be in use. The error is that of the poll,
// or [store.ErrNotFound] for a feed that is not one of [Engine.Feeds]; what was found
// before it is stored.
func (e *Engine) PollFeed(ctx context.Context, id store.FeedID) (PollReport, error) {
	f, err := e.feed(id)
	if err != nil {
		return PollReport{Feed: id}, err
	}
	if err := e.readSwitches(ctx); err != nil {
		return PollReport{Feed: id}, err
	}
	if err := e.saveRecipes(ctx, e.plan()); err != nil {
		return PollReport{Feed: id}, err
	}
	known, err := e.store.Subscriptions(ctx)
	if err != nil {
		return PollReport{Feed: id}, fmt.Errorf("load subscriptions: %w", err)
	}
	if err := e.poller.Subscribe(ctx, f, poll.PlacesOf(known)); err != nil {
		return PollReport{Feed: id}, err
	}
	// Nobody takes the runs, so there is nothing to wait for between two pages.
	poller := *e.poller
	poller.Pause = func(context.Context) {}
	return e.pollByHand(ctx, f, poller)
}

// PollNow is PollFeed for a serving engine, which carries out the runs.
func (e *Engine) PollNow(ctx context.Context, id store.FeedID) (report PollReport, err error) {
	err = e.WithFeed(ctx, id, func(polling context.Context, f *poll.Feed) (err error) {
		polling, cancel := context.WithCancel(polling)
		defer context.AfterFunc(ctx, cancel)()
		defer cancel()
		report, err = e.pollByHand(polling, f, *e.poller)
		return err
	})
	return report, err
}

// pollByHand polls a feed to its end and counts what came of it.
func (e *Engine) pollByHand(ctx context.Context, f *poll.Feed, poller poll.Poller) (PollReport, error) {
	report := PollReport{Feed: f.ID}
	if err := e.rests.reason(f.Account.Name); err != nil {
		return report, fmt.Errorf("%s: %w", f.Account.Name, err)
	}
	began, sent := time.Now(), e.requests()
	told := poller.Told
	poller.Told = func(c poll.Commit) {
		report.count(c)
		told(c)
	}
	err := e.pollPatiently(ctx, &poller, f)
	report.Requests = e.requests() - sent
	report.DurationMS = time.Since(began).Milliseconds()
	if errors.Is(err, poll.ErrNoParents) && f.Parents != nil {
		err = fmt.Errorf("%w: poll %s first", err, f.Parents.ID)
	}
	return report, err
}

// count adds what a commit brought.
func (r *PollReport) count(c poll.Commit) {
	r.Records += int64(c.Records)
	r.Changes += int64(c.Changes)
	for i := range c.Runs {
		switch c.Runs[i].Run.State.Status {
		case store.Held:
			r.Held++
		case store.Parked:
			r.Parked++
		default:
			r.Queued++
		}
	}
}

// FanOut is what is known of the rounds over the parents of a feed.
type FanOut struct {
	// From is the feed that the parents come from; empty where the recipes name them.
	From     store.FeedID
	Forecast poll.Forecast
}

// FanOut returns what the rounds of a stored feed will take and cost; ok is false for
// lists without parents, and for those that no recipe watches any more.
func (e *Engine) FanOut(ctx context.Context, stored store.Feed) (fan FanOut, ok bool, err error) {
	f, known := e.plan().feeds[stored.ID]
	if !known || f.Op.Poll.Parents == nil {
		return fan, false, nil
	}
	records := 0
	if f.Parents != nil {
		fan.From = f.Parents.ID
		parents, err := e.store.LoadFeed(ctx, fan.From)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fan, false, err
		}
		records = parents.State.Records
	}
	fan.Forecast = poll.Foresee(f.Visits(records), stored.State.Round, f.Rate, f.Interval(time.Now()))
	return fan, true, nil
}

// Carry carries out one run as far as it goes, with an engine that does not serve. It
// returns the state in which the run rests.
func (e *Engine) Carry(ctx context.Context, id store.RunID) (store.RunState, error) {
	if err := e.readSwitches(ctx); err != nil {
		return store.RunState{}, err
	}
	if err := e.saveRecipes(ctx, e.plan()); err != nil {
		return store.RunState{}, err
	}
	state := e.exec.Execute(ctx, id, nil, func() {})
	select {
	case err := <-e.fatal:
		return state, err
	default:
		return state, ctx.Err()
	}
}
