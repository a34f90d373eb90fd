package boltstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/pages"
)

// Check implements [store.Store]: the tree of pages, then the invariants of
// [store.Inspection], then that nothing belongs to a run or feed that is not there. It
// may run while others write.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var findings []string
	err := s.view(ctx, func(tx *bolt.Tx) error {
		if findings = s.verify(tx); len(findings) > 0 {
			return nil
		}
		a := store.NewInspection(tx.Bucket(bucketRuns).Sequence())
		if err := inspectSubscriptions(tx, a); err != nil {
			return err
		}
		if err := inspectFeeds(ctx, tx, a); err != nil {
			return err
		}
		if err := s.inspectRuns(ctx, tx, a); err != nil {
			return err
		}
		findings = a.Findings()
		return nil
	})
	return findings, err
}

// verify returns what is wrong with the file as a transaction sees it, one line at
// most.
func (s *Store) verify(tx *bolt.Tx) []string {
	size := s.db.Info().PageSize
	info, err := s.file.Stat()
	if err == nil && info.Size() < tx.Size() {
		err = fmt.Errorf("it was cut short: %d bytes, want at least %d", info.Size(), tx.Size())
	}
	if err == nil {
		err = pages.Tree{
			File: s.file, PageSize: size,
			Pages: uint64(tx.Size()) / uint64(size), //nolint:gosec // neither is below 0
			Root:  uint64(tx.Cursor().Bucket().RootPage()),
		}.Verify()
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// inspectSubscriptions comes first: decisions name subscriptions by number. A value
// that cannot be read is a finding and not an error, so that one bad value does not
// hide the rest.
func inspectSubscriptions(tx *bolt.Tx, a *store.Inspection) error {
	b := tx.Bucket(bucketSubscriptions)
	return b.ForEach(func(k, v []byte) error {
		var sub store.Subscription
		if err := decode(v, &sub); err != nil {
			a.Addf("subscription %q: %v", k, err)
			return nil
		}
		if string(k) != string(pairKey(sub.Recipe, sub.Account)) || uint64(sub.Number) > b.Sequence() {
			a.Addf("subscription %q says that it is %s on %s, number %d", k, sub.Recipe, sub.Account, sub.Number)
		}
		a.Subscription(&sub)
		return nil
	})
}

// inspectFeeds walks the feeds in the order of their numbers, which is that of the
// entries. So one pass over each bucket is enough, and entries of a number that no
// feed has are met on the way.
func inspectFeeds(ctx context.Context, tx *bolt.Tx, a *store.Inspection) error {
	byNumber := map[uint32]*store.Feed{}
	b := tx.Bucket(bucketFeeds)
	err := b.ForEach(func(k, v []byte) error {
		var f store.Feed
		if err := decode(v, &f); err != nil {
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
	c := &steady{ctx: ctx, cursor: tx.Bucket(bucketSeen).Cursor()}
	c.first()
	for number := uint64(0); number <= b.Sequence(); number++ {
		f := byNumber[uint32(number)]
		if f != nil {
			a.Feed(f)
		}
		for ; c.key != nil && uint64(feedOf(c.key)) == number; c.next() {
			inspectEntry(a, f, c.key, c.value)
		}
	}
	if c.key != nil {
		a.Addf("records of feed number %d, which was never given", feedOf(c.key))
	}
	return c.err
}

// inspectEntry feeds one entry to the inspection; f is nil for an entry whose feed is gone.
func inspectEntry(a *store.Inspection, f *store.Feed, key, value []byte) {
	if f == nil {
		a.Addf("record %q belongs to no feed", key)
		return
	}
	e, err := decodeEntry(value)
	if err != nil {
		a.Addf("record %q of feed %s: %v", key[4:], f.ID, err)
		return
	}
	a.Entry(string(key[4:]), &e)
}

// inspectRuns walks runs, queue, history and steps side by side: all are in the order
// of the runs. Each cursor stands at the run that is looked at or behind it; what it
// has to skip belongs to no run.
func (s *Store) inspectRuns(ctx context.Context, tx *bolt.Tx, a *store.Inspection) error {
	open := func(name []byte) *steady {
		c := &steady{ctx: ctx, cursor: tx.Bucket(name).Cursor()}
		c.first()
		return c
	}
	runs, queue, done, steps := open(bucketRuns), open(bucketQueue), open(bucketDone), open(bucketSteps)
	for ; runs.key != nil; runs.next() {
		seq := seqOf(runs.key)
		for name, c := range map[string]*steady{"queue": queue, "history": done, "steps": steps} {
			c.skipTo(seq, func(orphan uint64) { a.Addf("run %d is in the %s and does not exist", orphan, name) })
		}
		inspected := store.Inspected{Queued: queue.at(seq), Done: done.at(seq)}
		if err := s.inspectRun(tx, seq, runs.value, inspected, a); err != nil {
			return err
		}
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
func (s *Store) inspectRun(tx *bolt.Tx, seq uint64, value []byte, inspected store.Inspected, a *store.Inspection) error {
	if seq == 0 || seq > tx.Bucket(bucketRuns).Sequence() {
		a.Addf("run %d has a number that was never given", seq)
	}
	r, err := s.decodeRun(tx, seq, value)
	if err == nil {
		inspected.Run = &r
		inspected.Steps, err = loadSteps(tx, seq)
	}
	if err != nil {
		a.Addf("%v", err)
		return nil
	}
	if row, err := stateRow(tx, seq); err == nil && row.Status != r.State.Status {
		a.Addf("run %s is %s, its row says %s", r.ID, r.State.Status, row.Status)
	}
	a.Run(inspected)
	return nil
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
func (c *steady) at(seq uint64) bool { return c.key != nil && seqOf(c.key) == seq }

// skipTo moves to the first key that belongs to a run or a later one, and calls
// orphan for each before it.
func (c *steady) skipTo(seq uint64, orphan func(seq uint64)) {
	for ; c.key != nil && seqOf(c.key) < seq; c.next() {
		orphan(seqOf(c.key))
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
