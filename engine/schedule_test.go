package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// polledAt serves recipes from a moment on for a while, and returns when pages were
// asked for.
func polledAt(b *bench, from string, length time.Duration, texts ...string) []string {
	b.t.Helper()
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		b.t.Fatal(err)
	}
	b.wait(time.Until(at))
	var times []string
	b.service.pageErr = func() error {
		times = append(times, time.Now().UTC().Format(time.RFC3339))
		return nil
	}
	b.serve(b.engine(texts...), length)
	b.service.pageErr = nil
	return slices.Compact(times) // a poll can take more than one request
}

func sameTimes(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("polls at\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func cronRecipe(expression, zone, more string) string {
	return recipe("{every: 1m}", fmt.Sprintf(`{cron: %q, timezone: %s%s}`, expression, zone, more))
}

// TestSchedule_CronFollowsTheClockOnTheWall serves over both changes of the clock in
// Berlin in 2000: on March 26 from 2:00 to 3:00, on October 29 from 3:00 to 2:00.
func TestSchedule_CronFollowsTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		daily := cronRecipe("30 2 * * *", "Europe/Berlin", "")
		got := polledAt(b, "2000-03-24T12:00:00Z", 72*time.Hour, daily)
		sameTimes(t, got, "2000-03-24T12:00:00Z", "2000-03-25T01:30:00Z", "2000-03-26T01:00:00Z", "2000-03-27T00:30:00Z")
		got = polledAt(b, "2000-10-28T12:00:00Z", 48*time.Hour, daily)
		sameTimes(t, got, "2000-10-28T12:00:00Z", "2000-10-29T00:30:00Z", "2000-10-30T01:30:00Z")
	})
}

func TestSchedule_MissedPolls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		missed string
		want   []string
	}{
		{"once", []string{"2000-01-05T09:30:00Z", "2000-01-06T09:00:00Z"}},
		{"skip", []string{"2000-01-06T09:00:00Z"}},
	} {
		t.Run(tt.missed, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := cronRecipe("0 9 * * *", "UTC", ", missed: "+tt.missed)
				got := polledAt(b, "2000-01-01T12:00:00Z", time.Hour, text)
				sameTimes(t, got, "2000-01-01T12:00:00Z") // the first poll of all does not wait
				got = polledAt(b, "2000-01-05T09:30:00Z", 24*time.Hour, text)
				sameTimes(t, got, tt.want...)
			})
		})
	}
}

func TestSchedule_JitterMovesAFeedAndNotItsInterval(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("{every: 1m}", "{every: 1h, jitter: 30m}")
		parse := func(times []string) (offsets []time.Duration) {
			for _, text := range times[1:] { // the first one comes at the start
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				offsets = append(offsets, at.Sub(at.Truncate(time.Hour)))
			}
			return offsets
		}
		first := parse(polledAt(b, "2000-01-01T12:07:00Z", 6*time.Hour, text))
		second := parse(polledAt(b, "2000-01-02T15:59:00Z", 6*time.Hour, text))
		for _, got := range append(second, first...) {
			if got != first[0] || got > 30*time.Minute || got == 0 {
				t.Errorf("a poll %s after the hour, others %s: want the same for all, within 30m", got, first[0])
			}
		}
		if len(first) < 5 || len(first) > 6 {
			t.Errorf("got %d polls in 6 hours, want 5 or 6", len(first))
		}
	})
}

// TestSchedule_StoredTimeTooFarAheadIsRecomputed starts with a state that was
// written before the clock was set back by a year.
func TestSchedule_StoredTimeTooFarAheadIsRecomputed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.once(recipe())
		feeds, err := b.store.ListFeeds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ahead := store.FeedStatus{NextPollAt: time.Now().AddDate(1, 0, 0)}
		if err := b.store.SaveFeed(t.Context(), feeds[0].ID, ahead); err != nil {
			t.Fatal(err)
		}
		got := polledAt(b, "2000-01-01T12:00:00Z", 150*time.Second, recipe())
		sameTimes(t, got, "2000-01-01T12:01:00Z", "2000-01-01T12:02:00Z")
	})
}

// TestSchedule_FeedPollsForAnyOfItsRecipes has two recipes with schedules of their
// own on one feed.
func TestSchedule_FeedPollsForAnyOfItsRecipes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		got := polledAt(b, "2000-01-01T08:30:00Z", time.Hour,
			cronRecipe("0 9 * * *", "UTC", ""), recipe("id: letters", "id: other", "every: 1m", "every: 25m"))
		sameTimes(t, got, "2000-01-01T08:30:00Z", "2000-01-01T08:55:00Z", "2000-01-01T09:00:00Z", "2000-01-01T09:25:00Z")
	})
}

// TestSchedule_QuietPollsAreStoredNowAndThenAndAtTheStop serves a quiet list: a sync of
// the disk for each poll would be for nothing.
func TestSchedule_QuietPollsAreStoredNowAndThenAndAtTheStop(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.all"} {
		bubble(t, func(t *testing.T, b *bench) {
			text := told(operation, "every: 1m", "every: 10s")
			b.filled(4)
			b.once(text)
			before := b.feed(operation)
			b.serve(b.engine(text), time.Hour)
			after := b.feed(operation)
			if stored := after.Revision - before.Revision; stored > 20 {
				t.Errorf("%s: 360 quiet polls were stored %d times, want about 12", operation, stored)
			}
			if late := time.Since(after.LastPollAt); late > 15*time.Second {
				t.Errorf("%s: the last poll that is stored was %s before the stop, want the last one made", operation, late)
			}
			b.service.put("r01", map[string]any{"name": "B"})
			b.serve(b.engine(text), time.Minute)
			b.expect("letter.put r01 updated B")
			b.service.effects = nil
		})
	}
}
