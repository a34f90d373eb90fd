package boltstore

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// ListRuns implements [store.History].
func (s *Store) ListRuns(ctx context.Context, f store.RunFilter) ([]store.Run, error) {
	var list []store.Run
	behind := f.After.SeqIn(s.rows.Instance)
	if f.After != "" && behind == 0 {
		return nil, fmt.Errorf("run %.40q: %w", f.After, store.ErrNotFound)
	}
	err := s.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(tables.Runs).Cursor()
		k, v := cursor.Last()
		if behind > 0 {
			if at, _ := cursor.Seek(tables.SeqKey(behind)); at != nil {
				k, v = cursor.Prev()
			} else {
				k, v = cursor.Last()
			}
		}
		for ; k != nil; k, v = cursor.Prev() {
			if f.Limit > 0 && len(list) == f.Limit {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			r, ok, err := s.match(tx, &f, tables.SeqOf(k), v)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

// match decodes a run if the filter selects it. The status is looked at first: it
// costs nothing.
func (s *Store) match(tx *bolt.Tx, f *store.RunFilter, seq uint64, value []byte) (store.Run, bool, error) {
	if f.Status != "" {
		row, err := tables.StateRow(tx, seq)
		if err != nil || row.Status != f.Status {
			return store.Run{}, false, err
		}
	}
	r, err := s.rows.Run(tx, seq, value)
	return r, err == nil && f.Matches(&r), err
}

// CountRuns implements [store.History].
func (s *Store) CountRuns(ctx context.Context) (map[store.Status]int, error) {
	counts := map[store.Status]int{}
	err := s.view(ctx, func(tx *bolt.Tx) error {
		for _, name := range [][]byte{tables.Queue, tables.Done} {
			err := tx.Bucket(name).ForEach(func(_, v []byte) error {
				row, err := rows.SplitRow(v)
				counts[row.Status]++
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// Backup implements [store.History]. The copy is a state file. While it is
// written, the file can grow but not shrink; the writer should be as fast as a
// file.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	err := s.view(ctx, func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(&stoppable{ctx: ctx, w: w})
		return err
	})
	if err != nil {
		return fmt.Errorf("back up the state file: %w", err)
	}
	return nil
}

// stoppable is a writer that ends with a context. It lives no longer than the
// call that made it.
type stoppable struct {
	ctx context.Context //nolint:containedctx // io.Writer has no place for it
	w   io.Writer
}

// Write implements io.Writer.
func (s *stoppable) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(b)
}

// Stats implements [store.Store]. It reads the head of every page.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	st := store.Stats{Path: s.path}
	err := s.view(ctx, func(tx *bolt.Tx) error {
		keys, used := map[string]int{}, 2+1 // two pages describe the file, one holds the names of the buckets
		err := tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			p := b.Stats()
			keys[string(name)] = p.KeyN
			used += p.BranchPageN + p.BranchOverflowN + p.LeafPageN + p.LeafOverflowN
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		st.Feeds, st.Records = keys[string(tables.Feeds)], keys[string(tables.Seen)]
		st.Runs, st.Waiting = keys[string(tables.Runs)], keys[string(tables.Queue)]
		st.FreeBytes = max(0, tx.Size()-int64(used)*int64(s.db.Info().PageSize))
		info, err := s.file.Stat()
		if err != nil {
			return err
		}
		st.Bytes = info.Size()
		return nil
	})
	st.DiskBytes, st.DiskFree = disk(filepath.Dir(s.path))
	return st, err
}

// Disk says how large the disk of the file is, and how much of it is free; 0 where the
// system does not tell.
func (s *Store) Disk() (size, free int64) { return disk(filepath.Dir(s.path)) }

// View shows the buckets as they are to a program that copies them. What bbolt hands to
// f ends with the transaction.
func (s *Store) View(ctx context.Context, f func(*bolt.Tx) error) error { return s.view(ctx, f) }

// SkipRuns leaves some numbers of runs out: the next run gets the one behind them.
func (s *Store) SkipRuns(ctx context.Context, n uint64) error {
	return s.apply(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket(tables.Runs)
		return b.SetSequence(min(b.Sequence()+n, max(store.MaxSeq, b.Sequence())))
	})
}
