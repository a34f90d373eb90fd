package budget_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/budget"
)

const (
	poll = 0
	step = 1
)

func burst(n int, per time.Duration) []budget.Window {
	return []budget.Window{{
		Name: "burst", Requests: n, Per: per, By: "account",
		Remaining: "X-Left", Max: "X-Max", Reset: "X-Reset",
	}}
}

// enter goes through the gate and out again, and tells when it was let in.
func enter(t *testing.T, g *budget.Gate, p int) time.Time {
	t.Helper()
	for {
		err := g.Enter(t.Context(), "contact.search", "", p)
		if closed, ok := errors.AsType[*budget.ClosedError](err); ok {
			<-time.After(closed.Wait())
			continue
		}
		if err != nil {
			t.Fatalf("Enter: %v", err)
		}
		at := time.Now()
		g.Leave(http.StatusOK, nil, 0)
		return at
	}
}

func TestGate_NeverOverrunsAWindow(t *testing.T) {
	t.Parallel()
	for _, p := range []int{poll, step} {
		synctest.Test(t, func(t *testing.T) {
			const allowed, per = 20, 10 * time.Second
			g := budget.New(burst(allowed, per), 0)
			var sent []time.Time
			for range 200 {
				sent = append(sent, enter(t, g, p))
			}
			for i := allowed; i < len(sent); i++ {
				if d := sent[i].Sub(sent[i-allowed]); d < per {
					t.Fatalf("priority %d: requests %d to %d went out within %s, want %s", p, i-allowed, i, d, per)
				}
			}
			if took := sent[199].Sub(sent[0]); took > 130*time.Second {
				t.Errorf("priority %d: 200 requests took %s, want hardly more than 100s", p, took)
			}
		})
	}
}

func TestGate_LetsHalfAWindowGoAtOnceAndSpreadsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(burst(100, 10*time.Second), 0)
		begin := time.Now()
		for range 50 {
			enter(t, g, step)
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("the first half took %s, want no time", d)
		}
		for range 10 {
			enter(t, g, step)
		}
		if d := time.Since(begin); d < 900*time.Millisecond || d > 1100*time.Millisecond {
			t.Errorf("ten more took %s, want about 1s", d)
		}
	})
}

func TestGate_KeepsATenthForTheOtherSide(t *testing.T) {
	t.Parallel()
	for _, greedy := range []int{poll, step} {
		synctest.Test(t, func(t *testing.T) {
			g := budget.New(burst(100, 20*time.Second), 0)
			drain(t, g, greedy, 90)
			if err := g.Enter(t.Context(), "x", "", greedy); err == nil {
				t.Errorf("priority %d: request 91 was let in, want a tenth kept", greedy)
			}
			if err := g.Enter(t.Context(), "x", "", 1-greedy); err != nil {
				t.Errorf("priority %d: Enter: %v, want the kept tenth", 1-greedy, err)
			}
		})
	}
}

// drain sends n requests and lets the clock go on until they are through.
func drain(t *testing.T, g *budget.Gate, p, n int) {
	t.Helper()
	for range n {
		enter(t, g, p)
	}
}

func TestGate_StepsGoBeforePollsAndEachInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(nil, 1)
		if err := g.Enter(t.Context(), "first", "", poll); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		var group sync.WaitGroup
		for i, p := range []int{poll, step, poll, step} {
			group.Go(func() {
				if err := g.Enter(t.Context(), "x", "", p); err != nil {
					t.Errorf("Enter: %v", err)
					return
				}
				mu.Lock()
				order = append(order, fmt.Sprint(p, i))
				mu.Unlock()
				g.Leave(http.StatusOK, nil, 0)
			})
			synctest.Wait() // it stands in the queue
		}
		g.Leave(http.StatusOK, nil, 0)
		group.Wait()
		if diff := cmp.Diff([]string{"1 1", "1 3", "0 0", "0 2"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestGate_CapsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(nil, 0)
		for range budget.Concurrency {
			if err := g.Enter(t.Context(), "x", "", step); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		err := g.Enter(t.Context(), "x", "", step)
		if closed, ok := errors.AsType[*budget.ClosedError](err); !ok || closed.Wait() != time.Second {
			t.Errorf("Enter = %v, want a closed gate for 1s", err)
		}
		if d := time.Since(begin); d > budget.MaxWait {
			t.Errorf("waited %s, want at most %s", d, budget.MaxWait)
		}
		g.Leave(0, nil, 0)
		if err := g.Enter(t.Context(), "x", "", step); err != nil {
			t.Errorf("after a Leave: %v", err)
		}
	})
}

func TestGate_LearnsWhatIsLeft(t *testing.T) {
	t.Parallel()
	header := func(left, of, reset string) http.Header {
		h := http.Header{}
		h.Set("X-Left", left)
		h.Set("X-Max", of)
		h.Set("X-Reset", reset)
		return h
	}
	tests := []struct {
		name   string
		header http.Header
		wait   time.Duration // of the next step; 0 for none
	}{
		{"nothing left", header("0", "100", ""), time.Minute},
		{"nothing left, and until when", header("0", "100", "20000"), 20 * time.Second},
		{"nonsense", header("-5", "abc", "1e9"), 0},
		{"the end is later than the window is long", header("0", "100", "999999999999"), time.Minute},
		{"enough", header("99", "100", ""), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := budget.New(burst(100, time.Minute), 0)
				if err := g.Enter(t.Context(), "x", "", poll); err != nil {
					t.Fatal(err)
				}
				g.Leave(http.StatusOK, tt.header, 0)
				err := g.Enter(t.Context(), "x", "", step)
				var got time.Duration
				if closed, ok := errors.AsType[*budget.ClosedError](err); ok {
					got = closed.Wait()
				}
				if got != tt.wait {
					t.Errorf("wait = %s (%v), want %s", got, err, tt.wait)
				}
			})
		})
	}
}

