package budget_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/budget"
)

// window makes a window of a minute that counts by account or host.
func window(name, by string, n int) budget.Window {
	return budget.Window{Name: name, Requests: n, Per: time.Minute, By: by, Remaining: "X-" + name}
}

// closed returns how long a gate stays closed for steps, and its words; 0 when it
// lets one in.
func closed(t *testing.T, g *budget.Gate) (time.Duration, string) {
	t.Helper()
	err := g.Enter(t.Context(), "x", "", step)
	if e, ok := errors.AsType[*budget.ClosedError](err); ok {
		return e.For, e.Reason
	}
	if err != nil {
		t.Fatalf("Enter: %v", err)
	}
	g.Leave(0, nil, 0)
	return 0, ""
}

func TestHost_AWindowByHostIsSharedByItsAccounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const allowed = 20
		h := budget.NewHost()
		windows := []budget.Window{window("all", "host", allowed)}
		gates := []*budget.Gate{h.Gate("stax", windows, nil, 0), h.Gate("stax", windows, nil, 0), h.Gate("other", nil, nil, 0)}
		alone := budget.New(windows, 0)
		var mu sync.Mutex
		var sent []time.Time
		var group sync.WaitGroup
		for _, g := range gates {
			group.Go(func() {
				for range 20 {
					at := enter(t, g, step)
					mu.Lock()
					sent = append(sent, at)
					mu.Unlock()
				}
			})
		}
		group.Wait()
		slices.SortFunc(sent, time.Time.Compare)
		for i := allowed; i < len(sent); i++ {
			if d := sent[i].Sub(sent[i-allowed]); d < time.Minute {
				t.Fatalf("requests %d to %d of all accounts went out within %s, want 1m", i-allowed, i, d)
			}
		}
		if took := sent[len(sent)-1].Sub(sent[0]); took > 4*time.Minute {
			t.Errorf("60 requests took %s, want hardly more than 3m", took)
		}
		if len(h.State().Windows) != 1 || len(gates[0].State().Windows) != 0 {
			t.Errorf("windows of the host %v and of an account %v, want one and none", h.State().Windows, gates[0].State().Windows)
		}
		if d, _ := closed(t, alone); d != 0 {
			t.Errorf("an account elsewhere waits %s, want none", d)
		}
	})
}

func TestHost_WindowsByAccountStayApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		windows := []budget.Window{window("own", "account", 10), window("all", "host", 1000)}
		a, b := h.Gate("x", windows, nil, 0), h.Gate("x", windows, nil, 0)
		drain(t, a, step, 9)
		if d, _ := closed(t, a); d == 0 {
			t.Error("the first account was let in, want its own window used up")
		}
		if d, why := closed(t, b); d != 0 {
			t.Errorf("the second account waits %s (%s), want none", d, why)
		}
	})
}

func TestHost_AWindowOfSomeOperationsIsForItsConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		few := budget.Window{Name: "few", Requests: 1, Per: time.Minute, By: "host", Operations: []string{"x", "contact.search"}}
		a, b := h.Gate("one", []budget.Window{few}, nil, 0), h.Gate("other", nil, nil, 0)
		enter(t, a, step)
		if d, _ := closed(t, a); d == 0 {
			t.Error("a second request of the operation was let in, want it kept back")
		}
		if d, why := closed(t, b); d != 0 {
			t.Errorf("the same word of another connector waits %s (%s), want none", d, why)
		}
	})
}

func TestHost_NothingLeaksWhenTheHostIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		windows := []budget.Window{window("own", "account", 100), window("all", "host", 10)}
		a, b := h.Gate("x", windows, nil, 2), h.Gate("x", windows, nil, 2)
		enter(t, b, step)
		if err := b.Enter(t.Context(), "x", "", step); err != nil {
			t.Fatal(err)
		}
		b.Leave(http.StatusTooManyRequests, http.Header{"X-All": {"0"}}, time.Minute)
		for range 5 {
			if d, _ := closed(t, a); d == 0 {
				t.Fatal("let in, want the host closed")
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.Enter(ctx, "x", "", step); !errors.Is(err, context.Canceled) {
			t.Errorf("Enter = %v, want the context's error", err)
		}
		if got := a.State().Windows[0].Remaining; got != 100 {
			t.Errorf("%d requests are left of the account, want all 100", got)
		}
		<-time.After(2 * time.Minute)
		for range 2 { // both places are free
			if err := a.Enter(t.Context(), "x", "", step); err != nil {
				t.Errorf("after the pause: %v", err)
			}
		}
	})
}

