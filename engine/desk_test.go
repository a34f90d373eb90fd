package engine_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// reviser is what a person wants of a run.
type reviser interface {
	Revise(run *store.Run, steps []store.Step) (store.Revision, error)
}

// ann is who wants it.
func ann() desk.Who { return desk.Who{Actor: "cli:ann", At: time.Now()} }

// revise does what a person wants of a run.
func (b *bench) revise(id store.RunID, r reviser) {
	b.t.Helper()
	run, steps, err := b.store.LoadRun(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	rev, err := r.Revise(&run, steps)
	if err == nil {
		err = b.store.Revise(b.t.Context(), rev)
	}
	if err != nil {
		b.t.Fatalf("%T: %v", r, err)
	}
}

// refused returns why a wish for a run is refused.
func (b *bench) refused(id store.RunID, r reviser) error {
	b.t.Helper()
	run, steps, err := b.store.LoadRun(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = r.Revise(&run, steps)
	return err
}

// recipe returns a recipe as it is loaded.
func (b *bench) recipe(text string) *recipes.Recipe {
	b.t.Helper()
	return b.options(text).Recipes[0]
}

// the returns the one run that a filter selects.
func (b *bench) the(f store.RunFilter) store.Run {
	b.t.Helper()
	runs := b.runs(f)
	if len(runs) != 1 {
		b.t.Fatalf("got %d runs of %+v, want 1", len(runs), f)
	}
	return runs[0]
}

// failing makes calls fail while it is set.
func (b *bench) failing(kind connectors.Kind, ops ...string) {
	b.service.set(func() {
		b.service.fail = func(op string, _ int) (error, bool) {
			if slices.Contains(ops, op) {
				return failure(kind), kind == connectors.Uncertain
			}
			return nil, true
		}
	})
}

// pair is a recipe with two writes, the first of which may not be repeated.
func pair(pairs ...string) string {
	return recipe(append(pairs, "letter.put", "letter.fire", "text: =record.name}",
		"text: =record.name}\n  - id: last\n    call: crm.letter.put\n    with: {to: =record.id, text: =\"last \" + record.name}")...)
}

func TestRelease_UnsureWritesNeedAWord(t *testing.T) {
	t.Parallel()
	for rule, want := range map[desk.UnsureRule][]string{
		desk.SendUnsure: {"letter.fire r1 Ann", "letter.fire r1 Ann", "letter.put r1 last Ann"},
		desk.DoneUnsure: {"letter.fire r1 Ann", "letter.put r1 last Ann"},
	} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				prepareOne(b, pair())
				b.failing(connectors.Uncertain, "letter.fire")
				b.once(pair())
				b.failing("")
				id := b.the(store.RunFilter{Status: store.Parked}).ID
				if err := b.refused(id, desk.Release{Who: ann()}); !errors.Is(err, desk.ErrUnsure) {
					t.Fatalf("release without a word: got %v, want ErrUnsure", err)
				}
				b.revise(id, desk.Release{Who: ann(), Unsure: rule})
				b.once(pair())
				b.expect(want...)
				if err := b.refused(id, desk.Release{Who: ann(), Unsure: rule}); !errors.Is(err, desk.ErrNotWaiting) {
					t.Errorf("release of a finished run: got %v, want ErrNotWaiting", err)
				}
			})
		})
	}
}

func TestRelease_HeldRunsGoOnInOrder(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		careful := recipe("start: now", "start: now\n  hold_over: 1")
		b.once(careful)
		for _, id := range []string{"r1", "r2", "r3"} {
			b.service.put(id, map[string]any{"name": "A"})
		}
		b.wait(time.Second)
		b.once(careful)
		for _, r := range b.runs(store.RunFilter{Status: store.Held}) {
			b.revise(r.ID, desk.Release{Who: ann()})
		}
		b.once(careful)
		b.expect("letter.put r1 A", "letter.put r2 A", "letter.put r3 A")
	})
}

// TestRelease_GivesAllTriesAgain parks a run that has used up its tries.
func TestRelease_GivesAllTriesAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n    retry: {tries: 2}")
		prepareOne(b, text)
		b.failing(connectors.Uncertain, "letter.put")
		b.serve(b.engine(text), time.Minute)
		parked := b.the(store.RunFilter{Status: store.Parked})
		calls := len(b.service.calls)
		b.revise(parked.ID, desk.Release{Who: ann()}) // no word is needed: it may be repeated
		b.serve(b.engine(text), time.Minute)
		if got := len(b.service.calls) - calls; got != 2 {
			t.Errorf("%d tries after the release, want 2", got)
		}
		b.the(store.RunFilter{Status: store.Parked})
	})
}

