package poll

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/triggers"
)

const (
	// limit is how long one poll may take. A walk that is not done by then goes on
	// where it stands at the feed's next turn.
	limit = 10 * time.Minute
	// MaxPages is how many pages of one list are read in one go: a list without an end
	// must not keep a worker for ever.
	MaxPages = 100_000
	// saveLimit is how long the store may take for one write.
	saveLimit = time.Minute
)

// ErrLimit ends a poll that takes too long.
var ErrLimit = errors.New("the poll took too long and goes on later")

// Moment is a place in the life of a page.
type Moment int

// The moments, in their order.
const (
	Fetched   Moment = iota // the page is in memory, nothing is stored
	Deciding                // changes are accepted, nothing is stored
	Committed               // cursor and runs are stored, nobody was told
)

// Commit is what a commit brought.
type Commit struct {
	Records, Changes int
	// Runs are those that were stored, with their ids and with what their expressions
	// see.
	Runs   []store.NewRun
	IDs    []store.RunID
	Scopes []*mapping.Scope
}

// Poller polls feeds. It may be used by several goroutines at once, but each feed by
// one at a time.
type Poller struct {
	Store store.Feeds
	Log   zerolog.Logger
	// At is called at every moment, Told after every commit. Never nil.
	At   func(Moment)
	Told func(Commit)
	// Pause is called between two pages, so that what polls bring can be done before
	// more comes. Never nil.
	Pause func(context.Context)
	// Rests tells whether a recipe rests, so that its runs are held; nil means none does.
	Rests func(recipe string) bool
}

// Poll visits a feed's source: from where its cursor stands to the end of the list, and
// then, until the given time (zero means to the end), page by page over the whole list
// where that is due. Everything it finds is committed page by page. more is true when the
// walk over the whole list is not done; it goes on with the next poll. Only one poll of a
// feed may go on at a time.
func (p *Poller) Poll(ctx context.Context, f *Feed, until time.Time) (more bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrLimit)
	defer cancel()
	for _, s := range f.Subs {
		s.Reset()
	}
	v := &visit{Poller: p, f: f, began: time.Now(), until: until, first: !f.polled, side: f.beside}
	f.beside, f.further = false, false
	defer func() {
		if err != nil {
			f.attended = 0 // a walk that was interrupted proves no deletion
		}
	}()
	f.polled = true
	if err := f.learn(ctx); err != nil {
		return false, err
	}
	if v.feed, err = p.load(ctx, f); err != nil {
		return false, err
	}
	if err := f.tellsApart(&v.feed); err != nil {
		return false, err
	}
	f.takeOver(&v.feed)
	v.remember()
	if f.Op.Poll.Parents != nil {
		err = v.round(ctx)
	} else {
		more, err = v.walks(ctx)
	}
	switch {
	case err == nil:
		v.log()
	case errors.Is(context.Cause(ctx), ErrLimit):
		err = ErrLimit
	}
	return more, err
}

// tellsApart notes by what the records of a feed are known. Where a connector was edited to
// tell them apart by another field, every record would look new, and every old one gone.
func (f *Feed) tellsApart(feed *store.Feed) error {
	if f.Op.Answer == nil || f.Op.Answer.ID == "" || f.Op.Answer.ID == feed.RecordID {
		return nil
	}
	if feed.RecordID == "" {
		feed.RecordID = f.Op.Answer.ID
		return nil
	}
	return &connectors.Error{
		Kind: connectors.Invalid, Op: f.Op.Name(), Hint: "put the field back, or give the operation another key: recipes on it begin with a new baseline",
		Err: fmt.Errorf("the connector tells its records apart by %q and did so by %q", f.Op.Answer.ID, feed.RecordID),
	}
}

// takeOver makes what another strategy has left of a feed fit for that of now: a connector
// was edited. Its walks end, and the whole list is due; what is known of records stays.
func (f *Feed) takeOver(feed *store.Feed) {
	if feed.Strategy == string(f.Strategy.Name()) {
		return
	}
	feed.Strategy = string(f.Strategy.Name())
	s := triggers.Abandon(triggers.Abandon(feed.State, false), true)
	// The gap makes the walk due also where no recipe asks for one from time to time.
	s.FullAt, s.Gap = time.Time{}, s.Walks
	feed.State = s
}