func TestHost_ARefusalClosesWhatItConcerns(t *testing.T) {
	t.Parallel()
	own, all := window("Own", "account", 1000), window("All", "host", 1000)
	header := func(own, all string) http.Header { return http.Header{"X-Own": {own}, "X-All": {all}} }
	tests := []struct {
		name            string
		windows         []budget.Window
		header          http.Header
		account, second bool // closed
	}{
		{"by account alone", []budget.Window{own}, nil, true, false},
		{"without windows", nil, nil, true, false},
		{"by host alone", []budget.Window{all}, nil, true, true},
		{"both, not told which", []budget.Window{own, all}, nil, true, true},
		{"both, the account has nothing left", []budget.Window{own, all}, header("0", "5"), true, false},
		{"both, the host has nothing left", []budget.Window{own, all}, header("500", "0"), true, true},
		{"both have something left", []budget.Window{own, all}, header("500", "500"), true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := budget.NewHost()
				a, b := h.Gate("x", tt.windows, nil, 0), h.Gate("x", tt.windows, nil, 0)
				if err := a.Enter(t.Context(), "x", "", poll); err != nil {
					t.Fatal(err)
				}
				a.Leave(http.StatusTooManyRequests, tt.header, 30*time.Second)
				// Only the pause is asked for: a header may keep polls back as well.
				if got := !a.State().ClosedUntil.IsZero() || !h.State().ClosedUntil.IsZero(); got != tt.account {
					t.Errorf("the account is closed: %t, want %t", got, tt.account)
				}
				if got := !b.State().ClosedUntil.IsZero() || !h.State().ClosedUntil.IsZero(); got != tt.second {
					t.Errorf("the other account is closed: %t, want %t", got, tt.second)
				}
			})
		})
	}
}

func refusals() *budget.Breaker {
	return &budget.Breaker{Failures: 4, Per: time.Minute, Statuses: [][2]int{{400, 499}}}
}

// answer sends one request that gets a status, waiting as long as it has to.
func answer(t *testing.T, g *budget.Gate, status int) {
	t.Helper()
	for {
		err := g.Enter(t.Context(), "x", "", step)
		if e, ok := errors.AsType[*budget.ClosedError](err); ok {
			<-time.After(e.For)
			continue
		}
		if err != nil {
			t.Fatalf("Enter: %v", err)
		}
		g.Leave(status, nil, 0)
		return
	}
}

func TestBreaker_ClosesTheHostUntilTheOldestIsOld(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		breaker  budget.Breaker
		statuses []int // 5 s apart, from two accounts in turn
		want     time.Duration
		reason   string
	}{
		{"four refusals", *refusals(), []int{400, 401, 404, 422}, 45 * time.Second, "breaker: 4 answers 4xx within 1m"},
		{"three", *refusals(), []int{400, 401, 200, 422}, 0, ""},
		{"server errors and no answers", *refusals(), []int{500, 0, 502, 503, 500}, 0, ""},
		{"too many requests do not count", budget.Breaker{Failures: 2, Per: time.Hour, Statuses: [][2]int{{400, 499}}}, []int{429, 429, 200, 200}, 0, ""},
		{
			"unless they are listed",
			budget.Breaker{Failures: 2, Per: time.Hour, Statuses: [][2]int{{401, 401}, {429, 429}, {500, 501}}},
			[]int{429, 401},
			time.Hour - 5*time.Second, "breaker: 2 answers 401, 429, 500-501 within 1h",
		},
		{"a rest", budget.Breaker{Failures: 2, Per: time.Minute, Statuses: [][2]int{{403, 403}}, Rest: 90 * time.Minute}, []int{403, 403}, 90 * time.Minute, "breaker: 2 answers 403 within 1m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := budget.NewHost()
				gates := []*budget.Gate{h.Gate("x", nil, &tt.breaker, 0), h.Gate("x", nil, &tt.breaker, 0)}
				for i, status := range tt.statuses {
					if i > 0 {
						<-time.After(5 * time.Second)
					}
					answer(t, gates[i%2], status)
				}
				for i, g := range gates {
					if d, why := closed(t, g); d != tt.want {
						t.Errorf("account %d is closed for %s (%s), want %s", i, d, why, tt.want)
					}
				}
				if got := h.State().Reason; got != tt.reason {
					t.Errorf("reason = %q, want %q", got, tt.reason)
				}
			})
		})
	}
}

