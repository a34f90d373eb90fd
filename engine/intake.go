package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// look takes over what changed in the store: first the runs that may go on after
// all, then the new ones. It alone moves parked runs, so nobody else can be at one
// at the same time.
func (d *dispatcher) look(ctx context.Context) error {
	if d.recalled {
		err := d.e.requeue(ctx)
		if err != nil && !errors.Is(err, store.ErrFull) {
			return err
		}
		d.recalled = err != nil // with a full disk the next look tries again
		d.forget()
	}
	return d.scan(ctx)
}

// scan reads the runs that were queued since the last time.
func (d *dispatcher) scan(ctx context.Context) error {
	for {
		found, err := d.e.store.Waiting(ctx, d.scanned, scanStep)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			d.e.fresh.reach(found[len(found)-1].ID)
		}
		for _, q := range found {
			d.add(q, d.scanned)
			d.scanned = q.ID
		}
		if len(found) < scanStep {
			return d.refill(ctx)
		}
	}
}

// forget drops everything from memory but the runs that are being executed, so
// that the next scan finds the queue as it is stored now.
func (d *dispatcher) forget() {
	for _, b := range d.backlogs {
		b.ready, b.left, b.inHand = nil, nil, 0
	}
	for key, l := range d.lanes {
		if l.state != laneRunning {
			delete(d.lanes, key)
			continue
		}
		l.runs, l.recall, l.asleep = l.runs[:1], true, false
		l.backlog.inHand++
	}
	d.waits, d.scanned = nil, ""
}

// refill reads on for the recipes that left runs in the store and have room now.
func (d *dispatcher) refill(ctx context.Context) error {
	for _, b := range d.backlogs {
		if !b.hungry() {
			continue
		}
		after := *b.left
		b.left = nil
		for b.left == nil && after < d.scanned {
			found, err := d.e.store.Waiting(ctx, after, scanStep)
			if err != nil {
				return err
			}
			for _, q := range found {
				if q.Recipe == b.recipe && q.ID <= d.scanned {
					d.add(q, after)
				}
				after = q.ID
			}
			if len(found) < scanStep {
				break
			}
		}
	}
	return nil
}

// add takes a run into its lane. before is the id after which it was found.
func (d *dispatcher) add(q store.QueuedRun, before store.RunID) {
	b := d.backlog(q.Recipe)
	if b.left != nil {
		return
	}
	if b.inHand >= inHandMost {
		b.left = &before
		return
	}
	l, known := d.lanes[q.Lane]
	if known && len(l.runs) > 0 && l.runs[0] == q.ID {
		return // it was being executed when the rest was forgotten
	}
	if !known {
		l = &lane{key: q.Lane, backlog: b, state: laneBlocked}
		d.lanes[q.Lane] = l
	}
	state := store.RunState{Status: q.Status, Due: q.Due, Reason: q.Reason}
	if known && (l.state == laneBlocked || d.passes(q.Recipe, state)) {
		return // stays in the store until it, or the lane, goes on
	}
	l.runs = append(l.runs, q.ID)
	if !l.asleep {
		b.inHand++
	}
	if !known {
		if limit := time.Now().Add(longestWait); q.Due.After(limit) {
			state.Due = limit
		}
		d.head(l, state)
	}
}
