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

// Places are the subscriptions of a store, to be found by recipe and by feed.
type Places struct {
	by map[place]store.Subscription
	on map[store.FeedID][]store.Subscription
}

// place is whose a subscription is.
type place struct{ recipe, account string }

// PlacesOf returns the places of some subscriptions.
func PlacesOf(known []store.Subscription) Places {
	p := Places{by: make(map[place]store.Subscription, len(known)), on: map[store.FeedID][]store.Subscription{}}
	for _, k := range known {
		p.by[place{k.Recipe, k.Account}] = k
		p.on[k.Feed] = append(p.on[k.Feed], k)
	}
	return p
}

// Of returns the subscription of a recipe with an account of its trigger.
func (p Places) Of(recipe, account string) (store.Subscription, bool) {
	s, ok := p.by[place{recipe, account}]
	return s, ok
}

// Subscribe gives every recipe on a feed its stored place, new ones included. A
// place is remembered for good, so a recipe's start is obeyed once. known are all
// subscriptions of the store.
func (p *Poller) Subscribe(ctx context.Context, f *Feed, known Places) error {
	feed, err := p.load(ctx, f)
	if err != nil {
		return err
	}
	var who []*watch.Subscriber // of joining, in the same order
	var joining []store.Subscription
	for _, s := range f.Subs {
		stored, found := known.Of(s.Recipe.ID, s.Account)
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
		who, joining = append(who, s), append(joining, stored)
	}
	joining = append(joining, f.away(known)...)
	if len(joining) == 0 {
		return nil
	}
	done, err := p.Store.CommitPoll(ctx, store.PollCommit{Feed: feed, Subscriptions: joining})
	if err != nil {
		return err
	}
	for i, s := range who {
		s.Record.Number = done.Subscriptions[i]
	}
	return nil
}

// away are the places of recipes that are gone in the middle of the walk that serves them
// the past. It goes on without them; should they come back, another one must serve them.
func (f *Feed) away(known Places) (list []store.Subscription) {
	for _, k := range known.on[f.ID] {
		here := slices.ContainsFunc(f.Subs, func(s *watch.Subscriber) bool { return s.Recipe.ID == k.Recipe && s.Account == k.Account })
		if !k.Started && k.Walk != 0 && !here {
			k.Walk = 0
			list = append(list, k)
		}
	}
	return list
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
