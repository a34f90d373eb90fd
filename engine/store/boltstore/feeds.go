package boltstore

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/triggers"
)

// getFeed reads a feed. The error is ErrNotFound for an unknown one.
func getFeed(tx *bolt.Tx, id store.FeedID) (store.Feed, error) {
	var f store.Feed
	b := tx.Bucket(tables.Feeds).Get([]byte(id))
	if b == nil {
		return f, fmt.Errorf("feed %.80s: %w", id, store.ErrNotFound)
	}
	return f, tables.Decode(b, &f)
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
		return tx.Bucket(tables.Feeds).ForEach(func(_, v []byte) error {
			var f store.Feed
			if err := tables.Decode(v, &f); err != nil {
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
			key := tables.SeenKey(f.Number, record)
			b := seen.Get(key)
			if b == nil {
				continue
			}
			e, err := tables.DecodeEntry(b, s.rows.Place(tables.Seen, key))
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
		all, from := tables.SeenKey(f.Number, prefix), tables.SeenKey(f.Number, max(prefix, after))
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
			e, err := tables.DecodeEntry(v, s.rows.Place(tables.Seen, k))
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
		if tx.Bucket(tables.Feeds).Get([]byte(id)) == nil {
			return nil
		}
		feed, err := getFeed(tx, id)
		if err != nil {
			return err
		}
		return f(&feed, tx.Bucket(tables.Seen))
	})
}

// Visited implements [store.Feeds].
func (s *Store) Visited(ctx context.Context, id store.FeedID, ids []string) (map[string]bool, error) {
	visited := map[string]bool{}
	err := s.viewSeen(ctx, id, func(f *store.Feed, seen *bolt.Bucket) error {
		b := seen.Tx().Bucket(tables.Parents)
		for _, parent := range ids {
			if b.Get(tables.SeenKey(f.Number, parent)) != nil {
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
		prefix := tables.SeenKey(f.Number, "")
		cursor := seen.Tx().Bucket(tables.Due).Cursor()
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
	b, err := tables.Encode(f)
	if err != nil {
		return err
	}
	return tx.Bucket(tables.Feeds).Put([]byte(f.ID), b)
}

// Subscriptions implements [store.Feeds].
func (s *Store) Subscriptions(ctx context.Context) ([]store.Subscription, error) {
	var list []store.Subscription
	err := s.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(tables.Subscriptions).ForEach(func(_, v []byte) error {
			var sub store.Subscription
			if err := tables.Decode(v, &sub); err != nil {
				return err
			}
			list = append(list, sub)
			return nil
		})
	})
	return list, err
}
