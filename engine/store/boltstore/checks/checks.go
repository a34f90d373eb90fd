// Package checks walks through a state file and looks whether what is in it agrees.
package checks

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// Invariants returns a line for each invariant of [store.Inspection] that a state file
// breaks, and for what belongs to a run or feed that is not there. It may run while
// others write.
func Invariants(ctx context.Context, tx *bolt.Tx, read tables.Reader) ([]string, error) {
	a := store.NewInspection(tx.Bucket(tables.Runs).Sequence())
	if err := inspectSubscriptions(tx, a); err != nil {
		return nil, err
	}
	if err := inspectFeeds(ctx, tx, read, a); err != nil {
		return nil, err
	}
	if err := inspectRuns(ctx, tx, read, a); err != nil {
		return nil, err
	}
	if err := inspectDesk(tx, read, a); err != nil {
		return nil, err
	}
	return a.Findings(), nil
}

// inspectSubscriptions comes first: decisions name subscriptions by number. A value
// that cannot be read is a finding and not an error, so that one bad value does not
// hide the rest.
func inspectSubscriptions(tx *bolt.Tx, a *store.Inspection) error {
	b := tx.Bucket(tables.Subscriptions)
	return b.ForEach(func(k, v []byte) error {
		var sub store.Subscription
		if err := tables.Decode(v, &sub); err != nil {
			a.Addf("subscription %q: %v", k, err)
			return nil
		}
		if string(k) != string(tables.PairKey(sub.Recipe, sub.Account)) || uint64(sub.Number) > b.Sequence() {
			a.Addf("subscription %q says that it is %s on %s, number %d", k, sub.Recipe, sub.Account, sub.Number)
		}
		a.Subscription(&sub)
		return nil
	})
}

// inspectFeeds walks the feeds in the order of their numbers, which is that of the
// entries. So one pass over each bucket is enough, and entries of a number that no
// feed has are met on the way.
func inspectFeeds(ctx context.Context, tx *bolt.Tx, read tables.Reader, a *store.Inspection) error {
	byNumber := map[uint32]*store.Feed{}
	b := tx.Bucket(tables.Feeds)
	err := b.ForEach(func(k, v []byte) error {
		var f store.Feed
		if err := tables.Decode(v, &f); err != nil {
			a.Addf("feed %q: %v", k, err)
			return nil
		}
		if string(k) != string(f.ID) || uint64(f.Number) > b.Sequence() || byNumber[f.Number] != nil {
			a.Addf("feed %q says that it is %s, number %d", k, f.ID, f.Number)
		}
		byNumber[f.Number] = &f
		return nil
	})
	if err != nil {
		return err
	}
	c := &steady{ctx: ctx, cursor: tx.Bucket(tables.Seen).Cursor()}
	c.first()
	for number := uint64(0); number <= b.Sequence(); number++ {
		f := byNumber[uint32(number)]
		if f != nil {
			a.Feed(f)
		}
		for ; c.key != nil && uint64(feedOf(c.key)) == number; c.next() {
			inspectEntry(read, a, f, c.key, c.value)
		}
	}
	if c.key != nil {
		a.Addf("records of feed number %d, which was never given", feedOf(c.key))
	}
	return c.err
}

// inspectEntry feeds one entry to the inspection; f is nil for an entry whose feed is gone.
func inspectEntry(read tables.Reader, a *store.Inspection, f *store.Feed, key, value []byte) {
	if f == nil {
		a.Addf("record %q belongs to no feed", key)
		return
	}
	e, err := tables.DecodeEntry(value, read.Place(tables.Seen, key))
	if err != nil {
		a.Addf("record %q of feed %s: %v", key[4:], f.ID, err)
		return
	}
	a.Entry(string(key[4:]), &e)
}

// inspectRuns walks runs, queue, history and steps side by side: all are in the order
// of the runs. Each cursor stands at the run that is looked at or behind it; what it
// has to skip belongs to no run.
func inspectRuns(ctx context.Context, tx *bolt.Tx, read tables.Reader, a *store.Inspection) error {
	open := func(name []byte) *steady {
		c := &steady{ctx: ctx, cursor: tx.Bucket(name).Cursor()}
		c.first()
		return c
	}
	runs, queue, done, steps := open(tables.Runs), open(tables.Queue), open(tables.Done), open(tables.Steps)
	for ; runs.key != nil; runs.next() {
		seq := tables.SeqOf(runs.key)
		for name, c := range map[string]*steady{"queue": queue, "history": done, "steps": steps} {
			c.skipTo(seq, func(orphan uint64) { a.Addf("run %d is in the %s and does not exist", orphan, name) })
		}
		inspected := store.Inspected{Queued: queue.at(seq), Done: done.at(seq)}
		inspectRun(tx, read, runs, inspected, a)
		for _, c := range []*steady{queue, done, steps} {
			for c.at(seq) {
				c.next()
			}
		}
	}
	for name, c := range map[string]*steady{"queue": queue, "history": done, "steps": steps} {
		c.skipTo(1<<64-1, func(orphan uint64) { a.Addf("run %d is in the %s and does not exist", orphan, name) })
	}
	return runs.err
}

// inspectRun feeds one run to the inspection; what cannot be read is a finding.
func inspectRun(tx *bolt.Tx, read tables.Reader, at *steady, inspected store.Inspected, a *store.Inspection) {
	seq := tables.SeqOf(at.key)
	if seq == 0 || seq > tx.Bucket(tables.Runs).Sequence() {
		a.Addf("run %d has a number that was never given", seq)
	}
	r, err := read.Run(tx, seq, at.value)
	if err == nil {
		inspected.Run = &r
		inspected.Steps, err = read.Steps(tx, seq)
	}
	if err != nil {
		a.Addf("%v", err)
		return
	}
	if row, err := tables.StateRow(tx, seq); err == nil && row.Status != r.State.Status {
		a.Addf("run %s is %s, its row says %s", r.ID, r.State.Status, row.Status)
	}
	a.Run(inspected)
}

// steady is a cursor that ends with a context. A check reads the whole file, so it
// must be possible to stop it at every key. key is nil at the end, after which err
// says whether it was the context's.
type steady struct {
	ctx        context.Context //nolint:containedctx // it lives as long as one check
	cursor     *bolt.Cursor
	key, value []byte
	err        error
}

func (c *steady) first() { c.key, c.value = c.cursor.First() }

func (c *steady) next() {
	if c.err = c.ctx.Err(); c.err != nil {
		c.key, c.value = nil, nil
		return
	}
	c.key, c.value = c.cursor.Next()
}

// at reports whether the cursor stands at a run.
func (c *steady) at(seq uint64) bool { return c.key != nil && tables.SeqOf(c.key) == seq }

// skipTo moves to the first key that belongs to a run or a later one, and calls
// orphan for each before it.
func (c *steady) skipTo(seq uint64, orphan func(seq uint64)) {
	for ; c.key != nil && tables.SeqOf(c.key) < seq; c.next() {
		orphan(tables.SeqOf(c.key))
	}
}

// feedOf reads the number of the feed out of the key of an entry.
func feedOf(key []byte) uint32 {
	var n uint32
	for i := 0; i < 4 && i < len(key); i++ {
		n = n<<8 | uint32(key[i])
	}
	return n
}
