package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// bubble runs a test in fake time.
func bubble(t *testing.T, f func(*testing.T, *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newBench(t)) })
}

func TestOnce_BaselineIsSilentThenEveryChangeRunsOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 10 {
			b.service.put(fmt.Sprint("old", i), map[string]any{"name": "Old"})
		}
		b.wait(2 * time.Second)
		if r := b.once(recipe()); r.Runs.Succeeded != 0 || r.Records != 10 {
			t.Fatalf("baseline: got %d runs of %d records, want 0 of 10", r.Runs.Succeeded, r.Records)
		}
		b.service.put("new", map[string]any{"name": "Ann"})
		b.service.put("old3", map[string]any{"name": "Bob"})
		b.wait(time.Second)
		r := b.once(recipe())
		if r.Runs.Succeeded != 2 || r.Changes != 2 {
			t.Fatalf("got %d runs for %d changes, want 2 for 2", r.Runs.Succeeded, r.Changes)
		}
		b.expect("letter.put new Ann", "letter.put old3 Bob")
		if r := b.once(recipe()); r.Runs.Succeeded != 0 || r.Changes != 0 {
			t.Errorf("nothing changed: got %d runs for %d changes", r.Runs.Succeeded, r.Changes)
		}
	})
}

func TestOnce_StartAllRunsEveryRecordOnceAlsoWhenJoiningLate(t *testing.T) {
	t.Parallel()
	all := recipe("start: now", "start: all", "id: letters", "id: everything", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 7 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Minute)
		b.once(recipe())
		if r := b.once(recipe(), all); r.Runs.Succeeded != 7 {
			t.Fatalf("a recipe that joins with start: all made %d runs of 7 records", r.Runs.Succeeded)
		}
		b.service.put("r3", map[string]any{"name": "B"})
		b.wait(time.Second)
		if r := b.once(recipe(), all); r.Runs.Succeeded != 2 {
			t.Fatalf("one change for two recipes made %d runs, want 2", r.Runs.Succeeded)
		}
		if got := len(b.service.sent()); got != 9 {
			t.Errorf("the service received %d letters, want 9", got)
		}
	})
}

func TestOnce_StartTimeTakesWhatChangedSince(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.put("before", map[string]any{"name": "A"})
		b.wait(time.Hour)
		at := time.Now().UTC().Format(time.RFC3339)
		b.service.put("after", map[string]any{"name": "B"})
		b.wait(time.Hour)
		b.once(recipe("start: now", "start: "+at))
		b.expect("letter.put after B")
	})
}

func TestOnce_RecipesOnOneSourceShareItsPolls(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Minute)
		var many []string
		for i := range 20 {
			many = append(many, recipe("id: letters", fmt.Sprint("id: letters", i)))
		}
		b.once(many...)
		before := b.service.pages
		b.service.put("r1", map[string]any{"name": "B"})
		b.wait(time.Second)
		if r := b.once(many...); r.Runs.Succeeded != 20 || r.Feeds != 1 {
			t.Errorf("got %d runs over %d feeds, want 20 over 1", r.Runs.Succeeded, r.Feeds)
		}
		if got := b.service.pages - before; got != 1 {
			t.Errorf("20 recipes made %d requests, want 1", got)
		}
	})
}

func TestOnce_WatchBeforeAndChanged(t *testing.T) {
	t.Parallel()
	watching := recipe("start: now", "start: now\n  watch: [name]", "text: =record.name", `text: "${before.name} to ${record.name}"`,
		"steps:", `filter: kind == "created" or changed("name")`+"\nsteps:")
	bubble(t, func(t *testing.T, b *bench) {
		b.service.put("r1", map[string]any{"name": "A", "count": 1})
		b.wait(time.Minute)
		b.once(watching)
		b.service.put("r1", map[string]any{"count": 2})
		b.wait(time.Second)
		if r := b.once(watching); r.Changes != 1 || r.Runs.Succeeded != 0 {
			t.Errorf("a field that nobody watches: got %d runs for %d changes, want 0 for 1", r.Runs.Succeeded, r.Changes)
		}
		b.service.put("r1", map[string]any{"name": "B"})
		b.wait(time.Second)
		b.once(watching)
		b.expect("letter.put r1 A to B")
	})
}

func TestOnce_FilterThatFailsParksTheRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.service.put("r1", map[string]any{"name": "A", "count": 0})
		b.wait(time.Second)
		r := b.once(recipe("steps:", "filter: 10 % record.count == 0\nsteps:"))
		runs := b.runs(store.RunFilter{})
		if len(runs) != 1 || runs[0].State.Status != store.Parked || runs[0].State.Error == nil {
			t.Errorf("got %+v and runs %+v, want one parked run with an error", r.Runs, runs)
		}
	})
}

func TestOnce_FloodIsHeld(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		careful := recipe("start: now", "start: now\n  hold_over: 4")
		b.once(careful)
		for i := range 10 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Second)
		b.once(careful)
		if got := len(b.runs(store.RunFilter{Status: store.Held})); got != 6 {
			t.Errorf("got %d held runs of 10 with hold_over 4, want 6", got)
		}
	})
}

func TestPoll_HoldOverCountsTheRunsOfOnePoll(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		careful := recipe("start: now", "start: now\n  hold_over: 4")
		b.once(careful)
		go func() {
			for i := range 12 {
				b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
				b.wait(30 * time.Second)
			}
		}()
		b.serve(b.engine(careful), 10*time.Minute)
		if held := b.runs(store.RunFilter{Status: store.Held}); len(held) > 0 {
			t.Errorf("got %d held runs of 12, two or three a poll with hold_over 4; want none", len(held))
		}
	})
}

