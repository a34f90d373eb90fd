package budget

import (
	"strings"
	"time"
)

// State is what a gate or a host knows, for showing and for storing over a restart.
type State struct {
	// ClosedUntil is when requests may go again; zero when the gate is open. A gate
	// whose long window is used up counts as closed.
	ClosedUntil time.Time `json:"closed_until,omitzero"`
	// Reason says why the gate is closed: "Retry-After", "status 429", "daily quota",
	// "breaker: 4 answers 4xx within 1m". Empty when it is open.
	Reason  string        `json:"reason,omitempty"`
	Windows []WindowState `json:"windows"`
	// Spent is what was sent of late, Failures the answers that breakers have counted.
	// Both are there to be stored.
	Spent    []Spent     `json:"spent,omitempty"`
	Failures []time.Time `json:"failures,omitempty"`
}

// WindowState tells what is left of one window.
type WindowState struct {
	Name      string    `json:"name"`
	Max       int       `json:"max"`
	Remaining int       `json:"remaining"`
	ResetsAt  time.Time `json:"resets_at"` // when all of it is free again
}

// Spent is a part of what was sent in a window.
type Spent struct {
	Window string    `json:"window"`
	At     time.Time `json:"at"` // when the last of it may have been sent
	Polls  int       `json:"polls,omitempty"`
	Steps  int       `json:"steps,omitempty"`
	// Wanted is how many polls there would have been if none had been stretched; 0
	// means as many as there were.
	Wanted float64 `json:"wanted,omitempty"`
}

// State returns what is left of the account's own windows now. Times are in UTC.
func (g *Gate) State() State {
	now := time.Now()
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	return g.own.state(now)
}

// State returns what is left of the host's windows now. Times are in UTC.
func (h *Host) State() State {
	now := time.Now()
	h.lobby.mu.Lock()
	defer h.lobby.mu.Unlock()
	return h.pool.state(now)
}

// Restore takes over a state that [Gate.State] returned before a restart. Windows
// that the gate does not have, and those that have ended since, are passed over.
// A clock that was set back closes the gate for [MaxRetryAfter] at most, and
// keeps a window for its own length at most.
func (g *Gate) Restore(s State) {
	now := time.Now()
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	g.own.restore(now, s)
}

// Restore takes over a state that [Host.State] returned, as [Gate.Restore] does. A
// breaker closes the host for its own rest at most.
func (h *Host) Restore(s State) {
	now := time.Now()
	h.lobby.mu.Lock()
	defer h.lobby.mu.Unlock()
	h.pool.restore(now, s)
}

func (p *pool) state(now time.Time) State {
	var s State
	p.advance(now)
	if now.Before(p.closedUntil) {
		s.ClosedUntil, s.Reason = p.closedUntil.UTC(), p.why
	}
	for _, c := range p.windows {
		w := c.state(now)
		w.ResetsAt = w.ResetsAt.UTC()
		s.Windows = append(s.Windows, w)
		s.Spent = append(s.Spent, c.spent(now)...)
		if c.Per < longWindow || len(c.Operations) > 0 {
			continue
		}
		wait := c.wait(now, step)
		if until := now.Add(wait).UTC(); wait > MaxWait && until.After(s.ClosedUntil) {
			s.ClosedUntil, s.Reason = until, c.Name+quotaSuffix
		}
	}
	for _, b := range p.breakers {
		for _, at := range b.failed {
			if now.Sub(at) < b.Per {
				s.Failures = append(s.Failures, at.UTC())
			}
		}
	}
	return s
}

func (p *pool) restore(now time.Time, s State) {
	longest := MaxRetryAfter
	for _, b := range p.breakers {
		longest = max(longest, b.Rest, b.Per)
		b.restore(now, s.Failures)
	}
	// What is used up is told by the windows.
	if s.ClosedUntil.After(now) && !strings.HasSuffix(s.Reason, quotaSuffix) {
		if !strings.HasPrefix(s.Reason, "breaker: ") {
			longest = MaxRetryAfter
		}
		p.closedUntil, p.why = now.Add(min(s.ClosedUntil.Sub(now), longest)), s.Reason
		if p.why == "" {
			p.why = whyRetryAfter
		}
	}
	for _, c := range p.windows {
		c.restoreSent(now, s.Spent)
		for _, w := range s.Windows {
			if c.Name == w.Name && w.ResetsAt.After(now) && w.Remaining >= 0 {
				c.restoreLeft(now, w)
			}
		}
	}
	p.advanced = time.Time{}
}

// spent returns what the slots of the window hold.
func (c *counter) spent(now time.Time) []Spent {
	var out []Spent
	for s := max(0, c.slot-slots); s <= c.slot; s++ {
		if n := c.sent[s%(slots+1)]; n != [2]int{} {
			at := c.start.Add(time.Duration(s+1) * (c.Per / slots))
			if at.After(now) {
				at = now
			}
			one := Spent{Window: c.Name, At: at.UTC(), Polls: n[poll], Steps: n[step]}
			if wanted := c.asked[s%(slots+1)]; wanted > float64(n[poll]) {
				one.Wanted = wanted
			}
			out = append(out, one)
		}
	}
	return out
}

// restoreSent puts what was spent into its slots. The window gets a past for it: what
// it holds already is younger than all of it and goes into the newest slot, which is
// about to end: so the last three slots are three slots long, as demand takes it.
func (c *counter) restoreSent(now time.Time, spent []Spent) {
	slot, have := c.Per/slots, c.used()
	c.sent, c.asked = [slots + 1][2]int{}, [slots + 1]float64{}
	c.start, c.slot = now.Add(1-(slots+1)*slot), slots
	add := func(s int64, polls, steps int, wanted float64) {
		c.sent[s][poll] += polls
		c.sent[s][step] += steps
		c.asked[s] += min(max(wanted, float64(polls)), float64(polls)*MaxStretch)
	}
	add(slots, have[poll], have[step], 0)
	for _, one := range spent {
		age := max(0, now.Sub(one.At))
		if one.Window == c.Name && one.Polls >= 0 && one.Steps >= 0 && age < c.Per {
			// A damaged state can close the window at most.
			add(slots-int64(age/slot), min(one.Polls, c.max), min(one.Steps, c.max), one.Wanted)
		}
	}
}

// restoreLeft takes over what a service had told, where it is less than what is left
// after our own requests.
func (c *counter) restoreLeft(now time.Time, w WindowState) {
	used := c.used()
	left := min(w.Remaining, c.max)
	if left >= c.max-used[poll]-used[step] {
		return
	}
	c.left, c.unsure, c.fixed = left, 0, false
	c.leftUntil = now.Add(min(w.ResetsAt.Sub(now), c.Per))
}

// restore takes over the answers that were counted before a restart.
func (b *breaker) restore(now time.Time, failures []time.Time) {
	for _, at := range failures {
		if age := max(0, now.Sub(at)); age < b.Per && len(b.failed) < b.Failures {
			b.failed = append(b.failed, now.Add(-age))
		}
	}
}
