package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// orderSlack is how far a row may stand out of order. Services sort by an index
// whose time can differ by some milliseconds from the one in the record
// (recorded answers of HighLevel, July 2026); a sort that is ignored differs by
// far more.
const orderSlack = time.Second

// Keyset finds changes in a list that is sorted by the time of the last update
// and can be asked from a time on.
//
// A poll asks from the watermark minus the overlap, so that a record is found
// whose update shows up late. Once a completed walk began a whole overlap after
// the watermark last moved, nothing late can be left, and polls ask from the
// watermark itself: a quiet list costs one small request. From time to time the
// whole list is walked for what came later than the overlap.
//
// The watermark moves only when a walk has ended, and never past the service's
// own time at the start of that walk: a row dated 2099 cannot blind the feed, and
// what changes behind the back of a long walk is found by the next one.
type Keyset struct{}

// Name returns "keyset".
func (Keyset) Name() connectors.Strategy { return connectors.Keyset }

// Begin resumes the interrupted walk, or begins one over the whole list (when it
// is unknown, due, or bodies are missing), or one from the watermark on.
func (Keyset) Begin(s State, o Options, now time.Time) State {
	if w := resume(s, o, now); w != nil {
		s.Walk = w
		return s
	}
	age := now.Sub(s.FullAt)
	due := o.Reconcile > 0 && (age >= o.Reconcile || age < 0) // below 0: our clock was set back
	if !s.Baseline || due || o.Whole || (o.Bodies && !s.Bodies) || s.Watermark.IsZero() {
		return begin(s, o, time.Time{}, now)
	}
	since := s.Watermark
	if !s.Settled {
		since = since.Add(-o.Overlap)
	}
	return begin(s, o, since, now)
}

// Detect compares a page and, at the end of the walk, moves the watermark. Rows
// that are out of order or out of range are an error: a service that ignores the
// requested sort or filter must never be read as if it had obeyed.
func (Keyset) Detect(in Input) (Delta, error) {
	d, err := newDetector(in)
	if err != nil {
		return Delta{}, err
	}
	w := d.state.Walk
	for _, r := range in.Page.Records {
		if err := w.keep(r); err != nil {
			return Delta{}, err
		}
		if err := d.row(r); err != nil {
			return Delta{}, err
		}
	}
	if in.Page.Next != "" {
		return d.delta(false), nil
	}
	d.state.moveWatermark(in.Options)
	d.state.end()
	return d.delta(true), nil
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
	newest := r.Updated
	if newest.After(w.Date) {
		newest = w.Date
	}
	if newest.After(w.Newest) {
		w.Newest = newest.UTC()
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// moveWatermark takes over what a completed walk has seen.
func (s *State) moveWatermark(o Options) {
	w := s.Walk
	if s.Watermark.IsZero() && w.Newest.IsZero() {
		// An empty list: whatever appears from now on is newer than its Date.
		s.Watermark, s.MovedAt = w.Date, w.Date
		return
	}
	if w.Newest.After(s.Watermark) {
		s.Watermark, s.MovedAt, s.Settled = w.Newest, w.Date, false
		return
	}
	if w.Date.Sub(s.MovedAt) >= o.Overlap {
		s.Settled = true
	}
}
