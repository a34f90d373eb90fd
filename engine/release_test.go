package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

func TestRelease_UnsureWritesNeedAWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule    engine.UnsureRule
		effects int // of the write that was lost once, and arrived
	}{{engine.SendUnsure, 2}, {engine.DoneUnsure, 1}} {
		t.Run(string(tt.rule), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.fire", "text: =record.name}", "text: =record.name}\n  - id: last\n"+
					"    call: crm.letter.put\n    with: {to: =record.id, text: last}")
				prepareOne(b, text)
				b.service.fail = func(_ string, n int) (error, bool) {
					if n == 1 {
						return failure(connectors.Uncertain), true
					}
					return nil, true
				}
				b.once(text)
				id := b.runs(store.RunFilter{Status: store.Parked})[0].ID
				if err := engine.Release(t.Context(), b.store, id, engine.AskUnsure); !errors.Is(err, engine.ErrUnsure) {
					t.Fatalf("release without a word: got %v, want ErrUnsure", err)
				}
				if err := engine.Release(t.Context(), b.store, id, tt.rule); err != nil {
					t.Fatal(err)
				}
				b.once(text)
				if got := len(b.service.effects); got != tt.effects+1 {
					t.Errorf("%d effects, want %d and the last step's", got, tt.effects)
				}
				if err := engine.Release(t.Context(), b.store, id, tt.rule); !errors.Is(err, engine.ErrNotWaiting) {
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
			if err := engine.Release(t.Context(), b.store, r.ID, engine.AskUnsure); err != nil {
				t.Fatal(err)
			}
		}
		b.once(careful)
		if got := len(b.service.effects); got != 3 {
			t.Errorf("%d letters after the release, want 3", got)
		}
	})
}
