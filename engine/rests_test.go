package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
)

// pause is the switch of a recipe or an account.
func pause(kind, name string, paused bool) store.Switch {
	return store.Switch{Kind: kind, Name: name, Paused: paused, At: time.Now(), By: "test"}
}

func TestSwitch_RecipeThatRestsIsToldLater(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", true), nil); err != nil {
			t.Fatal(err)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.put("r2", map[string]any{"name": "B"})
		b.wait(5 * time.Minute)
		held := b.runs(store.RunFilter{Status: store.Held, Reason: watch.ReasonPaused})
		if len(held) != 2 {
			t.Errorf("got %d held runs, want 2", len(held))
		}
		b.expect()
		if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", false), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
		b.expect("letter.put r1 A", "letter.put r2 B")
		stop()
	})
}

// TestSwitch_RecipeThatGoesOnWhileItsRunIsCommitted lets a recipe go on between the moment
// when a poll has decided to hold its run and the one when the run is stored.
func TestSwitch_RecipeThatGoesOnWhileItsRunIsCommitted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		var e *engine.Engine
		var armed atomic.Bool
		b.hooks.At = func(p engine.Point) {
			if p != engine.BeforeCommit || !armed.CompareAndSwap(true, false) {
				return
			}
			if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", false), nil); err != nil {
				t.Error(err)
			}
			b.wait(time.Second) // the dispatcher has looked for held runs
		}
		e = b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", true), nil); err != nil {
			t.Fatal(err)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		armed.Store(true)
		b.wait(5 * time.Minute)
		stop()
		b.expect("letter.put r1 A")
	})
}

func TestSwitch_RestIsRememberedAndOnceDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		if err := b.store.SetSwitch(t.Context(), pause(store.SwitchRecipe, "letters", true), nil); err != nil {
			t.Fatal(err)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(time.Second)
		began := time.Now()
		b.once(recipe())
		b.expect()
		if took := time.Since(began); took > time.Minute {
			t.Errorf("once took %s, want it not to wait for a recipe that rests", took)
		}
		if err := b.store.SetSwitch(t.Context(), pause(store.SwitchRecipe, "letters", false), nil); err != nil {
			t.Fatal(err)
		}
		b.once(recipe())
		b.expect("letter.put r1 A")
	})
}

func TestSwitch_OnceDoesNotAskAnAccountThatRests(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		if err := b.store.SetSwitch(t.Context(), pause(store.SwitchAccount, "acme", true), nil); err != nil {
			t.Fatal(err)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		pages := b.pages()
		if r := b.once(recipe()); b.pages() != pages || len(r.Failures) != 0 {
			t.Errorf("got %d pages and failures %v, want none", b.pages()-pages, r.Failures)
		}
		if err := b.store.SetSwitch(t.Context(), pause(store.SwitchAccount, "acme", false), nil); err != nil {
			t.Fatal(err)
		}
		b.once(recipe())
		b.expect("letter.put r1 A")
	})
}

func TestSwitch_QueuedRunsOfARecipeThatRestsStay(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("steps:", "order: {workers: 1}\nsteps:")
		b.once(text)
		b.service.delay = 20 * time.Second
		e := b.engine(text)
		stop := b.serving(e)
		for i := range 4 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.until("a run under way", func() bool { return len(b.runs(store.RunFilter{})) == 4 })
		b.wait(time.Second)
		if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", true), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(10 * time.Minute)
		if got := len(b.service.sent()); got != 1 {
			t.Errorf("%d letters, want the one that was under way", got)
		}
		if err := e.Switch(t.Context(), pause(store.SwitchRecipe, "letters", false), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(2 * time.Minute)
		stop()
		if got := len(b.service.sent()); got != 4 {
			t.Errorf("%d letters, want 4", got)
		}
	})
}

