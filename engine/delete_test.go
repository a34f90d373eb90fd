package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// burning deletes the letter of each new item.
func burning() string {
	return recipe("crm.letter.put", "crm.letter.burn", ", text: =record.name", "")
}

// TestDelete_ThatArrivedIsDoneWhenNothingIsLeft loses the answer to a delete. Sent again, it
// finds nothing: that is what it was for. Without a lost answer before, nothing to delete is
// a mistake, of the recipe or of somebody else.
func TestDelete_ThatArrivedIsDoneWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []connectors.Kind // one after the other, the last one for good
		want    store.Status
		effect  store.EffectState
	}{
		"lost, then gone":           {[]connectors.Kind{connectors.Uncertain, connectors.NotFound}, store.Succeeded, store.Confirmed},
		"lost twice, then gone":     {[]connectors.Kind{connectors.Uncertain, connectors.Uncertain, connectors.NotFound}, store.Succeeded, store.Confirmed},
		"lost, refused, then gone":  {[]connectors.Kind{connectors.Uncertain, connectors.Transient, connectors.NotFound}, store.Succeeded, store.Confirmed},
		"gone":                      {[]connectors.Kind{connectors.NotFound}, store.Failed, store.NotDone},
		"never arrived, then gone":  {[]connectors.Kind{connectors.Transient, connectors.NotFound}, store.Failed, store.NotDone},
		"lost, then another answer": {[]connectors.Kind{connectors.Uncertain, connectors.Invalid}, store.Failed, store.NotDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				prepareOne(b, burning())
				b.service.fail = func(_ string, n int) (error, bool) { return failure(tt.answers[min(n, len(tt.answers))-1]), false }
				b.serve(b.engine(burning()), time.Hour)
				run, steps := b.run()
				if run.State.Status != tt.want || steps["write"].Effect.State != tt.effect {
					t.Errorf("the run is %s and the effect %s, want %s and %s", run.State.Status, steps["write"].Effect.State, tt.want, tt.effect)
				}
			})
		})
	}
}

// TestDelete_OfAProgramThatEndedMeanwhile stops the program while a delete is under way. The
// next one finds nothing to delete.
func TestDelete_OfAProgramThatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, burning())
		b.service.delay = time.Hour
		b.serve(b.engine(burning()), 5*time.Minute)
		b.service.delay = 0
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.NotFound), false }
		b.serve(b.engine(burning()), time.Hour)
		if run, steps := b.run(); run.State.Status != store.Succeeded || steps["write"].Effect.State != store.Confirmed {
			t.Errorf("the run is %s and the effect %s, want succeeded and confirmed", run.State.Status, steps["write"].Effect.State)
		}
	})
}

// TestDelete_OfAPageOnTheWayIsNotBelieved has something between us and the service say that
// nothing is there, after the answer to a delete was lost.
func TestDelete_OfAPageOnTheWayIsNotBelieved(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, burning())
		b.service.fail = func(_ string, n int) (error, bool) {
			if n == 1 {
				return failure(connectors.Uncertain), false
			}
			return &connectors.Error{Kind: connectors.NotFound, Op: "fake", Status: 404, Err: errors.New("<html>not found</html>")}, false
		}
		b.serve(b.engine(burning()), time.Hour)
		if run, _ := b.run(); run.State.Status != store.Failed {
			t.Errorf("the run is %s, want failed", run.State.Status)
		}
	})
}

// TestAuth_RefusalOfOneOperationStopsNoOther refuses one recipe's write for lack of a scope:
// its runs wait, and those of others of the account go on.
func TestAuth_RefusalOfOneOperationStopsNoOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		other := recipe("id: letters", "id: others", "crm.letter.put", "crm.letter.fire")
		b.once(recipe(), other)
		b.service.fail = func(op string, _ int) (error, bool) {
			if op == "letter.fire" {
				return &connectors.Error{Kind: connectors.Auth, Narrow: true, Op: "fake", Err: errors.New("the sign-in lacks letters.fire")}, false
			}
			return nil, false
		}
		b.wait(2 * time.Minute)
		b.service.put("r1", map[string]any{"name": "Ann"})
		e := b.engine(recipe(), other)
		go func() {
			b.wait(90 * time.Second)
			b.service.put("r2", map[string]any{"name": "Ben"})
		}()
		b.serve(e, 4*time.Minute)
		b.expect("letter.put r1 Ann", "letter.put r2 Ben")
		for _, run := range b.runs(store.RunFilter{Recipe: "others"}) {
			if run.State.Status != store.Parked || run.State.Reason != "auth" {
				t.Errorf("run for %s is %s (%s), want parked for auth", run.Record, run.State.Status, run.State.Reason)
			}
		}
	})
}
