package runs

import (
	"context"
	"errors"
	"slices"

	"github.com/pollux-automation/pollux/engine/store"
)

// lanes knows which runs of some lanes have begun behind others. It reads the runs once
// from the newest to the oldest that matters, and later only those that came since.
type lanes struct {
	store store.Store
	// begun is the newest run of a lane that has begun, pending are those that had not.
	begun   map[string]store.RunID
	pending map[string][]store.RunID
	seen    store.RunID // runs up to here were read
}

// newLanes prepares for some runs, the oldest first; seen is one that is older than all.
func newLanes(s store.Store, chosen []choice) *lanes {
	l := &lanes{store: s, begun: map[string]store.RunID{}, pending: map[string][]store.RunID{}}
	for _, c := range chosen {
		l.pending[c.lane] = nil
	}
	if len(chosen) > 0 {
		l.seen = chosen[0].id
	}
	return l
}

// begun reports whether a run has begun. One that has taken over what earlier ones left is
// going to carry that out, even if it still waits for its account.
func begun(s *store.RunState) bool { return !s.StartedAt.IsZero() || s.Widened != "" }

// errSeen ends the reading of runs at one that is known.
var errSeen = errors.New("known from here on")

// read takes in the runs that came since the last time.
func (l *lanes) read(ctx context.Context) error {
	newest := l.seen
	f := store.RunFilter{}
	if len(l.pending) == 1 {
		for f.Lane = range l.pending {
		}
	}
	err := each(ctx, l.store, f, func(r *store.Run) error {
		if r.ID <= l.seen {
			return errSeen
		}
		newest = max(newest, r.ID)
		if _, matters := l.pending[r.Lane]; !matters {
			return nil
		}
		if !begun(&r.State) {
			l.pending[r.Lane] = append(l.pending[r.Lane], r.ID)
		} else {
			l.begun[r.Lane] = max(l.begun[r.Lane], r.ID)
		}
		return nil
	})
	l.seen = newest
	if errors.Is(err, errSeen) {
		return nil
	}
	return err
}

// later reports whether a later run of a run's lane has begun.
func (l *lanes) later(ctx context.Context, r *store.Run, running func(string, store.RunID) bool) (bool, error) {
	if l.begun[r.Lane] > r.ID {
		return true, nil
	}
	for _, id := range slices.Clone(l.pending[r.Lane]) {
		if id <= r.ID {
			continue
		}
		began := running(r.Lane, id)
		if !began {
			other, _, err := l.store.LoadRun(ctx, id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return false, err
			}
			began = err == nil && begun(&other.State)
		}
		if began {
			l.begun[r.Lane] = max(l.begun[r.Lane], id)
			return true, nil
		}
	}
	return false, nil
}
