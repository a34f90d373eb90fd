package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// Moment reads a time from a flag: a time, or a duration that counts back from now. The
// two never look alike. The error says what to write instead.
func Moment(flag, text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%s %q: write a time such as 2026-03-01T12:00:00Z or a duration such as 2h", flag, text)
	}
	return t, nil
}

// When says when runs go on that may.
func (a *Console) When() string {
	if a.Live != nil {
		return "now"
	}
	return "with the next pollux run"
}

// AuditOf returns what people did with a run, the oldest first.
func AuditOf(ctx context.Context, s store.Desk, id store.RunID) ([]store.AuditEntry, error) {
	list, err := s.ListAudit(ctx, store.AuditFilter{Action: "run.", Target: string(id)})
	slices.Reverse(list)
	return list, err
}
