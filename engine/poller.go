package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// pollLimit is how long one poll may take. A walk that is not done by then goes
// on where it stands at the feed's next turn.
const pollLimit = 10 * time.Minute

// maxPages is how many pages one poll may read: a list without an end must not
// keep a worker for ever.
const maxPages = 100_000

// poll visits a feed's source from where its cursor stands to the end of the
// list. Everything it finds is committed page by page. Only one poll of a feed
// may go on at a time.
func (e *Engine) poll(ctx context.Context, f *feedPlan) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, pollLimit, errPollLimit)
	defer cancel()
	first := !f.polled
	f.polled = true
	for _, s := range f.subs {
		s.accepted = 0
	}
	before := e.tally.snapshot()
	began := time.Now()
	feed, err := e.beginWalk(ctx, f, store.Feed{})
	for range maxPages {
		if err != nil {
			return err
		}
		restarted := first && feed.State.Walk.Resumed
		feed, err = e.pollPage(ctx, f, feed)
		switch {
		case errors.Is(err, store.ErrConflict):
			// Somebody else moved the feed: look again from where it stands now.
			feed, err = e.beginWalk(ctx, f, store.Feed{})
		case err != nil:
		case feed.State.Walk != nil:
			e.fresh.wait(ctx)
		case restarted || f.whole():
			// What changed while we were down behind the back of an interrupted
			// walk, or what a recipe wants from the past, takes another one.
			feed, err = e.beginWalk(ctx, f, feed)
		default:
			e.tally.polls.Add(1)
			e.logPoll(f, before, began)
			return nil
		}
	}
	return fmt.Errorf("%w: no end after %d pages", triggers.ErrWalk, maxPages)
}

// beginWalk returns the feed with a walk to go on with. A feed without id is
// loaded first.
func (e *Engine) beginWalk(ctx context.Context, f *feedPlan, feed store.Feed) (store.Feed, error) {
	if feed.ID == "" {
		var err error
		if feed, err = e.loadFeed(ctx, f); err != nil {
			return feed, err
		}
	}
	feed.State = f.strategy.Begin(feed.State, f.walkOptions(), time.Now())
	return feed, nil
}

// walkOptions are the feed's options as its subscribers want them at this moment.
func (f *feedPlan) walkOptions() triggers.Options {
	o := f.options
	o.Whole = f.whole()
	return o
}

// errPollLimit ends a poll that takes too long.
var errPollLimit = errors.New("the poll took too long and goes on later")

// logPoll writes one line for a poll that found something.
func (e *Engine) logPoll(f *feedPlan, before counts, began time.Time) {
	after := e.tally.snapshot()
	if after.changes == before.changes {
		return
	}
	e.log.Info().Str("component", "poller").Str("trigger", string(f.id)).Str("account", f.account.Name).
		Int64("records", after.records-before.records).Int64("events", after.changes-before.changes).
		Int64("dur_ms", time.Since(began).Milliseconds()).Msg("poll committed")
}

// pollPage fetches, judges and commits one page of the feed's walk, and returns
// the feed as it is stored then; it has no walk when the page was the last one.
func (e *Engine) pollPage(ctx context.Context, f *feedPlan, feed store.Feed) (store.Feed, error) {
	walk := feed.State.Walk
	asked := time.Now()
	page, err := f.account.Session.Page(ctx, f.op, connectors.Query{
		Inputs: f.inputs, Since: walk.Since, Position: walk.Position, Size: f.op.Poll.PageSize,
	})
	if err != nil {
		if errors.Is(context.Cause(ctx), errPollLimit) {
			return feed, errPollLimit
		}
		if walk.Position != "" && refused(err) {
			err = e.abandon(ctx, feed, err) // the position itself may be what is wrong
		}
		return feed, err
	}
	e.hooks.at(PageFetched)
	known, err := e.known(ctx, f.id, page)
	if err != nil {
		return feed, err
	}
	delta, err := f.strategy.Detect(triggers.Input{
		State: feed.State, Page: page, Known: known, Shape: f.op.Answer, Options: f.walkOptions(), Now: asked,
	})
	if errors.Is(err, triggers.ErrWalk) {
		err = e.abandon(ctx, feed, err)
	}
	if err != nil {
		return feed, err
	}
	return e.commit(ctx, f, feed, pageResult{page: page, known: known, delta: delta, asked: asked})
}

