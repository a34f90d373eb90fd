package budget

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Breaker keeps a host from being asked on while it refuses: services block addresses
// that send too many bad requests.
type Breaker struct {
	// Failures is how many answers with one of the Statuses may come Per a stretch
	// of time, all accounts of the host together. At so many the host is closed.
	Failures int
	Per      time.Duration
	// Statuses are ranges, both ends included. 429 counts only if it is a range by
	// itself: too many requests are what windows are for.
	Statuses [][2]int
	// Rest is how long the host stays closed; 0 means until the oldest of the answers
	// has left the stretch.
	Rest time.Duration
}

// breaker is one breaker at work. Its lobby's mutex guards it.
type breaker struct {
	Breaker
	failed []time.Time // the last Failures ones, oldest first
}

func newBreaker(b Breaker) *breaker {
	b.Failures = max(1, b.Failures)
	return &breaker{Breaker: b}
}

// counts reports whether an answer is one that the breaker is about.
func (b *breaker) counts(status int) bool {
	return slices.ContainsFunc(b.Statuses, func(s [2]int) bool {
		if status == http.StatusTooManyRequests {
			return s == [2]int{status, status}
		}
		return s[0] <= status && status <= s[1]
	})
}

// saw counts an answer. When it is one too many it returns until when to stop.
func (b *breaker) saw(now time.Time, status int) (until time.Time, tripped bool) {
	if !b.counts(status) {
		return time.Time{}, false
	}
	if b.failed = append(b.failed, now); len(b.failed) > b.Failures {
		b.failed = b.failed[1:]
	}
	if b.recent(now) < b.Failures {
		return time.Time{}, false
	}
	if b.Rest > 0 {
		return now.Add(b.Rest), true
	}
	return b.failed[0].Add(b.Per), true
}

// recent returns how many answers were refusals within the last stretch.
func (b *breaker) recent(now time.Time) (n int) {
	for _, at := range b.failed {
		if now.Sub(at) < b.Per {
			n++
		}
	}
	return n
}

// why says what closed the host.
func (b *breaker) why() string {
	words := make([]string, len(b.Statuses))
	for i, s := range b.Statuses {
		switch {
		case s[0]%100 == 0 && s[1] == s[0]+99:
			words[i] = fmt.Sprintf("%dxx", s[0]/100)
		case s[0] == s[1]:
			words[i] = strconv.Itoa(s[0])
		default:
			words[i] = fmt.Sprintf("%d-%d", s[0], s[1])
		}
	}
	return fmt.Sprintf("breaker: %d answers %s within %s", b.Failures, strings.Join(words, ", "), short(b.Per))
}

// short writes a duration without parts that are zero: 1m, not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