// visit is one poll of a feed.
type visit struct {
	*Poller
	f     *Feed
	feed  store.Feed // as it is stored
	began time.Time
	until time.Time
	first bool   // the first poll by this program
	side  bool   // it begins with the walk over the whole list
	live  uint32 // number of the walk from the watermark that is under way
	// redone is true when a walk over the whole list was made once more for a recipe.
	redone bool
	// records and changes count what was found.
	records, changes int
}

// walks makes the walk from the watermark on, then the one over the whole list.
func (v *visit) walks(ctx context.Context) (more bool, err error) {
	side, fromTop, from := v.side, !v.side, v.f.pages
	for range MaxPages {
		if !v.begin(side) {
			if side {
				return false, nil
			}
			side = true
			continue
		}
		resumed := v.walk(side).Resumed
		done, err := v.page(ctx, side)
		switch {
		case errors.Is(err, store.ErrConflict):
			if err := v.reload(ctx); err != nil {
				return false, err
			}
		case err != nil:
			// The next try goes on here, or a service that answers only now and then
			// would never let this walk come to an end.
			v.f.beside, v.f.further = side && fromTop, v.f.pages > from
			return false, err
		case !done && side && v.late():
			return true, nil
		case !done:
			v.Pause(ctx)
		default:
			side, from = side || !v.again(resumed), v.f.pages
		}
	}
	return false, fmt.Errorf("%w: no end after %d pages", triggers.ErrWalk, MaxPages)
}

// reload looks again where the feed stands, after somebody else has moved it.
func (v *visit) reload(ctx context.Context) (err error) {
	v.live, v.f.attended = 0, 0
	v.feed, err = v.load(ctx, v.f)
	return err
}

// again reports whether a walk that has ended must be made once more: for what changed
// while we were down behind the back of an interrupted walk, or for what a recipe wants
// from the past and only such a walk can bring.
func (v *visit) again(resumed bool) bool {
	if resumed && v.first {
		v.first = false
		return true
	}
	if v.redone || v.f.Strategy.Name() != connectors.Snapshot || !v.f.whole() {
		return false
	}
	v.redone = true // once a poll, the next one goes on
	return true
}

// late reports whether the walk over the whole list must make way for the next poll. It
// goes on as long as no other walk can be made.
func (v *visit) late() bool {
	now := time.Now()
	due := !v.until.IsZero() && now.After(v.until) || now.Sub(v.began) > limit/2
	return due && !v.feed.State.Watermark.IsZero()
}

// begin makes sure that there is a walk to go on with; false means that none is due.
func (v *visit) begin(side bool) bool {
	s := &v.feed.State
	if side && s.Side != nil && v.f.attended == s.Side.Number && time.Since(s.Side.ReadAt) < limit || !side && s.Walk != nil && v.live == s.Walk.Number {
		return true // in the middle of it; after a long pause it is resumed like any other
	}
	var next triggers.State
	var ok bool
	if side {
		next, ok = v.f.Strategy.BeginSide(*s, v.f.wishes(), time.Now())
	} else {
		next, ok = v.f.Strategy.Begin(*s, v.f.wishes(), time.Now())
	}
	if ok {
		*s = next
		v.f.attend(v.walk(side))
		if !side {
			v.live = s.Walk.Number
		}
	}
	return ok
}

// walk is the walk in progress.
func (v *visit) walk(side bool) *triggers.Walk {
	if side {
		return v.feed.State.Side
	}
	return v.feed.State.Walk
}

// wishes are the feed's options as its subscribers want them at this moment.
func (f *Feed) wishes() triggers.Options {
	o := f.options
	o.Whole = f.whole()
	return o
}

// attend begins to note what a walk over the whole list shows. One that was interrupted
// proves nothing.
func (f *Feed) attend(w *triggers.Walk) {
	if !w.Full {
		return
	}
	f.attended, f.present = w.Number, &triggers.Presence{}
	if w.Resumed {
		f.present = nil
	}
}

// log writes one line for a poll that found something.
func (v *visit) log() {
	if v.changes == 0 {
		return
	}
	v.Log.Info().Str("component", "poller").Str("trigger", string(v.f.ID)).Str("account", v.f.Account.Name).
		Int("records", v.records).Int("events", v.changes).
		Int64("dur_ms", time.Since(v.began).Milliseconds()).Msg("poll committed")
}