// TestReplay_RepeatsNoConfirmedWriteUnlessAsked fails a run at its second write.
func TestReplay_RepeatsNoConfirmedWriteUnlessAsked(t *testing.T) {
	t.Parallel()
	edited := strings.ReplaceAll(pair(), "last \"", "edited \"")
	for _, tt := range []struct {
		name   string
		replay desk.Replay
		recipe string
		want   []string // what the service receives of the replay
	}{
		{"where it failed", desk.Replay{}, pair(), []string{"letter.put r1 last Ann"}},
		{"with the recipe as it is now", desk.Replay{}, edited, []string{"letter.put r1 edited Ann"}},
		{"from the beginning", desk.Replay{From: "write"}, pair(), []string{"letter.put r1 last Ann"}},
		{"from the beginning, all", desk.Replay{From: "write", Repeat: true}, pair(), []string{"letter.fire r1 Ann", "letter.put r1 last Ann"}},
		{"as now", desk.Replay{Event: &store.Event{Record: json.RawMessage(`{"id":"r1","name":"Eve"}`)}}, pair(), []string{"letter.put r1 last Eve"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				prepareOne(b, pair())
				b.failing(connectors.Invalid, "letter.put")
				b.once(pair())
				b.failing("")
				failed := b.the(store.RunFilter{Status: store.Failed})
				b.service.set(func() { b.service.effects = nil })
				tt.replay.Who, tt.replay.Recipe = ann(), b.recipe(tt.recipe)
				b.revise(failed.ID, tt.replay)
				b.once(tt.recipe)
				b.expect(tt.want...)
				done := b.the(store.RunFilter{})
				if done.ID != failed.ID || done.State.Status != store.Succeeded || done.Version != tt.replay.Recipe.Version {
					t.Errorf("got %+v, want the same run, succeeded, with the version that was given", done)
				}
			})
		})
	}
}

// TestReplay_OfAServingEngineGoesOnAtOnce puts a run back into the queue that was over.
func TestReplay_OfAServingEngineGoesOnAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.failing(connectors.Invalid, "letter.put")
		e := b.engine(recipe())
		stop := b.serving(e)
		b.service.put("r1", map[string]any{"name": "Ann"})
		b.until("a failed run", func() bool { return len(b.runs(store.RunFilter{Status: store.Failed})) == 1 })
		b.failing("")
		err := e.EditRuns(t.Context(), func(func(string, store.RunID) bool) {
			b.revise(b.the(store.RunFilter{}).ID, desk.Replay{Who: ann(), Recipe: b.recipe(recipe())})
		})
		if err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
		b.expect("letter.put r1 Ann")
		stop()
	})
}

// TestReplay_OfARunThatWasNeverStartedTakesTheRecordOfNow drops a run that waits for its
// turn, and replays it with another record.
func TestReplay_OfARunThatWasNeverStartedTakesTheRecordOfNow(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("steps:", "order: {workers: 1}\nsteps:")
		b.once(text)
		b.service.delay = 20 * time.Second
		e := b.engine(text)
		stop := b.serving(e)
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.put("r2", map[string]any{"name": "A"})
		b.until("a run under way", func() bool { return len(b.runs(store.RunFilter{})) == 2 })
		b.wait(time.Second)
		edit := func(do func(store.Run) reviser) (record string) {
			err := e.EditRuns(t.Context(), func(running func(string, store.RunID) bool) {
				for _, r := range b.runs(store.RunFilter{}) {
					if !running(r.Lane, r.ID) {
						b.revise(r.ID, do(r))
						record = r.Record
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			return record
		}
		waits := edit(func(store.Run) reviser { return desk.Drop{Who: ann()} })
		edit(func(r store.Run) reviser {
			event := r.Event
			event.Record = json.RawMessage(strings.Replace(string(event.Record), `"A"`, `"now"`, 1))
			return desk.Replay{Who: ann(), Recipe: b.recipe(text), Event: &event}
		})
		b.wait(50 * time.Second)
		stop()
		other := map[string]string{"r1": "r2", "r2": "r1"}[waits]
		b.expect("letter.put "+other+" A", "letter.put "+waits+" now")
	})
}