// TestBreaker_NeverLetsMoreFailuresThrough is the promise: however many accounts send
// at once, no more refusals come within the stretch than the breaker allows.
func TestBreaker_NeverLetsMoreFailuresThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		var mu sync.Mutex
		var failed []time.Time
		var group sync.WaitGroup
		for range 5 {
			g := h.Gate("x", nil, refusals(), 0)
			for range 8 {
				group.Go(func() {
					err := g.Enter(t.Context(), "x", "", step)
					for e := (*budget.ClosedError)(nil); errors.As(err, &e); err = g.Enter(t.Context(), "x", "", step) {
						<-time.After(e.For)
					}
					<-time.After(300 * time.Millisecond) // the answer takes its time
					mu.Lock()
					failed = append(failed, time.Now())
					mu.Unlock()
					g.Leave(http.StatusNotFound, nil, 0)
				})
			}
		}
		group.Wait()
		for i := 4; i < len(failed); i++ {
			if d := failed[i].Sub(failed[i-4]); d < time.Minute {
				t.Fatalf("5 refusals came within %s, want at most 4 a minute", d)
			}
		}
		if took := failed[len(failed)-1].Sub(failed[0]); took > 12*time.Minute {
			t.Errorf("40 refusals took %s, want hardly more than 9m", took)
		}
		if got := h.Numbers(); got.Answers[4] != 40 || got.Sent != 40 || got.Closed < 9 || got.Refused == 0 {
			t.Errorf("numbers = %+v, want 40 sent, 40 of 4xx, closed 9 times or more", got)
		}
	})
}

func TestGate_NamesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(nil, 1)
		if err := g.Enter(t.Context(), "x", "a", step); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		var group sync.WaitGroup
		for i, name := range []string{"a", "a", "a", "a", "b", "c", "b", "poll"} {
			p := step
			if name == "poll" {
				p = poll
			}
			group.Go(func() {
				if err := g.Enter(t.Context(), "x", name, p); err != nil {
					t.Errorf("Enter: %v", err)
					return
				}
				mu.Lock()
				order = append(order, fmt.Sprint(name, i))
				mu.Unlock()
				g.Leave(http.StatusOK, nil, 0)
			})
			synctest.Wait() // it stands in the queue
		}
		g.Leave(http.StatusOK, nil, 0)
		group.Wait()
		want := []string{"a0", "b4", "c5", "a1", "b6", "a2", "a3", "poll7"}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		if got := g.Numbers(); got.Sent != 9 || got.Waited != 8 || got.Answers[2] != 9 {
			t.Errorf("numbers = %+v, want 9 sent and answered, 8 of which waited", got)
		}
	})
}