// page fetches, judges and commits one page of a walk, or those that are judged
// together. done is true when it was the last one.
func (v *visit) page(ctx context.Context, side bool) (done bool, err error) {
	walk, asked := v.walk(side), time.Now()
	page, err := v.f.Fetch(ctx, walk)
	if err != nil {
		if walk.Position == "" && refused(err) {
			err = v.f.wayOut(err) // what sorts the list may be what was refused
		}
		if errors.Is(context.Cause(ctx), ErrLimit) {
			return false, ErrLimit
		}
		if walk.Position != "" && refused(err) || errors.Is(err, triggers.ErrWalk) {
			err = v.abandon(ctx, side, err) // the position itself may be what is wrong
		}
		return false, err
	}
	v.At(Fetched)
	known, err := v.known(ctx, v.f.ID, "", page)
	if err != nil {
		return false, err
	}
	delta, err := v.f.Strategy.Detect(triggers.Input{
		State: v.feed.State, Page: page, Side: side, Known: known, Shape: v.f.Op.Answer, Options: v.f.wishes(), Now: asked,
	})
	if errors.Is(err, triggers.ErrWalk) {
		err = v.abandon(ctx, side, v.f.wayOut(err))
	}
	if err != nil {
		return false, err
	}
	before := v.feed.State.Window
	if err := v.commit(ctx, result{walk: walk, page: page, known: known, delta: delta, asked: asked}); err != nil {
		return false, err
	}
	if delta.Done && walk.Full {
		return true, v.sweep(ctx, walk, before)
	}
	return delta.Done, nil
}

// wayOut names what can be watched where a service does not keep what a list needs.
func (f *Feed) wayOut(err error) error {
	if f.Op.Poll.Instead == "" {
		return err
	}
	return fmt.Errorf("%w; where the service does not do that at all, watch %s.%s instead", err, f.Op.Connector, f.Op.Poll.Instead)
}

// Fetch returns the next page of a walk, or those that are judged together as one.
func (f *Feed) Fetch(ctx context.Context, walk *triggers.Walk) (connectors.Page, error) {
	q := connectors.Query{Inputs: f.Inputs, Since: walk.Since, Position: walk.Position, Size: f.Op.Poll.PageSize}
	if walk.Window != nil {
		q.From, q.To = walk.Window.From, walk.Window.To
	}
	var pages []connectors.Page
	for {
		page, err := f.Account.Session.Page(ctx, f.Op, q)
		if err != nil {
			return page, err
		}
		pages = append(pages, page)
		more, err := f.Strategy.More(walk, pages)
		if err != nil {
			return page, err
		}
		if !more {
			return triggers.Join(pages), nil
		}
		q.Position = page.Next
	}
}

// known loads the seen entries of a page's records.
func (p *Poller) known(ctx context.Context, id store.FeedID, parent string, page connectors.Page) (map[string]triggers.Entry, error) {
	keys := make([]string, len(page.Records))
	for i, r := range page.Records {
		keys[i] = triggers.Key(parent, r.ID)
	}
	return p.Store.Entries(ctx, id, keys)
}

// refused reports an answer that will be the same the next time.
func refused(err error) bool {
	kind := connectors.KindOf(err)
	return kind == connectors.Invalid || kind == connectors.NotFound || kind == connectors.Conflict
}

