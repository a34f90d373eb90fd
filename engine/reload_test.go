package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
)

// serving runs an engine beside a test, until the function that it returns is called.
func (b *bench) serving(e *engine.Engine) (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return func() {
		b.t.Helper()
		cancel()
		if err := <-done; err != nil {
			b.t.Fatalf("run: %v", err)
		}
	}
}

// pages is how many pages the service has shown.
func (b *bench) pages() (n int) {
	b.service.set(func() { n = b.service.pages })
	return n
}

// until waits, a second at a time, for something to become true.
func (b *bench) until(what string, is func() bool) {
	b.t.Helper()
	for range 3600 {
		if is() {
			return
		}
		b.wait(time.Second)
	}
	b.t.Fatalf("it did not come true within an hour: %s", what)
}

// reload lets a serving engine go on with other recipes.
func (b *bench) reload(e *engine.Engine, texts ...string) []engine.RecipeEdit {
	b.t.Helper()
	edits, err := e.Reload(b.t.Context(), b.options(texts...))
	if err != nil {
		b.t.Fatalf("reload: %v", err)
	}
	return edits
}

// brief is the gist of edits.
func brief(edits []engine.RecipeEdit) string {
	var out []string
	for _, e := range edits {
		out = append(out, fmt.Sprintf("%s %s waiting=%d blind=%t", e.Recipe, e.Kind, e.Waiting, e.Blind))
	}
	return strings.Join(out, "; ")
}

func TestReload_GoesOnWithOtherRecipes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		old, edited := recipe(), recipe("text: =record.name", "text: edited")
		other := recipe("id: letters", "id: other", "text: =record.name", "text: other")
		b.once(old)
		e := b.engine(old)
		stop := b.serving(e)
		b.wait(30 * time.Second)

		// A run that has begun keeps its version.
		b.service.set(func() {
			b.service.fail = func(string, int) (error, bool) { return failure(connectors.Transient), false }
		})
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(65 * time.Second)
		edits := b.reload(e, edited, other)
		if got, want := brief(edits), "letters changed waiting=1 blind=false; other added waiting=0 blind=false"; got != want {
			t.Errorf("edits: got %q, want %q", got, want)
		}
		b.service.set(func() { b.service.fail = nil })
		b.wait(5 * time.Minute)
		b.expect("letter.put r1 A")

		b.service.put("r2", map[string]any{"name": "B"})
		b.wait(2 * time.Minute)
		b.expect("letter.put r1 A", "letter.put r2 edited", "letter.put r2 other")

		// One that is gone gets no new runs; the other stays what it was.
		edits = b.reload(e, other)
		if got, want := brief(edits), "other same waiting=0 blind=false; letters removed waiting=0 blind=false"; got != want {
			t.Errorf("edits: got %q, want %q", got, want)
		}
		b.service.put("r3", map[string]any{"name": "C"})
		b.wait(2 * time.Minute)
		stop()
		b.expect("letter.put r1 A", "letter.put r2 edited", "letter.put r2 other", "letter.put r3 other")

		// Who loaded what stands in the audit trail, the newest first.
		trail, err := b.store.ListAudit(t.Context(), store.AuditFilter{Action: "recipe.load"})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range trail {
			told = append(told, fmt.Sprint(e.Actor, e.Details))
		}
		want := []string{"programmap[removed:letters]", "programmap[added:other changed:letters]", "programmap[added:letters]"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("audit trail (-want +got):\n%s", diff)
		}
	})
}

func TestReload_InTheMiddleOfAPollLosesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("start: now", "start: all")
		var want []string
		for i := range 25 {
			b.service.put(fmt.Sprintf("r%02d", i), map[string]any{"name": "A"})
			want = append(want, fmt.Sprintf("letter.put r%02d A", i))
		}
		b.service.size, b.service.pageDelay = 2, 10*time.Second
		e := b.engine(text)
		stop := b.serving(e)
		for range 10 {
			b.wait(7 * time.Second)
			b.reload(e, text)
		}
		b.wait(10 * time.Minute)
		stop()
		b.expect(want...)
	})
}

