package engine_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/dry"
	"github.com/pollux-automation/pollux/engine/store"
)

func TestDry_ReadsAndTellsOfWritesAndSendsNone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n  - id: second\n    call: crm.letter.fire\n"+
			"    with: {to: =record.id, text: '=\"after \" + steps.write.id'}")
		prepareOne(b, text)
		var mu sync.Mutex
		var told []dry.Call
		e := b.with(text, func(o *engine.Options) {
			o.Accounts = dry.Accounts(o.Accounts, func(c dry.Call) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, c)
			})
		})
		if _, err := e.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(b.service.calls); got != 0 {
			t.Errorf("%d calls reached the service, want none", got)
		}
		if len(told) != 2 {
			t.Fatalf("told of %d writes, want 2", len(told))
		}
		run := b.runs(store.RunFilter{Limit: 1})[0]
		want := []struct{ step, text string }{{"write", "Ann"}, {"second", "after simulated"}}
		for i, w := range want {
			c := told[i]
			if c.Recipe != "letters" || c.Run != run.ID || c.Step != w.step || c.Account != "acme" || c.Input["text"] != w.text {
				t.Errorf("write %d: got %+v, want step %s of run %s with the text %q", i, c, w.step, run.ID, w.text)
			}
		}
		if run.State.Status != store.Succeeded {
			t.Errorf("the run is %s, want it to have gone through", run.State.Status)
		}
	})
}

// TestDry_RefusesEveryWriteOfTheService asks a dry session for every operation, in every
// way that there is.
func TestDry_RefusesEveryWriteOfTheService(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	told := 0
	account := dry.Accounts([]*engine.Account{{Name: "acme", Connector: b.service, Session: b.service}}, func(dry.Call) { told++ })[0]
	writes := 0
	for _, op := range b.service.Describe().Operations {
		if op.Kind != connectors.Write {
			continue
		}
		writes++
		if _, err := account.Session.Call(t.Context(), op, map[string]any{"to": "r1", "text": "x"}); err != nil {
			t.Errorf("%s: %v", op.Key, err)
		}
		if _, err := account.Session.Page(t.Context(), op, connectors.Query{}); err == nil {
			t.Errorf("%s could be read as a list", op.Key)
		}
	}
	if writes == 0 || told != writes || len(b.service.calls) != 0 || b.service.pages != 0 {
		t.Errorf("%d writes: told of %d, %d calls and %d pages reached the service", writes, told, len(b.service.calls), b.service.pages)
	}
}

func TestCarry_CarriesOutOneRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		careful := recipe("start: now", "start: now\n  hold_over: 1")
		b.once(careful)
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.put("r2", map[string]any{"name": "B"})
		b.wait(time.Second)
		b.once(careful)
		held := b.runs(store.RunFilter{Status: store.Held})[0]
		b.revise(held.ID, desk.Release{Who: ann()})
		before := len(b.service.sent())
		state, err := b.engine(careful).Carry(t.Context(), held.ID)
		if err != nil || state.Status != store.Succeeded || len(b.service.sent()) != before+1 {
			t.Errorf("got %s and %v with %d letters, want success and one letter more than %d", state.Status, err, len(b.service.sent()), before)
		}
	})
}
