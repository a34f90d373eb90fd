package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"github.com/pollux-automation/pollux/engine/edits"
	"github.com/pollux-automation/pollux/engine/store"
)

const (
	// tendEvery is how often budgets are stored and the disk is looked at.
	tendEvery = 10 * time.Second
	// countEvery is how often the queue is counted, and manyWaiting how many runs of one
	// recipe are worth a word.
	countEvery  = 10 * time.Minute
	manyWaiting = 100_000
)

// The disk is full enough to stop polling when less than both of these are free.
const (
	leastFree     = 1 << 30 // bytes
	leastFreePart = 10      // one part in
)

// space knows whether the disk has room for what polls bring. It is safe for concurrent
// use.
type space struct{ low atomic.Bool }

// tend does what must be done now and then, until ctx ends: it stores what is left of the
// budgets, looks at the disk, and counts the queue.
func (e *Engine) tend(ctx context.Context) {
	stored := map[string]json.RawMessage{}
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	counted := time.Now()
	e.lookAtDisk()
	for {
		select {
		case <-ctx.Done():
			e.storeBudgets(context.WithoutCancel(ctx), stored)
			return
		case <-tick.C:
		}
		e.lookAtDisk()
		e.storeBudgets(ctx, stored)
		if time.Since(counted) >= countEvery {
			counted = time.Now()
			e.countWaiting(ctx)
		}
	}
}

// storeBudgets stores the budgets that are others than those that were stored last.
func (e *Engine) storeBudgets(ctx context.Context, stored map[string]json.RawMessage) {
	b := e.plan().budgets
	if b == nil {
		return
	}
	changed := map[string]json.RawMessage{}
	for key, value := range b.Budgets() {
		if !bytes.Equal(stored[key], value) {
			changed[key] = value
		}
	}
	if len(changed) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	if err := e.store.SaveBudgets(ctx, changed); err != nil {
		if !errors.Is(err, store.ErrFull) && !errors.Is(err, store.ErrClosed) && ctx.Err() == nil {
			e.log.Warn().Str("component", "budget").Err(err).Msg("budgets not stored")
		}
		return
	}
	maps.Copy(stored, changed)
}

// LowDisk reports whether a disk of a size, of which some bytes are free, has too little
// room for polls. A size of 0 means that nobody knows: then it has not.
func LowDisk(size, free int64) bool {
	return size > 0 && free < leastFree && free < size/leastFreePart
}

// lookAtDisk stops the polls while the disk has too little room: what they bring is only
// found later, but runs that are stored must be able to end.
func (e *Engine) lookAtDisk() {
	if e.disk == nil {
		return
	}
	size, free := e.disk()
	low := LowDisk(size, free)
	if was := e.space.low.Swap(low); was == low {
		return
	}
	if low {
		e.log.Error().Str("component", "scheduler").Int64("free_bytes", free).Msg("disk is nearly full, polls rest until there is room")
	} else {
		e.log.Info().Str("component", "scheduler").Int64("free_bytes", free).Msg("disk has room again, polls go on")
	}
}

// countWaiting reports recipes with very many unfinished runs.
func (e *Engine) countWaiting(ctx context.Context) {
	counts, err := edits.Waiting(ctx, e.store)
	if err != nil {
		return // the dispatcher reads the same, and says so
	}
	for recipe, n := range counts {
		if n > manyWaiting {
			e.log.Warn().Str("component", "runner").Str("recipe", recipe).Int("waiting", n).Msg("very many runs wait")
		}
	}
}
