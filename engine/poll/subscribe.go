package poll

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Subscribe gives every recipe on a feed its stored place, new ones included. A
// place is remembered for good, so a recipe's start is obeyed once. known are all
// subscriptions of the store.
func (p *Poller) Subscribe(ctx context.Context, f *Feed, known []store.Subscription) error {
	feed, err := p.load(ctx, f)
	if err != nil {
		return err
	}
	joining := f.away(known)
	for _, s := range f.Subs {
		stored, found := place(known, s)
		switch {
		case !found:
			stored = store.Subscription{
				Recipe: s.Recipe.ID, Account: s.Account, Feed: f.ID,
				Start: s.Recipe.Trigger.Start.Text, JoinedAt: time.Now().UTC(),
			}
		case stored.Feed != f.ID:
			if stored, err = p.move(ctx, stored, f); err != nil {
				return err
			}
		case stored.Version == s.Recipe.Version:
			s.Record = stored
			continue
		}
		stored.Version = s.Recipe.Version
		s.Record = stored
		joining = append(joining, stored)
	}
	if len(joining) == 0 {
		return nil
	}
	if _, err := p.Store.CommitPoll(ctx, store.PollCommit{Feed: feed, Subscriptions: joining}); err != nil {
		return err
	}
	all, err := p.Store.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, s := range f.Subs {
		s.Record, _ = place(all, s)
	}
	return nil
}

// away are the places of recipes that are gone in the middle of the walk that serves them
// the past. It goes on without them; should they come back, another one must serve them.
func (f *Feed) away(known []store.Subscription) (list []store.Subscription) {
	for _, k := range known {
		here := slices.ContainsFunc(f.Subs, func(s *watch.Subscriber) bool { return s.Recipe.ID == k.Recipe && s.Account == k.Account })
		if k.Feed == f.ID && !k.Started && k.Walk != 0 && !here {
			k.Walk = 0
			list = append(list, k)
		}
	}
	return list
}

// place finds the stored subscription of a recipe.
func place(known []store.Subscription, s *watch.Subscriber) (store.Subscription, bool) {
	for _, k := range known {
		if k.Recipe == s.Recipe.ID && k.Account == s.Account {
			return k, true
		}
	}
	return store.Subscription{}, false
}

// move takes a subscription to another feed after its recipe was edited. On a
// list with times it goes on from where the old feed stood, what may still come late
// included, and is not told again what it was told there; where the new feed has come
// further, a walk over its whole list tells what it has seen since. On any other list
// it goes on from the end of the new feed's first walk: what changed in between cannot
// be seen.
func (p *Poller) move(ctx context.Context, s store.Subscription, to *Feed) (store.Subscription, error) {
	old, err := p.Store.LoadFeed(ctx, s.Feed)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	watermark := old.State.Watermark
	if !old.State.Baseline {
		watermark = time.Time{} // it has not seen what changed before it began
	}
	if !watermark.IsZero() || s.Former == "" || s.Former == to.ID {
		s.Former = s.Feed // else the old feed has not come as far as the one before it
	}
	s.Feed, s.Walk, s.Known = to.ID, 0, 0
	switch {
	case !s.Started: // its start is still to be obeyed, on the new list
	case to.Op.Poll.Strategy != connectors.Keyset, watermark.IsZero() && s.From.IsZero():
		s.Started, s.From, s.Start, s.Former = false, time.Time{}, recipes.StartNow, ""
	case !watermark.IsZero():
		if from := watermark.Add(-to.options.Overlap); from.After(s.From) {
			s.From = from
		}
		ahead, err := p.ahead(ctx, to, s.From)
		if err != nil {
			return s, err
		}
		if ahead { // what it has seen since must be told by a walk over what is known
			s.Started, s.Start = false, s.From.Format(time.RFC3339Nano)
		}
	}
	return s, nil
}

// ahead reports whether a feed may have seen changes from a time on.
func (p *Poller) ahead(ctx context.Context, f *Feed, from time.Time) (bool, error) {
	feed, err := p.load(ctx, f)
	s := &feed.State
	return s.Walk != nil || s.Side != nil || !s.Watermark.Before(from), err
}

// load returns the stored feed, or a new one that was never stored.
func (p *Poller) load(ctx context.Context, f *Feed) (store.Feed, error) {
	feed, err := p.Store.LoadFeed(ctx, f.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return feed, err
	}
	inputs, err := json.Marshal(f.Inputs)
	if err != nil {
		return store.Feed{}, err
	}
	return store.Feed{
		ID: f.ID, Account: f.Account.Name, Connector: f.Op.Connector, Operation: f.Op.Key,
		Inputs: inputs, Strategy: string(f.Strategy.Name()),
	}, nil
}

// begin starts the subscriptions that can start with this page. asked is our time when
// the page was asked for, first tells that it is the first of its walk.
func (f *Feed) begin(walk *triggers.Walk, date, asked time.Time, first bool) {
	for _, s := range f.Subs {
		s.Begin(walk, serviceNow(date, asked), first, f.timed())
	}
}

// whole reports whether a recipe waits for a walk over the whole list.
func (f *Feed) whole() bool {
	for _, s := range f.Subs {
		if !s.Record.Started && (!s.FromNow() || !f.timed()) {
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
