package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// TestDispatch_RunsOfOneRecordNeverOverlapAndNeverSwap lets records change
// faster than their runs are done. The service panics on two calls for one record
// at once.
func TestDispatch_RunsOfOneRecordNeverOverlapAndNeverSwap(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("every: 1m", "every: 10s", "steps:", "order: {workers: 8}\nsteps:")
		b.once(text)
		b.service.delay = 95 * time.Second // changes come faster, but not so fast that they look like a loop
		done := make(chan struct{})
		e := b.engine(text)
		go func() {
			defer close(done)
			b.serve(e, 3*time.Hour)
		}()
		for i := range 40 {
			for r := range 5 {
				b.service.put(fmt.Sprint("r", r), map[string]any{"name": fmt.Sprintf("%03d", i)})
			}
			b.wait(61 * time.Second)
		}
		<-done
		last := map[string]string{}
		for _, e := range b.service.effects {
			if e.Text <= last[e.To] {
				t.Errorf("%s: %s came after %s", e.To, e.Text, last[e.To])
			}
			last[e.To] = e.Text
		}
		if len(b.service.effects) != 200 {
			t.Errorf("got %d letters, want 5 records with 40 changes", len(b.service.effects))
		}
		if b.service.most < 5 {
			t.Errorf("at most %d records at once, want all 5", b.service.most)
		}
	})
}

func TestDispatch_ParkedRunHoldsItsOwnLaneOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		parked string
		want   []string
	}{
		{"hold", []string{"letter.fire good 1", "letter.fire good 2"}},
		{"go_on", []string{"letter.fire good 1", "letter.fire good 2", "letter.fire bad 2"}},
	} {
		t.Run(tt.parked, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("letter.put", "letter.fire", "steps:", "order: {when_parked: "+tt.parked+"}\nsteps:")
				b.once(text)
				b.service.fail = func(_ string, n int) (error, bool) {
					if e := b.service.calls[n-1]; e.To == "bad" && e.Text == "1" {
						return failure(connectors.Uncertain), false
					}
					return nil, true
				}
				for _, name := range []string{"1", "2"} {
					b.service.put("bad", map[string]any{"name": name})
					b.service.put("good", map[string]any{"name": name})
					b.wait(time.Second)
					b.once(text)
				}
				b.once(text) // a restart changes nothing
				b.expect(tt.want...)
			})
		})
	}
}

func TestDispatch_FailedRunDoesNotHoldItsLane(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.service.fail = func(_ string, n int) (error, bool) {
			if b.service.calls[n-1].Text == "wrong" {
				return failure(connectors.Invalid), false
			}
			return nil, true
		}
		for _, name := range []string{"wrong", "right"} {
			b.service.put("r1", map[string]any{"name": name})
			b.wait(time.Second)
			b.once(recipe())
		}
		b.expect("letter.put r1 right")
	})
}

func TestDispatch_MoreRunsThanFitIntoMemory(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("start: now", "start: now\n  hold_over: 100000", "steps:", "order: {workers: 16}\nsteps:")
		b.service.size = 500
		b.once(text)
		for i := range 5200 {
			b.service.put(fmt.Sprintf("r%04d", i%2600), map[string]any{"name": strconv.Itoa(i / 2600)})
			if i == 2599 {
				b.wait(time.Second)
				b.service.fail = func(string, int) (error, bool) { return failure(connectors.Auth), false }
				b.once(text) // the first half waits in the queue
				b.service.fail = nil
			}
		}
		b.wait(time.Second)
		b.once(text)
		if got := len(b.service.effects); got != 5200 {
			t.Fatalf("got %d letters, want 5200", got)
		}
		last := map[string]string{}
		for _, e := range b.service.effects {
			if e.Text == last[e.To] || e.Text < last[e.To] {
				t.Fatalf("%s: %q came after %q", e.To, e.Text, last[e.To])
			}
			last[e.To] = e.Text
		}
	})
}

func TestRetry_GivesUpByParkingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n    retry: {tries: 3, wait: 1s..10s}")
		b.once(text)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Transient), false }
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Second)
		b.serve(b.engine(text), time.Hour)
		if got := len(b.service.calls); got != 3 {
			t.Errorf("%d calls, want 3 tries", got)
		}
		runs := b.runs(store.RunFilter{Status: store.Parked})
		if len(runs) != 1 || runs[0].State.Error == nil || runs[0].State.Error.Kind != "transient" {
			t.Errorf("got %+v, want one parked run with its error", runs)
		}
	})
}

