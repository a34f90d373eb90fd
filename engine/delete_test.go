package engine_test

import (
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
