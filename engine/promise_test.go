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
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// two is a recipe with two letters that must not be sent twice.
func two(pairs ...string) string {
	return recipe(append(pairs, "letter.put", "letter.fire", "text: =record.name}", "text: first}\n"+
		"  - id: second\n    call: crm.letter.fire\n    with: {to: =record.id, text: second}\n    retry: {tries: 5, wait: 5m..5m}")...)
}

// TestDispatch_RunThatStartsBeforeItsPollReturnsIsNotBegunAnew holds a poll right
// after its commit until the dispatcher has found the run by itself.
func TestDispatch_RunThatStartsBeforeItsPollReturnsIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, two())
		b.service.fail = func(_ string, n int) (error, bool) {
			if n == 2 {
				return failure(connectors.Transient), false
			}
			return nil, true
		}
		var held atomic.Bool
		b.hooks.At = func(p engine.Point) {
			if p == engine.AfterCommit && !held.Swap(true) {
				b.wait(90 * time.Second) // the dispatcher sweeps every minute
			}
		}
		b.serve(b.engine(two()), 20*time.Minute)
		b.expect("letter.fire r1 first", "letter.fire r1 second")
	})
}

func TestDispatch_HeldRunBehindOthersIsNotStarted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("start: now", "start: now\n  hold_over: 1", "steps:", "order: {by: '\"all\"'}\nsteps:")
		b.once(text)
		for i := range 3 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Second)
		r := b.once(text)
		if got := len(b.runs(store.RunFilter{Status: store.Held})); got != 2 || r.Runs.Succeeded != 1 {
			t.Errorf("got %d held runs and %+v, want 2 held and 1 succeeded", got, r.Runs)
		}
		b.expect("letter.put r0 A")
	})
}

func TestDispatch_RunThatWasParkedByItsFilterIsNotStarted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("every: 1m", "every: 10s", "steps:", "filter: 10 % record.count == 0\nsteps:")
		b.once(text)
		b.service.delay = time.Minute
		done := make(chan struct{})
		e := b.engine(text)
		go func() {
			defer close(done)
			b.serve(e, 10*time.Minute)
		}()
		for _, count := range []int{1, 0} { // the second cannot be judged, and waits behind the first
			b.service.put("r1", map[string]any{"name": strconv.Itoa(count), "count": count})
			b.wait(15 * time.Second)
		}
		<-done
		if got := len(b.runs(store.RunFilter{Status: store.Parked})); got != 1 {
			t.Errorf("got %d parked runs, want 1", got)
		}
		b.expect("letter.put r1 1")
	})
}

func TestOnce_RunThatIsParkedByItsFilterIsReported(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("steps:", "filter: 10 % record.count == 0\nsteps:")
		b.once(text)
		b.service.put("r1", map[string]any{"name": "A", "count": 0})
		b.wait(time.Second)
		if r := b.once(text); r.Runs.Parked != 1 {
			t.Errorf("got %+v, want one parked run in the report", r.Runs)
		}
		if r := b.once(text); r.Runs.Parked != 0 {
			t.Errorf("got %+v, want the run counted only when it was parked", r.Runs)
		}
	})
}

// TestDispatch_WaitThatEndsDuringTheStopKeepsStill has a run become due while
// another one is being drained. Fake time moves only while everybody sleeps.
func TestDispatch_WaitThatEndsDuringTheStopKeepsStill(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n    retry: {tries: 5, wait: 4s..4s}", "steps:", "order: {workers: 1}\nsteps:")
		b.once(text)
		b.service.put("r1", map[string]any{"name": "trouble"})
		b.service.put("r2", map[string]any{"name": "slow"})
		b.wait(2 * time.Minute)
		b.service.delay = 8 * time.Second
		b.service.fail = func(_ string, n int) (error, bool) {
			if b.service.calls[n-1].Text == "trouble" {
				return failure(connectors.Transient), false
			}
			return nil, true
		}
		b.serve(b.engine(text), 9*time.Second) // trouble is due from 10 s on, slow ends at 16 s
		b.expect("letter.put r2 slow")
	})
}

func TestEngine_RunWhoseRecipeFitsNoMoreIsParked(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		old := recipe("text: =record.name", "text: old")
		prepareOne(b, old)
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Transient), false }
		b.serve(b.engine(old), time.Second)
		b.service.fail = nil
		b.store = &forgetfulStore{b.store}
		b.serve(b.engine(recipe("text: =record.name", "text: new")), 5*time.Minute)
		runs := b.runs(store.RunFilter{Status: store.Parked})
		if len(runs) != 1 || runs[0].State.Error == nil || !strings.Contains(runs[0].State.Error.Message, "fit") {
			t.Errorf("got %+v, want one parked run that says why", runs)
		}
		b.expect()
	})
}

