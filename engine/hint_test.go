package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
)

// hourly polls once an hour, so that what happens between is the hint's work.
func hourly() string { return recipe("{every: 1m}", "{every: 1h}") }

// hinted serves recipes for a while and gives hints at times after the start. It returns
// when pages were asked for, counted from the start.
func hinted(b *bench, length time.Duration, hints map[time.Duration]engine.Hint, texts ...string) []string {
	b.t.Helper()
	began := time.Now()
	var times []string
	former := b.service.pageErr
	b.service.pageErr = func() error {
		if at := time.Since(began).Round(time.Second).String(); len(times) == 0 || times[len(times)-1] != at {
			times = append(times, at)
		}
		if former != nil {
			return former()
		}
		return nil
	}
	e := b.engine(texts...)
	ctx, cancel := context.WithTimeout(b.t.Context(), length)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	at := time.Duration(0)
	for _, after := range slices.Sorted(slices.Values(durations(hints))) {
		b.wait(after - at)
		at = after
		if _, err := e.Hint(ctx, hints[after]); err != nil {
			b.t.Errorf("hint after %s: %v", after, err)
		}
	}
	if err := <-ended; err != nil {
		b.t.Fatal(err)
	}
	b.service.pageErr = former
	return times
}

func durations(m map[time.Duration]engine.Hint) (list []time.Duration) {
	for d := range m {
		list = append(list, d)
	}
	return list
}

func TestHint_MakesTheFeedsDueThatItConcerns(t *testing.T) {
	t.Parallel()
	item := engine.Hint{Account: "acme", Objects: []string{"item"}}
	late := item
	late.Lag = 20 * time.Second
	for name, tt := range map[string]struct {
		hints map[time.Duration]engine.Hint
		want  string
	}{
		"no hint":               {nil, "0s"},
		"at once":               {map[time.Duration]engine.Hint{10 * time.Minute: item}, "0s 10m0s"},
		"once more later":       {map[time.Duration]engine.Hint{10 * time.Minute: late}, "0s 10m0s 10m20s"},
		"another account":       {map[time.Duration]engine.Hint{10 * time.Minute: {Account: "other", Objects: []string{"item"}}}, "0s"},
		"another object":        {map[time.Duration]engine.Hint{10 * time.Minute: {Account: "acme", Objects: []string{"letter"}}}, "0s"},
		"not twice in a moment": {map[time.Duration]engine.Hint{10 * time.Minute: item, 10*time.Minute + time.Second: item, 10*time.Minute + 2*time.Second: item}, "0s 10m0s 10m5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				if got := strings.Join(hinted(b, 30*time.Minute, tt.hints, hourly()), " "); got != tt.want {
					t.Errorf("polls at %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// TestHint_DuringAPollIsNotLost hints at a feed that is being read, and whose page may
// have been made before the change.
func TestHint_DuringAPollIsNotLost(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.pageDelay = 30 * time.Second
		got := hinted(b, 30*time.Minute, map[time.Duration]engine.Hint{10 * time.Second: {Account: "acme", Objects: []string{"item"}}}, hourly())
		if len(got) != 2 {
			t.Errorf("polls at %v, want one more after the first", got)
		}
	})
}

func TestHint_DoesNotPressAServiceThatRefuses(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(hourly())
		b.wait(2 * time.Hour)
		b.service.pageErr = func() error { return failure(connectors.Transient) }
		hints := map[time.Duration]engine.Hint{}
		for i := range 60 {
			hints[time.Duration(10*(i+1))*time.Second] = engine.Hint{Account: "acme", Objects: []string{"item"}}
		}
		if got := hinted(b, 11*time.Minute, hints, hourly()); len(got) > 12 {
			t.Errorf("%d polls in 11 minutes of refusals, want no more than without hints: %v", len(got), got)
		}
	})
}

func TestHint_ReadsTheParentFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := notes("every: 1m", "every: 6h")
		b.parents(50)
		b.once(text)
		b.wait(time.Hour)
		b.service.note("p44", "n2", "new")
		var order []string
		b.service.badParent = func(item string) error {
			order = append(order, item)
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		e := b.engine(text)
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		b.wait(time.Second)
		feeds, err := e.Hint(ctx, engine.Hint{Account: "acme", Objects: []string{"note"}, Parent: "p44"})
		if err != nil || len(feeds) != 1 {
			t.Errorf("hint: %v, %v, want one feed", feeds, err)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if len(order) == 0 || order[0] != "p44" {
			t.Errorf("parents were read in the order %v, want p44 first", order)
		}
		b.expect("letter.put p44 created new")
	})
}

func TestHint_AfterTheStop(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		e := b.engine(hourly())
		b.serve(e, time.Minute)
		if _, err := e.Hint(t.Context(), engine.Hint{Account: "acme"}); fmt.Sprint(err) != engine.ErrStopping.Error() {
			t.Errorf("got %v, want %v", err, engine.ErrStopping)
		}
	})
}

// TestHint_OfAParentThatNobodyHasSeen hints at a new parent before the list of parents was
// read again. A look at it now would take what it has for what was there before.
func TestHint_OfAParentThatNobodyHasSeen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pairs []string
		want  []string
	}{
		"what it has is told":              {nil, []string{"letter.put p09 created new"}},
		"what nobody watches is not told":  {[]string{"every: 1m}", "every: 1m}\n  parents: record.count == 0"}, nil},
		"a parent that the recipe watches": {[]string{"every: 1m}", "every: 1m}\n  parents: record.count == 1"}, []string{"letter.put p09 created new"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := notes(tt.pairs...)
				b.parents(5)
				b.once(text)
				b.later(time.Minute, text)
				b.wait(time.Hour)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
				defer cancel()
				e := b.engine(text)
				ended := make(chan error, 1)
				go func() { ended <- e.Run(ctx) }()
				b.wait(90 * time.Second)
				b.service.put("p09", map[string]any{"name": "A", "count": 1})
				b.service.note("p09", "n1", "new")
				if _, err := e.Hint(ctx, engine.Hint{Account: "acme", Objects: []string{"note"}, Parent: "p09"}); err != nil {
					t.Errorf("hint: %v", err)
				}
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				b.expect(tt.want...)
			})
		})
	}
}

// TestHint_TwoWalksProveWhatIsGone hides a record for less than the lag of the service, and
// hints twice in that time: two walks so close to each other prove nothing.
func TestHint_TwoWalksProveWhatIsGone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.all", "{every: 1m}", "{every: 1h}")
		b.filled(5)
		b.once(text)
		b.wait(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		e := b.engine(text)
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		b.wait(10 * time.Minute)
		b.service.remove("r03")
		for range 5 {
			if _, err := e.Hint(ctx, engine.Hint{Account: "acme", Objects: []string{"item"}, Lag: 10 * time.Second}); err != nil {
				t.Errorf("hint: %v", err)
			}
			b.wait(time.Second)
		}
		b.wait(3 * time.Second)
		b.service.put("r03", map[string]any{"name": "A3"})
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		for _, sent := range b.service.sent() {
			if strings.Contains(sent, "deleted") {
				t.Errorf("the service received %q of a record that was hidden for a moment", sent)
			}
		}
	})
}
