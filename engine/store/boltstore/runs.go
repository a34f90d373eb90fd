package boltstore

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// Waiting implements [store.Queue].
func (s *Store) Waiting(ctx context.Context, after store.RunID, limit int) ([]store.QueuedRun, error) {
	from := after.SeqIn(s.rows.Instance)
	if after != "" && from == 0 {
		return nil, fmt.Errorf("run %.40q: %w", after, store.ErrNotFound)
	}
	var list []store.QueuedRun
	err := s.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(tables.Queue).Cursor()
		for k, v := cursor.Seek(tables.SeqKey(from + 1)); k != nil; k, v = cursor.Next() {
			if limit > 0 && len(list) == limit {
				return nil
			}
			row, err := rows.SplitRow(v)
			if err != nil {
				return err
			}
			q, err := row.Queued(store.MakeRunID(s.rows.Instance, tables.SeqOf(k)))
			if err != nil {
				return err
			}
			list = append(list, q)
		}
		return nil
	})
	return list, err
}

// LoadRun implements [store.Queue].
func (s *Store) LoadRun(ctx context.Context, id store.RunID) (store.Run, []store.Step, error) {
	var r store.Run
	var steps []store.Step
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		seq := id.SeqIn(s.rows.Instance)
		v := tx.Bucket(tables.Runs).Get(tables.SeqKey(seq))
		if seq == 0 || v == nil {
			return fmt.Errorf("run %.40q: %w", id, store.ErrNotFound)
		}
		if r, err = s.rows.Run(tx, seq, v); err != nil {
			return err
		}
		steps, err = s.rows.Steps(tx, seq)
		return err
	})
	return r, steps, err
}

// stepSave is a save on its way, encoded ahead: the whole row of a run that ends, or
// the parts of one that goes on.
type stepSave struct {
	seq   uint64
	key   [8]byte // of the run
	rows  tables.Reader
	end   []byte
	state []byte
	save  *store.StepSave
	steps [][]byte
}

// SaveStep implements [store.Queue].
func (s *Store) SaveStep(ctx context.Context, save store.StepSave) error {
	if err := save.Validate(); err != nil {
		return err
	}
	p := &stepSave{seq: save.Run.SeqIn(s.rows.Instance), rows: s.rows, save: &save}
	if p.seq == 0 {
		return fmt.Errorf("run %.40q: %w", save.Run, store.ErrNotFound)
	}
	copy(p.key[:], tables.SeqKey(p.seq))
	if err := p.encode(); err != nil {
		return err
	}
	return s.write(ctx, &commits.Change{Check: p.check, Apply: p.apply})
}

func (p *stepSave) encode() (err error) {
	if p.save.State.Status.Final() {
		if p.end, err = rows.EncodeEnd(p.save); err == nil {
			p.end, err = rows.SealDone(p.end, p.rows.Place(tables.Done, p.key[:]))
		}
		return err
	}
	for i := range p.save.Steps {
		b, err := rows.AppendStep(make([]byte, 0, 512), &p.save.Steps[i])
		if err != nil {
			return fmt.Errorf("step %s: %w", p.save.Steps[i].ID, err)
		}
		p.steps = append(p.steps, b)
	}
	p.state, err = rows.AppendState(make([]byte, 0, 192), &p.save.State)
	return err
}

// check is the guard: the run is in the queue.
func (p *stepSave) check(tx *bolt.Tx) error {
	if tx.Bucket(tables.Queue).Get(p.key[:]) == nil {
		return fmt.Errorf("run %d is not in the queue: %w", p.seq, store.ErrNotFound)
	}
	return nil
}

// apply writes steps and state. A final state moves the run to the history, with the
// steps of this save inside its row.
func (p *stepSave) apply(tx *bolt.Tx) error {
	queue, key := tx.Bucket(tables.Queue), p.key[:]
	if p.end != nil {
		if err := queue.Delete(key); err != nil {
			return err
		}
		done := tx.Bucket(tables.Done)
		done.FillPercent = fullPages
		return done.Put(key, p.end)
	}
	if err := p.putSteps(tx); err != nil {
		return err
	}
	former, err := rows.SplitRow(queue.Get(key))
	if err != nil {
		return err
	}
	return queue.Put(key, rows.EncodeRow(p.save.State.Status, former.Head, p.state))
}

// putSteps writes the steps, new ones behind those that the run has.
func (p *stepSave) putSteps(tx *bolt.Tx) error {
	if len(p.steps) == 0 {
		return nil
	}
	places, err := tables.StepPlaces(tx, p.seq)
	if err != nil {
		return err
	}
	steps := tx.Bucket(tables.Steps)
	steps.FillPercent = fullPages
	for i := range p.steps {
		id := p.save.Steps[i].ID
		place, known := places[id]
		if !known {
			place = len(places)
			places[id] = place
		}
		key := tables.StepKey(p.seq, id)
		value, err := rows.SealStep(rows.EncodeStep(place, p.steps[i]), p.rows.Place(tables.Steps, key))
		if err != nil {
			return err
		}
		if err := steps.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// SaveRecipe implements [store.Queue].
func (s *Store) SaveRecipe(ctx context.Context, recipe, version string, text []byte) error {
	if len(recipe)+len(version) > store.MaxIDBytes || bytes.IndexByte([]byte(recipe), 0) >= 0 { //nolint:mirror // bytes is imported anyway
		return fmt.Errorf("recipe %.40q: %w", recipe, store.ErrInvalid)
	}
	key := tables.PairKey(recipe, version)
	known, err := s.recipe(ctx, key)
	if err != nil || known != nil {
		return err // the usual case costs no commit
	}
	value := append([]byte{tables.Version}, text...)
	return s.apply(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket(tables.Recipes)
		if b.Get(key) != nil {
			return nil
		}
		return b.Put(key, value)
	})
}

// LoadRecipe implements [store.Queue].
func (s *Store) LoadRecipe(ctx context.Context, recipe, version string) ([]byte, error) {
	text, err := s.recipe(ctx, tables.PairKey(recipe, version))
	if err == nil && text == nil {
		err = fmt.Errorf("recipe %s, version %s: %w", recipe, version, store.ErrNotFound)
	}
	return text, err
}

// recipe returns a copy of a stored text; nil means there is none.
func (s *Store) recipe(ctx context.Context, key []byte) ([]byte, error) {
	var text []byte
	err := s.view(ctx, func(tx *bolt.Tx) error {
		v := tx.Bucket(tables.Recipes).Get(key)
		switch {
		case v == nil:
		case len(v) == 0 || v[0] != tables.Version:
			return fmt.Errorf("recipe of an unknown form: %w", store.ErrDamaged)
		default:
			text = append(make([]byte, 0, len(v)), v[1:]...)
		}
		return nil
	})
	return text, err
}
