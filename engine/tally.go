package engine

import (
	"sync/atomic"

	"github.com/pollux-automation/pollux/engine/store"
)

// tally counts what happened since the engine was made.
type tally struct {
	polls, records, changes, queued atomic.Int64
	succeeded, failed, parked       atomic.Int64
}

func (t *tally) page(records, changes, queued int) {
	t.records.Add(int64(records))
	t.changes.Add(int64(changes))
	t.queued.Add(int64(queued))
}

// ended notes where a run came to rest.
func (t *tally) ended(s store.Status) {
	switch s {
	case store.Succeeded:
		t.succeeded.Add(1)
	case store.Failed:
		t.failed.Add(1)
	case store.Parked:
		t.parked.Add(1)
	case store.Held, store.Queued, store.Running, store.Waiting, store.Dropped:
	}
}
