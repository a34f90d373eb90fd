package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// LoadPruning implements [store.Retention].
func (s *Store) LoadPruning(ctx context.Context) (store.Pruning, error) {
	var p store.Pruning
	err := s.view(ctx, func(tx *bolt.Tx) error {
		if v := tx.Bucket(tables.Meta).Get(tables.MetaPruning); v != nil {
			return tables.Decode(v, &p)
		}
		return nil
	})
	return p, err
}

// SavePruning implements [store.Retention].
func (s *Store) SavePruning(ctx context.Context, p store.Pruning) error {
	value, err := tables.Encode(p)
	if err != nil {
		return err
	}
	return s.apply(ctx, func(tx *bolt.Tx) error { return tx.Bucket(tables.Meta).Put(tables.MetaPruning, value) })
}

// apply carries out a change that nothing can refuse.
func (s *Store) apply(ctx context.Context, do func(*bolt.Tx) error) error {
	return s.write(ctx, &commits.Change{Check: func(*bolt.Tx) error { return nil }, Apply: do})
}

// prune is a slice on its way: what is to be written, found and encoded while others
// write. A finished run changes only by being pruned or revised, and whatever of it is
// gone by then is passed over.
type prune struct {
	rows   tables.Reader
	slice  *store.PruneSlice
	done   store.Pruned
	forget []uint64
	put    []change
}

// change is a new value of a key.
type change struct{ bucket, key, value []byte }

// Prune implements [store.Retention].
func (s *Store) Prune(ctx context.Context, slice store.PruneSlice) (store.Pruned, error) {
	for {
		done, err := s.pruneOnce(ctx, &slice)
		if !errors.Is(err, errRevised) {
			return done, err
		}
	}
}

// errRevised tells that somebody changed a run by hand between looking and writing.
var errRevised = errors.New("a run was revised in between")

// pruneOnce looks at a slice and writes what it found. A run that was taken back to the
// queue meanwhile must not lose anything, so nothing is written if any was revised.
func (s *Store) pruneOnce(ctx context.Context, slice *store.PruneSlice) (store.Pruned, error) {
	p := &prune{rows: s.rows, slice: slice, done: store.Pruned{Last: slice.After}}
	revisions := s.revisions.Load()
	if err := s.view(ctx, p.look); err != nil {
		return store.Pruned{Last: slice.After}, fmt.Errorf("prune: %w", err)
	}
	if len(p.forget)+len(p.put) == 0 {
		return p.done, nil
	}
	err := s.write(ctx, &commits.Change{Apply: p.apply, Check: func(*bolt.Tx) error {
		if s.revisions.Load() != revisions {
			return errRevised
		}
		return nil
	}})
	if err != nil {
		return store.Pruned{Last: slice.After}, fmt.Errorf("prune: %w", err)
	}
	return p.done, nil
}

// look finds out what is to become of the runs of the slice.
func (p *prune) look(tx *bolt.Tx) error {
	done, runs := tx.Bucket(tables.Done).Cursor(), tx.Bucket(tables.Runs)
	looked := 0
	for k, v := done.Seek(tables.SeqKey(p.slice.After + 1)); k != nil; k, v = done.Next() {
		if p.done.More = looked == p.slice.Most(); p.done.More {
			return nil
		}
		origin, err := rows.DecodeOrigin(runs.Get(k))
		if err != nil {
			return fmt.Errorf("run %d: %w", tables.SeqOf(k), err)
		}
		if p.slice.Young(origin.QueuedAt) {
			return nil
		}
		looked++
		p.done.Last = tables.SeqOf(k)
		if err := p.judge(tx, tables.SeqOf(k), v, &origin); err != nil {
			return fmt.Errorf("run %d: %w", tables.SeqOf(k), err)
		}
	}
	return nil
}

// judge decides on one run; value is its row of the history.
func (p *prune) judge(tx *bolt.Tx, seq uint64, value []byte, origin *rows.Origin) error {
	r, err := rows.SplitRow(value)
	if err != nil {
		return err
	}
	state, err := r.DecodeState()
	if err != nil {
		return err
	}
	switch p.slice.Fate(origin.Recipe, origin.QueuedAt, &state, origin.Event.Forgotten) {
	case store.ForgetRun:
		p.forget = append(p.forget, seq)
		p.done.Runs++
	case store.ForgetPayload:
		p.done.Payloads++
		return p.strip(tx, seq, &r)
	case store.KeepWhole:
	}
	return nil
}

