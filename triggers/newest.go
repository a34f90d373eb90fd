package triggers

import (
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// gatherMost is how many rows a walk from the top may collect before it gives up
// reaching known ground. They are held in memory together.
const gatherMost = 5000

// Newest finds changes in a list that is sorted by a time, newest first, and cannot
// be asked from a time on.
//
// A poll reads from the top down to ground that an earlier poll has covered: a row
// older than the watermark minus the overlap. All its pages are judged and committed
// together, the oldest row first, so that changes come in their order and a poll that
// is cut short leaves no trace. Where the ground lies too deep (a long time down) the
// whole list is walked, which also finds what came later than the overlap and what
// changed without moving up.
type Newest struct{}

// Name returns "newest".
func (Newest) Name() connectors.Strategy { return connectors.Newest }

// Begin begins a walk from the top.
func (Newest) Begin(s State, o Options, now time.Time) (State, bool) { return beginLive(s, o, now) }

// BeginSide resumes the walk over the whole list, or begins one when it is due.
func (Newest) BeginSide(s State, o Options, now time.Time) (State, bool) { return beginSide(s, o, now) }

// More reports whether the ground was not reached yet. Pages of the walk over the
// whole list are judged one by one.
func (Newest) More(w *Walk, pages []connectors.Page) (bool, error) {
	last := pages[len(pages)-1]
	if w.Full || last.Next == "" {
		return false, nil
	}
	if n := len(pages) - 2; n >= 0 && (last.Next == pages[n].Next || len(last.Records) > 0 && pageHash(last.Records) == pageHash(pages[n].Records)) {
		return false, walkErrorf("page %d repeats the one before", n+2)
	}
	rows := 0
	for _, p := range pages {
		rows += max(len(p.Records), 1)
	}
	return rows < gatherMost && !w.grounded(last), nil
}

// grounded reports whether a page reaches down to known ground.
func (w *Walk) grounded(p connectors.Page) bool {
	return !p.Last.IsZero() && p.Last.Before(w.Since) || slices.ContainsFunc(p.Records, w.below)
}

// below reports whether a row stands on known ground.
func (w *Walk) below(r connectors.Record) bool { return r.At.Before(w.Since) }

// Join makes one page of those that are judged together. A record that shows twice,
// because rows came in while they were read, counts as it was read last.
func Join(pages []connectors.Page) connectors.Page {
	joined := pages[0]
	if len(pages) == 1 {
		return joined
	}
	last := pages[len(pages)-1]
	joined.Next, joined.Total, joined.Last = last.Next, last.Total, last.Last
	joined.Records = nil
	have := map[string]bool{}
	for _, p := range slices.Backward(pages) {
		for _, r := range slices.Backward(p.Records) {
			if !have[r.ID] {
				have[r.ID] = true
				joined.Records = append(joined.Records, r)
			}
		}
	}
	slices.Reverse(joined.Records)
	return joined
}

// Detect compares the rows, the oldest first, and moves the watermark. Rows that do
// not come newest first are an error.
func (Newest) Detect(in Input) (Delta, error) {
	d, err := newDetector(in)
	if err != nil {
		return Delta{}, err
	}
	if in.Options.Offsets {
		d.walk.Last = time.Time{} // rows that came in have pushed some onto this page again
	}
	for _, r := range in.Page.Records {
		if err := d.walk.descend(r); err != nil {
			return Delta{}, err
		}
	}
	if p := in.Page; !p.First.IsZero() {
		if p.Last.After(p.First.Add(orderSlack)) {
			return Delta{}, walkErrorf("a page from %s ends with %s: the service did not sort newest first", stamp(p.First), stamp(p.Last))
		}
		d.walk.reach(p.First)
	}
	for _, r := range slices.Backward(in.Page.Records) {
		if err := d.row(r); err != nil {
			return Delta{}, err
		}
	}
	if in.Side {
		done := in.Page.Next == ""
		d.state.ground(d.walk, in.Page, done)
		d.endSide(done)
		return d.delta(done), nil
	}
	if in.Page.Next != "" && !d.walk.grounded(in.Page) {
		d.state.Gap = d.walk.Number
	}
	d.state.endLive(in.Options)
	return d.delta(true), nil
}

// descend checks that a row is where the requested order puts it.
func (w *Walk) descend(r connectors.Record) error {
	if r.At.IsZero() {
		return walkErrorf("record %s has no time to sort by", r.ID)
	}
	if !w.Last.IsZero() && r.At.After(w.Last.Add(orderSlack)) {
		return walkErrorf("record %s (%s) comes after one of %s: the service did not sort newest first",
			r.ID, stamp(r.At), stamp(w.Last))
	}
	w.Last = r.At.UTC()
	w.reach(r.At)
	return nil
}
