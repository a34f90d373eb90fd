package budget_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/budget"
)

// TestStretch_MakesADayLast polls for three days as often as the factor allows.
func TestStretch_MakesADayLast(t *testing.T) {
	t.Parallel()
	const quota, day = 1000, 24 * time.Hour
	window := budget.Window{Name: "daily", Requests: quota, Per: day, Remaining: "X-Left", Reset: "X-Reset"}
	tests := []struct {
		name   string
		every  time.Duration
		told   bool // the service counts calendar days and says so
		others int  // requests of others a day, which it counts too
	}{
		{"too often", 20 * time.Second, false, 0},
		{"much too often", 5 * time.Second, false, 0},
		{"told", 20 * time.Second, true, 0},
		{"told, and others use half", 20 * time.Second, true, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := budget.New([]budget.Window{window}, 0)
				begin := time.Now()
				sent := map[int]int{}
				for time.Since(begin) < 3*day {
					err := g.Enter(t.Context(), "x", "", poll)
					if e, ok := errors.AsType[*budget.ClosedError](err); ok {
						if e.For > 30*time.Minute {
							t.Fatalf("after %s, with %v polls a day: %v, want the quota to last", time.Since(begin), sent, err)
						}
						<-time.After(e.For)
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					gone := time.Since(begin)
					today := int(gone / day)
					sent[today]++
					g.Leave(http.StatusOK, header(tt.told, quota, sent[today], tt.others, gone%day), 0)
					factor, why := g.Stretch(time.Now())
					if factor < 1 || factor > budget.MaxStretch || (factor == 1) != (why == "") {
						t.Fatalf("Stretch = %v, %q, want 1 to %d and words for more than 1", factor, why, budget.MaxStretch)
					}
					<-time.After(time.Duration(factor * float64(tt.every)))
				}
				for d := range 3 {
					if want := (quota*9/10 - tt.others) * 7 / 10; sent[d] < want {
						t.Errorf("%d polls on day %d, want at least %d", sent[d], d+1, want)
					}
				}
			})
		})
	}
}

// header says what a service counts on a calendar day.
func header(told bool, quota, sent, others int, gone time.Duration) http.Header {
	if !told {
		return nil
	}
	left := quota - sent - int(float64(others)*gone.Hours()/24)
	return http.Header{"X-Left": {strconv.Itoa(max(0, left))}, "X-Reset": {strconv.Itoa(int((24*time.Hour - gone).Milliseconds()))}}
}

func TestStretch_LeavesWellAlone(t *testing.T) {
	t.Parallel()
	daily := budget.Window{Name: "daily", Requests: 1000, Per: 24 * time.Hour, Remaining: "X-Left", Reset: "X-Reset"}
	tests := []struct {
		name    string
		window  budget.Window
		polls   int // at once
		steps   int
		left    string // told after that
		atLeast float64
		atMost  float64
	}{
		{"nothing sent", daily, 0, 0, "", 1, 1},
		{"a first walk", daily, 30, 0, "", 1, 1},
		{"a walk as large as a third of the day", daily, 300, 0, "", 2, 12},
		{"steps alone", daily, 0, 500, "", 1, 1},
		{"a short window", budget.Window{Name: "burst", Requests: 1000, Per: 10 * time.Minute}, 400, 0, "", 1, 1},
		{"a window of some operations", budget.Window{Name: "few", Requests: 1000, Per: 24 * time.Hour, Operations: []string{"x"}}, 300, 0, "", 1, 1},
		{"others left little", daily, 100, 0, "150", 2, 60},
		{"others left nothing for polls until the evening", daily, 10, 0, "90", 60, 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := budget.New([]budget.Window{tt.window}, 0)
				for i := range tt.polls + tt.steps {
					p := poll
					if i >= tt.polls {
						p = step
					}
					if err := g.Enter(t.Context(), "x", "", p); err != nil {
						t.Fatal(err)
					}
					var h http.Header
					if tt.left != "" && i == tt.polls-1 {
						h = http.Header{"X-Left": {tt.left}}
						if tt.left == "90" {
							h.Set("X-Reset", "36000000")
						}
					}
					g.Leave(http.StatusOK, h, 0)
				}
				if got, why := g.Stretch(time.Now()); got < tt.atLeast || got > tt.atMost {
					t.Errorf("Stretch = %v (%s), want %v to %v", got, why, tt.atLeast, tt.atMost)
				}
			})
		})
	}
}

func TestStretch_SaysWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		g := h.Gate("x", []budget.Window{{Name: "hourly", Requests: 100, Per: time.Hour, By: "host"}}, nil, 0)
		drain(t, g, poll, 50)
		factor, why := g.Stretch(time.Now())
		if want := "polls come 26.3 times less often, so that the hourly quota lasts: 50 of 100 requests are left"; factor <= 1 || why != want {
			t.Errorf("Stretch = %v, %q, want %q", factor, why, want)
		}
	})
}

// TestStretch_GoesOnAfterARestart lets polls be stretched and looks at the factor of
// a gate that takes over.
func TestStretch_GoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		windows := []budget.Window{{Name: "daily", Requests: 1000, Per: 24 * time.Hour}}
		g := budget.New(windows, 0)
		var factor float64
		for begin := time.Now(); time.Since(begin) < 10*time.Hour; {
			enter(t, g, poll)
			factor, _ = g.Stretch(time.Now())
			<-time.After(time.Duration(factor * float64(20*time.Second)))
		}
		again := budget.New(windows, 0)
		again.Restore(g.State())
		got, _ := again.Stretch(time.Now())
		if factor < 3 || got < factor*0.8 || got > factor*1.4 {
			t.Errorf("after a restart the factor is %v, want about %v, and more than 3", got, factor)
		}
	})
}
