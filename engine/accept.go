package engine

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

// acceptance turns the changes of one page into decisions and runs.
type acceptance struct {
	feed  *feedPlan
	delta triggers.Delta
	walk  triggers.Walk // the walk that the page belongs to
	now   time.Time
	// former holds what the feeds that subscribers watched before know of the
	// page's records.
	former map[store.FeedID]map[string]triggers.Entry
	runs   []store.NewRun
	fresh  []*mapping.Scope // what the expressions of each run see
}

// accept asks every recipe about every change, and about the known records of
// the page those recipes that are served from the past.
func (a *acceptance) accept(page connectors.Page, known map[string]triggers.Entry) error {
	changed := make(map[string]bool, len(a.delta.Changes))
	a.runs = make([]store.NewRun, 0, len(a.delta.Changes))
	for _, c := range a.delta.Changes {
		changed[c.Record] = true
		for _, s := range a.feed.subs {
			if a.serves(s) {
				a.offer(s, c)
			}
		}
	}
	for _, s := range a.feed.subs {
		if s.record.Started || s.record.Walk != a.walk.Number || s.fromNow() {
			continue
		}
		if err := a.past(s, page, known, changed); err != nil {
			return err
		}
	}
	return nil
}

// serves reports whether a recipe gets changes of this walk.
func (a *acceptance) serves(s *subscriber) bool {
	return s.record.Started || s.record.Walk == a.walk.Number
}

// past offers known records to a recipe that asked for the past, each once.
func (a *acceptance) past(s *subscriber, page connectors.Page, known map[string]triggers.Entry, changed map[string]bool) error {
	for _, r := range page.Records {
		e, ok := a.delta.Seen[r.ID]
		if !ok {
			e, ok = known[r.ID]
		}
		d, decided := e.Decision(s.record.Number)
		if !ok || decided && d.Revision == e.Revision || changed[r.ID] || e.Deleted {
			continue
		}
		if r.Updated.Before(e.UpdatedAt) && e.Body != nil {
			r.Raw, r.Updated = e.Body, e.UpdatedAt // the page shows an older version
		}
		fields, err := a.feed.op.Answer.Decode(r.Raw)
		if err != nil {
			return fmt.Errorf("record %s: %w", r.ID, err)
		}
		c := triggers.Change{
			Kind: triggers.Created, Record: r.ID, Revision: e.Revision, CreatedAt: r.Created, UpdatedAt: r.Updated,
			BeforeKnown: true, After: fields, Raw: r.Raw,
		}
		if decided { // it was told of an earlier version, then it was away
			c.Kind, c.BeforeKnown, c.Fields = triggers.Updated, false, nil
		}
		if _, written := a.delta.Seen[r.ID]; !written {
			a.delta.Seen[r.ID] = e
		}
		a.offer(s, c)
	}
	return nil
}

// told reports whether a recipe that came here from another feed was told of this
// version there. A recipe that was still being served from the past knows only what
// it decided on.
func (a *acceptance) told(s *subscriber, c triggers.Change) bool {
	old, ok := a.former[s.record.Former][c.Record]
	if d, decided := old.Decision(s.record.Number); !ok || !s.record.Started && (!decided || d.Revision != old.Revision) {
		return false
	}
	e := a.delta.Seen[c.Record]
	same := e.Rule != old.Rule || e.Fingerprint == old.Fingerprint
	return c.UpdatedAt.Before(old.UpdatedAt) || c.UpdatedAt.Equal(old.UpdatedAt) && same
}

// offer lets a recipe decide about a change and queues a run if it wants it.
func (a *acceptance) offer(s *subscriber, c triggers.Change) {
	if c.Kind == triggers.Created && !s.record.From.IsZero() && !c.CreatedAt.IsZero() && c.CreatedAt.Before(s.record.From) {
		// New to us, but not new: it was there before the recipe's start.
		c.Kind, c.BeforeKnown, c.Fields = triggers.Updated, false, nil
	}
	scope := newScope(s.program.recipe, s.program.account, c, a.now)
	verdict, lane, failed := a.decide(s, c, scope)
	d := triggers.Decision{Subscription: s.record.Number, Revision: c.Revision, Verdict: verdict}
	e := a.delta.Seen[c.Record]
	e.Decide(d)
	a.delta.Seen[c.Record] = e
	switch verdict {
	case triggers.Accepted, triggers.FilterFailed, triggers.HeldForReview:
		s.record.Accepted++
		s.accepted++
	default:
		s.record.Rejected++
		return
	}
	run := newRun(s, c, lane, a.now)
	run.State = initialState(verdict, failed)
	run.Feed = a.feed.id
	a.runs = append(a.runs, store.NewRun{Subscription: s.record.Number, Run: run})
	a.fresh = append(a.fresh, scope)
}