// tightStore has no room for texts of recipes once it is full.
type tightStore struct {
	store.Store
	full atomic.Bool
}

func (s *tightStore) SaveRecipe(ctx context.Context, recipe, version string, text []byte) error {
	if s.full.Load() {
		return store.ErrFull
	}
	return s.Store.SaveRecipe(ctx, recipe, version, text)
}

func TestReload_ThatTheStoreDoesNotTakeChangesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		full := &tightStore{Store: b.store}
		b.store = full
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		full.full.Store(true)
		if _, err := e.Reload(t.Context(), b.options(recipe("text: =record.name", "text: edited"))); !errors.Is(err, store.ErrFull) {
			t.Errorf("reload with a full disk: got %v, want %v", err, store.ErrFull)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(2 * time.Minute)
		stop()
		b.expect("letter.put r1 A")
	})
}

// refusingStore refuses the second commit that moves recipes, once it is armed.
type refusingStore struct {
	store.Store
	armed atomic.Bool
	moves atomic.Int32
}

func (s *refusingStore) CommitPoll(ctx context.Context, c store.PollCommit) (store.Committed, error) {
	if s.armed.Load() && len(c.Subscriptions) > 0 && s.moves.Add(1) == 2 {
		return store.Committed{}, store.ErrFull
	}
	return s.Store.CommitPoll(ctx, c)
}

func TestReload_ThatFailsInTheMiddlePutsThePlacesBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		one := recipe("poll: crm.item.list", "poll: crm.item.all")
		two := recipe("id: letters", "id: other", "poll: crm.item.list", "poll: crm.item.all", "text: =record.name", "text: other")
		b.once(one, two)
		before, err := b.store.Subscriptions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		refusing := &refusingStore{Store: b.store}
		b.store = refusing
		e := b.engine(one, two)
		stop := b.serving(e)
		b.wait(time.Second)
		refusing.armed.Store(true)
		_, err = e.Reload(t.Context(), b.options(recipe("poll: crm.item.list", "poll: crm.item.newest"),
			recipe("id: letters", "id: other", "poll: crm.item.list", "poll: crm.item.window", "text: =record.name", "text: other")))
		if !errors.Is(err, store.ErrFull) {
			t.Fatalf("reload: got %v, want %v", err, store.ErrFull)
		}
		after, err := b.store.Subscriptions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("places of the recipes (-before +after):\n%s", diff)
		}
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(2 * time.Minute)
		stop()
		b.expect("letter.put r1 A", "letter.put r1 other")
	})
}

func TestReload_SaysWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		old := recipe("poll: crm.item.list", "poll: crm.item.all")
		b.once(old)
		seen, err := engine.Foresee(t.Context(), b.options(recipe("poll: crm.item.list", "poll: crm.item.newest")), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(seen.Edits) != 1 || !seen.Edits[0].Blind || seen.Edits[0].Former == "" || seen.Edits[0].Kind != engine.Changed {
			t.Errorf("got %+v, want one changed recipe with a blind move from its former feed", seen.Edits)
		}
	})
}