// former loads what the feeds that subscribers watched before an edit know of a
// page's records.
func (p *Poller) former(ctx context.Context, f *Feed, parent string, page connectors.Page) (map[store.FeedID]map[string]triggers.Entry, error) {
	var all map[store.FeedID]map[string]triggers.Entry
	for _, s := range f.Subs {
		id := s.Record.Former
		if _, have := all[id]; have || id == "" {
			continue
		}
		entries, err := p.known(ctx, id, parent, page)
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
func (v *visit) abandon(ctx context.Context, side bool, cause error) error {
	v.feed.State = triggers.Abandon(v.feed.State, side)
	if _, err := v.Store.CommitPoll(ctx, store.PollCommit{Feed: v.feed}); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// result is a page with what was found on it.
type result struct {
	walk  *triggers.Walk // before the page
	page  connectors.Page
	known map[string]triggers.Entry
	delta triggers.Delta
	asked time.Time
	// parent is the one whose records the page shows; nil for lists without parents.
	parent *parent
	marks  []store.ParentMark
	// done is true for the commit that ends a round over all parents.
	done bool
}

// commit lets the recipes decide and writes cursor, seen entries and runs in one
// transaction.
func (v *visit) commit(ctx context.Context, r result) error {
	f, feed := v.f, v.feed
	former, err := v.former(ctx, f, r.parent.id(), r.page)
	if err != nil {
		return err
	}
	undo := f.places()
	f.begin(r.walk, r.page.Date, r.asked, r.walk.Rows == 0 && r.walk.Position == "" && r.walk.Requests == 0)
	a := watch.Acceptance{
		Feed: f.ID, Shape: f.Op.Answer, Subs: f.Subs, Delta: r.delta, Walk: r.walk, Baseline: feed.State.Baseline,
		Now: time.Now().UTC(), Former: former, Rests: v.Rests,
	}
	if r.parent != nil {
		a.Parent = &r.parent.Parent
	}
	if err := a.Accept(r.page, r.known); err != nil {
		f.restore(undo)
		return err
	}
	feed.State = r.delta.State
	if r.done || r.delta.Done && r.parent == nil {
		f.ended(&feed, r)
	}
	c := store.PollCommit{
		Feed: feed, Runs: a.Runs, Seen: seenList(r.delta), Subscriptions: f.changedPlaces(undo),
		Parents: append(r.marks, f.dueParents(v.feed.State, r.delta)...),
	}
	if v.quiet(c) {
		f.kept = &feed
		v.kept(r)
		return nil
	}
	v.At(Deciding)
	// The page is in our hands and the commit is short: a stop does not lose it.
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	committed, err := v.Store.CommitPoll(save, c)
	if err != nil {
		f.restore(undo)
		return err
	}
	v.At(Committed)
	v.feed = committed.Feed
	f.stored()
	f.pages++
	f.mark(r)
	v.records += len(r.page.Records)
	v.changes += len(r.delta.Changes)
	for i, previous := range committed.Previous {
		a.Runs[i].Run.Event.Previous = previous
	}
	v.Told(Commit{Records: len(r.page.Records), Changes: len(r.delta.Changes), Runs: a.Runs, IDs: committed.Runs, Scopes: a.Scopes})
	return nil
}

// ended notes that a walk has ended with a page: for the recipes that waited for it, and
// for everybody who asks when the feed was polled.
func (f *Feed) ended(feed *store.Feed, r result) {
	if r.walk.Full {
		for _, s := range f.Subs {
			s.Finish(r.walk.Number, f.options.Offsets && r.walk.Position != "")
			if r.done {
				s.Learn(r.walk)
			}
		}
	}
	feed.NextPollAt = f.Next(time.Now()).UTC()
	if r.walk.BeganAt.After(feed.LastPollAt) {
		feed.LastPollAt = r.walk.BeganAt
	}
	feed.Error, feed.Failures = nil, 0
}

// mark notes which records the page showed.
func (f *Feed) mark(r result) {
	if f.present == nil || r.parent != nil {
		return
	}
	if r.walk.Full {
		f.present.Page(r.page.Total)
	}
	for _, record := range r.page.Records {
		e, ok := r.delta.Seen[record.ID]
		if !ok {
			e = r.known[record.ID]
		}
		if r.walk.Full || !f.present.Has(e.Ordinal) {
			f.present.Mark(e.Ordinal)
		}
	}
}

func seenList(d triggers.Delta) []store.Seen {
	list := make([]store.Seen, 0, len(d.Seen))
	for key, entry := range d.Seen {
		list = append(list, store.Seen{ID: key, Entry: entry})
	}
	return list
}

// places returns the feed's subscribers as they are.
func (f *Feed) places() []watch.Subscriber {
	list := make([]watch.Subscriber, len(f.Subs))
	for i, s := range f.Subs {
		list[i] = *s
	}
	return list
}

// restore puts the subscribers back after a commit that did not happen.
func (f *Feed) restore(places []watch.Subscriber) {
	for i, s := range f.Subs {
		*s = places[i]
	}
}

// changedPlaces returns the subscriptions that differ from what is stored.
func (f *Feed) changedPlaces(stored []watch.Subscriber) []store.Subscription {
	var list []store.Subscription
	for i, s := range f.Subs {
		if s.Record != stored[i].Record {
			list = append(list, s.Record)
		}
	}
	return list
}
