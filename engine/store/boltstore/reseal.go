package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/internal/seal"
)

// resealBytes is about how much one commit of Reseal writes.
const resealBytes = 1 << 20

// Reseal seals everything that can be sealed and is not sealed with the current key, files
// of runs too, and returns how many values and files that were. Others can read and write meanwhile. What was done
// stays done if it is stopped; the next call does the rest. After it the file can be
// opened with the current key alone. The error is [store.ErrNoKey] without keys.
func (s *Store) Reseal(ctx context.Context) (int, error) {
	if s.rows.Keys == nil {
		return 0, fmt.Errorf("seal the state file: %w", store.ErrNoKey)
	}
	done := 0
	for _, v := range tables.Vaults() {
		for after := []byte(nil); ; {
			var stale [][]byte
			err := s.view(ctx, func(tx *bolt.Tx) (err error) {
				stale, after, err = v.Stale(tx, s.rows, after, resealBytes)
				return err
			})
			if err == nil && len(stale) > 0 {
				err = s.apply(ctx, func(tx *bolt.Tx) error { return s.reseal(tx, v, stale) })
			}
			if err != nil {
				return done, fmt.Errorf("seal the state file: %w", err)
			}
			if done += len(stale); after == nil {
				break
			}
		}
	}
	files, err := s.Folder.Reseal(ctx)
	if done += files; err != nil {
		return done, fmt.Errorf("seal the files of runs: %w", err)
	}
	// Since the file was opened nothing was sealed with another key.
	return done, s.apply(ctx, func(tx *bolt.Tx) error { return tables.SetKeyIDs(tx, s.rows.Keys.Current()) })
}

// reseal writes some values anew, as they are now; those that are gone it leaves out.
func (s *Store) reseal(tx *bolt.Tx, v tables.Vault, keys [][]byte) error {
	b := tx.Bucket(v.Bucket)
	for _, k := range keys {
		value := b.Get(k)
		if value == nil {
			continue
		}
		sealed, err := v.Seal(value, s.rows.Place(v.Bucket, k))
		if err != nil {
			return err
		}
		if bytes.Equal(sealed, value) {
			continue // somebody wrote it meanwhile
		}
		if err := b.Put(k, sealed); err != nil {
			return err
		}
	}
	return nil
}

// unlock compares the keys with those that the file wants, and notes the current one
// before anything is sealed with it.
func (s *Store) unlock(o Options) error {
	if o.Sealed {
		return nil
	}
	var wanted []seal.ID
	err := s.look(func(tx *bolt.Tx) (err error) {
		wanted, err = tables.KeyIDs(tx)
		return err
	})
	if err != nil {
		return damaged(s.path, err)
	}
	for _, id := range wanted {
		switch {
		case o.Keys == nil:
			return fmt.Errorf("%w: %s is sealed with the key %s; name the file of that key in POLLUX_KEY_FILE, or put it beside the state file as pollux.key",
				store.ErrNoKey, s.path, id)
		case !o.Keys.Has(id):
			return fmt.Errorf("%w: %s is sealed with the key %s; give the key file that has it, or put that key below the others",
				store.ErrWrongKey, s.path, id)
		}
	}
	s.rows.Keys = o.Keys
	if o.Keys == nil || o.ReadOnly || slices.Contains(wanted, o.Keys.Current()) {
		return nil
	}
	ids := append(slices.Clone(wanted), o.Keys.Current())
	if err := s.db.Update(func(tx *bolt.Tx) error { return tables.SetKeyIDs(tx, ids...) }); err != nil {
		return full(fmt.Errorf("note the key in the state file %s: %w", s.path, err))
	}
	return nil
}
