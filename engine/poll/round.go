package poll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/triggers"
)

const (
	// parentsStep is how many parents are looked up at once.
	parentsStep = 200
	// silentMost is how many visits that brought nothing may go without a commit.
	silentMost = 100
	// unreadableMost is how many parents may be refused at the start of a poll before
	// the list itself is taken to be refused.
	unreadableMost = 3
	// stuckMost is how many polls in a row may fail at one parent before it is left out:
	// a list that never answers must not keep the others from being read.
	stuckMost = 3
	// roundLeast is how many requests a poll may make however small its share is: one
	// for a parent that changed and one for the round.
	roundLeast = 2
)

// ErrNoParents is returned for a list whose parents are not known yet: their own list
// was never read to its end.
var ErrNoParents = errors.New("the list of its parents was not read to the end yet")

// parent is a record whose list is read.
type parent struct {
	watch.Parent

	known bool // it was visited before
	due   bool // it changed since
}

// id is the parent's id; empty for lists without parents.
func (p *parent) id() string {
	if p == nil {
		return ""
	}
	return p.ID
}

// narrowed reports whether a recipe looks at the parents' records.
func (f *Feed) narrowed() bool {
	return slices.ContainsFunc(f.Subs, func(s *watch.Subscriber) bool { return s.Recipe.Trigger.Parents.Where != nil })
}

