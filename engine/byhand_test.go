package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
)

// noteLetters is a recipe that writes a letter for every change of a note.
func noteLetters() string {
	return told("note.list", "to: =record.id, text: =record.name", `to: =record.id, text: "${kind}"`)
}

// missed lets a change of r02 show up later than any poll looks for it, and returns a
// time before it.
func (b *bench) missed(text string) time.Time {
	b.t.Helper()
	before := time.Now()
	b.wait(time.Second)
	b.service.putLate("r02", map[string]any{"name": "missed"}, time.Hour)
	for _, id := range []string{"r03", "r04", "r05"} { // a page of their own
		b.wait(time.Second)
		b.service.put(id, map[string]any{"name": "seen"})
	}
	b.later(time.Minute, text)
	b.later(10*time.Minute, text)
	b.later(2*time.Hour, text)
	b.expect(seen()...)
	return before
}

// seen are the letters that missed has brought, and some more.
func seen(more ...string) []string {
	return append(more, "letter.put r03 updated seen", "letter.put r04 updated seen", "letter.put r05 updated seen")
}

// rewind rewinds the feed of an operation.
func (b *bench) rewind(operation string, to time.Time) error {
	b.t.Helper()
	_, err := engine.Rewind(b.t.Context(), b.store, b.feed(operation).ID, to, nil)
	return err
}

func TestRewind_FindsWhatWasMissedAndNothingTwice(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.newest"} {
		for _, start := range []bool{false, true} {
			t.Run(fmt.Sprint(operation, start), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := told(operation, "every: 1m}", "every: 1m}\n  reconcile: off")
					b.filled(7)
					b.once(text)
					to := b.missed(text)
					if start {
						to = time.Time{}
					}
					if err := b.rewind(operation, to); err != nil {
						t.Fatal(err)
					}
					b.later(time.Second, text)
					b.later(time.Hour, text)
					b.expect(seen("letter.put r02 updated missed")...)
				})
			})
		}
	}
}

func TestRewind_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		list, all := told("item.list"), told("item.all", "id: letters", "id: all")
		b.filled(3)
		b.once(list, all)
		for _, tt := range []struct {
			operation string
			to        time.Time
			want      error
		}{
			{"item.list", time.Now().Add(time.Hour), engine.ErrAhead},
			{"item.all", time.Now().Add(-time.Hour), engine.ErrReadWhole},
			{"item.all", time.Time{}, engine.ErrReadWhole},
		} {
			before := b.feed(tt.operation)
			if err := b.rewind(tt.operation, tt.to); !errors.Is(err, tt.want) {
				t.Errorf("%s to %v: got %v, want %v", tt.operation, tt.to, err, tt.want)
			}
			if diff := cmp.Diff(before, b.feed(tt.operation)); diff != "" {
				t.Errorf("%s: a refusal changed the feed:\n%s", tt.operation, diff)
			}
		}
		if _, err := engine.Rewind(t.Context(), b.store, "acme.nothing", time.Time{}, nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestRewind_OfAListThatIsStillBeingLearntIsRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.list")
		b.filled(7)
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 1 {
				return failure(connectors.Invalid)
			}
			return nil
		}
		b.once(text)
		if err := b.rewind("item.list", time.Time{}); !errors.Is(err, engine.ErrLearning) {
			t.Errorf("got %v, want ErrLearning", err)
		}
	})
}

func TestPreview_TellsAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.newest"} {
		for _, start := range []bool{false, true} {
			t.Run(fmt.Sprint(operation, start), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, b *bench) {
					text := told(operation, "every: 1m}", "every: 1m}\n  reconcile: off")
					b.filled(7)
					b.once(text)
					to := b.missed(text)
					b.service.put("new", map[string]any{"name": "new"})
					want := engine.Preview{Rows: 5, New: 1, Changed: 1, Known: 3}
					switch {
					case start:
						to, want.Rows, want.Known = time.Time{}, 8, 6
					case operation == "item.newest": // whole pages are read from the top
						want.Rows, want.Known = 6, 4
					}
					want.First = []engine.PreviewRow{{ID: "r02", What: "changed"}, {ID: "new", What: "new"}}
					if start && operation == "item.newest" { // page by page
						slices.Reverse(want.First)
					}
					before := b.feed(operation)
					got, err := b.engine(text).Preview(t.Context(), before.ID, to)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("want -, got +:\n%s", diff)
					}
					if diff := cmp.Diff(before, b.feed(operation)); diff != "" {
						t.Errorf("the preview changed the feed:\n%s", diff)
					}
					b.expect(seen()...)
				})
			})
		}
	}
}

