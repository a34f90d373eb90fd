package boltstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/engine/store/boltstore/trail"
)

// fullPages is how full pages get that are filled in the order of their keys and
// hardly change.
const fullPages = 0.95

// write carries out a change.
func (s *Store) write(ctx context.Context, c *commits.Change) error {
	if err := s.writable(); err != nil {
		return err
	}
	return s.w.Do(ctx, c)
}

// writable says why nothing may be written; nil if it may.
func (s *Store) writable() error {
	if s.readOnly {
		return fmt.Errorf("state file %s was opened for reading: %w", s.path, store.ErrInvalid)
	}
	return nil
}

// pollCommit is a commit on its way. What can be encoded ahead is, so that callers
// do it in parallel.
type pollCommit struct {
	store  *Store
	commit *store.PollCommit
	links  store.Links
	runs   []newRun
	next   store.Feed
	known  []uint32 // numbers of the subscriptions as stored, 0 for new ones
	done   store.Committed
}

// newRun is a run in its stored form.
type newRun struct {
	value []byte
	row   []byte // its state, with the head if it is to be queued
	final bool
}

// CommitPoll implements [store.Feeds].
func (s *Store) CommitPoll(ctx context.Context, c store.PollCommit) (store.Committed, error) {
	if err := c.Validate(); err != nil {
		return store.Committed{}, err
	}
	p := &pollCommit{store: s, commit: &c, links: c.Links(), runs: make([]newRun, len(c.Runs))}
	for i := range c.Runs {
		if err := p.runs[i].encode(&c.Runs[i].Run, p.links.Previous(i, s.rows.Instance)); err != nil {
			return store.Committed{}, fmt.Errorf("run %d of the commit: %w", i+1, err)
		}
	}
	if err := s.write(ctx, &commits.Change{Check: p.check, Apply: p.apply}); err != nil {
		return store.Committed{}, err
	}
	return p.done, nil
}

// encode fills in the stored form of a run behind another one of its record. It is sealed
// where its number, and so its place, is known.
func (n *newRun) encode(r *store.Run, previous store.RunID) (err error) {
	if r.Event.Previous != previous {
		linked := *r
		linked.Event.Previous = previous
		r = &linked
	}
	state := r.State
	if state.Status == "" {
		state.Status = store.Queued
	}
	n.final = state.Status.Final()
	if n.row, err = rows.EncodeQueued(r, &state); err == nil {
		n.value, err = rows.EncodeRun(r)
	}
	return err
}

// check is the guard: the feed is at the revision that was loaded, and the
// subscriptions have the numbers that they were given. An unknown feed has revision
// 0, which a first commit must say too. Both may run again when another change of the
// batch fails, so check sets anew what apply changes.
func (p *pollCommit) check(tx *bolt.Tx) error {
	p.next = p.commit.Feed
	stored, err := getFeed(tx, p.next.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	}
	if stored.Revision != p.next.Revision {
		return fmt.Errorf("feed %s at revision %d, not %d: %w", p.next.ID, stored.Revision, p.next.Revision, store.ErrConflict)
	}
	p.next.Number = stored.Number
	p.known = make([]uint32, len(p.commit.Subscriptions))
	for i := range p.commit.Subscriptions {
		sub := &p.commit.Subscriptions[i]
		var former store.Subscription
		if b := tx.Bucket(tables.Subscriptions).Get(tables.PairKey(sub.Recipe, sub.Account)); b != nil {
			if err := tables.Decode(b, &former); err != nil {
				return err
			}
		}
		if sub.Number != 0 && sub.Number != former.Number {
			return fmt.Errorf("subscription of %s has number %d, not %d: %w",
				sub.Recipe, former.Number, sub.Number, store.ErrConflict)
		}
		p.known[i] = former.Number
	}
	return nil
}

// apply writes the commit; nothing of it can be refused any more for what the
// store holds.
func (p *pollCommit) apply(tx *bolt.Tx) error {
	if p.next.Number == 0 {
		n, err := nextNumber(tx.Bucket(tables.Feeds))
		if err != nil {
			return err
		}
		p.next.Number = n
	}
	p.next.Revision++
	if err := putFeed(tx, &p.next); err != nil {
		return err
	}
	numbers, err := p.putSubscriptions(tx)
	if err != nil {
		return err
	}
	runs := tx.Bucket(tables.Runs)
	if err := p.putSeen(tx.Bucket(tables.Seen), runs.Sequence()+1); err != nil {
		return err
	}
	if err := p.putParents(tx); err != nil {
		return err
	}
	ids, err := p.putRuns(tx, runs)
	if err != nil {
		return err
	}
	p.done = store.Committed{Feed: p.next, Runs: ids, Subscriptions: numbers, Previous: p.links.PreviousAll(p.store.rows.Instance)}
	return trail.Append(tx, p.commit.Audit)
}

