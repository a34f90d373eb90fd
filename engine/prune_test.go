package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// seldom makes a recipe that polls every three hours: these tests take weeks.
var seldom = []string{"every: 1m", "every: 3h"}

// whole counts the runs of the store, and those that still have their payload.
func (b *bench) whole() (runs, payloads int) {
	for _, r := range b.runs(store.RunFilter{}) {
		runs++
		if !r.Event.Forgotten {
			payloads++
		}
	}
	return runs, payloads
}

// left wants so many runs, so many of them with their payload.
func (b *bench) left(when string, runs, payloads int) {
	b.t.Helper()
	if gotRuns, gotPayloads := b.whole(); gotRuns != runs || gotPayloads != payloads {
		b.t.Errorf("%s: got %d runs, %d whole, want %d and %d", when, gotRuns, gotPayloads, runs, payloads)
	}
}

// wrote makes a run of a recipe that started before.
func (b *bench) wrote(id string, texts ...string) {
	b.t.Helper()
	b.service.put(id, map[string]any{"name": "A"})
	b.wait(time.Second)
	if r := b.once(texts...); r.Runs.Succeeded == 0 {
		b.t.Fatalf("%s made no run", id)
	}
}

func TestPrune_OnceForgetsOnceADay(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.wait(10 * time.Hour)
		b.wrote("a", recipe())
		b.wait(7*24*time.Hour + time.Hour)
		b.once(recipe())
		b.left("after a week", 1, 0)
		b.wrote("b", recipe())
		b.wait(23 * 24 * time.Hour)
		b.once(recipe())
		b.left("after a month", 1, 0)
		b.wait(23 * time.Hour)
		b.once(recipe("start: now", "start: now\nkeep: {runs: 1h, payloads: 1h}"))
		b.left("within a day of the last walk", 1, 0)
		b.wait(time.Hour)
		b.once(recipe("start: now", "start: now\nkeep: {runs: 1h, payloads: 1h}"))
		b.left("a day after the last walk", 0, 0)
		broken, err := b.store.Check(t.Context())
		if err != nil || len(broken) > 0 {
			t.Errorf("check: %v %v", broken, err)
		}
	})
}

func TestPrune_RunForgetsByTheHourAndByRecipe(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		short := recipe("every: 1m", "every: 3h", "steps:", "keep: {runs: 5h, payloads: 2h}\nsteps:", "id: letters", "id: short")
		b.once(recipe(seldom...), short)
		b.wrote("a", recipe(seldom...), short)
		b.left("at first", 2, 2)
		b.serve(b.engine(recipe(seldom...), short), 3*time.Hour+time.Minute)
		b.left("after three hours", 2, 1)
		b.serve(b.engine(recipe(seldom...), short), 3*time.Hour+time.Minute)
		b.left("after six hours", 1, 1)
		// A recipe that is gone has the rules of those that do not say.
		b.serve(b.engine(short), 8*24*time.Hour)
		b.left("after eight days", 1, 0)
		if !strings.Contains(b.log.String(), `"component":"pruner","runs":1`) {
			t.Error("the log does not say that a run was forgotten")
		}
	})
}

func TestPrune_MeetsWhatEndedLateAndLeavesWhatWaits(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		refuse := true
		b.service.fail = func(_ string, _ int) (error, bool) {
			if refuse {
				return failure(connectors.Auth), false
			}
			return nil, false
		}
		b.once(recipe(seldom...))
		b.service.put("a", map[string]any{"name": "A"})
		b.wait(time.Second)
		b.once(recipe(seldom...))
		b.serve(b.engine(recipe(seldom...)), 40*24*time.Hour)
		b.left("parked for forty days", 1, 1)
		refuse = false
		b.once(recipe(seldom...))
		if got := b.runs(store.RunFilter{Status: store.Succeeded}); len(got) != 1 {
			t.Fatalf("got %d runs that succeeded, want 1", len(got))
		}
		b.serve(b.engine(recipe(seldom...)), 6*24*time.Hour)
		b.left("ended six days ago", 1, 1)
		b.serve(b.engine(recipe(seldom...)), 3*24*time.Hour)
		b.left("ended nine days ago", 1, 0)
	})
}

// slicesStore makes slices of ten runs, notes them, and fails after some.
type slicesStore struct {
	store.Store

	most  int // how many slices go well
	after []uint64
}

func (s *slicesStore) Prune(ctx context.Context, slice store.PruneSlice) (store.Pruned, error) {
	if s.most--; s.most < 0 {
		return store.Pruned{Last: slice.After}, context.DeadlineExceeded
	}
	s.after = append(s.after, slice.After)
	slice.Limit = 10
	return s.Store.Prune(ctx, slice)
}

func TestPrune_GoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 24 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.once(recipe("start: now", "start: all"))
		b.wait(8 * 24 * time.Hour)
		inner := b.store
		cut := &slicesStore{Store: inner, most: 2}
		b.store = cut
		b.once(recipe("start: now", "start: all"))
		b.left("after two slices", 24, 4)
		cut.most, cut.after = 100, nil
		b.once(recipe("start: now", "start: all"))
		b.left("after the rest", 24, 0)
		if cut.after[0] != 20 {
			t.Errorf("the walk went on behind run %d, want 20", cut.after[0])
		}
		// The front has come that far: an hour later nothing of it is looked at again.
		cut.after = nil
		b.serve(b.engine(recipe("start: now", "start: all")), 30*time.Minute)
		for _, after := range cut.after {
			if after != 0 && after != 24 {
				t.Errorf("looked behind run %d", after)
			}
		}
		if len(cut.after) != 2 {
			t.Errorf("got slices behind %v, want one for each age", cut.after)
		}
	})
}

func TestPrune_FailuresAreLoggedAndHarmNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.store = &slicesStore{Store: b.store}
		b.serve(b.engine(recipe()), 90*time.Minute)
		if got := strings.Count(b.log.String(), "history not pruned"); got != 2 {
			t.Errorf("got %d warnings in 90 minutes, want 2", got)
		}
	})
}
