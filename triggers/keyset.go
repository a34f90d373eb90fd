package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// Keyset finds changes in a list that is sorted by the time of the last update
// and can be asked from a time on.
//
// A poll asks from the watermark minus the overlap, so that a record is found
// whose update shows up late. Once a completed walk began a whole overlap after
// the watermark last moved, nothing late can be left, and polls ask from the
// watermark itself: a quiet list costs one small request. From time to time the
// whole list is walked for what came later than the overlap, beside the polls.
//
// The watermark moves only when a walk has ended, and never past the service's
// own time at the start of that walk: a row dated 2099 cannot blind the feed, and
// what changes behind the back of a long walk is found by the next one.
type Keyset struct{ alone }

// Name returns "keyset".
func (Keyset) Name() connectors.Strategy { return connectors.Keyset }

// Begin resumes the interrupted walk, or begins one from the watermark on.
func (Keyset) Begin(s State, o Options, now time.Time) (State, bool) {
	if w := resume(s.Walk, o, now); w != nil {
		s.Walk = w
		return s, true
	}
	return beginLive(s, o, now)
}

// BeginSide resumes the walk over the whole list, or begins one when it is due.
func (Keyset) BeginSide(s State, o Options, now time.Time) (State, bool) { return beginSide(s, o, now) }

// Detect compares a page and, at the end of the walk, moves the watermark. Rows
// that are out of order or out of range are an error: a service that ignores the
// requested sort or filter must never be read as if it had obeyed.
func (Keyset) Detect(in Input) (Delta, error) {
	d, err := newDetector(in)
	if err != nil {
		return Delta{}, err
	}
	for _, r := range in.Page.Records {
		if err := d.walk.keep(r); err != nil {
			return Delta{}, err
		}
		if err := d.row(r); err != nil {
			return Delta{}, err
		}
	}
	done := in.Page.Next == ""
	if !in.Side {
		if done {
			d.state.endLive(in.Options)
		}
		return d.delta(done), nil
	}
	d.state.ground(d.walk, in.Page, done)
	d.endSide(done)
	return d.delta(done), nil
}

// keep checks that a row is where the requested order and range put it.
func (w *Walk) keep(r connectors.Record) error {
	if r.Updated.IsZero() {
		return walkErrorf("record %s has no updated time", r.ID)
	}
	if r.Updated.Before(w.Last.Add(-orderSlack)) {
		return walkErrorf("record %s (%s) comes after one of %s: the service did not sort by the updated time",
			r.ID, stamp(r.Updated), stamp(w.Last))
	}
	if r.Updated.Before(w.Since.Add(-orderSlack)) {
		return walkErrorf("record %s (%s) is older than %s: the service ignored the filter",
			r.ID, stamp(r.Updated), stamp(w.Since))
	}
	if r.Updated.After(w.Last) {
		w.Last = r.Updated.UTC()
	}
	w.reach(r.Updated)
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
