package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// subscribe gives every recipe on a feed its stored place, new ones included. A
// place is remembered for good, so a recipe's start is obeyed once.
func (e *Engine) subscribe(ctx context.Context, f *feedPlan, known []store.Subscription) error {
	feed, err := e.loadFeed(ctx, f)
	if err != nil {
		return err
	}
	var joining []store.Subscription
	for _, s := range f.subs {
		stored, found := place(known, s.program)
		switch {
		case !found:
			stored = store.Subscription{
				Recipe: s.program.recipe.ID, Account: s.program.account, Feed: f.id,
				Start: s.program.recipe.Trigger.Start.Text, JoinedAt: time.Now().UTC(),
			}
			joining = append(joining, stored)
		case stored.Feed != f.id:
			if stored, err = e.move(ctx, stored, f); err != nil {
				return err
			}
			joining = append(joining, stored)
		}
		s.record = stored
	}
	if len(joining) == 0 {
		return nil
	}
	if _, err := e.store.CommitPoll(ctx, store.PollCommit{Feed: feed, Subscriptions: joining}); err != nil {
		return err
	}
	all, err := e.store.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, s := range f.subs {
		s.record, _ = place(all, s.program)
	}
	return nil
}

// place finds the stored subscription of a recipe.
func place(known []store.Subscription, p *program) (store.Subscription, bool) {
	for _, k := range known {
		if k.Recipe == p.recipe.ID && k.Account == p.account {
			return k, true
		}
	}
	return store.Subscription{}, false
}

// move takes a subscription to another feed after its recipe was edited. On a
// list with times it goes on from where the old feed stood, what may still come late
// included, and is not told again what it was told there; on any other, from the end
// of the new feed's first walk: what changed in between cannot be seen.
func (e *Engine) move(ctx context.Context, s store.Subscription, to *feedPlan) (store.Subscription, error) {
	old, err := e.store.LoadFeed(ctx, s.Feed)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	watermark := old.State.Watermark
	if !watermark.IsZero() || s.Former == "" || s.Former == to.id {
		s.Former = s.Feed // else the old feed has not come as far as the one before it
	}
	s.Feed, s.Walk = to.id, 0
	switch {
	case !s.Started: // its start is still to be obeyed, on the new list
	case to.op.Poll.Strategy != connectors.Keyset, watermark.IsZero() && s.From.IsZero():
		s.Started, s.From, s.Start, s.Former = false, time.Time{}, recipes.StartNow, ""
	case !watermark.IsZero():
		if from := watermark.Add(-to.options.Overlap); from.After(s.From) {
			s.From = from
		}
	}
	return s, nil
}

// loadFeed returns the stored feed, or a new one that was never stored.
func (e *Engine) loadFeed(ctx context.Context, f *feedPlan) (store.Feed, error) {
	feed, err := e.store.LoadFeed(ctx, f.id)
	if !errors.Is(err, store.ErrNotFound) {
		return feed, err
	}
	inputs, err := json.Marshal(f.inputs)
	if err != nil {
		return store.Feed{}, err
	}
	return store.Feed{
		ID: f.id, Account: f.account.Name, Connector: f.op.Connector, Operation: f.op.Key,
		Inputs: inputs, Strategy: string(f.strategy.Name()),
	}, nil
}

// begin starts the subscriptions that can start with this page. asked is our
// time when the page was asked for, first tells that it is the first of its walk.
func (f *feedPlan) begin(feed store.Feed, date, asked time.Time, first bool) {
	walk := feed.State.Walk
	for _, s := range f.subs {
		switch {
		case s.record.Started:
		case s.fromNow() && f.timed():
			s.record.Started, s.record.From = true, serviceNow(date, asked)
		case walk.Full && first:
			s.record.Walk = walk.Number
			if !s.fromNow() {
				s.record.From = s.program.recipe.Trigger.Start.At
			}
		}
	}
}

// finish starts the subscriptions for which a walk over the whole list has ended.
func (f *feedPlan) finish(walk uint32) {
	for _, s := range f.subs {
		if s.record.Walk == walk {
			s.record.Started = true
		}
	}
}

// fromNow reports whether the recipe wants only what changes from now on.
func (s *subscriber) fromNow() bool { return s.record.Start == recipes.StartNow }

// timed reports whether the feed's records carry the time of their update.
func (f *feedPlan) timed() bool { return f.op.Answer != nil && f.op.Answer.Updated != "" }

// whole reports whether a recipe waits for a walk over the whole list.
func (f *feedPlan) whole() bool {
	for _, s := range f.subs {
		if !s.record.Started && (!s.fromNow() || !f.timed()) {
			return true
		}
	}
	return false
}

// serviceNow is the service's time at a request. Its Date has whole seconds, cut
// off; where our clock agrees with it, our clock tells the part of the second.
func serviceNow(date, asked time.Time) time.Time {
	if date.IsZero() {
		return asked.UTC()
	}
	if part := asked.Sub(date); part >= 0 && part < time.Second {
		return asked.UTC()
	}
	return date.UTC()
}
