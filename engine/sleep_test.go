package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// patient is a recipe that lets time pass for some records.
func patient() string {
	return recipe("start: now", "start: now\n  hold_over: 5000", "steps:\n", "steps:\n  - id: pause\n    if: record.name != \"quick\"\n    wait: 3h\n")
}

func TestDispatch_AnyNumberOfRunsCanLetTimePassAndOthersGoOn(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(patient())
		b.service.size = 500
		const many = 2100 // more than are kept in hand
		for i := range many {
			b.service.put(fmt.Sprintf("r%04d", i), map[string]any{"name": "slow"})
		}
		stop := b.serving(b.engine(patient()))
		b.wait(10 * time.Minute)
		if got := len(b.runs(store.RunFilter{Status: store.Waiting})); got != many {
			t.Errorf("%d runs wait, want %d", got, many)
		}
		b.service.put("q", map[string]any{"name": "quick"})
		b.wait(2 * time.Minute)
		b.expect("letter.put q quick")
		stop() // a restart in the middle
		stop = b.serving(b.engine(patient()))
		b.service.put("q2", map[string]any{"name": "quick"})
		b.wait(3 * time.Hour)
		stop()
		if got := len(b.service.sent()); got != many+2 {
			t.Errorf("%d letters, want %d", got, many+2)
		}
	})
}

func TestDispatch_RunsBehindOneThatLetsTimePassComeInOrder(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(patient())
		stop := b.serving(b.engine(patient()))
		b.service.put("r1", map[string]any{"name": "first"})
		b.wait(2 * time.Minute)
		b.service.put("r1", map[string]any{"name": "quick"})
		b.wait(2 * time.Hour)
		b.expect()
		b.wait(time.Hour)
		stop()
		if got := fmt.Sprint(b.service.sent()); got != "[letter.put r1 first letter.put r1 quick]" {
			t.Errorf("got %s, want first and then quick", got)
		}
	})
}

// TestDispatch_RunsThatComeWhileASleeperWakesDoNotOvertake has a change come while the first
// run of its lane lets time pass, and another one when that run goes on and is not over yet.
func TestDispatch_RunsThatComeWhileASleeperWakesDoNotOvertake(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := strings.Replace(patient(), `record.name != "quick"`, `record.name == "slow"`, 1)
		b.once(text)
		stop := b.serving(b.engine(text))
		b.service.put("r1", map[string]any{"name": "slow"})
		b.wait(2 * time.Minute)
		b.service.put("r1", map[string]any{"name": "second"})
		b.service.set(func() { b.service.delay = 10 * time.Minute })
		b.wait(3 * time.Hour) // the first letter is on its way
		b.service.put("r1", map[string]any{"name": "third"})
		b.wait(time.Hour)
		stop()
		if got := fmt.Sprint(b.service.sent()); got != "[letter.put r1 slow letter.put r1 second letter.put r1 third]" {
			t.Errorf("got %s, want slow, second and third", got)
		}
	})
}
