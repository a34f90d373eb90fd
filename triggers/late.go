package triggers

import "time"

// lateBounds are the upper bounds of the counts, all but the last, which has none.
//
//nolint:gochecknoglobals // a table
var lateBounds = [...]time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}

// LateBounds returns the upper bounds of [Late.Counts]; the last count has none.
func LateBounds() []time.Duration { return lateBounds[:] }

// Late says how late changes showed up: how much older they were than the last
// complete walk that should have seen them.
type Late struct {
	// Counts are the changes up to each of [LateBounds], and those beyond.
	Counts [len(lateBounds) + 1]int `json:"counts"`
	// Most is the latest so far.
	Most time.Duration `json:"most"`
}

// Total is how many changes were late.
func (l Late) Total() int {
	n := 0
	for _, c := range l.Counts {
		n += c
	}
	return n
}

// note counts a change that showed up late by d.
func (l *Late) note(d time.Duration) {
	i := 0
	for i < len(lateBounds) && d > lateBounds[i] {
		i++
	}
	l.Counts[i]++
	l.Most = max(l.Most, d)
}
