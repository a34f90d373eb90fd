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
}

// Prepare says how long to wait. A time that is nil gives neither Wait nor Until: the
// wait is over at once, as it is for a time that is past. What is no time is an error.
func (a Wait) Prepare(s *mapping.Scope) (Prepared, error) {
	if a.Until == nil {
		return Prepared{Wait: a.For}, nil
	}
	until, err := a.Until.Time(s)
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Until: until}, nil
}
