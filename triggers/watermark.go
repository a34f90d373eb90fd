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

// beginLive begins the walk from the watermark on; ok is false without one.
func beginLive(s State, o Options, now time.Time) (State, bool) {
	if s.Watermark.IsZero() {
		return s, false
	}
	since := s.Watermark
	if !s.Settled {
		since = since.Add(-o.Overlap)
	}
	s.Walk = s.begin(o, since, now)
	return s, true
}

// reach notes a row's time in the walk. What counts is never later than the service's
// own clock at the start of the walk.
func (w *Walk) reach(t time.Time) {
	if t.After(w.Date) {
		t = w.Date
	}
	if t.After(w.Newest) {
		w.Newest = t.UTC()
	}
}

// endLive takes over what a completed walk from the watermark has seen.
func (s *State) endLive(o Options) {
	w := s.Walk
	s.SeenAt = w.Date
	switch {
	case w.Newest.After(s.Watermark):
		s.Watermark, s.MovedAt, s.Settled = w.Newest, w.Date, false
	case w.Date.Sub(s.MovedAt) >= o.Overlap:
		s.Settled = true
	}
	s.Walk = nil
}

// ground gives the feed its first watermark: the service's own time at the start of
// the first walk over the whole list. From there on changes are found while the list
// is still being learnt. A service that does not tell its time is not asked from ours,
// which may be ahead of it: there the first walk must end, and the newest row tells.
func (s *State) ground(w *Walk, p connectors.Page, done bool) {
	if !s.Watermark.IsZero() {
		return
	}
	switch {
	case !p.Date.IsZero():
		s.Watermark, s.MovedAt = w.Date, w.Date
	case done && !w.Newest.IsZero():
		s.Watermark, s.MovedAt = w.Newest, w.Date
	case done:
		s.Watermark, s.MovedAt = w.Date, w.Date
	}
}
