package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
)

// Observer is told what a serving engine does, so that somebody can count it. All of its
// functions are set. They are called on the goroutines that do the work, several at once:
// they must be quick and must not wait.
type Observer struct {
	// Polled is told of every poll that ended, but not of those that a stop or a reload
	// has ended.
	Polled func(PollEnd)
	// Read is told how many records a page had, and how many of them were changes.
	Read func(records, changes int)
	// Ended is told when a run is over or parked, once that is stored.
	Ended func(RunEnd)
	// Wrote is told what became of an outside write, once that is stored: every try of one
	// that is tried again. The state is never Sent.
	Wrote func(store.EffectState)
}

// The outcomes of a poll that brought no error.
const (
	PollOK         = "ok"         // everything was read
	PollUnfinished = "unfinished" // the walk over the whole list goes on with the next poll
)

// PollEnd is how a poll ended.
type PollEnd struct {
	Account   string
	Connector string
	// Outcome is PollOK, PollUnfinished, or the kind of the error.
	Outcome string
	Took    time.Duration
}

// RunEnd is where a run came to rest.
type RunEnd struct {
	Recipe string
	// Loaded is false for a recipe that is not loaded any more.
	Loaded bool
	Status store.Status // Succeeded, Failed, Dropped or Parked
	// Took is the time from queued to the end; 0 for a run that was never begun, and for
	// one that is parked.
	Took time.Duration
}

// polled tells the observer how a poll ended.
func (e *Engine) polled(d *dueFeed, began time.Time, more bool, err error) {
	if e.observer == nil {
		return
	}
	end := PollEnd{Account: d.feed.Account.Name, Connector: d.feed.Account.Connector.Describe().Key, Outcome: PollOK, Took: time.Since(began)}
	switch {
	case err != nil:
		end.Outcome = retry.Failure(err, "").Kind
	case more:
		end.Outcome = PollUnfinished
	}
	e.observer.Polled(end)
}

// rested tells the observer that a run is over or parked. Whoever ends runs beside the
// executor calls it too, after the commit.
func (e *Engine) rested(recipe string, queued time.Time, s store.RunState) {
	if e.observer == nil || !s.Status.Final() && s.Status != store.Parked {
		return
	}
	end := RunEnd{Recipe: recipe, Loaded: e.recipe(recipe) != nil, Status: s.Status}
	if s.Status.Final() && !s.StartedAt.IsZero() && !queued.IsZero() {
		end.Took = max(0, s.FinishedAt.Sub(queued))
	}
	e.observer.Ended(end)
}

// saved tells the observer what a commit says of a run and its writes.
func (e *Engine) saved(run runs.Saved) {
	if e.observer == nil {
		return
	}
	for _, s := range run.Steps {
		if s.Effect != nil && s.Effect.State != store.Sent {
			e.observer.Wrote(s.Effect.State)
		}
	}
	e.rested(run.Recipe, run.QueuedAt, run.State)
}

// OpenEffects counts the outside writes that were sent and have no answer yet.
func (e *Engine) OpenEffects() int { return e.exec.Writing() }

// visit is when a feed was last read to its end, and when it is due again.
type visit struct{ read, next time.Time }

// Latest puts into a stored feed when a serving engine has read it last, and when it is due
// again: quiet polls are stored only now and then.
func (e *Engine) Latest(f *store.Feed) {
	v, ok := e.visited.Load(f.ID)
	if !ok {
		return
	}
	if last, _ := v.(visit); last.read.After(f.LastPollAt) {
		f.LastPollAt, f.NextPollAt = last.read, last.next
	}
}

// Loaded is what an engine works with now.
type Loaded struct {
	Recipes []string // ids, in no order
	// Accounts has the key of the connector by the account's name.
	Accounts map[string]string
}

// Loaded says which recipes and accounts are loaded. It may be called at any time.
func (e *Engine) Loaded() Loaded {
	p := e.plan()
	l := Loaded{Accounts: make(map[string]string, len(p.bench.Accounts))}
	for id := range p.recipes {
		l.Recipes = append(l.Recipes, id)
	}
	for name, a := range p.bench.Accounts {
		l.Accounts[name] = a.Connector.Describe().Key
	}
	return l
}

// FeedTime says when a feed was last read.
type FeedTime struct {
	Account   string
	Connector string
	Operation string
	// Read is the start of the last poll that came to its end, in UTC; zero when there
	// was none.
	Read time.Time
}

// FeedTimes says of every feed when it was last read, in no order. It reads each feed
// from the store.
func (e *Engine) FeedTimes(ctx context.Context) ([]FeedTime, error) {
	var list []FeedTime
	for id, f := range e.plan().feeds {
		feed, err := e.store.LoadFeed(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		t := FeedTime{Account: f.Account.Name, Connector: f.Account.Connector.Describe().Key, Operation: f.Op.Key, Read: feed.LastPollAt}
		// Quiet polls are stored only now and then.
		e.Latest(&feed)
		t.Read = feed.LastPollAt
		list = append(list, t)
	}
	return list, nil
}