// strip encodes a run, the steps that its row holds, and its other steps without what
// they carried.
func (p *prune) strip(tx *bolt.Tx, seq uint64, r *rows.Row) error {
	key := tables.SeqKey(seq)
	value, err := rows.ForgetRun(tx.Bucket(tables.Runs).Get(key), p.rows.Place(tables.Runs, key))
	if err != nil {
		return err
	}
	p.put = append(p.put, change{tables.Runs, key, value})
	late, err := r.LateSteps(p.rows.Place(tables.Done, key))
	if err != nil {
		return err
	}
	for i := range late {
		late[i].Forget()
	}
	head, err := rows.AppendSteps(nil, late)
	if err != nil {
		return err
	}
	row, err := rows.SealDone(rows.EncodeRow(r.Status, head, r.State), p.rows.Place(tables.Done, key))
	if err != nil {
		return err
	}
	p.put = append(p.put, change{tables.Done, key, row})
	steps := tx.Bucket(tables.Steps).Cursor()
	for k, v := steps.Seek(key); bytes.HasPrefix(k, key); k, v = steps.Next() {
		value, err := rows.ForgetStep(v, p.rows.Place(tables.Steps, k))
		if err != nil {
			return err
		}
		p.put = append(p.put, change{tables.Steps, bytes.Clone(k), value})
	}
	return nil
}

// apply writes what look found. A value that shrinks is deleted first: only so bbolt
// joins the pages that got empty.
func (p *prune) apply(tx *bolt.Tx) error {
	for _, seq := range p.forget {
		if err := forgetRun(tx, tables.SeqKey(seq)); err != nil {
			return err
		}
	}
	for _, c := range p.put {
		b := tx.Bucket(c.bucket)
		if b.Get(c.key) == nil {
			continue
		}
		if err := b.Delete(c.key); err != nil {
			return err
		}
		if err := b.Put(c.key, c.value); err != nil {
			return err
		}
	}
	return nil
}

// forgetRun removes a run with its state and its steps.
func forgetRun(tx *bolt.Tx, key []byte) error {
	steps := tx.Bucket(tables.Steps)
	var old [][]byte
	c := steps.Cursor()
	for k, _ := c.Seek(key); bytes.HasPrefix(k, key); k, _ = c.Next() {
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		if err := steps.Delete(k); err != nil {
			return err
		}
	}
	if err := tx.Bucket(tables.Done).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(tables.Runs).Delete(key)
}

// PruneRecipes implements [store.Retention]. Runs are queued with the current versions
// alone, so nothing that is found to be needless can be needed a moment later.
func (s *Store) PruneRecipes(ctx context.Context, current []store.RecipeVersion) (int, error) {
	var old [][]byte
	err := s.view(ctx, func(tx *bolt.Tx) error {
		needed, err := neededRecipes(tx)
		if err != nil {
			return err
		}
		for _, v := range current {
			needed[string(tables.PairKey(v.Recipe, v.Version))] = true
		}
		return tx.Bucket(tables.Recipes).ForEach(func(k, _ []byte) error {
			if !needed[string(k)] {
				old = append(old, bytes.Clone(k))
			}
			return nil
		})
	})
	if err != nil || len(old) == 0 {
		return 0, err
	}
	return len(old), s.apply(ctx, func(tx *bolt.Tx) error {
		for _, k := range old {
			if err := tx.Bucket(tables.Recipes).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// neededRecipes returns the keys of the texts that unfinished runs and subscriptions
// name.
func neededRecipes(tx *bolt.Tx) (map[string]bool, error) {
	needed := map[string]bool{}
	err := tx.Bucket(tables.Subscriptions).ForEach(func(_, v []byte) error {
		var sub store.Subscription
		err := tables.Decode(v, &sub)
		needed[string(tables.PairKey(sub.Recipe, sub.Version))] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	return needed, tx.Bucket(tables.Queue).ForEach(func(_, v []byte) error {
		r, err := rows.SplitRow(v)
		if err != nil {
			return err
		}
		h, err := rows.Head(r.Head)
		needed[string(tables.PairKey(h[0], h[1]))] = true
		return err
	})
}
