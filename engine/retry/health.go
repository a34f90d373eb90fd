package retry

import (
	"sync"
	"time"
)

// Health knows which accounts rest because their credential was refused. The
// zero value knows none. It is safe for concurrent use.
type Health struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// Pause lets an account rest and reports whether it was working before.
func (h *Health) Pause(account string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil {
		h.until = map[string]time.Time{}
	}
	_, resting := h.until[account]
	h.until[account] = now.Add(AccountPatience)
	return !resting
}

// Forget lets an account be used as if it had never been refused.
func (h *Health) Forget(account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.until, account)
}

// Works notes that an account's credential was accepted and reports whether its
// rest is over by that. A success during the rest does not end it: a credential
// can be good for one operation and refused for another (a missing scope), and
// without the rest the two would chase each other.
func (h *Health) Works(account string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, resting := h.until[account]
	if !resting || now.Before(until) {
		return false
	}
	delete(h.until, account)
	return true
}

// Rests reports whether an account must not be used now, and until when. Whoever
// waits comes back at that very moment: later, those that were refused could have
// been let go on, and their next refusal would end the pause between two rests.
func (h *Health) Rests(account string, now time.Time) (until time.Time, rests bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until = h.until[account]
	return until, now.Before(until)
}
