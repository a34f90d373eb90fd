package upkeep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
)

// commitBytes is how much is copied with one commit.
const commitBytes = 8 << 20

// fullPages is how full the pages of the copy get.
const fullPages = 0.95

// Compacted is what a compaction did.
type Compacted struct {
	Before, After store.Stats
}

// Compact replaces a state file by a copy without free pages. It has the file for itself
// all the time. The copy takes the place of the original when it has been verified; up
// to then the original stays as it is, whatever happens. The errors are those of
// [boltstore.Open], [store.ErrFull], and those of the system.
func Compact(ctx context.Context, path string) (Compacted, error) {
	return compact(ctx, path, func() {})
}

// compact calls ready when the copy is complete and has not taken its place.
func compact(ctx context.Context, path string, ready func()) (c Compacted, err error) {
	from, err := boltstore.Open(path, boltstore.Options{Sealed: true})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if c.Before, err = from.Stats(ctx); err != nil {
		return c, err
	}
	// One name is enough: who has the original has the copy. What is left of a
	// compaction that was killed goes with this one.
	copied := path + ".compact"
	defer func() { _ = os.Remove(copied) }() //nolint:gosec // the settings name the file; after the rename it is gone already

	if err := os.Remove(copied); err != nil && !errors.Is(err, os.ErrNotExist) { //nolint:gosec // as above
		return c, fmt.Errorf("compact: %w", err)
	}
	err = from.View(ctx, func(tx *bolt.Tx) error { return copyAll(ctx, tx, copied) })
	if err != nil {
		return c, full(fmt.Errorf("compact to %s: %w", copied, err))
	}
	if c.After, err = verify(ctx, from, copied); err != nil {
		return c, fmt.Errorf("verify %s: %w", copied, err)
	}
	c.After.Path = path
	ready()
	if runtime.GOOS == "windows" { // there a file that is open keeps its name
		err = from.Close()
	}
	if err == nil {
		err = os.Rename(copied, path) //nolint:gosec // as above
	}
	if err == nil {
		err = boltstore.SyncFolder(filepath.Dir(path))
	}
	return c, err
}

// copyAll writes all buckets into a new file and syncs it once: before that nobody
// needs it.
func copyAll(ctx context.Context, from *bolt.Tx, path string) (err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = from.ForEach(func(name []byte, b *bolt.Bucket) error {
		err := db.Update(func(tx *bolt.Tx) error {
			to, err := tx.CreateBucket(name)
			if err != nil {
				return err
			}
			return to.SetSequence(b.Sequence())
		})
		if err != nil {
			return err
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; {
			if err := ctx.Err(); err != nil {
				return err
			}
			if k, v, err = copySome(db, name, c, k, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.Sync()
}

// copySome copies from a key on what one commit takes, and returns the key and the value
// that come next.
func copySome(db *bolt.DB, bucket []byte, c *bolt.Cursor, k, v []byte) (nextKey, nextValue []byte, err error) {
	err = db.Update(func(tx *bolt.Tx) error {
		to := tx.Bucket(bucket)
		to.FillPercent = fullPages
		for size := 0; k != nil && size < commitBytes; k, v = c.Next() {
			if err := to.Put(k, v); err != nil {
				return err
			}
			size += len(k) + len(v)
		}
		return nil
	})
	return k, v, err
}

// verify opens the copy for writing, which reads all of its pages first, and compares it with the
// original, value by value.
func verify(ctx context.Context, from *boltstore.Store, path string) (st store.Stats, err error) {
	to, err := boltstore.Open(path, boltstore.Options{Sealed: true})
	if err != nil {
		return st, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	err = from.View(ctx, func(a *bolt.Tx) error {
		return to.View(ctx, func(b *bolt.Tx) error { return same(ctx, a, b) })
	})
	if err != nil {
		return st, err
	}
	return to.Stats(ctx)
}

// same returns an error for a copy that does not hold what the original holds.
func same(ctx context.Context, a, b *bolt.Tx) error {
	return a.ForEach(func(name []byte, want *bolt.Bucket) error {
		got := b.Bucket(name)
		if got == nil || got.Sequence() != want.Sequence() {
			return fmt.Errorf("bucket %s is not the same: %w", name, store.ErrDamaged)
		}
		left, right := want.Cursor(), got.Cursor()
		k, v := left.First()
		for k2, v2 := right.First(); k != nil || k2 != nil; k2, v2 = right.Next() {
			if !bytes.Equal(k, k2) || !bytes.Equal(v, v2) {
				return fmt.Errorf("bucket %s differs at the key %.40q: %w", name, k, store.ErrDamaged)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			k, v = left.Next()
		}
		return nil
	})
}

// full marks an error of a disk without room.
func full(err error) error {
	if commits.IsFull(err) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}
