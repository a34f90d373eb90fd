// Package schedule says when something is due.
//
// [Every] makes a [Schedule] of an interval, [Cron] one of a cron expression that is
// meant in a time zone. A cron expression means the clock on the wall: a time that a
// change to summer time leaves out comes at the moment of the jump, one that a
// change back repeats comes once. Expressions for every hour follow real time.
//
// The package uses only the parser of its cron library, and refuses before what
// that parser panics on or takes for what it does not mean.
package schedule

import (
	"errors"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// The bounds of an interval.
const (
	Least = 10 * time.Second
	Most  = 366 * 24 * time.Hour
)

// What happens to a due time that was missed while the program was down.
const (
	MissedOnce = "once" // one makes up for all
	MissedSkip = "skip" // the next due time comes first
)

// Schedule says when something is due. The zero value never is. It is immutable and
// safe for concurrent use.
type Schedule struct {
	Every time.Duration // 0 for cron
	// Jitter is how much later than due a poll may begin.
	Jitter time.Duration
	Missed string // MissedOnce or MissedSkip
	Text   string // as a person writes it
	cron   *wallClock
}

// Every returns a schedule with an interval. The caller checks the bounds.
func Every(d time.Duration) Schedule {
	return Schedule{Every: d, Missed: MissedOnce, Text: "every " + d.String()}
}

// Next returns the first due time after a moment; zero means never.
func (s Schedule) Next(after time.Time) time.Time {
	switch {
	case s.Every > 0:
		return after.Add(s.Every)
	case s.cron != nil:
		return s.cron.next(after)
	}
	return time.Time{}
}

// ErrTooOften is returned for a cron expression that comes more often than [Least].
var ErrTooOften = errors.New("this is due more often than every 10 seconds")

// Error says what is wrong with a cron expression.
type Error struct {
	Message string
	Hint    string // what to write instead
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

const cronForm = "write minute hour day month weekday, as in */5 8-18 * * MON-FRI; Sunday is 0"

// maxText is more than any cron expression needs.
const maxText = 200

// Cron reads a cron expression of five fields, six with seconds before them, or a
// word such as @daily. The error is an [*Error] or [ErrTooOften].
func Cron(text string, loc *time.Location) (Schedule, error) {
	clock, err := parseCron(text, loc)
	if err != nil {
		return Schedule{}, err
	}
	return Schedule{Missed: MissedOnce, Text: "cron " + text + " " + loc.String(), cron: clock}, nil
}

// parseCron is Cron without what belongs to every schedule.
func parseCron(text string, loc *time.Location) (clock *wallClock, err error) {
	defer func() {
		if r := recover(); r != nil {
			clock, err = nil, &Error{"this is no cron expression", cronForm}
		}
	}()
	switch {
	case strings.Contains(text, "TZ="):
		return nil, &Error{"the time zone does not belong into the expression", "write it as timezone: Asia/Seoul"}
	case strings.HasPrefix(text, "@every"):
		return nil, &Error{"an interval is not written as cron", "write every: 5m"}
	case len(text) > maxText:
		return nil, &Error{"the cron expression is too long", cronForm}
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(text)
	if err != nil {
		return nil, &Error{"this is no cron expression", cronForm}
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, &Error{"this is no cron expression", cronForm}
	}
	spec.Location = time.UTC
	clock = &wallClock{spec: *spec, loc: loc}
	return clock, clock.check()
}

// check refuses what never comes, or comes too often.
func (c *wallClock) check() error {
	at := c.next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if at.IsZero() {
		return &Error{"this time never comes", "check day and month"}
	}
	for range 100 {
		next := c.next(at)
		if next.IsZero() {
			return nil
		}
		if next.Sub(at) < Least {
			return ErrTooOften
		}
		at = next
	}
	return nil
}

// wallClock is a cron expression that means the clock on the wall: a time that a
// change to summer time leaves out comes at the jump, one that a change back
// repeats comes once. Expressions for every hour follow real time instead.
type wallClock struct {
	spec cron.SpecSchedule
	loc  *time.Location
}

// everyHour is the library's mark of a field that is "*".
const everyHour = 1 << 63

// next returns the first due time after a moment. In the hour that a change to winter
// time repeats, the wall shows times again that have passed; those are skipped.
func (c *wallClock) next(after time.Time) time.Time {
	if c.spec.Hour&everyHour != 0 {
		spec := c.spec
		spec.Location = c.loc
		return spec.Next(after.In(c.loc)).UTC()
	}
	local := after.In(c.loc)
	// The wall's time is written as if it were UTC, where no time is left out.
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	for range 10_000 {
		wall = c.spec.Next(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		if at := onWall(wall, c.loc); at.After(after) {
			return at.UTC()
		}
	}
	return time.Time{}
}

// onWall returns the first moment at which a clock on the wall shows the time, or
// the moment of the jump if it never does.
func onWall(wall time.Time, loc *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
	from, to := at.ZoneBounds()
	switch shown := asUTC(at); {
	case shown.After(wall):
		return from
	case shown.Before(wall):
		return to
	}
	if from.IsZero() {
		return at
	}
	_, offset := from.Add(-time.Second).Zone()
	earlier := wall.Add(-time.Duration(offset) * time.Second)
	if earlier.Before(from) {
		return earlier.In(loc)
	}
	return at
}

// asUTC writes what the clock on the wall shows as if it were UTC.
func asUTC(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
