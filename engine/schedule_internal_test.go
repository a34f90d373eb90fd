package engine

import (
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/recipes/schedule"
)

func TestSetBack(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		moved  time.Duration // of the clock on the wall
		passed time.Duration
		want   bool
	}{
		{"goes on", time.Minute, time.Minute, false},
		{"corrected by a second", 59 * time.Second, time.Minute, false},
		{"set back by an hour", -59 * time.Minute, time.Minute, true},
		{"set forward by an hour", time.Hour, time.Minute, false},
		{"slept for a night", 8 * time.Hour, 0, false},
	} {
		if got := setBack(last, last.Add(tt.moved), tt.passed); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestDueQueue_ReplanBringsForwardWhatTheClockPutAhead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	every := func(d time.Duration) *poll.Feed {
		r := &recipes.Recipe{}
		r.Trigger.Schedule = schedule.Every(d)
		return &poll.Feed{Subs: []*watch.Subscriber{{Recipe: r}}}
	}
	q := dueQueue{
		{feed: every(time.Hour), due: now.Add(30 * time.Minute)},
		{feed: every(time.Hour), due: now.AddDate(1, 0, 0)},
		{feed: every(time.Minute), due: now.AddDate(1, 0, 0)},
	}
	hour, minute := q[1], q[2]
	q.replan(now)
	if got, want := hour.due, now.Add(time.Hour); !got.Equal(want) {
		t.Errorf("hourly feed: due %s, want %s", got, want)
	}
	if q[0] != minute || !minute.due.Equal(now.Add(time.Minute)) {
		t.Errorf("the first of the queue is due %s, want the one of every minute at %s", q[0].due, now.Add(time.Minute))
	}
}

// TestDispatcher_RunInHandIsNotTakenTwice finds a run in the store whose lane kept
// it while the rest was forgotten.
func TestDispatcher_RunInHandIsNotTakenTwice(t *testing.T) {
	t.Parallel()
	d := newDispatcher(engineOf(&plan{}))
	q := store.QueuedRun{ID: "abcde-00000001", Recipe: "r", Lane: "lane", Status: store.Waiting, Due: time.Now().Add(time.Hour)}
	d.add(q, "")
	d.add(q, "")
	if got := len(d.lanes["lane"].runs); got != 1 {
		t.Errorf("the lane holds %d runs, want 1", got)
	}
}

// engineOf is an engine that does nothing with a plan.
func engineOf(p *plan) *Engine {
	e := &Engine{fresh: newFresh()}
	e.current.Store(p)
	return e
}
