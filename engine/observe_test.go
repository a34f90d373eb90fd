package engine_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// notebook is an observer that writes down what it is told.
type notebook struct {
	mu      sync.Mutex
	counts  map[string]int
	longest time.Duration // from queued to the end of a run
}

func (n *notebook) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts[fmt.Sprintf(format, args...)]++
}

func (n *notebook) observer() *engine.Observer {
	return &engine.Observer{
		Polled: func(p engine.PollEnd) { n.note("poll %s %s %s", p.Account, p.Connector, p.Outcome) },
		Read: func(records, changes int) {
			if changes > 0 {
				n.note("read %d, changes %d", records, changes)
			}
		},
		Ended: func(r engine.RunEnd) {
			n.note("run %s %s loaded %t", r.Recipe, r.Status, r.Loaded)
			n.mu.Lock()
			defer n.mu.Unlock()
			n.longest = max(n.longest, r.Took)
		},
		Wrote: func(s store.EffectState) { n.note("effect %s", s) },
	}
}

// seen returns what was noted, without the polls that went well.
func (n *notebook) seen() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	counts := maps.Clone(n.counts)
	delete(counts, "poll acme fake ok")
	return counts
}

// watched builds an engine with an observer.
func (b *bench) watched(texts ...string) (*engine.Engine, *notebook) {
	b.t.Helper()
	n := &notebook{counts: map[string]int{}}
	o := b.options(texts...)
	o.Observer = n.observer()
	e, err := engine.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return e, n
}

// TestObserver_HearsHowRunsAndWritesEnd says for several fates of a write what the
// observer is told.
func TestObserver_HearsHowRunsAndWritesEnd(t *testing.T) {
	t.Parallel()
	once := func(k connectors.Kind) func(string, int) (error, bool) {
		return func(_ string, n int) (error, bool) {
			if n == 1 {
				return failure(k), false
			}
			return nil, true
		}
	}
	for _, tt := range []struct {
		name string
		op   string
		fail func(string, int) (error, bool)
		want map[string]int
	}{
		{"all well", "letter.put", nil, map[string]int{"run letters succeeded loaded true": 1, "effect confirmed": 1}},
		{"with an intent first", "letter.fire", nil, map[string]int{"run letters succeeded loaded true": 1, "effect confirmed": 1}},
		{"refused", "letter.put", once(connectors.Invalid), map[string]int{"run letters failed loaded true": 1, "effect failed": 1}},
		{"tried again", "letter.fire", once(connectors.Transient), map[string]int{"run letters succeeded loaded true": 1, "effect failed": 1, "effect confirmed": 1}},
		{"lost", "letter.fire", once(connectors.Uncertain), map[string]int{"run letters parked loaded true": 1, "effect unsure": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", tt.op)
				prepareOne(b, text)
				b.service.fail = tt.fail
				e, n := b.watched(text)
				b.serve(e, 4*time.Minute)
				tt.want["read 1, changes 1"] = 1
				if diff := cmp.Diff(tt.want, n.seen()); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
				if open := e.OpenEffects(); open != 0 {
					t.Errorf("open effects: got %d, want 0", open)
				}
			})
		})
	}
}

func TestObserver_TakesTheTimeFromQueuedToTheEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, recipe())
		b.service.delay = 7 * time.Second
		e, n := b.watched(recipe())
		b.serve(e, time.Minute)
		if n.longest < 7*time.Second || n.longest > 9*time.Second {
			t.Errorf("the run took %s, want about 7s", n.longest)
		}
	})
}

func TestObserver_CountsWritesWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire")
		prepareOne(b, text)
		b.service.delay = 20 * time.Second
		e, _ := b.watched(text)
		stop := b.serving(e)
		b.wait(10 * time.Second)
		if open := e.OpenEffects(); open != 1 {
			t.Errorf("in the middle of a call: got %d open effects, want 1", open)
		}
		b.wait(20 * time.Second)
		if open := e.OpenEffects(); open != 0 {
			t.Errorf("after the answer: got %d open effects, want 0", open)
		}
		stop()
	})
}

func TestObserver_HearsOfPollsThatFail(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.wait(2 * time.Minute)
		b.service.pageErr = func() error { return failure(connectors.Invalid) }
		e, n := b.watched(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		stop()
		if got := n.counts["poll acme fake invalid"]; got != 1 {
			t.Errorf("got %d polls that were invalid, want 1; told: %v", got, n.counts)
		}
	})
}

// TestObserver_SaysWhenARecipeIsGone lets a run end after its recipe was taken away.
func TestObserver_SaysWhenARecipeIsGone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, recipe())
		b.service.delay = 30 * time.Second
		e, n := b.watched(recipe())
		stop := b.serving(e)
		b.wait(10 * time.Second)
		b.reload(e)
		if l := e.Loaded(); len(l.Recipes) != 0 || l.Accounts["acme"] != "fake" {
			t.Errorf("loaded: got %+v, want no recipe and the account acme", l)
		}
		b.wait(time.Minute)
		stop()
		if got := n.counts["run letters succeeded loaded false"]; got != 1 {
			t.Errorf("got %d runs of a recipe that is gone, want 1; told: %v", got, n.counts)
		}
	})
}

func TestEngine_FeedTimesFollowQuietPolls(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		defer stop()
		b.wait(4*time.Minute + time.Second)
		list, err := e.FeedTimes(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("got %+v, %v; want one feed", list, err)
		}
		f := list[0]
		if f.Account != "acme" || f.Connector != "fake" || f.Operation != "item.list" {
			t.Errorf("got %+v, want item.list of acme at fake", f)
		}
		if lag := time.Since(f.Read); lag > 2*time.Minute {
			t.Errorf("the feed was last read %s ago, want within two of its minutes", lag)
		}
	})
}