func TestOnce_SnapshotListStartsAtTheEndOfItsFirstWalk(t *testing.T) {
	t.Parallel()
	snapshot := recipe("item.list", "item.all")
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 8 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Minute)
		b.once(snapshot)
		b.service.put("r5", map[string]any{"name": "B"})
		b.service.put("r9", map[string]any{"name": "C"})
		b.wait(time.Second)
		b.once(snapshot)
		b.expect("letter.put r5 B", "letter.put r9 C")
	})
}

func TestOnce_ListThatCannotBeTrustedIsReadAgainFromTheOldWatermark(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Minute)
		b.once(recipe())
		b.service.put("r2", map[string]any{"name": "B"})
		b.wait(time.Second)
		b.service.put("r3", map[string]any{"name": "C"})
		for range 3 {
			b.wait(time.Hour)
			b.once(recipe())
		}
		b.service.put("r2", map[string]any{"name": "D"})
		b.wait(time.Second)
		b.service.deaf = true
		if r := b.once(recipe()); len(r.Failures) != 1 {
			t.Fatalf("got failures %v, want one", r.Failures)
		}
		b.service.deaf = false
		b.once(recipe())
		b.expect("letter.put r2 B", "letter.put r3 C", "letter.put r2 D")
	})
}

func TestOnce_FailedPollIsStoredWithItsReason(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.pageErr = func() error { return failure(connectors.Auth) }
		r := b.once(recipe())
		if len(r.Failures) != 1 || connectors.KindOf(r.Failures[0].Err) != connectors.Auth {
			t.Fatalf("got failures %v, want one of kind auth", r.Failures)
		}
		feeds, err := b.store.ListFeeds(t.Context())
		if err != nil || len(feeds) != 1 || feeds[0].Error == nil || feeds[0].Error.Kind != "auth" {
			t.Errorf("got feeds %+v, %v; want one with an error of kind auth", feeds, err)
		}
	})
}

// TestRehearse_PassesWaitsAndGuards goes on behind a wait of a year, and writes only where
// what the scene shows of the target is as the recipe wants it.
func TestRehearse_PassesWaitsAndGuards(t *testing.T) {
	t.Parallel()
	text := recipe("steps:", `steps:
  - {id: while, wait: 365d}
  - {id: until, wait: {until: '=now + duration("9d")'}}
  - id: fire
    call: crm.letter.fire
    with: {to: =record.id, text: new}
    only_if: target.text == "old"`)
	for target, want := range map[string][]string{"old": {"letter.get (target)", "letter.fire", "letter.put"}, "other": {"letter.get (target)", "letter.put"}} {
		bubble(t, func(t *testing.T, b *bench) {
			p := rehearse(t, b, text, engine.Scene{
				Record: map[string]any{"id": "r1", "name": "Ann"}, Targets: map[string]any{"fire": map[string]any{"text": target}},
			})
			var got []string
			for _, c := range p.Calls {
				name := c.Operation
				if c.Target {
					name += " (target)"
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("calls with the target %s (-want +got):\n%s", target, diff)
			}
			if p.Run == nil || p.Run.State.Status != store.Succeeded {
				t.Errorf("got run %+v, want one that succeeded", p.Run)
			}
			b.expect()
		})
	}
}

// TestRehearse_TellsALookupThatFindsNothing tells an answer that is nothing from one that is
// not given, which has the right shape.
func TestRehearse_TellsALookupThatFindsNothing(t *testing.T) {
	t.Parallel()
	text := recipe("steps:", `steps:
  - {id: last, call: crm.letter.get, with: {to: =record.id}}
  - {id: first, if: steps.last == nil, call: crm.letter.fire, with: {to: =record.id, text: the first}}`)
	for _, tt := range []struct {
		name    string
		answers map[string]any
		want    []string
	}{
		{"nothing is found", map[string]any{"last": nil}, []string{"letter.get", "letter.fire", "letter.put"}},
		{"something is found", map[string]any{"last": map[string]any{"text": "old"}}, []string{"letter.get", "letter.put"}},
		{"nothing is said", nil, []string{"letter.get", "letter.put"}},
	} {
		bubble(t, func(t *testing.T, b *bench) {
			p := rehearse(t, b, text, engine.Scene{Record: map[string]any{"id": "r1", "name": "Ann"}, Answers: tt.answers})
			var got []string
			for _, c := range p.Calls {
				got = append(got, c.Operation)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: calls (-want +got):\n%s", tt.name, diff)
			}
		})
	}
}

func TestRehearse_ShowsWhatWouldHappenAndSendsNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		p := rehearse(t, b, recipe(), engine.Scene{Record: map[string]any{"id": "r1", "name": "Ann"}})
		if p.Kind != "created" || p.Run == nil || len(p.Calls) != 1 || p.Calls[0].Input["text"] != "Ann" {
			t.Errorf("a new record: got %+v", p)
		}
		if p.Run != nil && p.Run.State.Status != store.Succeeded {
			t.Errorf("the run ended as %s: %+v", p.Run.State.Status, p.Run.State.Error)
		}
		p = rehearse(t, b, recipe("steps:", "filter: record.name == \"Bob\"\nsteps:"), engine.Scene{
			Before: map[string]any{"id": "r1", "name": "Ann"}, Record: map[string]any{"id": "r1", "name": "Eve"},
		})
		if p.Kind != "updated" || p.Run != nil || !strings.Contains(p.Verdict.String(), "filter") {
			t.Errorf("a filtered change: got %+v with verdict %s", p, p.Verdict)
		}
		b.expect()
	})
}
