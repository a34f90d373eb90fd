package triggers

import (
	"crypto/sha256"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// offsetPatience is how long an interrupted walk by offset stays worth resuming:
// rows that came or went meanwhile have moved all others.
const offsetPatience = 10 * time.Minute

// resume returns an interrupted walk, ready to go on, or nil when a new one must
// begin.
func resume(walk *Walk, o Options, now time.Time) *Walk {
	if walk == nil {
		return nil
	}
	w := *walk
	if pause := now.Sub(w.ReadAt); o.Offsets && (pause > offsetPatience || pause < -offsetPatience) {
		return nil // negative: our clock was set back, and nobody knows how long it was
	}
	w.Resumed = true
	return &w
}

// begin returns a new walk, numbered in the state.
func (s *State) begin(o Options, since, now time.Time) *Walk {
	s.Version = stateVersion
	s.Walks++
	w := &Walk{
		Number: s.Walks, Full: since.IsZero(), Since: since, Bodies: o.Bodies, Ordinals: s.Ordinals,
		BeganAt: now.UTC(), ReadAt: now.UTC(), Total: -1,
	}
	if o.Window != nil {
		w.Window = &Window{From: now.Add(-o.Window.Back).UTC(), To: now.Add(o.Window.Ahead).UTC()}
	}
	return w
}

// beginSide resumes the walk over the whole list, or begins one when it is unknown,
// due, or something is missing that only such a walk brings.
func beginSide(s State, o Options, now time.Time) (State, bool) {
	if w := resume(s.Side, o, now); w != nil {
		s.Side = w
		return s, true
	}
	age := now.Sub(s.FullAt)
	due := o.Reconcile > 0 && (age >= o.Reconcile || age < 0) // below 0: our clock was set back
	if s.Baseline && !due && !o.Whole && s.Gap == 0 && (!o.Bodies || s.Bodies) {
		return s, false
	}
	s.Side = s.begin(o, time.Time{}, now)
	return s, true
}

// turn notes a page in the walk: the service's time, the rows, where the next
// page begins. A page that repeats the one before is an error.
func (w *Walk) turn(p connectors.Page, now time.Time) error {
	content := pageHash(p.Records)
	if len(p.Records) > 0 && w.Rows > 0 && content == w.Page {
		return walkErrorf("the page after %d rows repeats the one before", w.Rows)
	}
	if p.Next != "" && p.Next == w.Position {
		return walkErrorf("the page after %d rows leads back to itself", w.Rows)
	}
	if w.Date.IsZero() {
		w.Date = p.Date
		if w.Date.IsZero() {
			w.Date = now.UTC()
		}
	}
	w.ReadAt = now.UTC()
	w.Page = content
	w.Position = p.Next
	w.Rows += len(p.Records)
	w.Total = p.Total
	return nil
}

// pageHash is taken over the rows as they were sent: a row that moved to the next
// page because it changed is not a repeated page.
func pageHash(records []connectors.Record) connectors.Hash {
	h := sha256.New()
	for _, r := range records {
		_, _ = h.Write(r.Raw) // a hash never fails
		_, _ = h.Write([]byte{'\n'})
	}
	return connectors.Hash(h.Sum(nil)[:16])
}

// Abandon returns the state without the walk that a page belonged to. It is what
// must follow an error that wraps [ErrWalk]: the next walk begins anew, from the old
// watermark.
func Abandon(s State, side bool) State {
	if side {
		s.Side = nil
	} else {
		s.Walk = nil
	}
	return s
}

// endFull notes that a walk over the whole list is over.
func (s *State) endFull(w *Walk) {
	s.Baseline = true
	s.FullAt = w.BeganAt
	s.Bodies = w.Bodies
	s.Window = w.Window
	if w.Number > s.Gap { // else it was past the top before the gap came
		s.Gap = 0
	}
}

// alone lets every page be judged by itself.
type alone struct{}

// More returns false.
func (alone) More(*Walk, []connectors.Page) (bool, error) { return false, nil }
