package budget

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Window is a number of requests that a service allows in a stretch of time.
type Window struct {
	Name     string // "burst", "daily"
	Requests int
	Per      time.Duration
	// By is what the service counts by: account, or host for all accounts that
	// share a [Host].
	By string
	// Remaining, Max and Reset name the answer headers that tell what is left,
	// what the limit is, and in how many milliseconds the window ends; empty
	// when the service does not say.
	Remaining string
	Max       string
	Reset     string
	// Operations are the keys that the window counts; empty means all.
	Operations []string
}

// Replace returns the windows with the account-wide one of the shortest stretch
// replaced by another number of requests, as a user's settings ask for. The new
// one no longer learns its size from headers, but still what is left. Without an
// account-wide window one is added. The argument is not changed.
func Replace(windows []Window, requests int, per time.Duration) []Window {
	out := slices.Clone(windows)
	shortest := -1
	for i, w := range out {
		if len(w.Operations) == 0 && (shortest < 0 || w.Per < out[shortest].Per) {
			shortest = i
		}
	}
	if shortest < 0 {
		return append(out, Window{Name: "burst", Requests: requests, Per: per, By: "account"})
	}
	w := &out[shortest]
	w.Requests, w.Per, w.Max = requests, per, ""
	return out
}

// slots is how finely a window forgets: what was sent counts for at most one
// slot longer than the window.
const slots = 20

// counter is one window at work. Its gate's mutex guards it.
type counter struct {
	Window
	// owner is the connector that a window by host comes from, and declared is how it
	// was written there; both are empty for the windows of an account.
	owner    string
	declared Window
	max      int // what is allowed now: Requests, or what the headers say
	// sent counts requests per slot of time and priority, in a ring; slot is the
	// number of the newest slot since start, on the monotonic clock.
	sent  [slots + 1][2]int
	slot  int64
	start time.Time
	// asked counts the polls per slot as if nothing was stretched: each by the factor
	// of its time.
	asked [slots + 1]float64
	// tokens smooth the flow: half a window at once, then max per Per.
	tokens float64
	filled time.Time
	// left is what the service last said is left, less what went out since; it
	// holds until leftUntil. Of the requests that were under way when it said so,
	// unsure ones may not be counted in it.
	left      int
	unsure    int
	leftUntil time.Time
	fixed     bool // the service told that all is free again at leftUntil
}

func newCounter(w Window, now time.Time) *counter {
	w.Requests = max(1, w.Requests)
	w.Per = max(slots*time.Millisecond, w.Per)
	c := &counter{Window: w, max: w.Requests, start: now, filled: now}
	c.tokens = c.capacity()
	return c
}

// capacity is how many requests may go at once.
func (c *counter) capacity() float64 { return math.Max(1, float64(c.max)/2) }

// counts reports whether the window counts a request.
func (c *counter) counts(r request) bool {
	return len(c.Operations) == 0 || (c.owner == "" || c.owner == r.gate.connector) && slices.Contains(c.Operations, r.operation)
}

// advance forgets what has left the window and refills the tokens.
func (c *counter) advance(now time.Time) {
	if newest := int64(now.Sub(c.start) / (c.Per / slots)); newest > c.slot {
		for s := max(c.slot+1, newest-slots); s <= newest; s++ {
			c.sent[s%(slots+1)], c.asked[s%(slots+1)] = [2]int{}, 0
		}
		c.slot = newest
	}
	if gone := now.Sub(c.filled); gone > 0 {
		c.tokens = math.Min(c.capacity(), c.tokens+float64(c.max)*gone.Seconds()/c.Per.Seconds())
		c.filled = now
	}
}

// used returns how many requests of each priority are in the window.
func (c *counter) used() (n [2]int) {
	for _, s := range c.sent {
		n[poll] += s[poll]
		n[step] += s[step]
	}
	return n
}

// share is what one side leaves to the other, which has used some already.
func (c *counter) share(used int) int {
	if len(c.Operations) > 0 {
		return 0
	}
	return max(0, c.max/10-used)
}

// wait returns how long a request of a priority must wait, 0 when it may go now.
// advance was called with the same now.
func (c *counter) wait(now time.Time, p int) time.Duration {
	used := c.used()
	kept := c.share(used[1-p])
	told := now.Before(c.leftUntil)
	switch {
	case used[poll]+used[step]+kept >= c.max:
		return c.until(now, c.oldest())
	case told && c.left <= kept:
		return c.leftUntil.Sub(now)
	case told && c.left-c.unsure <= kept:
		return c.Per / slots // an answer under way will tell
	case c.tokens < 1:
		seconds := (1 - c.tokens) * c.Per.Seconds() / float64(c.max)
		return max(time.Microsecond, time.Duration(math.Ceil(seconds*1e9)))
	}
	return 0
}

// oldest returns the number of the oldest slot that holds a request.
func (c *counter) oldest() int64 {
	for s := max(0, c.slot-slots); s < c.slot; s++ {
		if c.sent[s%(slots+1)] != [2]int{} {
			return s
		}
	}
	return c.slot
}

// until returns how long until a slot leaves the window.
func (c *counter) until(now time.Time, slot int64) time.Duration {
	end := c.start.Add(time.Duration(slot+slots+1) * (c.Per / slots))
	return max(time.Microsecond, end.Sub(now))
}

// take counts a request that goes out now. A poll that had to wait longer by a factor
// stands for so many that were wanted.
func (c *counter) take(p int, factor float64) {
	c.sent[c.slot%(slots+1)][p]++
	if p == poll {
		c.asked[c.slot%(slots+1)] += max(1, factor)
	}
	c.tokens--
	c.left--
}

// learn takes over what an answer's headers say. flying is how many requests are
// still under way. Headers of other operations say nothing about a window that
// counts only some, so such a window does not learn.
func (c *counter) learn(now time.Time, h http.Header, flying int) {
	if len(c.Operations) > 0 {
		return
	}
	if n, ok := number(h, c.Max); ok && n > 0 {
		c.max = n
	}
	left, ok := number(h, c.Remaining)
	if !ok {
		return
	}
	c.left, c.unsure, c.leftUntil, c.fixed = left, flying, now.Add(c.Per), false
	if ms, ok := number(h, c.Reset); ok && time.Duration(ms)*time.Millisecond < c.Per {
		c.leftUntil, c.fixed = now.Add(time.Duration(ms)*time.Millisecond), true
	}
}

// state says what is left, as far as is known.
func (c *counter) state(now time.Time) WindowState {
	used := c.used()
	s := WindowState{Name: c.Name, Max: c.max, Remaining: c.max - used[poll] - used[step], ResetsAt: now}
	if s.Remaining < c.max {
		for slot := c.slot; slot >= max(0, c.slot-slots); slot-- {
			if c.sent[slot%(slots+1)] != [2]int{} {
				s.ResetsAt = now.Add(c.until(now, slot))
				break
			}
		}
	}
	if now.Before(c.leftUntil) && c.left < s.Remaining {
		s.Remaining, s.ResetsAt = c.left, c.leftUntil
	}
	s.Remaining = max(0, s.Remaining)
	return s
}

// number reads a header that holds a whole number of at least 0.
func number(h http.Header, name string) (int, bool) {
	if name == "" {
		return 0, false
	}
	n, err := strconv.Atoi(h.Get(name))
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}
