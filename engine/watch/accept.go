package watch

import (
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Acceptance turns the changes of one page into decisions and runs. The fields up to
// Parent are given; Delta's entries get the decisions.
type Acceptance struct {
	Feed  store.FeedID
	Shape triggers.Shape
	Subs  []*Subscriber
	Delta triggers.Delta
	Walk  *triggers.Walk // the walk that the page belongs to
	// Baseline is true once the feed's whole list was read.
	Baseline bool
	Now      time.Time
	// Former holds what the feeds that subscribers watched before know of the
	// page's records.
	Former map[store.FeedID]map[string]triggers.Entry
	// Parent is the one whose records the page shows; nil for lists without parents.
	Parent *Parent
	// Rests tells whether a recipe rests, so that its runs are held; nil means none does.
	Rests func(recipe string) bool

	// Runs are those that the recipes want, Scopes what the expressions of each see.
	Runs   []store.NewRun
	Scopes []*mapping.Scope
}

// Accept asks every recipe about every change, and about the known records of
// the page those recipes that are served from the past.
func (a *Acceptance) Accept(page connectors.Page, known map[string]triggers.Entry) error {
	changed := make(map[string]bool, len(a.Delta.Changes))
	a.Runs = make([]store.NewRun, 0, len(a.Delta.Changes))
	for _, c := range a.Delta.Changes {
		changed[c.Record] = true
		for _, s := range a.Subs {
			if s.Record.Started || s.Record.Walk != 0 || !s.Record.From.IsZero() {
				a.offer(s, a.first(s, c))
			}
		}
	}
	for _, s := range a.Subs {
		if s.Record.Started || s.Record.Walk != a.Walk.Number || s.FromNow() {
			continue
		}
		if err := a.past(s, page, known, changed); err != nil {
			return err
		}
	}
	return nil
}

// first makes a change the first word of a record where a recipe that is served from the
// past has heard none: had the record not changed just now, it would be told as created.
func (a *Acceptance) first(s *Subscriber, c triggers.Change) triggers.Change {
	e := a.Delta.Seen[a.key(c.Record)]
	_, decided := e.Decision(s.Record.Number)
	old := !c.CreatedAt.IsZero() && before(c.CreatedAt, s.Record.From)
	if s.Record.Started || s.FromNow() || decided || old || c.Kind != triggers.Updated {
		return c
	}
	c.Kind, c.Before, c.RawBefore, c.BeforeKnown, c.Fields = triggers.Created, nil, nil, true, nil
	return c
}

// key is the name of a record's entry.
func (a *Acceptance) key(id string) string { return triggers.Key(a.Parent.Name(), id) }

// past offers known records to a recipe that asked for the past, each once.
func (a *Acceptance) past(s *Subscriber, page connectors.Page, known map[string]triggers.Entry, changed map[string]bool) error {
	for _, r := range page.Records {
		key := a.key(r.ID)
		e, ok := a.Delta.Seen[key]
		if !ok {
			e, ok = known[key]
		}
		d, decided := e.Decision(s.Record.Number)
		if !ok || decided && d.Revision == e.Revision || changed[r.ID] || e.Deleted {
			continue
		}
		if r.Updated.Before(e.UpdatedAt) && e.Body != nil {
			r.Raw, r.Updated = e.Body, e.UpdatedAt // the page shows an older version
		}
		fields, err := a.Shape.Decode(r.Raw)
		if err != nil {
			return fmt.Errorf("record %s: %w", r.ID, err)
		}
		c := triggers.Change{
			Kind: triggers.Created, Record: r.ID, Parent: a.Parent.Name(), Revision: e.Revision, CreatedAt: r.Created, UpdatedAt: r.Updated,
			BeforeKnown: true, After: fields, Raw: r.Raw,
		}
		if decided { // it was told of an earlier version, then it was away
			c.Kind, c.BeforeKnown, c.Fields = triggers.Updated, false, nil
		}
		if _, written := a.Delta.Seen[key]; !written {
			a.Delta.Seen[key] = e
		}
		s.served++
		a.offer(s, c)
	}
	return nil
}

// told reports whether a recipe that came here from another feed was told of this
// version there. A recipe that was still being served from the past knows only what
// it decided on.
func (a *Acceptance) told(s *Subscriber, c triggers.Change) bool {
	key := triggers.Key(c.Parent, c.Record)
	old, ok := a.Former[s.Record.Former][key]
	if d, decided := old.Decision(s.Record.Number); !ok || !s.Record.Started && (!decided || d.Revision != old.Revision) {
		return false
	}
	e := a.Delta.Seen[key]
	same := e.Rule != old.Rule || e.Fingerprint == old.Fingerprint
	return c.UpdatedAt.Before(old.UpdatedAt) || c.UpdatedAt.Equal(old.UpdatedAt) && same
}

// offer lets a recipe decide about a change and queues a run if it wants it.
func (a *Acceptance) offer(s *Subscriber, c triggers.Change) {
	if c.Kind == triggers.Created && !s.Record.From.IsZero() && !c.CreatedAt.IsZero() && before(c.CreatedAt, s.Record.From) {
		// New to us, but not new: it was there before the recipe's start.
		c.Kind, c.BeforeKnown, c.Fields = triggers.Updated, false, nil
	}
	j := a.decide(s, &c)
	d := triggers.Decision{Subscription: s.Record.Number, Revision: c.Revision, Verdict: j.verdict}
	key := triggers.Key(c.Parent, c.Record)
	e := a.Delta.Seen[key]
	former, known := e.Decision(d.Subscription)
	if !known {
		old := a.Former[s.Record.Former][key]
		former, _ = old.Decision(d.Subscription)
	}
	d.Run = former.Run // the last run for the record, until the store puts a new one in its place
	e.Decide(d)
	a.Delta.Seen[key] = e
	switch j.verdict {
	case triggers.Accepted, triggers.FilterFailed, triggers.HeldForReview:
		s.Record.Accepted++
		s.accepted++
	default:
		s.Record.Rejected++
		return
	}
	run := newRun(s, c, j.lane, a.Now)
	run.State = initialState(j)
	run.Feed = a.Feed
	a.Runs = append(a.Runs, store.NewRun{Subscription: s.Record.Number, Run: run})
	a.Scopes = append(a.Scopes, j.scope)
}

// initialState is where a run begins.
func initialState(j judgement) store.RunState {
	switch j.verdict {
	case triggers.FilterFailed:
		return store.RunState{
			Status: store.Parked, Reason: "the filter could not be evaluated",
			Error: &store.Failure{Kind: string(connectors.Invalid), Message: j.failed.Error()},
		}
	case triggers.HeldForReview:
		return store.RunState{Status: store.Held, Reason: j.reason}
	default:
		return store.RunState{Status: store.Queued}
	}
}

// The reasons why runs are held.
const (
	ReasonFlood  = "hold_over" // one poll brought too many
	ReasonPaused = "paused"    // the recipe rests; they go on with it
	ReasonLoop   = "loop"      // the record changes again and again
)

// judgement is what a recipe decides about a change.
type judgement struct {
	verdict triggers.Verdict
	lane    string         // of the run
	scope   *mapping.Scope // what the run's expressions see; only for verdicts that make a run
	failed  error          // why the recipe could not decide
	reason  string         // why the run is held
}

// decide is a recipe's judgement of a change. With a scope the kind of the change becomes
// one of the scope's.
func (a *Acceptance) decide(s *Subscriber, c *triggers.Change) judgement {
	r := s.Recipe
	lane := laneKey(r.ID, s.Account, c.Record)
	verdict, err := a.before(s, c)
	if verdict != triggers.Accepted && err == nil {
		return judgement{verdict: verdict}
	}
	scope := NewScope(r, s.Account, *c, a.Now)
	scope.Named = s.Names
	if err == nil && r.Filter != nil {
		var ok bool
		if ok, err = r.Filter.Match(scope); err == nil && !ok {
			return judgement{verdict: triggers.Filtered}
		}
		if err != nil {
			err = fmt.Errorf("filter: %w", err)
		}
	}
	if err == nil && r.Order.By != nil {
		var by any
		if by, err = r.Order.By.Value(scope); err != nil {
			err = fmt.Errorf("order.by: %w", err)
		} else {
			lane = laneKey(r.ID, s.Account, fmt.Sprint(by))
		}
	}
	if err != nil {
		return judgement{verdict: triggers.FilterFailed, lane: lane, scope: scope, failed: err}
	}
	if reason := a.hold(s, c); reason != "" {
		return judgement{verdict: triggers.HeldForReview, lane: lane, scope: scope, reason: reason}
	}
	return judgement{verdict: triggers.Accepted, lane: lane, scope: scope}
}

// hold says why the run of a change is held; empty lets it go.
func (a *Acceptance) hold(s *Subscriber, c *triggers.Change) string {
	switch {
	case a.Rests != nil && a.Rests(s.Recipe.ID):
		return ReasonPaused
	case s.Record.Started && s.Recipe.Trigger.HoldOver > 0 && s.accepted >= s.Recipe.Trigger.HoldOver:
		return ReasonFlood
	}
	e := a.Delta.Seen[triggers.Key(c.Parent, c.Record)]
	if d, known := e.Decision(s.Record.Number); known && d.Run != 0 && s.loops(c, a.Now) {
		return ReasonLoop
	}
	return ""
}

// before is the part of a judgement that comes before the filter.
func (a *Acceptance) before(s *Subscriber, c *triggers.Change) (triggers.Verdict, error) {
	r := s.Recipe
	if a.beforeStart(s, *c) {
		return triggers.BeforeStart, nil
	}
	if a.Parent != nil {
		ok, err := s.Wants(a.Parent)
		if err != nil {
			return triggers.FilterFailed, fmt.Errorf("parents: %w", err)
		}
		if !ok {
			return triggers.OtherParent, nil
		}
	}
	if r.Scope != nil {
		inside, err := rescope(s, c, a.Now)
		if err != nil {
			return triggers.FilterFailed, fmt.Errorf("scope: %w", err)
		}
		if !inside {
			return triggers.OutOfScope, nil
		}
	}
	if !slices.Contains(r.Trigger.Kinds, string(c.Kind)) {
		return triggers.WrongKind, nil
	}
	switch yes, err := watched(s, *c); {
	case err != nil:
		return triggers.FilterFailed, fmt.Errorf("watch: %w", err)
	case !yes:
		return triggers.NotWatched, nil
	}
	return triggers.Accepted, nil
}

// beforeStart reports whether a change is none for a recipe, because it was made, or
// could have been made, before the recipe's start.
func (a *Acceptance) beforeStart(s *Subscriber, c triggers.Change) bool {
	switch {
	case !s.Record.Started && s.FromNow():
		return true
	case c.Kind == triggers.Deleted:
		// A deletion has no time. It was made after the start if the recipe saw a
		// complete walk end before the one that missed the record first.
		missing := a.Delta.Seen[triggers.Key(c.Parent, c.Record)].Missing
		return s.Record.Known == 0 || missing <= s.Record.Known
	case a.Parent != nil && a.Parent.Learn && s.Record.Start == recipes.StartNow:
		// The first look at a parent that was there before: what it has is not new.
		return c.CreatedAt.IsZero() || before(c.CreatedAt, s.Record.JoinedAt)
	}
	return a.older(s, c) || a.told(s, c)
}

// older reports whether a change was made before the time from which on the recipe wants
// changes. Where a record leaves out when that was, the creation of a new one tells; else
// what the first walk over the whole list finds was there before, and what is found later
// is not.
func (a *Acceptance) older(s *Subscriber, c triggers.Change) bool {
	at := c.UpdatedAt
	if at.IsZero() && c.Kind == triggers.Created {
		at = c.CreatedAt
	}
	switch {
	case s.Record.From.IsZero():
		return false
	case at.IsZero():
		return !a.Baseline
	}
	return before(at, s.Record.From)
}

// before reports whether a record's time surely lies before another one. A time of whole
// seconds is taken for one that was cut off: the service may have no others.
func before(at, start time.Time) bool {
	if at.Nanosecond() == 0 {
		start = start.Truncate(time.Second)
	}
	return at.Before(start)
}

// rescope gives a change the kind that it has for a recipe with a scope, and reports
// whether it is one: whether the record is in the scope now, or was before. Of a record
// whose former body is unknown nobody knows whether it was in; it is told as if it had
// been outside, or inside if it is outside now, because a recipe can bear a word too many
// rather than one too few.
func rescope(s *Subscriber, c *triggers.Change, now time.Time) (inside bool, err error) {
	match := func(record map[string]any) (bool, error) {
		if record == nil {
			return false, nil
		}
		return s.Recipe.Scope.Match(&mapping.Scope{
			Record: record, Vars: s.Recipe.Vars, Account: s.Account, Now: now, Named: s.Names,
		})
	}
	after := c.After
	if c.Kind == triggers.Deleted {
		after = nil
	}
	is, err := match(after)
	if err != nil {
		return false, err
	}
	was, err := match(c.Before)
	if err != nil {
		return false, err
	}
	if c.Kind != triggers.Created && !c.BeforeKnown {
		was = !is
	}
	switch {
	case is && was:
		c.Kind = triggers.Changed
	case is:
		c.Kind = triggers.Entered
	case was:
		c.Kind = triggers.Left
	}
	return is || was, nil
}

// watched reports whether a change touches what the recipe watches. A change
// whose former body is unknown passes: losing it would be worse. A record that came or
// went, or entered or left the scope, is told of whatever fields that was by.
func watched(s *Subscriber, c triggers.Change) (bool, error) {
	if c.Kind != triggers.Updated && c.Kind != triggers.Changed || !c.BeforeKnown || s.Recipe.Trigger.Watches(c.Fields) {
		return true, nil
	}
	for _, use := range s.Recipe.Trigger.Named {
		if !use.Watch || s.Names == nil {
			continue
		}
		id, err := s.Names.ID(use.Connection, use.Spec, use.Name)
		if err != nil || mapping.Listed(c.Fields, use.Field+"."+id) {
			return err == nil, err
		}
	}
	return false, nil
}

// laneKey joins what makes a lane.
func laneKey(recipe, account, by string) string { return recipe + "\x00" + account + "\x00" + by }

// newRun builds the run for a change. The event holds the record as it was sent.
func newRun(s *Subscriber, c triggers.Change, lane string, now time.Time) store.Run {
	return store.Run{
		Recipe: s.Recipe.ID, Version: s.Recipe.Version, Account: s.Account,
		Record: c.Record, Revision: c.Revision, Kind: string(c.Kind), Lane: lane, QueuedAt: now,
		Event: store.Event{
			Record: c.Raw, Before: c.RawBefore, BeforeKnown: c.BeforeKnown, Fields: c.Fields, Parent: c.Parent,
			CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		},
	}
}

// NewScope is what the expressions of a recipe see of a change. now is the time
// of the commit: a replay sees the same.
func NewScope(r *recipes.Recipe, account string, c triggers.Change, now time.Time) *mapping.Scope {
	return &mapping.Scope{
		Record: c.After, Before: c.Before, Kind: string(c.Kind), Changed: c.Fields, BeforeKnown: c.BeforeKnown,
		Event: mapping.Event{Record: c.Record, Parent: c.Parent, Revision: int(c.Revision), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt},
		Run:   mapping.Run{Recipe: r.ID, Version: r.Version}, Account: account,
		Vars: r.Vars, Steps: map[string]any{}, Now: now,
	}
}