// forgetfulStore has texts of recipes that are of no use any more.
type forgetfulStore struct{ store.Store }

func (*forgetfulStore) LoadRecipe(context.Context, string, string) ([]byte, error) {
	return []byte("recipe: v1\nid: letters\n"), nil
}

// TestPoll_ListThatTakesLongerThanAPollIsReadToItsEnd reads 40 pages of half a
// minute each by offset, through two time limits.
func TestPoll_ListThatTakesLongerThanAPollIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	long := recipe("item.list", "item.all", "every: 1m", "every: 12h")
	fill := func(b *bench) {
		for i := range 120 {
			b.service.put(fmt.Sprintf("r%03d", i), map[string]any{"name": "A"})
		}
		b.service.pageDelay = 30 * time.Second
	}
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, b *bench) {
			fill(b)
			if r := b.once(long); len(r.Failures) > 0 || r.Records != 120 {
				t.Errorf("got %d records and failures %v, want 120 and none", r.Records, r.Failures)
			}
		})
	})
	t.Run("daemon", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, b *bench) {
			fill(b)
			b.serve(b.engine(long), 6*time.Hour)
			feeds, err := b.store.ListFeeds(t.Context())
			if err != nil || len(feeds) != 1 || !feeds[0].State.Baseline || feeds[0].State.Records != 120 {
				t.Errorf("got feeds %+v, %v; want one that knows 120 records", feeds, err)
			}
			if b.service.pages > 45 {
				t.Errorf("%d requests in 6 hours for one poll every 12, want about 40", b.service.pages)
			}
		})
	})
}

func TestOnce_WaitsForTheBudgetAtEveryPage(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 60 {
			b.service.put(fmt.Sprintf("r%03d", i), map[string]any{"name": "A"})
		}
		b.service.pageErr = func() error {
			if b.service.pages%2 == 0 {
				return &connectors.Error{Kind: connectors.RateLimited, Op: "fake", RetryAfter: 20 * time.Second, Err: errors.New("enough")}
			}
			return nil
		}
		if r := b.once(recipe()); len(r.Failures) > 0 || r.Records < 60 {
			t.Errorf("got %d records and failures %v, want 60 and none", r.Records, r.Failures)
		}
	})
}

// TestPoll_PositionThatIsRefusedEndsTheWalk interrupts a walk until the service
// knows its position no more: the next one must begin anew.
func TestPoll_PositionThatIsRefusedEndsTheWalk(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		for i := range 10 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Minute)
		expired := false
		b.service.refuse = func(position string) error {
			switch {
			case position == "":
				expired = false
			case b.service.pages == 3:
				expired = true
				return failure(connectors.Transient)
			case expired:
				return failure(connectors.Invalid)
			}
			return nil
		}
		b.serve(b.engine(recipe()), time.Hour)
		if got := len(b.service.effects); got != 10 {
			t.Errorf("got %d letters, want 10", got)
		}
	})
}

// TestPoll_StartIsStoredThoughTheFirstCommitFails fills the disk for the first
// commit of a feed: what was decided for it must be decided again.
func TestPoll_StartIsStoredThoughTheFirstCommitFails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		var full atomic.Bool
		b.store = &fullStore{Store: b.store, full: full.Load}
		b.hooks.At = func(p engine.Point) { full.Store(p == engine.BeforeCommit && b.service.pages == 1) }
		b.once(recipe())
		b.wait(time.Minute)
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Minute)
		b.hooks.At = nil
		b.once(recipe())
		b.expect("letter.put r1 A")
	})
}

// TestOnce_SeesWhatChangedBehindAnInterruptedWalk interrupts a walk by the end of the
// program, and changes a record that it has read already.
func TestOnce_SeesWhatChangedBehindAnInterruptedWalk(t *testing.T) {
	t.Parallel()
	text := recipe("item.list", "item.all")
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 9 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Minute)
		b.once(text)
		b.service.put("r0", map[string]any{"name": "B"})
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 2 {
				return failure(connectors.Transient)
			}
			return nil
		}
		b.once(text)
		b.service.pageErr = nil
		b.service.put("r1", map[string]any{"name": "C"})
		b.once(text)
		b.expect("letter.put r0 B", "letter.put r1 C")
	})
}