// initialState is where a run begins.
func initialState(v triggers.Verdict, failed error) store.RunState {
	switch v {
	case triggers.FilterFailed:
		return store.RunState{
			Status: store.Parked, Reason: "the filter could not be evaluated",
			Error: &store.Failure{Kind: string(connectors.Invalid), Message: failed.Error()},
		}
	case triggers.HeldForReview:
		return store.RunState{Status: store.Held, Reason: reasonFlood}
	default:
		return store.RunState{Status: store.Queued}
	}
}

// decide is a recipe's judgement of a change, and the lane of the run.
func (a *acceptance) decide(s *subscriber, c triggers.Change, scope *mapping.Scope) (v triggers.Verdict, lane string, failed error) {
	r := s.program.recipe
	lane = laneKey(r.ID, s.program.account, c.Record)
	switch {
	case !s.record.Started && s.fromNow():
		return triggers.BeforeStart, lane, nil
	case !s.record.From.IsZero() && c.UpdatedAt.Before(s.record.From), a.told(s, c):
		return triggers.BeforeStart, lane, nil
	case !slices.Contains(r.Trigger.Kinds, string(c.Kind)):
		return triggers.WrongKind, lane, nil
	case !watched(r, c):
		return triggers.NotWatched, lane, nil
	}
	if r.Filter != nil {
		ok, err := r.Filter.Match(scope)
		if err != nil {
			return triggers.FilterFailed, lane, fmt.Errorf("filter: %w", err)
		}
		if !ok {
			return triggers.Filtered, lane, nil
		}
	}
	if r.Order.By != nil {
		by, err := r.Order.By.Value(scope)
		if err != nil {
			return triggers.FilterFailed, lane, fmt.Errorf("order.by: %w", err)
		}
		lane = laneKey(r.ID, s.program.account, fmt.Sprint(by))
	}
	if s.record.Started && r.Trigger.HoldOver > 0 && s.accepted >= r.Trigger.HoldOver {
		return triggers.HeldForReview, lane, nil
	}
	return triggers.Accepted, lane, nil
}

// watched reports whether a change touches what the recipe watches. A change
// whose former body is unknown passes: losing it would be worse.
func watched(r *recipes.Recipe, c triggers.Change) bool {
	if len(r.Trigger.Watch) == 0 || c.Kind != triggers.Updated || !c.BeforeKnown {
		return true
	}
	return slices.ContainsFunc(c.Fields, func(f string) bool { return slices.Contains(r.Trigger.Watch, f) })
}

// laneKey joins what makes a lane.
func laneKey(recipe, account, by string) string { return recipe + "\x00" + account + "\x00" + by }

// newRun builds the run for a change. The event holds the record as it was sent.
func newRun(s *subscriber, c triggers.Change, lane string, now time.Time) store.Run {
	return store.Run{
		Recipe: s.program.recipe.ID, Version: s.program.recipe.Version, Account: s.program.account,
		Record: c.Record, Revision: c.Revision, Kind: string(c.Kind), Lane: lane, QueuedAt: now,
		Event: store.Event{
			Record: c.Raw, Before: c.RawBefore, BeforeKnown: c.BeforeKnown, Fields: c.Fields,
			CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		},
	}
}

// newScope is what the expressions of a recipe see of a change. now is the time
// of the commit: a replay sees the same.
func newScope(r *recipes.Recipe, account string, c triggers.Change, now time.Time) *mapping.Scope {
	return &mapping.Scope{
		Record: c.After, Before: c.Before, Kind: string(c.Kind), Changed: c.Fields, BeforeKnown: c.BeforeKnown,
		Event: mapping.Event{Record: c.Record, Revision: int(c.Revision), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt},
		Run:   mapping.Run{Recipe: r.ID, Version: r.Version}, Account: account,
		Vars: r.Vars, Steps: map[string]any{}, Now: now,
	}
}
