package poll_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/recipes/schedule"
	"github.com/pollux-automation/pollux/triggers"
)

func TestForesee_TakesTheSlowerOfIntervalAndRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		parents  int
		last     *triggers.Round
		rate     float64
		interval time.Duration
		want     poll.Forecast
	}{
		{
			"the budget is the bound", 6000, nil, 5, time.Minute,
			poll.Forecast{Parents: 6000, Requests: 6000, Round: 20 * time.Minute, PerDay: 432_000},
		},
		{
			"the interval is the bound", 60, nil, 5, time.Hour,
			poll.Forecast{Parents: 60, Requests: 60, Round: time.Hour, PerDay: 1440},
		},
		{
			"lists of several pages", 100, &triggers.Round{Parents: 50, Requests: 75}, 1, time.Second,
			poll.Forecast{Parents: 100, Requests: 150, Round: 150 * time.Second, PerDay: 86_400},
		},
		{
			"a parent costs at least one request", 10, &triggers.Round{Parents: 50, Requests: 5}, 1, time.Minute,
			poll.Forecast{Parents: 10, Requests: 10, Round: time.Minute, PerDay: 14_400},
		},
		{
			"only some parents are watched", 600, &triggers.Round{Parents: 50, Of: 300, Requests: 50}, 1, time.Second,
			poll.Forecast{Parents: 100, Requests: 100, Round: 100 * time.Second, PerDay: 86_400},
		},
		{"a last round over nobody", 10, &triggers.Round{}, 1, time.Minute, poll.Forecast{Parents: 10, Requests: 10, Round: time.Minute, PerDay: 14_400}},
		{"no parents", 0, nil, 1, time.Minute, poll.Forecast{Round: time.Minute}},
		{"no bound of the rate", 10, nil, 0, time.Hour, poll.Forecast{Parents: 10, Requests: 10, Round: time.Hour, PerDay: 240}},
		{"no interval", 10, nil, 1, 0, poll.Forecast{Parents: 10, Requests: 10, Round: 10 * time.Second, PerDay: 86_400}},
		{"neither", 10, nil, 0, 0, poll.Forecast{Parents: 10, Requests: 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, poll.Foresee(tt.parents, tt.last, tt.rate, tt.interval)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestFeed_IntervalIsTheShortestOfItsRecipes(t *testing.T) {
	t.Parallel()
	cron, err := schedule.Cron("*/5 * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	f := &poll.Feed{}
	if got := f.Interval(time.Now()); got != 0 {
		t.Errorf("without recipes: got %v, want 0", got)
	}
	for _, s := range []schedule.Schedule{schedule.Every(time.Hour), cron, schedule.Every(10 * time.Minute)} {
		f.Subs = append(f.Subs, &watch.Subscriber{Recipe: &recipes.Recipe{Trigger: recipes.Trigger{Schedule: s}}})
	}
	if got, want := f.Interval(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), 5*time.Minute; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
