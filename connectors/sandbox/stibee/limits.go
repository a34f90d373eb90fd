package stibee

import (
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// limits are the three windows a minute, and the one a second of automatic e-mails
// (service docs, read 2026-09). The lock of the
// workspace's service guards them. What they are counted for (key, workspace or
// address) is not documented.
type limits struct {
	batch, list, auto, other *service.Window
}

// newLimits replaces the large window by what the options say; no limit means none
// for the others either.
func newLimits(l service.Limit) limits {
	own := limits{
		batch: &service.Window{Max: 10, Per: time.Minute},
		list:  &service.Window{Max: 100, Per: time.Minute},
		auto:  &service.Window{Max: 3, Per: time.Second},
		other: service.Window{Max: 1000, Per: time.Minute}.With(l),
	}
	if l.Requests < 0 {
		own.batch.Max, own.list.Max, own.auto.Max = -1, -1, -1
	}
	return own
}

// take counts a request in the one window that its operation belongs to, and reports
// whether it may pass.
func (l *limits) take(operation string, now time.Time) bool {
	switch operation {
	case "subscriber.batch_add":
		return l.batch.Take(now)
	case "subscriber.list":
		return l.list.Take(now)
	case "auto.send":
		return l.auto.Take(now)
	}
	return l.other.Take(now)
}