func TestWithFeed_IsAloneWithTheFeed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(10 * time.Second)
		b.service.set(func() { b.service.pageDelay = 5 * time.Second })
		b.wait(52 * time.Second) // a poll is under way
		feed := e.Feeds()[0]
		err := e.WithFeed(t.Context(), feed, func(context.Context, *poll.Feed) error {
			held := b.pages()
			b.wait(10 * time.Minute)
			if b.pages() != held {
				t.Errorf("polled while somebody had the feed: %d pages, then %d", held, b.pages())
			}
			b.service.put("r1", map[string]any{"name": "A"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.wait(20 * time.Second)
		b.expect("letter.put r1 A")
		if err := e.WithFeed(t.Context(), "acme.unknown", nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown feed: got %v, want %v", err, store.ErrNotFound)
		}
		stop()
		if err := e.WithFeed(t.Context(), feed, nil); !errors.Is(err, engine.ErrStopping) {
			t.Errorf("after the end: got %v, want %v", err, engine.ErrStopping)
		}
	})
}

// TestWithFeed_WhoGoesAwayIsNotServedLater asks for a feed that somebody has, and does not
// wait for it.
func TestWithFeed_WhoGoesAwayIsNotServedLater(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		feed := e.Feeds()[0]
		free, first, second := make(chan struct{}), make(chan error, 1), make(chan error, 1)
		go func() {
			first <- e.WithFeed(t.Context(), feed, func(context.Context, *poll.Feed) error {
				<-free
				return nil
			})
		}()
		synctest.Wait()
		impatient, leave := context.WithCancel(t.Context())
		go func() {
			second <- e.WithFeed(impatient, feed, func(context.Context, *poll.Feed) error {
				t.Error("called for somebody who is gone")
				return nil
			})
		}()
		synctest.Wait()
		leave()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: got %v, want %v", err, context.Canceled)
		}
		close(free)
		if err := <-first; err != nil {
			t.Errorf("who had the feed: %v", err)
		}
		b.wait(time.Second)
		stop()
	})
}

func TestWithFeed_ThoseWhoWaitAreToldOfAReload(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		e := b.engine(recipe())
		stop := b.serving(e)
		b.wait(time.Second)
		feed := e.Feeds()[0]
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			first <- e.WithFeed(t.Context(), feed, func(ctx context.Context, _ *poll.Feed) error {
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		synctest.Wait()
		go func() { second <- e.WithFeed(t.Context(), feed, nil) }()
		synctest.Wait()
		b.reload(e, recipe())
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who had the feed: got %v, want %v", err, context.Canceled)
		}
		if err := <-second; !errors.Is(err, engine.ErrReloading) {
			t.Errorf("who waited: got %v, want %v", err, engine.ErrReloading)
		}
		stop()
	})
}

func TestEditRuns_IsTakenUpAtOnceAndSparesWhatIsBeingCarriedOut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("text: =record.name}", "text: =record.name}\n    on_error: [{match: any, do: park}]")
		b.once(text)
		b.service.fail = func(_ string, n int) (error, bool) {
			if b.service.calls[n-1].To == "bad" {
				return failure(connectors.Invalid), false
			}
			return nil, true
		}
		b.service.delay = 20 * time.Second
		e := b.engine(text)
		stop := b.serving(e)
		b.wait(time.Second)
		b.service.put("bad", map[string]any{"name": "A"})
		b.until("a parked run", func() bool { return len(b.runs(store.RunFilter{Status: store.Parked})) == 1 })
		b.service.put("slow", map[string]any{"name": "B"})
		b.until("a slow run", func() bool { return len(b.runs(store.RunFilter{Record: "slow"})) == 1 })
		parked := b.runs(store.RunFilter{Status: store.Parked})
		slow := b.runs(store.RunFilter{Record: "slow"})
		if len(parked) != 1 || len(slow) != 1 {
			t.Fatalf("got %d parked and %d slow runs, want one each", len(parked), len(slow))
		}
		b.service.set(func() { b.service.fail = nil })
		err := e.EditRuns(t.Context(), func(running func(string, store.RunID) bool) {
			if !running(slow[0].Lane, slow[0].ID) || running(parked[0].Lane, parked[0].ID) {
				t.Errorf("running: got %t and %t, want the slow run alone", running(slow[0].Lane, slow[0].ID), running(parked[0].Lane, parked[0].ID))
			}
			b.revise(parked[0].ID, desk.Release{Who: ann()})
		})
		if err != nil {
			t.Fatal(err)
		}
		b.wait(25 * time.Second) // no sweep, no poll
		stop()
		b.expect("letter.put bad A", "letter.put slow B")
	})
}