func TestSwitch_AccountThatRestsIsNotAsked(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		if err := e.Switch(t.Context(), pause(store.SwitchAccount, "acme", true), nil); err != nil {
			t.Fatal(err)
		}
		before := b.pages()
		if _, err := e.PollNow(t.Context(), e.Feeds()[0]); !errors.Is(err, engine.ErrPaused) {
			t.Errorf("poll by hand: got %v, want %v", err, engine.ErrPaused)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(30 * time.Minute)
		if got := b.pages(); got != before {
			t.Errorf("%d pages were read while the account rested", got-before)
		}
		if err := e.Switch(t.Context(), pause(store.SwitchAccount, "acme", false), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(2 * time.Minute)
		stop()
		b.expect("letter.put r1 A")
	})
}

// TestSwitch_AccountThatGoesOnWakesRunsThatHaveBegun pauses an account whose run has
// computed something before it meets that.
func TestSwitch_AccountThatGoesOnWakesRunsThatHaveBegun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("steps:", "order: {workers: 1}\nsteps:\n  - id: first\n    set: {name: =record.name}")
		b.once(text)
		b.service.delay = 20 * time.Second
		e := b.engine(text)
		stop := b.serving(e)
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.put("r2", map[string]any{"name": "A"})
		b.until("a run under way", func() bool { return len(b.runs(store.RunFilter{})) == 2 })
		b.wait(time.Second)
		if err := e.Switch(t.Context(), pause(store.SwitchAccount, "acme", true), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Minute)
		if err := e.Switch(t.Context(), pause(store.SwitchAccount, "acme", false), nil); err != nil {
			t.Fatal(err)
		}
		b.wait(30 * time.Second)
		b.expect("letter.put r1 A", "letter.put r2 A")
		stop()
	})
}

func TestLoop_RecordThatChangesAgainAndAgainIsHeld(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("every: 1m", "every: 10s")
		b.once(text)
		b.service.put("calm", map[string]any{"name": "x"})
		e := b.engine(text)
		stop := b.serving(e)
		for i := range 30 {
			b.service.put("wild", map[string]any{"name": strconv.Itoa(i)})
			b.wait(20 * time.Second)
		}
		b.service.put("calm", map[string]any{"name": "y"})
		b.wait(time.Minute)
		held := b.runs(store.RunFilter{Status: store.Held, Reason: watch.ReasonLoop})
		if len(held) < 15 || held[0].Record != "wild" {
			t.Errorf("got %d held runs, want those of the wild record from the twelfth on", len(held))
		}
		wild := 0
		for _, s := range b.service.sent() {
			if strings.Contains(s, " wild ") {
				wild++
			}
		}
		if wild != 11 { // the first is no repetition
			t.Errorf("%d letters of the wild record, want 11", wild)
		}
		stop()
		if got := len(b.runs(store.RunFilter{Record: "calm", Status: store.Succeeded})); got != 2 {
			t.Errorf("%d runs of the calm record, want 2", got)
		}
	})
}

// purse stands for the budgets of a project.
type purse struct {
	mu     sync.Mutex
	values map[string]json.RawMessage
	got    map[string]json.RawMessage
	factor float64
}

func (p *purse) Budgets() map[string]json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.values)
}

func (p *purse) RestoreBudgets(stored map[string]json.RawMessage) []string {
	p.got = stored
	return []string{"made up"}
}

func (p *purse) Stretch(string) (float64, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.factor, "daily quota"
}

func (p *purse) set(factor float64, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.factor = factor
	p.values = map[string]json.RawMessage{"account/acme": json.RawMessage(value)}
}

