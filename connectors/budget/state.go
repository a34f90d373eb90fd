package budget

import "time"

// State is what a gate knows, for showing and for storing over a restart.
type State struct {
	// ClosedUntil is when the service wants to be asked again; zero when it did
	// not ask for a pause, or when that is over.
	ClosedUntil time.Time     `json:"closed_until,omitzero"`
	Windows     []WindowState `json:"windows"`
}

// WindowState tells what is left of one window.
type WindowState struct {
	Name      string    `json:"name"`
	Max       int       `json:"max"`
	Remaining int       `json:"remaining"`
	ResetsAt  time.Time `json:"resets_at"` // when all of it is free again
}

// State returns what is left now. Times are in UTC.
func (g *Gate) State() State {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	var s State
	if now.Before(g.closedUntil) {
		s.ClosedUntil = g.closedUntil.UTC()
	}
	for _, c := range g.windows {
		c.advance(now)
		w := c.state(now)
		w.ResetsAt = w.ResetsAt.UTC()
		s.Windows = append(s.Windows, w)
	}
	return s
}

// Restore takes over a state that [Gate.State] returned before a restart. Windows
// that the gate does not have, and those that have ended since, are passed over.
// A clock that was set back closes the gate for [MaxRetryAfter] at most, and
// keeps a window for its own length at most.
func (g *Gate) Restore(s State) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.ClosedUntil.After(now) {
		g.closedUntil = now.Add(min(s.ClosedUntil.Sub(now), MaxRetryAfter))
	}
	for _, w := range s.Windows {
		for _, c := range g.windows {
			if c.Name == w.Name && w.ResetsAt.After(now) && w.Remaining >= 0 {
				c.left, c.unsure = min(w.Remaining, c.max), 0
				c.leftUntil = now.Add(min(w.ResetsAt.Sub(now), c.Per))
			}
		}
	}
}