func TestPreview_NamesTheFirstTwenty(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.list")
		b.filled(2)
		b.once(text)
		for i := range 30 {
			b.service.put(fmt.Sprintf("s%02d", i), map[string]any{"name": "B"})
		}
		got, err := b.engine(text).Preview(t.Context(), b.feed("item.list").ID, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Rows != 32 || got.New != 30 || got.Known != 2 || len(got.First) != 20 || got.First[0] != (engine.PreviewRow{ID: "s00", What: "new"}) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAccept_TakesWhatIsMissingAsGone(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.newest", "item.all"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told(operation)
				b.filled(40)
				b.once(text)
				if _, err := engine.Accept(t.Context(), b.store, b.feed(operation).ID, nil); !errors.Is(err, engine.ErrNotRefused) {
					t.Errorf("nothing is refused: got %v", err)
				}
				var want []string
				for i := range 30 {
					b.service.remove(fmt.Sprintf("r%02d", i))
					want = append(want, fmt.Sprintf("letter.put r%02d deleted A%d", i, i))
				}
				b.later(25*time.Hour, text)
				b.later(25*time.Hour, text)
				if r := b.feed(operation).State.Refused; r == nil || r.Missing != 30 || r.Records != 40 {
					t.Fatalf("refused is %+v", r)
				}
				b.expect()
				f, err := engine.Accept(t.Context(), b.store, b.feed(operation).ID, nil)
				if err != nil || !f.State.Accepted {
					t.Fatalf("got %+v, %v", f.State, err)
				}
				b.later(time.Second, text)
				b.expect(want...)
				if s := b.feed(operation).State; s.Refused != nil || s.Accepted || s.Records != 10 {
					t.Errorf("the state is %+v", s)
				}
			})
		})
	}
}

// TestAccept_OfARoundBeginsANewOne accepts while a round over the parents stands in the
// middle: what it passed already counts too.
func TestAccept_OfARoundBeginsANewOne(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := noteLetters()
		for i := range 30 {
			b.service.put(fmt.Sprintf("r%02d", i), map[string]any{"name": "A"})
			b.service.note(fmt.Sprintf("r%02d", i), fmt.Sprintf("n%02d", i), "text")
		}
		b.wait(time.Hour)
		b.once(text)
		var want []string
		for i := range 30 {
			b.service.note(fmt.Sprintf("r%02d", i), fmt.Sprintf("n%02d", i), "")
			want = append(want, fmt.Sprintf("letter.put n%02d deleted", i))
		}
		b.later(time.Hour, text)
		b.later(time.Hour, text)
		f := b.feed("note.list")
		if f.State.Refused == nil {
			t.Fatalf("the state is %+v", f.State)
		}
		before := len(b.service.sent())
		if _, err := engine.Accept(t.Context(), b.store, f.ID, nil); err != nil {
			t.Fatal(err)
		}
		b.later(time.Second, text)
		b.expect(want...)
		if len(b.service.sent()) == before {
			t.Error("nothing was told")
		}
	})
}

func TestPollFeed_QueuesAndCarriesOutNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		list, all := told("item.list"), told("item.all", "id: letters", "id: all")
		b.filled(3)
		e := b.engine(list, all)
		if want := []store.FeedID{"acme.item.all", "acme.item.list"}; !slices.Equal(e.Feeds(), want) {
			t.Errorf("feeds are %v, want %v", e.Feeds(), want)
		}
		report, err := e.PollFeed(t.Context(), "acme.item.list")
		if err != nil || report.Records != 3 || report.Queued != 0 {
			t.Fatalf("got %+v, %v", report, err)
		}
		b.wait(time.Second)
		b.service.put("r00", map[string]any{"name": "B"})
		b.wait(time.Second)
		report, err = b.engine(list, all).PollFeed(t.Context(), "acme.item.list")
		if err != nil {
			t.Fatal(err)
		}
		report.DurationMS = 0
		if diff := cmp.Diff(engine.PollReport{Feed: "acme.item.list", Records: report.Records, Changes: 1, Queued: 1}, report); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		b.expect()
		if _, err := b.store.LoadFeed(t.Context(), "acme.item.all"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the other feed: %v, want ErrNotFound", err)
		}
		b.once(list, all)
		b.expect("letter.put r00 updated B")
	})
}

func TestPollFeed_StoresWhyItFailed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.list")
		b.filled(3)
		b.once(text)
		b.service.pageErr = func() error { return failure(connectors.Invalid) }
		if _, err := b.engine(text).PollFeed(t.Context(), b.feed("item.list").ID); connectors.KindOf(err) != connectors.Invalid {
			t.Errorf("got %v", err)
		}
		if f := b.feed("item.list"); f.Error == nil || f.Failures != 1 {
			t.Errorf("the feed says %+v", f.Error)
		}
	})
}

func TestPollFeed_NamesTheListThatMustBeReadFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(3)
		_, err := b.engine(noteLetters()).PollFeed(t.Context(), "acme.note.list")
		if !errors.Is(err, poll.ErrNoParents) || err.Error() != "the list of its parents was not read to the end yet: poll acme.item.list first" {
			t.Errorf("got %v", err)
		}
	})
}

func TestForecast_IsThereForRoundsOnly(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(3)
		b.once(noteLetters())
		b.later(time.Minute, noteLetters())
		e := b.engine(noteLetters())
		if _, ok, err := e.FanOut(t.Context(), b.feed("item.list")); ok || err != nil {
			t.Errorf("a list without parents: %v, %v", ok, err)
		}
		got, ok, err := e.FanOut(t.Context(), b.feed("note.list"))
		if !ok || err != nil {
			t.Fatalf("got %v, %v", ok, err)
		}
		want := engine.FanOut{From: "acme.item.list", Forecast: poll.Forecast{Parents: 3, Requests: 3, Round: time.Minute, PerDay: 4320}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
	})
}
