package triggers_test

import (
	"testing"
	"time"

	"github.com/pollux-automation/pollux/triggers"
)

func TestAbsent_SaysWhatAWalkThatDidNotShowARecordProves(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	window := func(from, to time.Duration) *triggers.Window {
		return &triggers.Window{From: now.Add(from), To: now.Add(to)}
	}
	wide, later := window(-time.Hour, time.Hour), window(time.Minute, time.Hour)
	for _, tt := range []struct {
		name   string
		entry  triggers.Entry
		window *triggers.Window
		before *triggers.Window
		want   triggers.Absence
	}{
		{"was there before the walk", triggers.Entry{Ordinal: 4}, nil, nil, triggers.Missing},
		{"came during the walk", triggers.Entry{Ordinal: 5}, nil, nil, triggers.Unproven},
		{"is gone already", triggers.Entry{Ordinal: 4, Deleted: true}, nil, nil, triggers.Unproven},
		{"in both windows", triggers.Entry{Ordinal: 4, At: now}, wide, wide, triggers.Missing},
		{"the window has passed it by", triggers.Entry{Ordinal: 4, At: now}, later, wide, triggers.Passed},
		{"outside the window before", triggers.Entry{Ordinal: 4, At: now}, wide, later, triggers.Unproven},
		{"no window before", triggers.Entry{Ordinal: 4, At: now}, wide, nil, triggers.Unproven},
	} {
		w := &triggers.Walk{Ordinals: 4, Window: tt.window}
		if got := triggers.Absent(tt.entry, w, tt.before); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestRefuses_ManyOrAllButNeverFew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		missing, records int
		over             float64
		want             bool
	}{
		{19, 19, 0, false}, {20, 20, 1, true}, {20, 21, 1, false}, {50, 1000, 0.05, false}, {51, 1000, 0.05, true},
	} {
		if got := triggers.Refuses(tt.missing, tt.records, tt.over); got != tt.want {
			t.Errorf("%d of %d missing, refused over %g: got %t, want %t", tt.missing, tt.records, tt.over, got, tt.want)
		}
	}
}