func TestRetry_RulesOfTheRecipe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule   string
		kind   connectors.Kind
		status store.Status
		want   []string
	}{
		{"{match: invalid, do: continue}", connectors.Invalid, store.Succeeded, []string{"letter.put r1 last"}},
		{"{match: invalid, do: stop}", connectors.Invalid, store.Succeeded, nil},
		{"{match: invalid, do: park}", connectors.Invalid, store.Parked, nil},
		{"{match: any, do: park}", connectors.NotFound, store.Parked, nil},
		{"{match: conflict, do: continue}", connectors.Invalid, store.Failed, nil},
		{"{match: invalid, do: retry}", connectors.Invalid, store.Parked, nil},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := recipe("text: =record.name}", "text: =record.name}\n    retry: {tries: 2, wait: 1s..2s}\n"+
					"  - id: last\n    call: crm.letter.put\n    with: {to: =record.id, text: last}\non_error: ["+tt.rule+"]")
				prepareOne(b, text)
				b.service.fail = func(_ string, n int) (error, bool) {
					if b.service.calls[n-1].Text == "Ann" {
						return failure(tt.kind), false
					}
					return nil, true
				}
				b.serve(b.engine(text), time.Hour)
				if runs := b.runs(store.RunFilter{}); len(runs) != 1 || runs[0].State.Status != tt.status {
					t.Errorf("got %+v, want one run that is %s", runs, tt.status)
				}
				b.expect(tt.want...)
			})
		})
	}
}

// fullStore has no room for a while.
type fullStore struct {
	store.Store
	full func() bool
}

func (s *fullStore) CommitPoll(ctx context.Context, c store.PollCommit) (store.Committed, error) {
	if s.full() {
		return store.Committed{}, fmt.Errorf("commit: %w", store.ErrFull)
	}
	return s.Store.CommitPoll(ctx, c)
}

func (s *fullStore) SaveStep(ctx context.Context, c store.StepSave) error {
	if s.full() {
		return fmt.Errorf("save: %w", store.ErrFull)
	}
	return s.Store.SaveStep(ctx, c)
}

func TestEngine_FullDiskLosesNothingAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire", "every: 1m", "every: 10s")
		b.once(text)
		var full atomic.Bool
		b.store = &fullStore{Store: b.store, full: full.Load}
		done := make(chan struct{})
		e := b.engine(text)
		go func() {
			defer close(done)
			b.serve(e, time.Hour)
		}()
		for i := range 20 {
			full.Store(i%3 == 1)
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
			b.wait(45 * time.Second)
		}
		full.Store(false)
		<-done
		if got := len(b.service.effects); got != 20 {
			t.Errorf("got %d letters, want 20", got)
		}
		seen := map[string]bool{}
		for _, e := range b.service.effects {
			if seen[e.To] {
				t.Errorf("%s came twice", e.To)
			}
			seen[e.To] = true
		}
	})
}

// brokenStore fails for good.
type brokenStore struct {
	store.Store
	broken atomic.Bool
}

func (s *brokenStore) SaveStep(ctx context.Context, c store.StepSave) error {
	if s.broken.Load() {
		return errors.New("input/output error")
	}
	return s.Store.SaveStep(ctx, c)
}

func TestEngine_StoreThatCannotBeTrustedEndsTheProgram(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, recipe())
		broken := &brokenStore{Store: b.store}
		b.store = broken
		e := b.engine(recipe())
		broken.broken.Store(true)
		err := e.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("got %v, want the store's error", err)
		}
	})
}

func TestEngine_PanicOfASessionIsAnErrorOfThatPoll(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.pageErr = func() error { panic("a connector went mad") }
		r := b.once(recipe())
		if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Err.Error(), "went mad") {
			t.Errorf("got %v, want the panic as the poll's error", r.Failures)
		}
	})
}

func TestEngine_RunsKeepTheVersionTheyWereQueuedWith(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		old := recipe("text: =record.name", "text: old")
		prepareOne(b, old)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Auth), false }
		b.once(old)
		b.service.fail = nil
		b.once(recipe("text: =record.name", "text: new"))
		b.expect("letter.put r1 old")
	})
}

func TestEngine_EditedScheduleMovesNoCursor(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Minute)
		b.once(recipe("every: 1m", "every: 5m", "id: letters", "id: letters\nname: Edited"))
		b.expect("letter.put r1 A")
	})
}

// TestDispatch_RunParkedForACredentialKeepsItsPlace refuses the credential for the
// first of two changes: the second must not pass, even where parked runs let others
// pass, because the first goes on by itself.
func TestDispatch_RunParkedForACredentialKeepsItsPlace(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("steps:", "order: {when_parked: go_on}\nsteps:")
		prepareOne(b, text)
		b.service.fail = func(_ string, n int) (error, bool) {
			if n == 1 {
				return failure(connectors.Auth), false
			}
			return nil, true
		}
		done := make(chan struct{})
		e := b.engine(text)
		go func() {
			defer close(done)
			b.serve(e, 20*time.Minute)
		}()
		b.wait(30 * time.Second)
		b.service.put("r1", map[string]any{"name": "Bob"})
		<-done
		if got := b.service.sent(); len(got) != 2 || got[0] != "letter.put r1 Ann" || got[1] != "letter.put r1 Bob" {
			t.Errorf("the service received %q, want Ann before Bob", got)
		}
	})
}
