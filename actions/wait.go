package actions

import (
	"time"

	"github.com/pollux-automation/pollux/internal/mapping"
)

// Wait is the step that lets time pass: for a while, or until a time.
type Wait struct {
	For time.Duration
	// Until gives the time when the wait is over; nil for one that lasts For.
	Until *mapping.Expression
	// Over ends the wait at once, for rehearsals. A time that is none is an error all the
	// same.
	Over bool
}

// Prepare says how long to wait. A time that is nil gives neither Wait nor Until: the
// wait is over at once, as it is for a time that is past. What is no time is an error.
func (a Wait) Prepare(s *mapping.Scope) (Prepared, error) {
	switch {
	case a.Until == nil && a.Over:
		return Prepared{}, nil
	case a.Until == nil:
		return Prepared{Wait: a.For}, nil
	}
	until, err := a.Until.Time(s)
	if err != nil {
		return Prepared{}, err
	}
	if a.Over {
		return Prepared{}, nil
	}
	return Prepared{Until: until}, nil
}