func TestGate_DoesNotTrustWhatIsLeftWhileRequestsAreUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(burst(100, time.Minute), 0)
		for range 3 {
			if err := g.Enter(t.Context(), "x", "", step); err != nil {
				t.Fatal(err)
			}
		}
		left := func(n string) http.Header { return http.Header{"X-Left": []string{n}} }
		g.Leave(http.StatusOK, left("12"), 0) // may be 10 in truth, and 10 are kept
		entered := make(chan error)
		go func() { entered <- g.Enter(t.Context(), "x", "", step) }()
		synctest.Wait()
		select {
		case err := <-entered:
			t.Fatalf("let in with %v while two answers are out", err)
		default:
		}
		g.Leave(http.StatusOK, left("13"), 0)
		g.Leave(http.StatusOK, left("12"), 0)
		if err := <-entered; err != nil {
			t.Errorf("after the answers: %v", err)
		}
	})
}

func TestGate_ClosesWhenTheServiceAsks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		after  time.Duration
		want   time.Duration
	}{
		{"as told", 429, 90 * time.Second, 90 * time.Second},
		{"not told", 429, 0, 10 * time.Second},
		{"at most an hour", 429, 300 * time.Hour, time.Hour},
		{"other answers too", 503, 7 * time.Second, 7 * time.Second},
		{"not asked", 503, 0, 0},
		{"nonsense", 500, -time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := budget.New(burst(1000, 10*time.Second), 0)
				if err := g.Enter(t.Context(), "x", "", step); err != nil {
					t.Fatal(err)
				}
				g.Leave(tt.status, nil, tt.after)
				err := g.Enter(t.Context(), "x", "", step)
				var got time.Duration
				if closed, ok := errors.AsType[*budget.ClosedError](err); ok {
					got = closed.Wait()
				}
				if got != tt.want {
					t.Errorf("wait = %s (%v), want %s", got, err, tt.want)
				}
			})
		})
	}
}

func TestGate_AWindowOfSomeOperationsKeepsBackOnlyThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New([]budget.Window{
			{Name: "batch", Requests: 1, Per: time.Minute, Operations: []string{"batch"}},
			{Name: "all", Requests: 100, Per: time.Minute},
		}, 0)
		if err := g.Enter(t.Context(), "batch", "", step); err != nil {
			t.Fatal(err)
		}
		if err := g.Enter(t.Context(), "batch", "", step); err == nil {
			t.Error("a second batch was let in, want it kept back")
		}
		if err := g.Enter(t.Context(), "other", "", poll); err != nil {
			t.Errorf("another operation: %v, want it let in", err)
		}
	})
}

func TestGate_ReturnsTheContextsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(nil, 1)
		if err := g.Enter(t.Context(), "x", "", step); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Enter(ctx, "x", "", step); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Enter = %v, want the context's error", err)
		}
		if err := g.Enter(ctx, "x", "", step); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Enter with an ended context = %v, want its error", err)
		}
		g.Leave(0, nil, 0)
		if err := g.Enter(t.Context(), "x", "", step); err != nil {
			t.Errorf("the one who gave up still holds a place: %v", err)
		}
	})
}

func TestGate_RemembersOverARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(burst(10, time.Minute), 0)
		for range 4 {
			enter(t, g, step)
		}
		want := budget.WindowState{Name: "burst", Max: 10, Remaining: 6, ResetsAt: time.Now().Add(63 * time.Second).UTC()}
		stored := g.State()
		if diff := cmp.Diff([]budget.WindowState{want}, stored.Windows); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		stored.Windows[0].Remaining = 1
		stored.Windows = append(stored.Windows, budget.WindowState{Name: "gone", ResetsAt: time.Now().Add(time.Hour)})
		again := budget.New(burst(10, time.Minute), 0)
		again.Restore(stored)
		if got := again.State().Windows[0].Remaining; got != 1 {
			t.Errorf("after Restore %d are left, want 1", got)
		}

		stored.ClosedUntil = time.Now().Add(1000 * time.Hour)
		again.Restore(stored)
		if got, want := again.State().ClosedUntil, time.Now().Add(time.Hour).UTC(); !got.Equal(want) {
			t.Errorf("closed until %s, want %s", got, want)
		}
	})
}

func TestReplace_PutsTheUsersBudgetInPlaceOfTheShortestWindow(t *testing.T) {
	t.Parallel()
	daily := budget.Window{Name: "daily", Requests: 200_000, Per: 24 * time.Hour}
	batch := budget.Window{Name: "batch", Requests: 10, Per: time.Second, Operations: []string{"x"}}
	windows := append(burst(100, 10*time.Second), daily, batch)
	want := slices.Clone(windows)
	want[0].Requests, want[0].Per, want[0].Max = 50, 20*time.Second, ""
	if diff := cmp.Diff(want, budget.Replace(windows, 50, 20*time.Second)); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
	got := budget.Replace([]budget.Window{batch}, 50, time.Minute)
	if len(got) != 2 || got[1].Requests != 50 {
		t.Errorf("without an account-wide window got %+v, want one added", got)
	}
}

func BenchmarkGate(b *testing.B) {
	g := budget.New(burst(1<<30, time.Second), 0)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Enter(b.Context(), "contact.search", "", step); err != nil {
			b.Fatal(err)
		}
		g.Leave(http.StatusOK, nil, 0)
	}
}