// with builds an engine with more options.
func (b *bench) with(text string, more func(*engine.Options)) *engine.Engine {
	b.t.Helper()
	o := b.options(text)
	more(&o)
	e, err := engine.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func TestBudgets_AreKeptAcrossRestartsAndStretchPolls(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		p := &purse{}
		p.set(1, `{"left":7}`)
		own := func(o *engine.Options) { o.Budgets = p }
		stop := b.serving(b.with(recipe(), own))
		b.wait(10*time.Minute + 30*time.Second)
		usual := b.pages()
		p.set(10, `{"left":3}`)
		b.wait(100 * time.Minute)
		slow := b.pages() - usual
		stop()
		if usual < 10 || slow > 12 {
			t.Errorf("%d polls in 10 minutes, then %d in 100, want a tenth of the pace", usual, slow)
		}
		if log := b.log.String(); !strings.Contains(log, "polls come less often") || !strings.Contains(log, "daily quota") {
			t.Errorf("the log does not say that polls come less often:\n%s", log)
		}
		next := &purse{factor: 1}
		b.serve(b.with(recipe(), func(o *engine.Options) { o.Budgets = next }), time.Second)
		if got := string(next.got["account/acme"]); got != `{"left":3}` {
			t.Errorf("restored %q, want what was left at the stop", got)
		}
		if !strings.Contains(b.log.String(), "made up") {
			t.Error("the log does not say what could not be restored")
		}
	})
}

func TestDisk_NearlyFullStopsPollsAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		var mu sync.Mutex
		free := int64(1000 << 20)
		set := func(v int64) {
			mu.Lock()
			defer mu.Unlock()
			free = v
		}
		stop := b.serving(b.with(recipe(), func(o *engine.Options) {
			o.Disk = func() (int64, int64) {
				mu.Lock()
				defer mu.Unlock()
				return 100 << 30, free
			}
		}))
		b.wait(time.Second)
		before := b.pages()
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(10 * time.Minute)
		if got := b.pages(); got != before {
			t.Errorf("%d pages were read with a disk that is nearly full", got-before)
		}
		set(2000 << 20)
		b.wait(2 * time.Minute)
		stop()
		b.expect("letter.put r1 A")
		if log := b.log.String(); !strings.Contains(log, "nearly full") || !strings.Contains(log, "has room again") {
			t.Errorf("the log does not tell of the disk:\n%s", log)
		}
	})
}

func TestRefused_SaysUntilWhen(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Auth), false }
		e := b.engine(recipe())
		if _, refused := e.Refused("acme"); refused {
			t.Error("before anything was asked: got refused, want not")
		}
		stop := b.serving(e)
		b.service.put("r1", map[string]any{"name": "A"})
		b.until("a refused credential", func() bool { _, refused := e.Refused("acme"); return refused })
		if until, _ := e.Refused("acme"); !until.After(time.Now()) {
			t.Errorf("got until %v, want a time to come", until)
		}
		if _, refused := e.Refused("other"); refused {
			t.Error("another account: got refused, want not")
		}
		stop()
	})
}

// TestSignedIn_FeedsAndRunsGoOnAtOnce lets an account be refused for long, and then get
// another credential.
func TestSignedIn_FeedsAndRunsGoOnAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("{every: 1m}", "{every: 12h}")
		b.once(text)
		b.service.put("r1", map[string]any{"name": "A"})
		b.service.fail = func(string, int) (error, bool) { return failure(connectors.Auth), false }
		e := b.engine(text)
		stop := b.serving(e)
		b.wait(time.Minute)
		due := func() { // makes the feed due
			if err := e.WithFeed(t.Context(), e.Feeds()[0], func(context.Context, *poll.Feed) error { return nil }); err != nil {
				t.Fatal(err)
			}
			b.wait(time.Minute)
		}
		due()
		if parked := b.runs(store.RunFilter{Status: store.Parked, Reason: retry.ReasonAuth}); len(parked) != 1 {
			t.Errorf("got %d parked runs, want 1", len(parked))
		}
		if _, refused := e.Refused("acme"); !refused {
			t.Error("the account does not rest")
		}
		b.service.put("r2", map[string]any{"name": "B"})
		due() // it rests with its account
		b.service.fail = nil
		b.expect()
		e.SignedIn("acme")
		b.wait(time.Second)
		if _, refused := e.Refused("acme"); refused {
			t.Error("the account still rests")
		}
		stop()
		b.expect("letter.put r1 A", "letter.put r2 B")
	})
}
