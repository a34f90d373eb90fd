package engine_test

import (
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// TestRun_KnowsTheOneBeforeOfItsRecord lets a recipe take a change, pass by another, and
// take a third: the third run knows the first.
func TestRun_KnowsTheOneBeforeOfItsRecord(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("every: 1m}", "every: 1m}\n  watch: [name]")
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.put("r2", map[string]any{"name": "A"})
		b.later(time.Hour, text)
		for _, fields := range []map[string]any{{"name": "B"}, {"count": 7}, {"name": "C"}} {
			b.service.put("r1", fields)
			b.service.put("r2", fields)
			b.later(time.Minute, text)
		}
		for _, record := range []string{"r1", "r2"} {
			runs := b.runs(store.RunFilter{Record: record})
			if len(runs) != 2 || runs[0].Event.Previous != runs[1].ID || runs[1].Event.Previous != "" {
				t.Errorf("runs of %s: got %+v, want two, the newer of which knows the older", record, runs)
			}
		}
	})
}
