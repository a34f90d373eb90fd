package poll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/names"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Account is one named set of credentials, ready to be used.
type Account struct {
	Name      string
	Connector connectors.Connector
	Session   connectors.Session
	Settings  map[string]any
	// Limits are what the account may send; nil means what its connector says.
	Limits []connectors.Limit
}

// Operation returns an operation of the account's connector.
func (a *Account) Operation(key string) (*connectors.Operation, error) { return a.Shaped(key, nil) }

// Shaped returns an operation of the account's connector in the form that inputs give it;
// most take none.
func (a *Account) Shaped(key string, inputs map[string]any) (*connectors.Operation, error) {
	return connectors.Shape(a.Connector, key, inputs)
}

const (
	// roundShare is the part of an account's budget that rounds over parents may use.
	roundShare = 0.5
	// usualRate is how many requests a second rounds may make where nobody knows what
	// the service allows.
	usualRate = 1.0
)

// RoundRate is how many requests a second the rounds over parents of the account may
// make on the average, all of them together: half of what the tightest of its limits
// allows for good.
func (a *Account) RoundRate() float64 {
	limits := a.Limits
	if limits == nil && a.Connector != nil {
		limits = a.Connector.Describe().Limits
	}
	rate := 0.0
	for _, l := range limits {
		if r := float64(l.Requests) / l.Per.Seconds(); len(l.Operations) == 0 && (rate == 0 || r < rate) {
			rate = r
		}
	}
	if rate == 0 {
		return usualRate
	}
	return roundShare * rate
}

// Feed is one source of one account with one set of inputs, with everybody who
// watches it. Its fields are set before the first poll; what changes belongs to the
// poller of the feed.
type Feed struct {
	ID       store.FeedID
	Account  *Account
	Op       *connectors.Operation
	Inputs   map[string]any
	Strategy triggers.Strategy
	Subs     []*watch.Subscriber
	// Parents is the feed whose records the list is asked for; nil for lists without
	// parents, and where all recipes name their parents.
	Parents *Feed
	// Children are the feeds that are asked for the records of this one.
	Children []*Feed
	// Rate is how many requests a second a round over parents may make on the average;
	// 0 means as many as the budget allows.
	Rate float64

	options    triggers.Options
	refuseOver float64
	// filtered is true when recipes gave inputs: a record that such a list does not
	// show may still be there.
	filtered bool
	polled   bool      // once by this program
	beside   bool      // the last poll failed in the walk over the whole list
	pages    int       // that were committed
	paid     time.Time // until which the rate allows what its rounds have asked
	further  bool      // the last poll failed, but later in its walk than the one before it
	// kept is what quiet polls have moved since storedAt; nil when all is stored.
	kept     *store.Feed
	storedAt time.Time
	// present notes what the walk with the number attended shows; nil when that proves
	// nothing.
	present  *triggers.Presence
	attended uint32
	// failing is the parent at which the last polls failed, failed how many of them.
	failing string
	failed  int
}

// New returns a feed on an operation of an account, without subscribers. with are the
// inputs that the recipe gives.
func New(account *Account, key string, with map[string]any) (*Feed, error) {
	op, err := account.Shaped(key, with)
	if err != nil {
		return nil, err
	}
	if op.Poll == nil {
		return nil, fmt.Errorf("%s cannot be polled", op.Name())
	}
	strategy, ok := triggers.Find(op.Poll.Strategy)
	if !ok {
		return nil, fmt.Errorf("%s wants the unknown strategy %q", op.Name(), op.Poll.Strategy)
	}
	inputs := Inputs(op, account, with)
	f := &Feed{
		ID: feedID(account.Name, op.Key, inputs), Account: account, Op: op, Inputs: inputs, Strategy: strategy,
		filtered: len(with) > 0,
	}
	f.Settle()
	return f, nil
}

// Join adds a recipe to the feed.
func (f *Feed) Join(r *recipes.Recipe, account string) {
	f.Subs = append(f.Subs, &watch.Subscriber{Recipe: r, Account: account})
	f.Settle()
}

