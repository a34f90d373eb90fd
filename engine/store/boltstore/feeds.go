package boltstore

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/triggers"
)

// getFeed reads a feed. The error is ErrNotFound for an unknown one.
func getFeed(tx *bolt.Tx, id store.FeedID) (store.Feed, error) {
	var f store.Feed
	b := tx.Bucket(bucketFeeds).Get([]byte(id))
	if b == nil {
		return f, fmt.Errorf("feed %.80s: %w", id, store.ErrNotFound)
	}
	return f, decode(b, &f)
}

// LoadFeed implements [store.Feeds].
func (s *Store) LoadFeed(ctx context.Context, id store.FeedID) (store.Feed, error) {
	var f store.Feed
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		f, err = getFeed(tx, id)
		return err
	})
	return f, err
}

// ListFeeds implements [store.Feeds].
func (s *Store) ListFeeds(ctx context.Context) ([]store.Feed, error) {
	var list []store.Feed
	err := s.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketFeeds).ForEach(func(_, v []byte) error {
			var f store.Feed
			if err := decode(v, &f); err != nil {
				return err
			}
			list = append(list, f)
			return nil
		})
	})
	return list, err
}

// Entries implements [store.Feeds].
func (s *Store) Entries(ctx context.Context, id store.FeedID, ids []string) (map[string]triggers.Entry, error) {
	known := make(map[string]triggers.Entry, len(ids))
	err := s.viewSeen(ctx, id, func(f *store.Feed, seen *bolt.Bucket) error {
		for _, record := range ids {
			b := seen.Get(seenKey(f.Number, record))
			if b == nil {
				continue
			}
			e, err := decodeEntry(b)
			if err != nil {
				return fmt.Errorf("record %.80q: %w", record, err)
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
	err := s.viewSeen(ctx, id, func(f *store.Feed, seen *bolt.Bucket) error {
		all, from := seenKey(f.Number, prefix), seenKey(f.Number, max(prefix, after))
		cursor := seen.Cursor()
		k, v := cursor.Seek(from)
		// The listing begins behind after; if that record is gone, Seek stands there
		// already.
		if after != "" && after >= prefix && bytes.Equal(k, from) {
			k, v = cursor.Next()
		}
		for ; bytes.HasPrefix(k, all); k, v = cursor.Next() {
			if limit > 0 && len(list) == limit {
				last = list[limit-1].ID
				return nil
			}
			e, err := decodeEntry(v)
			if err != nil {
				return fmt.Errorf("record %.80q: %w", k[4:], err)
			}
			list = append(list, store.Seen{ID: string(k[4:]), Entry: e})
		}
		return nil
	})
	return list, last, err
}

// viewSeen calls f with a feed and the bucket of all entries; a feed that is
// unknown has none.
func (s *Store) viewSeen(ctx context.Context, id store.FeedID, f func(*store.Feed, *bolt.Bucket) error) error {
	return s.view(ctx, func(tx *bolt.Tx) error {
		if tx.Bucket(bucketFeeds).Get([]byte(id)) == nil {
			return nil
		}
		feed, err := getFeed(tx, id)
		if err != nil {
			return err
		}
		return f(&feed, tx.Bucket(bucketSeen))
	})
}

// Visited implements [store.Feeds].
func (s *Store) Visited(ctx context.Context, id store.FeedID, ids []string) (map[string]bool, error) {
	visited := map[string]bool{}
	err := s.viewSeen(ctx, id, func(f *store.Feed, seen *bolt.Bucket) error {
		b := seen.Tx().Bucket(bucketParents)
		for _, parent := range ids {
			if b.Get(seenKey(f.Number, parent)) != nil {
				visited[parent] = true
			}
		}
		return nil
	})
	return visited, err
}

// DueParents implements [store.Feeds].
func (s *Store) DueParents(ctx context.Context, id store.FeedID, limit int) ([]string, error) {
	var due []string
	err := s.viewSeen(ctx, id, func(f *store.Feed, seen *bolt.Bucket) error {
		prefix := seenKey(f.Number, "")
		cursor := seen.Tx().Bucket(bucketDue).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix) && len(due) < limit; k, _ = cursor.Next() {
			due = append(due, string(k[len(prefix):]))
		}
		return nil
	})
	return due, err
}

// SaveFeed implements [store.Feeds].
func (s *Store) SaveFeed(ctx context.Context, id store.FeedID, status store.FeedStatus) error {
	var f store.Feed
	return s.write(ctx, &commits.Change{
		Check: func(tx *bolt.Tx) (err error) {
			f, err = getFeed(tx, id)
			return err
		},
		Apply: func(tx *bolt.Tx) error {
			f.NextPollAt, f.Error, f.Failures = status.NextPollAt, status.Error, status.Failures
			return putFeed(tx, &f)
		},
	})
}

// putFeed writes a feed as it is, with the revision that the caller gave it.
func putFeed(tx *bolt.Tx, f *store.Feed) error {
	b, err := encode(f)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketFeeds).Put([]byte(f.ID), b)
}

// Subscriptions implements [store.Feeds].
func (s *Store) Subscriptions(ctx context.Context) ([]store.Subscription, error) {
	var list []store.Subscription
	err := s.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketSubscriptions).ForEach(func(_, v []byte) error {
			var sub store.Subscription
			if err := decode(v, &sub); err != nil {
				return err
			}
			list = append(list, sub)
			return nil
		})
	})
	return list, err
}