// Named returns the ids of the parents that recipes name. ok is false if some recipe
// names none: then the others come from a list.
func (f *Feed) Named() (ids []string, ok bool) {
	ok = true
	for _, s := range f.Subs {
		ok = ok && len(s.Recipe.Trigger.Parents.IDs) > 0
		ids = append(ids, s.Recipe.Trigger.Parents.IDs...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), ok
}

// dueParents are the marks that put the parents first which changed on a page. While the
// list is still being learnt nothing is put first: all parents are new. was is the state
// before the page, for the last page of that walk belongs to it.
func (f *Feed) dueParents(was triggers.State, d triggers.Delta) []store.ParentMark {
	if !was.Baseline || len(f.Children) == 0 {
		return nil
	}
	var marks []store.ParentMark
	for _, c := range d.Changes {
		for _, child := range f.Children {
			marks = append(marks, store.ParentMark{Feed: child.ID, Parent: c.Record, Due: true})
		}
	}
	return marks
}

// round reads the lists of the parents that changed, then goes on with the round over
// all of them, as long as its share of the budget lasts.
func (v *visit) round(ctx context.Context) (err error) {
	from := v.f.paid
	if from.Before(v.began) {
		from = v.began
	}
	r := &round{visit: v, left: v.allowance(from), done: map[string]bool{}}
	if v.f.Parents != nil {
		r.parents, err = v.Store.LoadFeed(ctx, v.f.Parents.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !r.parents.State.Baseline {
			return ErrNoParents
		}
		if err != nil {
			return err
		}
	}
	v.feed.State, _ = v.f.Strategy.Begin(v.feed.State, v.f.wishes(), time.Now())
	if s := &v.feed.State; v.f.Parents != nil && !s.Listed {
		// Stored at once: parents that come from now on are new, also after a crash.
		s.Listed, s.Parents = true, r.parents.State.Ordinals
		if err := v.save(ctx, store.PollCommit{Feed: v.feed}); err != nil {
			return err
		}
	}
	err = r.changed(ctx)
	if err == nil {
		err = r.all(ctx)
	}
	if v.f.Rate > 0 {
		v.f.paid = from.Add(time.Duration(float64(r.asked) / v.f.Rate * float64(time.Second)))
	}
	v.f.further = r.read > 0
	if _, answered := errors.AsType[*connectors.Error](err); err != nil && !answered {
		return err
	}
	// The way that was made counts, or a service that answers only for a while each time
	// would never let the round come to its end.
	if saved := r.flush(context.WithoutCancel(ctx)); err == nil {
		err = saved
	}
	return err
}

// allowance is how many requests a poll of a round may make: the feed's rate over the
// time from which on none are paid for, until it is due again. A poll that is tried again
// has no more than what the tries before it have left.
func (v *visit) allowance(from time.Time) int {
	if v.f.Rate == 0 || v.until.IsZero() {
		return MaxPages
	}
	return max(roundLeast, int(v.f.Rate*v.until.Sub(from).Seconds()))
}

// round is a poll's part of a round.
type round struct {
	*visit
	parents store.Feed // the feed that they come from; none if they are named
	left    int        // requests that it may still make
	asked   int        // requests that it has made
	silent  int        // visits since the last commit
	read    int        // visits that went well
	refused int        // visits that the service refused
	refusal error      // of the last of them
	// done are the parents that this poll has visited because they changed. A second look
	// within moments would prove nothing that the first did not.
	done map[string]bool
}

// changed visits the parents that changed since their last visit, with half of what the
// poll may send: however many change, the round goes on.
func (r *round) changed(ctx context.Context) error {
	rest := r.left / 2
	due, err := r.Store.DueParents(ctx, r.f.ID, min(r.left-rest, parentsStep))
	if err != nil {
		return err
	}
	entries := map[string]triggers.Entry{}
	if r.f.Parents != nil {
		if entries, err = r.Store.Entries(ctx, r.f.Parents.ID, due); err != nil {
			return err
		}
	}
	list, err := r.described(ctx, due, entries)
	if err != nil {
		return err
	}
	if err := r.unwatched(ctx, due, list); err != nil {
		return err
	}
	for i := range list {
		if r.left <= rest || r.unreadable() {
			return nil
		}
		list[i].due = true
		if err := r.visitOne(ctx, &list[i], false); err != nil {
			return err
		}
		r.done[list[i].ID] = true
	}
	return nil
}

// unwatched takes the parents that no recipe watches out of those that are due, or they
// would stand before the others for ever.
func (r *round) unwatched(ctx context.Context, due []string, watched []parent) error {
	if len(due) == len(watched) {
		return nil
	}
	marks := make([]store.ParentMark, 0, len(due))
	for _, id := range due {
		if !slices.ContainsFunc(watched, func(p parent) bool { return p.ID == id }) {
			marks = append(marks, store.ParentMark{Feed: r.f.ID, Parent: id})
		}
	}
	return r.save(ctx, store.PollCommit{Feed: r.feed, Parents: marks})
}

// unreadable reports whether the service seems to refuse the list as such.
func (r *round) unreadable() bool { return r.read == 0 && r.refused >= unreadableMost }

// all goes on with the round from where it stands.
func (r *round) all(ctx context.Context) error {
	for r.left > 0 {
		list, err := r.next(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			err := r.end(ctx)
			if err == nil && r.read == 0 {
				err = r.refusal // a poll that could read nothing did not go well
			}
			return err
		}
		for i := range list {
			if r.done[list[i].ID] {
				r.feed.State = r.feed.State.NextParent(list[i].ID)
				r.silent++
				continue
			}
			if err := r.visitOne(ctx, &list[i], true); err != nil || r.left <= 0 {
				return err
			}
		}
	}
	return nil
}

// next returns the next parents of the round, in the order of their ids.
func (r *round) next(ctx context.Context) ([]parent, error) {
	after := r.feed.State.Walk.Parent
	named, all := r.f.Named()
	i, _ := slices.BinarySearch(named, after+"\x00")
	named = named[i:]
	if all {
		return r.described(ctx, named[:min(parentsStep, len(named))], nil)
	}
	for {
		seen, last, err := r.Store.ScanEntries(ctx, r.f.Parents.ID, "", after, parentsStep)
		if err != nil {
			return nil, err
		}
		ids, entries := make([]string, 0, len(seen)), make(map[string]triggers.Entry, len(seen))
		for _, s := range seen {
			entries[s.ID] = s.Entry
			if s.Entry.Deleted { // what it had must go too
				left, err := r.held(ctx, s.ID)
				if err != nil {
					return nil, err
				}
				if len(left) == 0 {
					continue
				}
			}
			ids = append(ids, s.ID)
		}
		for len(named) > 0 && (last == "" || named[0] <= last) { // they need not be in the list
			ids, named = append(ids, named[0]), named[1:]
		}
		slices.Sort(ids)
		list, err := r.described(ctx, slices.Compact(ids), entries)
		if err != nil || len(list) > 0 || last == "" {
			return list, err
		}
		after = last
	}
}

// described returns parents with what is known of them, those left out that no recipe
// watches.
func (r *round) described(ctx context.Context, ids []string, entries map[string]triggers.Entry) ([]parent, error) {
	visited, err := r.Store.Visited(ctx, r.f.ID, ids)
	if err != nil {
		return nil, err
	}
	list := make([]parent, 0, len(ids))
	for _, id := range ids {
		e, have := entries[id]
		p := parent{Parent: watch.Parent{ID: id}, known: visited[id]}
		p.Learn = !p.known && (!have || e.Ordinal <= r.feed.State.Parents)
		if have && e.Body != nil {
			if p.Fields, err = r.f.Parents.Op.Answer.Decode(e.Body); err != nil {
				return nil, fmt.Errorf("parent %s: %w", id, err)
			}
		}
		if r.f.wanted(&p) {
			list = append(list, p)
		}
	}
	return list, nil
}

// wanted reports whether any recipe watches a parent. One that cannot be judged is
// visited: each change will say why.
func (f *Feed) wanted(p *parent) bool {
	return slices.ContainsFunc(f.Subs, func(s *watch.Subscriber) bool {
		ok, err := s.Wants(&p.Parent)
		return ok || err != nil
	})
}

// visitOne reads the list of one parent. A parent that is gone has an empty list. One
// that cannot be read is left out of the round, unless none can.
func (r *round) visitOne(ctx context.Context, p *parent, inRound bool) error {
	err := r.list(ctx, p, inRound)
	switch {
	case err == nil:
		r.read++
		r.feed.Error, r.feed.Failures = nil, 0 // a round is long: what works again is told before its end
		if r.f.failing == p.ID {
			r.f.failing, r.f.failed = "", 0
		}
		return nil
	case !refused(err) && !errors.Is(err, triggers.ErrWalk) && !r.f.stuck(p.ID, err):
		return err
	}
	r.refused, r.refusal = r.refused+1, err
	r.Log.Warn().Str("component", "poller").Str("trigger", string(r.f.ID)).Str("account", r.f.Account.Name).
		Str("parent", p.ID).Err(err).Msg("list of a parent not read")
	return r.leaveOut(ctx, p, inRound)
}

// stuck reports whether a parent is the one at which poll after poll fails, for no reason
// that an answer gives.
func (f *Feed) stuck(parent string, err error) bool {
	if _, answered := errors.AsType[*connectors.Error](err); !answered || connectors.KindOf(err) != connectors.Transient {
		return false
	}
	if f.failing != parent {
		f.failing, f.failed = parent, 0
	}
	f.failed++
	return f.failed >= stuckMost
}

// leaveOut passes over a parent that could not be read. It is not due any more: it would
// come first for ever, and the round comes to it anyway.
func (r *round) leaveOut(ctx context.Context, p *parent, inRound bool) error {
	at := r.feed.State.Walk.Parent
	if inRound {
		at = p.ID
	}
	r.feed.State = r.feed.State.NextParent(at)
	if p.due {
		return r.save(ctx, store.PollCommit{Feed: r.feed, Parents: []store.ParentMark{{Feed: r.f.ID, Parent: p.ID}}})
	}
	if r.unreadable() {
		r.silent++
		return r.refusal
	}
	return r.quiet(ctx)
}

// list reads, judges and commits the pages of one parent.
func (r *round) list(ctx context.Context, p *parent, inRound bool) error {
	inputs := maps.Clone(r.f.Inputs)
	inputs[r.f.Op.Poll.Parents.Input] = p.ID
	shown := map[string]bool{}
	r.feed.State = r.feed.State.NextParent(r.feed.State.Walk.Parent)
	for range MaxPages {
		walk := r.feed.State.Walk
		asked := time.Now()
		page, err := r.f.Account.Session.Page(ctx, r.f.Op, connectors.Query{Inputs: inputs, Position: walk.Position, Size: r.f.Op.Poll.PageSize})
		r.left--
		r.asked++
		if connectors.KindOf(err) == connectors.NotFound && err != nil {
			page, err = connectors.Page{Total: -1}, nil
		}
		if err != nil {
			return err
		}
		r.At(Fetched)
		known, err := r.known(ctx, r.f.ID, p.ID, page)
		if err != nil {
			return err
		}
		delta, err := r.f.Strategy.Detect(triggers.Input{
			State: r.feed.State, Page: page, Parent: p.ID, Known: known, Shape: r.f.Op.Answer, Options: r.f.wishes(), Now: asked,
		})
		if err != nil {
			return err
		}
		for _, record := range page.Records {
			shown[triggers.Key(p.ID, record.ID)] = true
		}
		res := result{walk: walk, page: page, known: known, delta: delta, asked: asked, parent: p}
		if delta.Done {
			if err := r.endVisit(ctx, &res, shown, inRound); err != nil {
				return err
			}
		}
		if err := r.store(ctx, res); err != nil || delta.Done {
			return err
		}
	}
	return fmt.Errorf("%w: no end after %d pages", triggers.ErrWalk, MaxPages)
}

// endVisit completes the last page of a parent's list by what the list did not show.
func (r *round) endVisit(ctx context.Context, res *result, shown map[string]bool, inRound bool) error {
	p, at := res.parent, res.walk.Parent
	again, err := r.missing(ctx, p, shown, &res.delta)
	if err != nil {
		return err
	}
	if !p.known || p.due || again {
		res.marks = append(res.marks, store.ParentMark{Feed: r.f.ID, Parent: p.ID, Visited: true, Due: again})
	}
	if inRound {
		at = p.ID
	}
	res.delta.State = res.delta.State.NextParent(at)
	return nil
}

// held returns the known records of a parent.
func (r *round) held(ctx context.Context, parent string) (list []store.Seen, err error) {
	for after := ""; ; {
		seen, last, err := r.Store.ScanEntries(ctx, r.f.ID, triggers.ParentKeys(parent), after, sweepStep)
		if err != nil {
			return nil, err
		}
		for _, s := range seen {
			if !s.Entry.Deleted {
				list = append(list, s)
			}
		}
		if last == "" {
			return list, nil
		}
		after = last
	}
}

// missing judges the records of a parent that its list did not show. again is true when
// a second visit must tell.
func (r *round) missing(ctx context.Context, p *parent, shown map[string]bool, d *triggers.Delta) (again bool, err error) {
	list, err := r.held(ctx, p.ID)
	list = slices.DeleteFunc(list, func(s store.Seen) bool { return shown[s.ID] })
	if err != nil || len(list) == 0 {
		return false, err
	}
	for _, s := range list {
		if s.Entry.Missing != d.State.Walk.Number { // else an earlier visit of the round has counted it
			d.State.Walk.Missing++
		}
	}
	accepted := d.State.Accepted
	missing := d.State.Walk.Missing
	// After a refusal even a few are not believed until a round has missed no more.
	if !accepted && (d.State.Refused != nil || triggers.Refuses(missing, d.State.Records, r.f.refuseOver)) {
		d.State.Refused = &triggers.Refusal{At: time.Now().UTC(), Missing: missing, Records: d.State.Records}
		return false, nil
	}
	sweep := triggers.Sweep{Walk: *d.State.Walk, Accepted: accepted}
	for _, s := range list {
		next, gone := sweep.Settle(s.Entry, triggers.Unasked)
		if gone {
			if err := r.f.gone(s.ID, next, d); err != nil {
				return false, err
			}
			continue
		}
		d.Seen[s.ID] = next
		again = true
	}
	return again, nil
}

// store commits a page, unless it brought nothing: then only the place in the round has
// moved, and that can wait.
func (r *round) store(ctx context.Context, res result) error {
	starts := slices.ContainsFunc(r.f.Subs, func(s *watch.Subscriber) bool { return !s.Record.Started })
	if len(res.delta.Seen) == 0 && len(res.marks) == 0 && !starts {
		r.records += len(res.page.Records)
		r.feed.State = res.delta.State
		return r.quiet(ctx)
	}
	r.silent = 0
	return r.commit(ctx, res)
}

// quiet counts a visit without a commit, and commits the place after many.
func (r *round) quiet(ctx context.Context) error {
	if r.silent++; r.silent >= silentMost {
		return r.flush(ctx)
	}
	return nil
}

// flush commits the place in the round.
func (r *round) flush(ctx context.Context) error {
	if r.silent == 0 {
		return nil
	}
	r.silent = 0
	return r.save(ctx, store.PollCommit{Feed: r.feed})
}

// end ends the round: every parent was visited.
func (r *round) end(ctx context.Context) error {
	walk := *r.feed.State.Walk
	parents := r.parents.State.Records
	if named, ok := r.f.Named(); ok {
		parents = len(named)
	}
	state := r.feed.State.EndRound(parents, time.Now())
	if state.Accepted || !triggers.Refuses(walk.Missing, state.Records, r.f.refuseOver) {
		state.Refused = nil
	}
	state.Accepted = false
	r.silent, r.left = 0, 0
	return r.commit(ctx, result{walk: &walk, delta: triggers.Delta{State: state, Seen: map[string]triggers.Entry{}}, asked: time.Now(), done: true})
}
