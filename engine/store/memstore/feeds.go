package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// LoadFeed implements [store.Feeds].
func (s *Store) LoadFeed(ctx context.Context, id store.FeedID) (store.Feed, error) {
	var f store.Feed
	err := s.read(ctx, func() error {
		stored, ok := s.feeds[id]
		if !ok {
			return fmt.Errorf("feed %s: %w", id, store.ErrNotFound)
		}
		return decode(stored.value, &f)
	})
	return f, err
}

// ListFeeds implements [store.Feeds].
func (s *Store) ListFeeds(ctx context.Context) ([]store.Feed, error) {
	var list []store.Feed
	err := s.read(ctx, func() error {
		for _, id := range slices.Sorted(maps.Keys(s.feeds)) {
			var f store.Feed
			if err := decode(s.feeds[id].value, &f); err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}

// Entries implements [store.Feeds].
func (s *Store) Entries(ctx context.Context, id store.FeedID, ids []string) (map[string]triggers.Entry, error) {
	known := make(map[string]triggers.Entry, len(ids))
	err := s.read(ctx, func() error {
		f, ok := s.feeds[id]
		if !ok {
			return nil
		}
		for _, record := range ids {
			b, ok := f.seen[record]
			if !ok {
				continue
			}
			e, err := entry(b)
			if err != nil {
				return err
			}
			known[record] = e
		}
		return nil
	})
	return known, err
}

// ScanEntries implements [store.Feeds].
func (s *Store) ScanEntries(ctx context.Context, id store.FeedID, prefix, after string, limit int) ([]store.Seen, string, error) {
	var list []store.Seen
	var last string
	err := s.read(ctx, func() error {
		f, ok := s.feeds[id]
		if !ok {
			return nil
		}
		for _, record := range slices.Sorted(maps.Keys(f.seen)) {
			// As on disk, after need not be the id of a record that is still there.
			if record <= after || !strings.HasPrefix(record, prefix) {
				continue
			}
			if limit > 0 && len(list) == limit {
				last = list[limit-1].ID
				return nil
			}
			e, err := entry(f.seen[record])
			if err != nil {
				return err
			}
			list = append(list, store.Seen{ID: record, Entry: e})
		}
		return nil
	})
	return list, last, err
}

// entry decodes an entry. Entries are held in the same bytes as on disk, so the form
// loses the same here: times finer than milliseconds.
func entry(b []byte) (triggers.Entry, error) {
	var e triggers.Entry
	if err := e.UnmarshalBinary(b); err != nil {
		return e, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return e, nil
}

// Visited implements [store.Feeds].
func (s *Store) Visited(ctx context.Context, id store.FeedID, parents []string) (map[string]bool, error) {
	visited := map[string]bool{}
	err := s.read(ctx, func() error {
		if f, ok := s.feeds[id]; ok {
			for _, p := range parents {
				if f.visited[p] {
					visited[p] = true
				}
			}
		}
		return nil
	})
	return visited, err
}

// DueParents implements [store.Feeds].
func (s *Store) DueParents(ctx context.Context, id store.FeedID, limit int) ([]string, error) {
	var due []string
	err := s.read(ctx, func() error {
		if f, ok := s.feeds[id]; ok {
			due = slices.Sorted(maps.Keys(f.due))
			due = due[:min(limit, len(due))]
		}
		return nil
	})
	return due, err
}

// mark changes what fan-out feeds know of parents.
func (s *Store) mark(marks []store.ParentMark) {
	for _, m := range marks {
		f, ok := s.feeds[m.Feed]
		if !ok {
			continue
		}
		if m.Visited {
			f.visited[m.Parent] = true
		}
		delete(f.due, m.Parent)
		if m.Due {
			f.due[m.Parent] = true
		}
	}
}

// SaveFeed implements [store.Feeds]. The revision stays, so that a poll under way can
// still commit.
func (s *Store) SaveFeed(ctx context.Context, id store.FeedID, status store.FeedStatus) error {
	return s.write(ctx, func() error {
		stored, ok := s.feeds[id]
		if !ok {
			return fmt.Errorf("feed %s: %w", id, store.ErrNotFound)
		}
		var f store.Feed
		if err := decode(stored.value, &f); err != nil {
			return err
		}
		f.NextPollAt, f.Error, f.Failures = status.NextPollAt, status.Error, status.Failures
		value, err := store.Marshal(f)
		if err != nil {
			return err
		}
		stored.value = value
		return nil
	})
}

// Subscriptions implements [store.Feeds].
func (s *Store) Subscriptions(ctx context.Context) ([]store.Subscription, error) {
	var list []store.Subscription
	err := s.read(ctx, func() error {
		list = s.sortedSubscriptions()
		return nil
	})
	return list, err
}

// sortedSubscriptions returns them by recipe and account, copied out of the map. The
// lock is held.
func (s *Store) sortedSubscriptions() []store.Subscription {
	return slices.SortedFunc(maps.Values(s.subscriptions), func(a, b store.Subscription) int {
		if n := strings.Compare(a.Recipe, b.Recipe); n != 0 {
			return n
		}
		return strings.Compare(a.Account, b.Account)
	})
}

// CommitPoll implements [store.Feeds]. The lock stands for the transaction.
func (s *Store) CommitPoll(ctx context.Context, c store.PollCommit) (store.Committed, error) {
	var done store.Committed
	if err := c.Validate(); err != nil {
		return done, err
	}
	err := s.write(ctx, func() error {
		var err error
		done, err = s.commit(&c)
		return err
	})
	return done, err
}

// commit prepares everything that can fail before it changes anything. There is no
// way back here as a transaction on disk has one: a mistake after the first change
// would leave half a commit.
func (s *Store) commit(c *store.PollCommit) (store.Committed, error) {
	value, err := s.guard(c)
	if err != nil {
		return store.Committed{}, err
	}
	encoded, err := store.Marshal(value)
	if err != nil {
		return store.Committed{}, err
	}
	links := c.Links()
	runs, err := newRuns(c.Runs, func(i int) store.RunID { return links.Previous(i, s.instance) })
	if err != nil {
		return store.Committed{}, err
	}
	seen := make(map[string][]byte, len(c.Seen))
	for _, one := range links.Seen(uint64(len(s.runs)) + 1) {
		if seen[one.ID], err = one.Entry.AppendBinary(nil); err != nil {
			return store.Committed{}, fmt.Errorf("record %.40q: %w: %w", one.ID, store.ErrInvalid, err)
		}
	}
	stored, ok := s.feeds[value.ID]
	if !ok {
		s.lastFeed++
		stored = &feed{seen: map[string][]byte{}, visited: map[string]bool{}, due: map[string]bool{}}
		s.feeds[value.ID] = stored
	}
	stored.value = encoded
	maps.Copy(stored.seen, seen)
	numbers := s.subscribe(c.Subscriptions)
	s.mark(c.Parents)
	s.note(c.Audit)
	return store.Committed{Feed: value, Runs: s.queue(runs), Subscriptions: numbers, Previous: links.PreviousAll(s.instance)}, nil
}

// guard returns the feed as it will be stored, or ErrConflict. It changes nothing. A
// feed that is not known has revision 0; its number is the next one, which commit
// takes. A subscription may name its number or leave it to the store, but not claim
// that of another.
func (s *Store) guard(c *store.PollCommit) (store.Feed, error) {
	next := c.Feed
	if stored, ok := s.feeds[next.ID]; ok {
		var f store.Feed
		if err := decode(stored.value, &f); err != nil {
			return next, err
		}
		if f.Revision != next.Revision {
			return next, fmt.Errorf("feed %s at revision %d, not %d: %w", f.ID, f.Revision, next.Revision, store.ErrConflict)
		}
		next.Number = f.Number
	} else {
		if next.Revision != 0 {
			return next, fmt.Errorf("feed %s is new, not at revision %d: %w", next.ID, next.Revision, store.ErrConflict)
		}
		next.Number = s.lastFeed + 1
	}
	for _, sub := range c.Subscriptions {
		if former := s.subscriptions[place{sub.Recipe, sub.Account}]; sub.Number != 0 && sub.Number != former.Number {
			return next, fmt.Errorf("subscription of %s has number %d, not %d: %w",
				sub.Recipe, former.Number, sub.Number, store.ErrConflict)
		}
	}
	next.Revision++
	return next, nil
}

// subscribe saves subscriptions; those without a number keep the former one or get
// the next. It returns their numbers and cannot fail.
func (s *Store) subscribe(subs []store.Subscription) (numbers []uint32) {
	for _, sub := range subs {
		at := place{sub.Recipe, sub.Account}
		if sub.Number == 0 {
			sub.Number = s.subscriptions[at].Number
		}
		if sub.Number == 0 {
			s.lastPlace++
			sub.Number = s.lastPlace
		}
		s.subscriptions[at] = sub
		numbers = append(numbers, sub.Number)
	}
	return numbers
}

// queue appends the runs and returns their ids. Final ones join the same list, for a
// run's place is its number; they only do not count as waiting.
func (s *Store) queue(runs []*run) []store.RunID {
	ids := make([]store.RunID, 0, len(runs))
	for _, r := range runs {
		s.runs = append(s.runs, r)
		ids = append(ids, store.MakeRunID(s.instance, uint64(len(s.runs))))
		if !r.final {
			s.waiting++
		}
	}
	return ids
}