// TestSubscribe_RecipeThatJoinsAnInterruptedWalkGetsItsBeginningToo adds a recipe
// that wants the past to a feed that has read half of its list.
func TestSubscribe_RecipeThatJoinsAnInterruptedWalkGetsItsBeginningToo(t *testing.T) {
	t.Parallel()
	all := recipe("start: now", "start: all", "id: letters", "id: everything", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 9 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Hour)
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 2 {
				return failure(connectors.Transient)
			}
			return nil
		}
		b.serve(b.engine(recipe()), time.Second)
		b.service.pageErr = nil
		b.once(recipe(), all)
		if got := len(b.service.effects); got != 9 {
			t.Errorf("got %d letters, want one for each of 9 records: %q", got, b.service.sent())
		}
	})
}

// TestEngine_AnswerThatComesAfterTheHardStopIsStored has a service answer when the
// work has ended already.
func TestEngine_AnswerThatComesAfterTheHardStopIsStored(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire")
		prepareOne(b, text)
		b.service.stubborn, b.service.delay = true, 15*time.Second // the drain time is 10 seconds
		b.serve(b.engine(text), time.Second)
		if got := len(b.runs(store.RunFilter{Status: store.Succeeded})); got != 1 {
			t.Errorf("%d runs succeeded, want the one whose answer came", got)
		}
		b.expect("letter.fire r1 Ann")
	})
}

// TestEngine_FirstOfTwoWritesIsSettledWhenTheSecondIsCutOff stops hard in the second
// write, which is safe to repeat: of the first there is no doubt.
func TestEngine_FirstOfTwoWritesIsSettledWhenTheSecondIsCutOff(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("letter.put", "letter.fire", "text: =record.name}", "text: first}\n"+
			"  - id: second\n    call: crm.letter.put\n    with: {to: slow, text: second}")
		prepareOne(b, text)
		b.service.slow = map[string]time.Duration{"slow": time.Hour}
		b.serve(b.engine(text), time.Second)
		b.service.slow = nil
		b.serve(b.engine(text), time.Minute)
		if got := len(b.runs(store.RunFilter{Status: store.Succeeded})); got != 1 {
			t.Errorf("got runs %+v, want one that succeeded", b.runs(store.RunFilter{}))
		}
		b.expect("letter.fire r1 first", "letter.put slow second", "letter.put slow second")
	})
}

func TestEngine_StoreThatBreaksDuringTheDrainIsReported(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		prepareOne(b, recipe())
		broken := &brokenStore{Store: b.store}
		b.store = broken
		b.service.delay = 5 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		e := b.engine(recipe())
		b.hooks.At = nil
		time.AfterFunc(3*time.Second, func() { broken.broken.Store(true) })
		if err := e.Run(ctx); err == nil || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("got %v, want the store's error", err)
		}
	})
}

// tardyStore takes its time to answer when a run is parked.
type tardyStore struct{ store.Store }

func (s *tardyStore) SaveStep(ctx context.Context, c store.StepSave) error {
	err := s.Store.SaveStep(ctx, c)
	if c.State.Status == store.Parked {
		<-time.After(6 * time.Minute) // the account rests for 5
	}
	return err
}

// TestDispatch_RunParkedWhileOthersAreLetGoIsNotForgotten has one call find out that
// the credential works again while another run is just being parked for it.
func TestDispatch_RunParkedWhileOthersAreLetGoIsNotForgotten(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("poll: crm.item.list", "poll: crm.item.list", "every: 1m", "every: 24h")
		b.once(text)
		b.service.put("refused", map[string]any{"name": "A"})
		b.service.put("welcome", map[string]any{"name": "A"})
		b.wait(24 * time.Hour)
		b.store = &tardyStore{b.store}
		b.service.slow = map[string]time.Duration{"refused": time.Second, "welcome": 330 * time.Second}
		once := false // guarded by the service's mutex
		b.service.fail = func(_ string, n int) (error, bool) {
			if b.service.calls[n-1].To == "refused" && !once {
				once = true
				return failure(connectors.Auth), false
			}
			return nil, true
		}
		b.serve(b.engine(text), time.Hour)
		if got := len(b.service.calls); got != 3 {
			t.Errorf("%d calls, want one that was refused and two that went well", got)
		}
		b.expect("letter.put refused A", "letter.put welcome A")
	})
}