// known loads the seen entries of a page's records.
func (e *Engine) known(ctx context.Context, id store.FeedID, page connectors.Page) (map[string]triggers.Entry, error) {
	ids := make([]string, len(page.Records))
	for i, r := range page.Records {
		ids[i] = r.ID
	}
	return e.store.Entries(ctx, id, ids)
}

// refused reports an answer that will be the same the next time.
func refused(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.Invalid || kind == connectors.NotFound || kind == connectors.Conflict
}

// former loads what the feeds that subscribers watched before an edit know of a
// page's records.
func (e *Engine) former(ctx context.Context, f *feedPlan, page connectors.Page) (map[store.FeedID]map[string]triggers.Entry, error) {
	var all map[store.FeedID]map[string]triggers.Entry
	for _, s := range f.subs {
		id := s.record.Former
		if _, have := all[id]; have || id == "" {
			continue
		}
		entries, err := e.known(ctx, id, page)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = map[store.FeedID]map[string]triggers.Entry{}
		}
		all[id] = entries
	}
	return all, nil
}

// abandon gives up a walk whose list cannot be trusted or whose next page cannot be
// had any more; the next one begins anew, from the old watermark.
func (e *Engine) abandon(ctx context.Context, feed store.Feed, cause error) error {
	feed.State = triggers.Abandon(feed.State)
	if _, err := e.store.CommitPoll(ctx, store.PollCommit{Feed: feed}); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// pageResult is a page with what was found on it.
type pageResult struct {
	page  connectors.Page
	known map[string]triggers.Entry
	delta triggers.Delta
	asked time.Time
}

// commit lets the recipes decide and writes cursor, seen entries and runs in one
// transaction.
func (e *Engine) commit(ctx context.Context, f *feedPlan, feed store.Feed, r pageResult) (store.Feed, error) {
	walk := *feed.State.Walk
	former, err := e.former(ctx, f, r.page)
	if err != nil {
		return feed, err
	}
	undo := f.places()
	f.begin(feed, r.page.Date, r.asked, walk.Rows == 0 && walk.Position == "")
	a := acceptance{feed: f, delta: r.delta, walk: walk, now: time.Now().UTC(), former: former}
	if err := a.accept(r.page, r.known); err != nil {
		f.restore(undo)
		return feed, err
	}
	if r.delta.Done {
		f.finish(walk.Number)
		feed.LastPollAt, feed.NextPollAt = walk.BeganAt, f.next(time.Now()).UTC()
		feed.Error, feed.Failures = nil, 0
	}
	feed.State = r.delta.State
	c := store.PollCommit{Feed: feed, Runs: a.runs, Seen: seenList(r.delta), Subscriptions: f.changedPlaces(undo)}
	e.hooks.at(BeforeCommit)
	// The page is in our hands and the commit is short: a stop does not lose it.
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	committed, err := e.store.CommitPoll(save, c)
	if err != nil {
		f.restore(undo)
		return feed, err
	}
	e.hooks.at(AfterCommit)
	f.pages++
	e.tally.page(len(r.page.Records), len(r.delta.Changes), len(a.runs))
	for i, id := range committed.Runs {
		if s := a.runs[i].Run.State.Status; s == store.Queued {
			e.fresh.put(id, freshRun{run: &a.runs[i].Run, scope: a.fresh[i]})
		} else {
			e.tally.ended(s)
		}
	}
	if len(a.runs) > 0 {
		e.signal()
	}
	return committed.Feed, nil
}

func seenList(d triggers.Delta) []store.Seen {
	list := make([]store.Seen, 0, len(d.Seen))
	for id, entry := range d.Seen {
		list = append(list, store.Seen{ID: id, Entry: entry})
	}
	return list
}

// places returns the feed's subscribers as they are.
func (f *feedPlan) places() []subscriber {
	list := make([]subscriber, len(f.subs))
	for i, s := range f.subs {
		list[i] = *s
	}
	return list
}

// restore puts the subscribers back after a commit that did not happen.
func (f *feedPlan) restore(places []subscriber) {
	for i, s := range f.subs {
		*s = places[i]
	}
}

// changedPlaces returns the subscriptions that differ from what is stored.
func (f *feedPlan) changedPlaces(stored []subscriber) []store.Subscription {
	var list []store.Subscription
	for i, s := range f.subs {
		if s.record != stored[i].record {
			list = append(list, s.record)
		}
	}
	return list
}
