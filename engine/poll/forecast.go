package poll

import (
	"math"
	"time"

	"github.com/pollux-automation/pollux/triggers"
)

// day is what costs are told for.
const day = 24 * time.Hour

// Forecast says what the rounds over the parents of a feed take and cost.
type Forecast struct {
	Parents  int           // that a round visits
	Requests int           // that a round takes
	Round    time.Duration // from the beginning of a round to that of the next
	PerDay   int           // requests
}

// Foresee returns the forecast for a number of parents. last is the last round, nil
// before the first one has ended: then each parent is taken to be visited, and to cost
// one request. rate is
// how many requests a second rounds may make, 0 for as many as they like; interval is the
// shortest one of the recipes on the feed.
func Foresee(parents int, last *triggers.Round, rate float64, interval time.Duration) Forecast {
	each := 1.0
	if last != nil && last.Of > 0 {
		parents = int(math.Ceil(float64(parents) * float64(last.Parents) / float64(last.Of)))
	}
	if last != nil && last.Parents > 0 {
		each = max(each, float64(last.Requests)/float64(last.Parents))
	}
	requests := math.Ceil(each * float64(parents))
	f := Forecast{Parents: parents, Requests: int(requests), Round: interval}
	perDay := math.Inf(1)
	if rate > 0 {
		f.Round = max(interval, time.Duration(requests/rate*float64(time.Second)))
		perDay = rate * day.Seconds()
	}
	if interval > 0 {
		perDay = min(perDay, requests*day.Seconds()/interval.Seconds())
	}
	if !math.IsInf(perDay, 1) {
		f.PerDay = int(math.Ceil(perDay))
	}
	return f
}

// Interval is the shortest time between two polls that a recipe on the feed asks for, as
// its schedule is at a time; 0 when none does.
func (f *Feed) Interval(now time.Time) time.Duration {
	var shortest time.Duration
	for _, s := range f.Subs {
		schedule := s.Recipe.Trigger.Schedule
		every := schedule.Every
		if first := schedule.Next(now); every == 0 && !first.IsZero() {
			every = max(0, schedule.Next(first).Sub(first)) // below 0: there is no second time
		}
		shortest = oftener(shortest, every)
	}
	return shortest
}

// Visits is how many parents a round over the feed visits, if they come from a list of so
// many records.
func (f *Feed) Visits(records int) int {
	if named, ok := f.Named(); ok {
		return len(named)
	}
	return records
}
