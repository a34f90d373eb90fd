package triggers

import (
	"crypto/sha256"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// offsetPatience is how long an interrupted walk by offset stays worth resuming:
// rows that came or went meanwhile have moved all others.
const offsetPatience = 10 * time.Minute

// resume returns the interrupted walk of a state, ready to go on, or nil when a
// new one must begin.
func resume(s State, o Options, now time.Time) *Walk {
	if s.Walk == nil {
		return nil
	}
	w := *s.Walk
	if pause := now.Sub(w.ReadAt); o.Offsets && (pause > offsetPatience || pause < -offsetPatience) {
		return nil // negative: our clock was set back, and nobody knows how long it was
	}
	w.Resumed = true
	return &w
}

// begin returns the state with a new walk.
func begin(s State, o Options, since, now time.Time) State {
	s.Version = stateVersion
	s.Walks++
	s.Walk = &Walk{
		Number: s.Walks, Full: since.IsZero(), Since: since, Bodies: o.Bodies,
		BeganAt: now.UTC(), ReadAt: now.UTC(), Total: -1,
	}
	return s
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

// Abandon returns the state without its walk. It is what must follow an error
// that wraps [ErrWalk]: the next walk begins anew, from the old watermark.
func Abandon(s State) State {
	s.Walk = nil
	return s
}

// end closes the walk in the state.
func (s *State) end() {
	if s.Walk.Full {
		s.Baseline = true
		s.FullAt = s.Walk.BeganAt
		s.Bodies = s.Walk.Bodies
	}
	s.Walk = nil
}