func TestHost_RemembersOverARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		windows := []budget.Window{window("all", "host", 100), {Name: "daily", Requests: 40, Per: 24 * time.Hour, By: "host"}}
		make2 := func() (*budget.Host, *budget.Gate) {
			h := budget.NewHost()
			return h, h.Gate("x", windows, refusals(), 0)
		}
		h, g := make2()
		for range 3 {
			answer(t, g, http.StatusNotFound)
		}
		text, err := json.Marshal(h.State())
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second) // the restart
		var stored budget.State
		if err := json.Unmarshal(text, &stored); err != nil {
			t.Fatal(err)
		}
		h, g = make2()
		h.Restore(stored)
		if got := h.State().Windows[1].Remaining; got != 37 {
			t.Errorf("%d are left of the day, want 37", got)
		}
		answer(t, g, http.StatusNotFound) // the fourth
		if d, why := closed(t, g); d != 50*time.Second || why != "no requests for now; breaker: 4 answers 4xx within 1m" {
			t.Errorf("closed for %s (%s), want 50s by the breaker", d, why)
		}
		closedState := h.State()
		h, g = make2()
		h.Restore(closedState)
		if d, _ := closed(t, g); d != 50*time.Second {
			t.Errorf("after another restart closed for %s, want 50s", d)
		}
		<-time.After(time.Minute)
		for range 32 {
			enter(t, g, step)
		}
		got := h.State()
		if want := "daily quota"; got.Reason != want || time.Until(got.ClosedUntil) < 10*time.Hour {
			t.Errorf("closed until %s by %q, want most of a day by %q", got.ClosedUntil, got.Reason, want)
		}
		again, _ := make2()
		again.Restore(got)
		if again.State().Reason != "daily quota" {
			t.Errorf("after a restart the reason is %q, want the quota", again.State().Reason)
		}
		<-time.After(26 * time.Hour)
		if s := again.State(); s.Reason != "" || s.Windows[1].Remaining != 40 {
			t.Errorf("a day later %+v, want all of it back", s)
		}
	})
}

func TestRestore_BelievesNoNonsense(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := budget.New(burst(10, time.Minute), 0)
		g.Restore(budget.State{Spent: []budget.Spent{
			{Window: "burst", At: time.Now().Add(1000 * time.Hour), Polls: 3},
			{Window: "burst", At: time.Now(), Polls: -5, Steps: 1},
			{Window: "burst", At: time.Now().Add(-time.Hour), Polls: 5},
			{Window: "gone", At: time.Now(), Polls: 5},
		}})
		if got := g.State().Windows[0].Remaining; got != 7 {
			t.Errorf("%d are left, want 7", got)
		}
	})
}

// TestHost_NoPlaceIsLostInTheCrowd lets many go in, give up and be refused at once;
// in the end every place is free again, and nothing was counted that was not sent.
func TestHost_NoPlaceIsLostInTheCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := budget.NewHost()
		windows := []budget.Window{window("own", "account", 300), window("all", "host", 500)}
		breaker := &budget.Breaker{Failures: 30, Per: time.Minute, Statuses: [][2]int{{400, 499}}}
		gates := []*budget.Gate{h.Gate("x", windows, breaker, 3), h.Gate("x", windows, breaker, 3), h.Gate("y", nil, nil, 3)}
		var group sync.WaitGroup
		var mu sync.Mutex
		sent := make([]int64, len(gates))
		for i := range 600 {
			group.Go(func() {
				<-time.After(time.Duration(i*7%40) * time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%9)*time.Second)
				defer cancel()
				at := i % len(gates)
				if gates[at].Enter(ctx, "x", strconv.Itoa(i%4), i%2) != nil {
					return
				}
				mu.Lock()
				sent[at]++
				mu.Unlock()
				<-time.After(time.Duration(i%13) * 100 * time.Millisecond)
				gates[at].Leave([]int{200, 200, 404, 500, 0, 429}[i%6], nil, time.Duration(i%3)*time.Second)
			})
		}
		group.Wait()
		<-time.After(time.Hour)
		all := int64(0)
		for i, g := range gates {
			if got := g.Numbers().Sent; got != sent[i] || g.Requests() != sent[i] || got == 0 {
				t.Errorf("account %d: %d sent and %d over, want %d", i, got, g.Requests(), sent[i])
			}
			all += sent[i]
			for range 3 {
				if err := g.Enter(t.Context(), "x", "", step); err != nil {
					t.Errorf("account %d: a place is lost: %v", i, err)
				}
			}
			for range 3 {
				g.Leave(0, nil, 0)
			}
		}
		if got := h.Numbers().Sent - 9; got != all {
			t.Errorf("the host counts %d, want %d", got, all)
		}
	})
}