// nextNumber numbers feeds and subscriptions.
func nextNumber(b *bolt.Bucket) (uint32, error) {
	n, err := b.NextSequence()
	if err != nil {
		return 0, err
	}
	if n > 1<<32-1 {
		return 0, fmt.Errorf("number %d: %w", n, store.ErrInvalid)
	}
	return uint32(n), nil
}

// putSubscriptions writes subscriptions with the numbers that check found, new ones
// with the next, and returns their numbers.
func (p *pollCommit) putSubscriptions(tx *bolt.Tx) ([]uint32, error) {
	b := tx.Bucket(tables.Subscriptions)
	numbers := make([]uint32, len(p.commit.Subscriptions))
	for i, sub := range p.commit.Subscriptions {
		if sub.Number = p.known[i]; sub.Number == 0 {
			n, err := nextNumber(b)
			if err != nil {
				return nil, err
			}
			sub.Number = n
		}
		numbers[i] = sub.Number
		v, err := tables.Encode(sub)
		if err != nil {
			return nil, err
		}
		if err := b.Put(tables.PairKey(sub.Recipe, sub.Account), v); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// putSeen writes the entries; first is the sequence number that the first run of the
// commit will get, for their decisions name their runs. They go in by their keys: a page of the
// file is split only at the end of the commit, and each put into its middle moves the rest.
func (p *pollCommit) putSeen(b *bolt.Bucket, first uint64) error {
	entries := slices.SortedFunc(slices.Values(p.links.Seen(first)), func(a, b store.Seen) int { return strings.Compare(a.ID, b.ID) })
	for _, one := range entries {
		key := tables.SeenKey(p.next.Number, one.ID)
		v, err := tables.EncodeEntry(&one.Entry, p.store.rows.Place(tables.Seen, key))
		if err != nil {
			return fmt.Errorf("record %.80q: %w: %w", one.ID, store.ErrInvalid, err)
		}
		if err := b.Put(key, v); err != nil {
			return err
		}
	}
	return nil
}

// putParents writes the marks of parents. Those of a feed that is not in the store have
// nowhere to go.
func (p *pollCommit) putParents(tx *bolt.Tx) error {
	visited, due := tx.Bucket(tables.Parents), tx.Bucket(tables.Due)
	numbers := map[store.FeedID]uint32{}
	for _, m := range p.commit.Parents {
		number, known := numbers[m.Feed]
		if !known {
			f, err := getFeed(tx, m.Feed)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			number = f.Number // none is 0
			numbers[m.Feed] = number
		}
		if number == 0 {
			continue
		}
		key := tables.SeenKey(number, m.Parent)
		var err error
		if m.Visited && visited.Get(key) == nil {
			err = visited.Put(key, []byte{tables.Version})
		}
		switch {
		case err != nil:
		case m.Due:
			err = due.Put(key, []byte{tables.Version})
		default:
			err = due.Delete(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putRuns numbers the runs in their order and writes each with its row. It must
// follow putSeen, which counts on the numbers that come next.
func (p *pollCommit) putRuns(tx *bolt.Tx, runs *bolt.Bucket) ([]store.RunID, error) {
	queue, done := tx.Bucket(tables.Queue), tx.Bucket(tables.Done)
	runs.FillPercent, done.FillPercent = fullPages, fullPages
	ids := make([]store.RunID, 0, len(p.runs))
	for i := range p.runs {
		r := &p.runs[i]
		seq, err := runs.NextSequence()
		if err == nil && seq > store.MaxSeq {
			err = fmt.Errorf("run %d: %w", seq, store.ErrInvalid)
		}
		key, value := tables.SeqKey(seq), r.value
		if err == nil {
			value, err = rows.SealRun(value, p.store.rows.Place(tables.Runs, key))
		}
		if err == nil {
			err = runs.Put(key, value)
		}
		if err != nil {
			return nil, err
		}
		state := queue
		if r.final {
			state = done
		}
		if err := state.Put(key, r.row); err != nil {
			return nil, err
		}
		ids = append(ids, store.MakeRunID(p.store.rows.Instance, seq))
	}
	return ids, nil
}
