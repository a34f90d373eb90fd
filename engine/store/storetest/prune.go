package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
)

// day is a day of retention.
const day = 24 * time.Hour

// keep30 is what is kept in these tests: runs for thirty days, payloads for seven.
func keep30(now time.Time) store.PruneSlice {
	return store.PruneSlice{Now: now, Age: 7 * day, Other: store.Keep{Runs: 30 * day, Payloads: 7 * day}}
}

// finished are the answers of steps that the tests save with the end of a run.
func finished(at time.Time) store.StepSave {
	return store.StepSave{
		Steps: []store.Step{{
			ID: "late", Status: "succeeded", Input: json.RawMessage(`{"to":"x"}`), Output: json.RawMessage(`"ok"`), FinishedAt: at,
			Effect: &store.Effect{State: store.Confirmed, Operation: "stibee.subscriber.upsert", SentAt: at, Sends: 1},
			Error:  &store.Failure{Kind: "invalid", Message: "no", Step: "late"},
		}},
		State: store.RunState{Status: store.Failed, FinishedAt: at, Attempts: 2, Error: &store.Failure{Kind: "invalid", Message: "no"}},
	}
}

// end finishes a run that had a step before its last one.
func end(t *testing.T, s store.Store, id store.RunID, at time.Time) {
	t.Helper()
	early := store.StepSave{
		Run: id, State: store.RunState{Status: store.Running},
		Steps: []store.Step{{ID: "early", Status: "succeeded", Input: json.RawMessage(`{"a":1}`), Output: json.RawMessage(`[1]`)}},
	}
	ok(t, "save a step", s.SaveStep(t.Context(), early))
	save := finished(at)
	save.Run = id
	ok(t, "finish", s.SaveStep(t.Context(), save))
}

// pruneForgetsByAge: a finished run loses its payload first and then is gone, by the
// time of its end; an unfinished one of any age is not touched.
func pruneForgetsByAge(t *testing.T, s store.Store) {
	ctx := t.Context()
	ids := commit(t, s, "f", "old", "middle", "late", "open").Runs
	end(t, s, ids[0], sample.Noon)
	end(t, s, ids[1], sample.Noon.Add(10*day))
	end(t, s, ids[2], sample.Noon.Add(28*day))
	whole, _, err := s.LoadRun(ctx, ids[1])
	ok(t, "load", err)
	now := sample.Noon.Add(31 * day)
	done, err := s.Prune(ctx, keep30(now))
	ok(t, "prune", err)
	same(t, "pruned", store.Pruned{Runs: 1, Payloads: 1, Last: ids[2].Seq()}, done)
	_, _, err = s.LoadRun(ctx, ids[0])
	is(t, "load a run that is gone", err, store.ErrNotFound)
	is(t, "save a run that is gone", s.SaveStep(ctx, store.StepSave{Run: ids[0], State: store.RunState{Status: store.Queued}}), store.ErrNotFound)
	whole.Event.Record, whole.Event.Before, whole.Event.Forgotten = nil, nil, true
	got, steps, err := s.LoadRun(ctx, ids[1])
	ok(t, "load a run without payload", err)
	same(t, "run without payload", whole, got)
	want := append([]store.Step{{ID: "early", Status: "succeeded"}}, finished(sample.Noon.Add(10*day)).Steps...)
	want[1].Input, want[1].Output = nil, nil
	same(t, "steps without payload", want, steps)
	for _, id := range ids[2:] {
		r, _, err := s.LoadRun(ctx, id)
		ok(t, "load", err)
		if len(r.Event.Record) == 0 || r.Event.Forgotten {
			t.Errorf("run %s lost its payload", id)
		}
	}
	list, err := s.ListRuns(ctx, store.RunFilter{})
	ok(t, "list", err)
	counts, err := s.CountRuns(ctx)
	ok(t, "count", err)
	stats, err := s.Stats(ctx)
	ok(t, "stats", err)
	same(t, "what is left", []int{3, 2, 3, 1}, []int{len(list), counts[store.Failed], stats.Runs, stats.Waiting})
	again, err := s.Prune(ctx, keep30(now))
	ok(t, "prune again", err)
	same(t, "pruned again", store.Pruned{Last: ids[2].Seq()}, again)
	next := commit(t, s, "f", "new").Runs[0]
	same(t, "number of the next run", ids[3].Seq()+1, next.Seq())
}

// pruneGoesOn: slices of every size come to the same end, the rules of recipes count,
// and a slice ends at the first run that is too young.
func pruneGoesOn(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	var runs []store.NewRun
	for i := range 9 {
		r := sample.Run(1, fmt.Sprint("r", i))
		r.Run.Recipe, r.Run.QueuedAt = fmt.Sprint("recipe", i%2), sample.Noon.Add(time.Duration(i)*day)
		r.Run.State = store.RunState{Status: store.Succeeded}
		runs = append(runs, r)
	}
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Runs: runs})
	ok(t, "commit", err)
	slice := keep30(sample.Noon.Add(12 * day))
	slice.Age, slice.Limit = 5*day, 2
	slice.Rules = map[string]store.Keep{"recipe1": {Runs: 5 * day, Payloads: day}}
	var got []store.Pruned
	for {
		p, err := s.Prune(ctx, slice)
		ok(t, "prune", err)
		got = append(got, p)
		if slice.After = p.Last; !p.More {
			break
		}
	}
	first := done.Runs[0].Seq()
	same(t, "slices", []store.Pruned{
		{Runs: 1, Payloads: 1, Last: first + 1, More: true},
		{Runs: 1, Payloads: 1, Last: first + 3, More: true},
		{Runs: 1, Payloads: 1, Last: first + 5, More: true},
		{Runs: 1, Last: first + 7, More: true}, // it ended exactly five days ago
		{Last: first + 7},
	}, got)
}

// pruningIsKept: how far the pruning came is kept as it is.
func pruningIsKept(t *testing.T, s store.Store) {
	ctx := t.Context()
	got, err := s.LoadPruning(ctx)
	ok(t, "load at first", err)
	same(t, "pruning at first", store.Pruning{}, got)
	want := store.Pruning{WalkedAt: sample.Noon, Walk: 7, Fronts: map[time.Duration]uint64{day: 3, 30 * day: 1}}
	ok(t, "save", s.SavePruning(ctx, want))
	got, err = s.LoadPruning(ctx)
	ok(t, "load", err)
	same(t, "pruning", want, got)
}

// recipesArePruned: texts go when nothing needs them any more.
func recipesArePruned(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	var runs []store.NewRun
	for _, version := range []string{"waits", "ended"} {
		r := sample.Run(1, version)
		r.Run.Version = version
		runs = append(runs, r)
	}
	runs[1].Run.State.Status = store.Succeeded
	_, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Runs: runs, Subscriptions: []store.Subscription{
		{Recipe: "welcome", Account: "acme", Feed: "f", Version: "joined", JoinedAt: sample.Noon},
	}})
	ok(t, "commit", err)
	for _, version := range []string{"waits", "ended", "joined", "now", "old"} {
		ok(t, "save", s.SaveRecipe(ctx, "welcome", version, []byte(version)))
	}
	n, err := s.PruneRecipes(ctx, []store.RecipeVersion{{Recipe: "welcome", Version: "now"}})
	ok(t, "prune recipes", err)
	same(t, "texts that went", 2, n)
	for version, kept := range map[string]bool{"waits": true, "ended": false, "joined": true, "now": true, "old": false} {
		if _, err := s.LoadRecipe(ctx, "welcome", version); (err == nil) != kept {
			t.Errorf("version %s: got error %v, want it kept: %t", version, err, kept)
		}
	}
}
