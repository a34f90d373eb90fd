package highlevel

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// limits are the two windows: 100 requests per 10 s and 200,000 per day, for each app
// and location (service docs, read 2026-09). The day is the 24 h after the first
// request, as recorded answers show. The lock of the service guards them.
type limits struct {
	burst, day *service.Window
}

// newLimits replaces the windows by what the options say; no limit means none a
// day either.
func newLimits(l, daily service.Limit) limits {
	own := limits{
		burst: service.Window{Max: 100, Per: 10 * time.Second}.With(l),
		day:   service.Window{Max: 200_000, Per: 24 * time.Hour}.With(daily),
	}
	if l.Requests < 0 {
		own.day.Max = -1
	}
	return own
}

// take counts a request, says in the headers what is left, and reports whether the
// request may pass. A request that is refused counts in neither window. The names of
// the headers are those of recorded answers of 2026-07; Daily-Reset, which no
// document names, is the time until the day ends, in milliseconds.
func (l *limits) take(now time.Time, head http.Header) bool {
	passed := l.burst.Take(now)
	if passed && !l.day.Take(now) {
		passed = false
		l.burst.Undo()
	}
	if l.burst.Max >= 0 {
		set := func(name string, n int) { head["X-Ratelimit-"+name] = []string{strconv.Itoa(n)} }
		set("Max", l.burst.Max)
		set("Remaining", l.burst.Left())
		set("Interval-Milliseconds", int(l.burst.Per.Milliseconds()))
		set("Limit-Daily", l.day.Max)
		set("Daily-Remaining", l.day.Left())
		set("Daily-Reset", int(l.day.Resets().Sub(now).Milliseconds()))
	}
	return passed
}
