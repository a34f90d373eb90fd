package service

import "time"

// Limit is how many requests a service takes.
type Limit struct {
	// Requests are taken per window of this length; 0 means the service's own
	// limit, below 0 means no limit at all.
	Requests int
	Per      time.Duration
}

// Window counts requests in a window that begins with its first request. The caller
// guards it.
type Window struct {
	Max   int // requests in a window; below 0 means no limit
	Per   time.Duration
	began time.Time
	used  int
}

// Take counts a request and reports whether it may pass.
func (w *Window) Take(now time.Time) bool {
	if w.Max < 0 {
		return true
	}
	if now.Sub(w.began) >= w.Per {
		w.began, w.used = now, 0
	}
	if w.used >= w.Max {
		return false
	}
	w.used++
	return true
}

// Left is how many requests the window still takes.
func (w *Window) Left() int { return max(w.Max-w.used, 0) }

// With returns the window as the options say.
func (w Window) With(l Limit) *Window {
	if l.Requests != 0 {
		w.Max = l.Requests
	}
	if l.Per > 0 {
		w.Per = l.Per
	}
	return &w
}

// Undo takes back the last request that was counted.
func (w *Window) Undo() {
	if w.used > 0 {
		w.used--
	}
}

// Resets is when the window that is counted in ends.
func (w *Window) Resets() time.Time { return w.began.Add(w.Per) }
