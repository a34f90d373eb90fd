package poll

import (
	"context"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// sweepStep is how many entries are looked at and changed at once.
const sweepStep = 1000

// sweep judges what a complete walk over the whole list did not show. A walk that
// another program began, or that was interrupted, proves nothing.
func (v *visit) sweep(ctx context.Context, walk *triggers.Walk, before *triggers.Window) error {
	f := v.f
	present := f.present
	if f.attended != walk.Number {
		present = nil
	}
	f.present = nil
	if present == nil {
		return nil
	}
	confirm, err := f.confirmation()
	if err != nil {
		return err
	}
	if f.options.Offsets && present.Moved() && confirm == nil {
		return nil // a row that was not shown may have moved past us
	}
	s := &sweeping{visit: v, Sweep: triggers.Sweep{Walk: *walk, Before: before, Present: present, Accepted: v.feed.State.Accepted}, confirm: confirm}
	missing := 0
	if walk.Window != nil || present.Count() != v.feed.State.Records {
		if missing, err = s.count(ctx); err != nil {
			return err
		}
	}
	if !s.Accepted && triggers.Refuses(missing, v.feed.State.Records, f.refuseOver) {
		return s.refuse(ctx, missing)
	}
	if missing > 0 || s.passed > 0 {
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	return s.end(ctx)
}

// sweeping is a sweep of one feed.
type sweeping struct {
	*visit
	triggers.Sweep
	confirm *connectors.Operation // nil when no read can tell
	passed  int                   // records that the window has passed by
}

// confirmation is the read that tells whether a record is gone; nil where none can. In
// a list that recipes have narrowed, a record that is not shown may well be there.
func (f *Feed) confirmation() (*connectors.Operation, error) {
	c := f.Op.Poll.Confirm
	if c == nil || f.filtered {
		return nil, nil //nolint:nilnil // no read is no error
	}
	return f.Account.Operation(c.Operation)
}

// each calls f with every entry of the feed, some at a time, until it returns an error.
func (s *sweeping) each(ctx context.Context, do func([]store.Seen) error) error {
	after := ""
	for {
		list, last, err := s.Store.ScanEntries(ctx, s.f.ID, "", after, sweepStep)
		if err == nil {
			err = do(list)
		}
		if err != nil || last == "" {
			return err
		}
		after = last
	}
}

// count says how many records are missing.
func (s *sweeping) count(ctx context.Context) (missing int, err error) {
	err = s.each(ctx, func(list []store.Seen) error {
		for i := range list {
			switch s.Judge(list[i].Entry) {
			case triggers.Missing:
				missing++
			case triggers.Passed:
				s.passed++
			case triggers.Unproven:
			}
		}
		return nil
	})
	return missing, err
}

// refuse leaves everything as it is, and says so.
func (s *sweeping) refuse(ctx context.Context, missing int) error {
	s.feed.State.Refused = &triggers.Refusal{At: time.Now().UTC(), Missing: missing, Records: s.feed.State.Records}
	s.Log.Warn().Str("component", "poller").Str("trigger", string(s.f.ID)).Str("account", s.f.Account.Name).
		Int("records", missing).Msg("deletions refused: too many records are missing")
	return s.save(ctx, store.PollCommit{Feed: s.feed})
}

// end notes that the sweep is over: what a later walk misses was there when this one
// ended.
func (s *sweeping) end(ctx context.Context) error {
	undo := s.f.places()
	for _, sub := range s.f.Subs {
		sub.Learn(&s.Walk)
	}
	changed := s.f.changedPlaces(undo)
	if len(changed) == 0 && s.feed.State.Refused == nil && !s.feed.State.Accepted {
		return nil
	}
	s.feed.State.Refused, s.feed.State.Accepted = nil, false
	err := s.save(ctx, store.PollCommit{Feed: s.feed, Subscriptions: changed})
	if err != nil {
		s.f.restore(undo)
	}
	return err
}

// save commits what belongs to no page.
func (v *visit) save(ctx context.Context, c store.PollCommit) error {
	committed, err := v.Store.CommitPoll(ctx, c)
	if err == nil {
		v.feed = committed.Feed
		v.f.stored()
	}
	return err
}

// settle acts on every record that is missing or that the window has passed by.
func (s *sweeping) settle(ctx context.Context) error {
	return s.each(ctx, func(list []store.Seen) error {
		delta := triggers.Delta{State: s.feed.State, Seen: map[string]triggers.Entry{}}
		for i := range list {
			if err := s.one(ctx, list[i], &delta); err != nil {
				return err
			}
		}
		if len(delta.Seen) == 0 {
			return nil
		}
		return s.commit(ctx, result{walk: &s.Walk, delta: delta, asked: time.Now()})
	})
}

// one acts on one record.
func (s *sweeping) one(ctx context.Context, r store.Seen, d *triggers.Delta) error {
	switch s.Judge(r.Entry) {
	case triggers.Unproven:
		return nil
	case triggers.Passed:
		d.Seen[r.ID] = triggers.Forget(r.Entry)
		d.State.Records--
		return nil
	case triggers.Missing:
	}
	proof, err := s.ask(ctx, r.ID)
	if err != nil {
		return err
	}
	if proof == triggers.There && s.Walk.Window != nil {
		// It is there and not listed: it was moved out of the window.
		d.Seen[r.ID] = triggers.Forget(r.Entry)
		d.State.Records--
		return nil
	}
	next, gone := s.Settle(r.Entry, proof)
	if !gone {
		if next.Missing != r.Entry.Missing {
			d.Seen[r.ID] = next
		}
		return nil
	}
	return s.f.gone(r.ID, next, d)
}

// gone notes a deletion.
func (f *Feed) gone(key string, e triggers.Entry, d *triggers.Delta) error {
	_, id := triggers.SplitKey(key)
	c, e, err := triggers.Gone(key, e, f.Op.Answer, f.bare(id))
	if err != nil {
		return err
	}
	d.Seen[key] = e
	d.State.Records--
	d.Changes = append(d.Changes, c)
	return nil
}

// ask reads a missing record by its id. An error that is not about the record proves
// nothing; one of a stop ends the sweep.
func (s *sweeping) ask(ctx context.Context, id string) (triggers.Proof, error) {
	if s.confirm == nil {
		return triggers.Unasked, nil
	}
	with := map[string]any{s.f.Op.Poll.Confirm.Input: id}
	inputs := Inputs(s.confirm, s.f.Account, with)
	page, err := s.f.Account.Session.Page(ctx, s.confirm, connectors.Query{Inputs: inputs})
	switch {
	case ctx.Err() != nil:
		return triggers.Unasked, fmt.Errorf("confirm a deletion: %w", ctx.Err())
	case err != nil:
		return triggers.Unasked, nil //nolint:nilerr // the next walk tells
	case len(page.Records) > 0:
		return triggers.There, nil
	}
	return triggers.NotThere, nil
}