// learn gives the recipes the names that they decide by. Without them nothing could be
// said of any change, so the poll fails like one whose list cannot be read.
func (f *Feed) learn(ctx context.Context) (err error) {
	for _, s := range f.Subs {
		if len(s.Recipe.Trigger.Named) == 0 {
			continue
		}
		s.Names, err = names.Gather(connectors.For(ctx, s.Recipe.ID), s.Recipe.Trigger.Named, func(string) connectors.Session { return f.Account.Session })
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle lets what the recipes and children wish count for the whole feed: the longest
// overlap, the most frequent walk over the whole list, the strictest bound of missing
// records, and bodies as soon as one needs them. It must follow every change of Subs and
// Children.
func (f *Feed) Settle() {
	o := triggers.Options{Overlap: f.Op.Poll.Overlap, Offsets: f.Op.Poll.Offsets, Window: f.Op.Poll.Window}
	f.refuseOver = triggers.DefaultRefuseOver
	for i, s := range f.Subs {
		t := &s.Recipe.Trigger
		o.Overlap = max(o.Overlap, t.Overlap)
		o.Bodies = o.Bodies || s.Recipe.NeedsBodies
		o.Reconcile = oftener(o.Reconcile, wholeEvery(t))
		if t.Deletes.HasRefuseOver && (i == 0 || t.Deletes.RefuseOver < f.refuseOver) {
			f.refuseOver = t.Deletes.RefuseOver
		}
	}
	for _, c := range f.Children {
		o.Bodies = o.Bodies || c.narrowed()
	}
	if len(f.Children) > 0 || len(f.Subs) == 0 { // parents that come late must be found too
		o.Reconcile = oftener(o.Reconcile, triggers.DefaultReconcile)
	}
	if o.Overlap == 0 {
		o.Overlap = triggers.DefaultOverlap
	}
	f.options = o
}

// wholeEvery is how often a recipe wants the whole list read; 0 means never.
func wholeEvery(t *recipes.Trigger) time.Duration {
	every := t.Reconcile
	if every == 0 {
		every = triggers.DefaultReconcile
	}
	every = max(every, 0) // Never is below 0
	return oftener(every, t.Deletes.Scan)
}

// oftener is the shorter of two intervals, of which 0 means never.
func oftener(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Inputs are a source's inputs after settings and defaults.
func Inputs(op *connectors.Operation, account *Account, with map[string]any) map[string]any {
	inputs := map[string]any{}
	for _, in := range op.Inputs {
		if in.Paging {
			continue
		}
		if v, ok := account.Settings[in.Setting]; ok && in.Setting != "" {
			inputs[in.Name] = v
		} else if in.Default != nil {
			inputs[in.Name] = in.Default
		}
	}
	maps.Copy(inputs, with)
	return inputs
}

// feedID names a feed by what makes it one: account, operation and inputs. Not by
// base URL, version or schedule.
func feedID(account, operation string, inputs map[string]any) store.FeedID {
	id := account + "." + operation
	if len(inputs) > 0 {
		text, err := json.Marshal(inputs)
		if err != nil {
			text = fmt.Append(nil, inputs) // inputs come from YAML, which always has JSON
		}
		sum := sha256.Sum256(text)
		id += "~" + hex.EncodeToString(sum[:4])
	}
	return store.FeedID(id)
}

// Next returns when the feed is due after a time: at the earliest due time of any
// of its recipes, or of its children's, each moved by the feed's own stable jitter.
func (f *Feed) Next(after time.Time) time.Time {
	var due time.Time
	for _, s := range f.watchers() {
		at := f.dueAfter(s.Recipe.Trigger.Schedule, after)
		if at.IsZero() {
			continue
		}
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	return due
}

// watchers are the recipes for which the feed is polled.
func (f *Feed) watchers() []*watch.Subscriber {
	if len(f.Children) == 0 {
		return f.Subs
	}
	all := append([]*watch.Subscriber(nil), f.Subs...)
	for _, c := range f.Children {
		all = append(all, c.Subs...)
	}
	return all
}

// SkipsMissed reports whether all recipes of a feed want polls that were missed
// to be left out.
func (f *Feed) SkipsMissed() bool {
	for _, s := range f.watchers() {
		if s.Recipe.Trigger.Schedule.Missed != "skip" {
			return false
		}
	}
	return true
}

// Options are what the recipes on the feed ask of its polls.
func (f *Feed) Options() triggers.Options { return f.options }

// Further reports whether the last poll, which failed, had come further in the walk that it
// failed in. That other walks went well is no reason to try for ever.
func (f *Feed) Further() bool { return f.further }

// dueAfter returns when a schedule is due, moved by the feed's jitter. An interval
// with jitter keeps its length: its times lie on a grid that the jitter moves.
func (f *Feed) dueAfter(s recipes.Schedule, after time.Time) time.Time {
	jitter := f.jitter(s)
	if s.Every > 0 && s.Jitter > 0 {
		return after.Add(-jitter).Truncate(s.Every).Add(s.Every + jitter)
	}
	at := s.Next(after.Add(-jitter))
	if at.IsZero() {
		return at
	}
	return at.Add(jitter)
}

// jitter spreads feeds with the same schedule. It is taken from the feed's id, so
// that it does not change with a restart.
func (f *Feed) jitter(s recipes.Schedule) time.Duration {
	spread := s.Jitter
	if spread <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(f.ID))
	part := uint64(sum[0])<<16 | uint64(sum[1])<<8 | uint64(sum[2])
	return time.Duration(float64(spread) * float64(part) / (1 << 24))
}

// timed reports whether the feed's records carry the time of their update.
func (f *Feed) timed() bool { return f.Op.Answer != nil && f.Op.Answer.Updated != "" }

// bare is what is known of a record without a body, as JSON.
func (f *Feed) bare(id string) []byte {
	name := f.Op.Answer.ID
	if name == "" {
		name = "id"
	}
	text, err := json.Marshal(map[string]string{name: id})
	if err != nil {
		return []byte("{}") // two texts always have JSON
	}
	return text
}
