package schedule_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/recipes/schedule"
)

// cron reads an expression that is right.
func cron(t *testing.T, text, zone string) schedule.Schedule {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schedule.Cron(text, loc)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func TestSchedule_Next(t *testing.T) {
	t.Parallel()
	// In Berlin the clock went from 2:00 to 3:00 on 2026-03-29 and goes from 3:00
	// back to 2:00 on 2026-10-25; both at 01:00 UTC. Seoul has no summer time.
	tests := []struct {
		name, text, zone, after string
		want                    []string
	}{
		{"cron", `30 9 * * MON-FRI`, "Asia/Seoul", "2026-03-06T00:00:00Z", []string{"2026-03-06T00:30:00Z", "2026-03-09T00:30:00Z"}},
		{"daily word", `@daily`, "UTC", "2026-03-06T00:00:00Z", []string{"2026-03-07T00:00:00Z"}},
		{"gap: at the jump", `30 2 * * *`, "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"gap: once for several", `*/20 2 * * *`, "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
		{"overlap: the first", `30 2 * * *`, "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"overlap: from inside", `30 2 * * *`, "Europe/Berlin", "2026-10-25T01:10:00Z", []string{"2026-10-26T01:30:00Z"}},
		{"every hour in the gap", `30 * * * *`, "Europe/Berlin", "2026-03-29T00:00:00Z", []string{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}},
		{"every hour in the overlap", `30 * * * *`, "Europe/Berlin", "2026-10-25T00:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
		{"midnight gap", `0 0 * * *`, "America/Havana", "2026-03-07T12:00:00Z", []string{"2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := cron(t, tt.text, tt.zone)
			at, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range tt.want {
				at = s.Next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("due times (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSchedule_NeverStandsStill walks through a year with both changes of the
// clock: each due time is later than the one before, and a daily one comes daily.
func TestSchedule_NeverStandsStill(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul", "America/Havana"} {
		for _, minute := range []string{"0 0", "30 1", "15 2", "45 2", "0 3"} {
			s := cron(t, minute+" * * *", zone)
			at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
			for day := range 400 {
				next := s.Next(at)
				if gap := next.Sub(at); gap <= 0 || gap > 26*time.Hour {
					t.Fatalf("%s %s, day %d: %v after %v", zone, minute, day, gap, at)
				}
				at = next
			}
		}
	}
}

func TestSchedule_ZeroIsNeverDue(t *testing.T) {
	t.Parallel()
	var s schedule.Schedule
	if got := s.Next(time.Now()); !got.IsZero() {
		t.Errorf("got %v, want the zero time", got)
	}
}

func TestEvery_Next(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 0, 0, 30, 0, time.UTC)
	if got, want := schedule.Every(5*time.Minute).Next(at), at.Add(5*time.Minute); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCron_Refuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "TZ=UTC", "TZ=UTC * * * * *", "CRON_TZ=UTC * * * * *", "@every 1s", "@every -1h", "@often", "* * * *", "* * * * * * *",
		"60 * * * *", "* * * * 7", "0 0 30 2 *", "*/0 * * * *", "1-0 * * * *", "999999999999999999999 * * * *",
	} {
		s, err := schedule.Cron(text, time.UTC)
		if _, ok := errors.AsType[*schedule.Error](err); !ok {
			t.Errorf("%q: got %v, %v; want an *Error", text, s, err)
		}
	}
	if _, err := schedule.Cron("*/5 * * * * *", time.UTC); !errors.Is(err, schedule.ErrTooOften) {
		t.Errorf("got %v, want ErrTooOften", err)
	}
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"*/5 8-18 * * MON-FRI", "@daily", "TZ=UTC", "0 30 2 29 2 *", "@every 1h", "? ? ? ? ?"} {
		f.Add(seed)
	}
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Cron(text, loc)
		if err != nil {
			return
		}
		at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
		for range 5 {
			next := s.Next(at)
			if !next.IsZero() && next.Sub(at) <= 0 {
				t.Fatalf("%q: %v is due after %v", text, next, at)
			}
			if next.IsZero() {
				return
			}
			at = next
		}
	})
}
