package budget

import (
	"slices"
	"sync"
	"time"
)

// request is what asks to be let through a gate.
type request struct {
	gate      *Gate
	operation string
	priority  int
}

// waiter is a request that has not been admitted yet. The lobby's mutex guards it.
type waiter struct {
	request
	name     string // on whose behalf it waits
	since    time.Time
	admitted chan struct{} // closed when it may go
	block    block         // at the last look
}

// line is who waits on behalf of one name at one gate, first come first.
type line struct {
	gate    *Gate
	name    string
	waiting []*waiter
}

// lobby is where requests wait: for one gate, or for all gates of a host together.
// Its mutex guards everything of them.
type lobby struct {
	mu sync.Mutex
	// lines are the queues by priority; the one whose turn is next stands first.
	lines [2][]*line
}

// empty reports that nobody waits.
func (l *lobby) empty() bool { return len(l.lines[poll]) == 0 && len(l.lines[step]) == 0 }

// queue puts a waiter behind those of its name; a new name is behind the others.
func (l *lobby) queue(w *waiter) {
	all := l.lines[w.priority]
	at := slices.IndexFunc(all, func(o *line) bool { return o.gate == w.gate && o.name == w.name })
	if at < 0 {
		l.lines[w.priority] = append(all, &line{gate: w.gate, name: w.name, waiting: []*waiter{w}})
		return
	}
	all[at].waiting = append(all[at].waiting, w)
}

// remove takes a waiter out, and reports whether it still waited.
func (l *lobby) remove(w *waiter) bool {
	for i, one := range l.lines[w.priority] {
		at := slices.Index(one.waiting, w)
		if at < 0 {
			continue
		}
		one.waiting = slices.Delete(one.waiting, at, at+1)
		if len(one.waiting) == 0 {
			l.lines[w.priority] = slices.Delete(l.lines[w.priority], i, i+1)
		}
		return true
	}
	return false
}

// admit lets in whoever may go now: steps first, one of each line in turn, until a
// whole round lets nobody in. The others learn how long to wait.
func (l *lobby) admit(now time.Time) {
	for p := step; p >= poll; p-- {
		for tried := 0; tried < len(l.lines[p]); tried++ {
			all := l.lines[p]
			first, last := all[0], len(all)-1
			copy(all, all[1:])
			if all[last] = first; first.serve(now) {
				tried = -1
			}
			if len(first.waiting) == 0 {
				l.lines[p] = all[:last]
			}
		}
	}
}

// serve lets in the first of a line that may go, and reports whether there was one.
func (o *line) serve(now time.Time) bool {
	for i, w := range o.waiting {
		if w.block = o.gate.delay(now, w.request); w.block.wait == 0 {
			o.gate.take(w.request, max(time.Nanosecond, now.Sub(w.since)))
			o.waiting = slices.Delete(o.waiting, i, i+1)
			close(w.admitted)
			return true
		}
	}
	return false
}

// look returns what admit last found out about a waiter.
func (l *lobby) look(w *waiter) (wait time.Duration, in bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.admitted:
		return 0, true
	default:
		return w.block.wait, false
	}
}
