package boltstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
)

// Waiting implements [store.Queue].
func (s *Store) Waiting(ctx context.Context, after store.RunID, limit int) ([]store.QueuedRun, error) {
	from := after.SeqIn(s.instance)
	if after != "" && from == 0 {
		return nil, fmt.Errorf("run %.40q: %w", after, store.ErrNotFound)
	}
	var list []store.QueuedRun
	err := s.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(bucketQueue).Cursor()
		for k, v := cursor.Seek(seqKey(from + 1)); k != nil; k, v = cursor.Next() {
			if limit > 0 && len(list) == limit {
				return nil
			}
			row, err := rows.SplitRow(v)
			if err != nil {
				return err
			}
			q, err := row.Queued(store.MakeRunID(s.instance, seqOf(k)))
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
		seq := id.SeqIn(s.instance)
		v := tx.Bucket(bucketRuns).Get(seqKey(seq))
		if seq == 0 || v == nil {
			return fmt.Errorf("run %.40q: %w", id, store.ErrNotFound)
		}
		if r, err = s.decodeRun(tx, seq, v); err != nil {
			return err
		}
		steps, err = loadSteps(tx, seq)
		return err
	})
	return r, steps, err
}

// decodeRun reads a run with its state.
func (s *Store) decodeRun(tx *bolt.Tx, seq uint64, value []byte) (store.Run, error) {
	var r store.Run
	if err := rows.DecodeRun(value, &r); err != nil {
		return r, fmt.Errorf("run %d: %w", seq, err)
	}
	r.ID = store.MakeRunID(s.instance, seq)
	row, err := stateRow(tx, seq)
	if err != nil {
		return r, err
	}
	r.State, err = row.DecodeState()
	return r, err
}

// stateRow finds the state of a run, in the queue or in the history. The history is
// asked first: it is where nearly all runs are.
func stateRow(tx *bolt.Tx, seq uint64) (rows.Row, error) {
	key := seqKey(seq)
	for _, name := range [][]byte{bucketDone, bucketQueue} {
		if v := tx.Bucket(name).Get(key); v != nil {
			return rows.SplitRow(v)
		}
	}
	return rows.Row{}, fmt.Errorf("run %d has no state: %w", seq, store.ErrDamaged)
}

// stepsOf returns the steps of a run with their ids, in the order of the ids. The
// values point into the transaction's memory.
func stepsOf(tx *bolt.Tx, seq uint64) (ids []string, steps []rows.Placed, err error) {
	prefix := seqKey(seq)
	cursor := tx.Bucket(bucketSteps).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		p, err := rows.SplitStep(v)
		if err != nil {
			return nil, nil, err
		}
		ids, steps = append(ids, string(k[len(prefix):])), append(steps, p)
	}
	return ids, steps, nil
}

// loadSteps returns all steps of a run in the order in which they were first saved.
func loadSteps(tx *bolt.Tx, seq uint64) ([]store.Step, error) {
	_, found, err := stepsOf(tx, seq)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b rows.Placed) int { return int(a.Place) - int(b.Place) })
	var steps []store.Step
	for _, p := range found {
		var st store.Step
		if err := json.Unmarshal(p.Value, &st); err != nil {
			return nil, fmt.Errorf("decode a step of run %d: %w: %w", seq, store.ErrDamaged, err)
		}
		steps = append(steps, st)
	}
	return withLate(tx, seq, steps)
}

// withLate adds the steps that were saved with the end of the run.
func withLate(tx *bolt.Tx, seq uint64, steps []store.Step) ([]store.Step, error) {
	v := tx.Bucket(bucketDone).Get(seqKey(seq))
	if v == nil {
		return steps, nil
	}
	r, err := rows.SplitRow(v)
	if err != nil {
		return nil, err
	}
	late, err := r.LateSteps()
	for _, st := range late {
		i := slices.IndexFunc(steps, func(s store.Step) bool { return s.ID == st.ID })
		if i < 0 {
			steps = append(steps, st)
			continue
		}
		steps[i] = st
	}
	return steps, err
}

// stepSave is a save on its way, encoded ahead: the whole row of a run that ends, or
// the parts of one that goes on.
type stepSave struct {
	seq   uint64
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
	p := &stepSave{seq: save.Run.SeqIn(s.instance), save: &save}
	if p.seq == 0 {
		return fmt.Errorf("run %.40q: %w", save.Run, store.ErrNotFound)
	}
	if err := p.encode(); err != nil {
		return err
	}
	return s.write(ctx, &commits.Change{Check: p.check, Apply: p.apply})
}

func (p *stepSave) encode() (err error) {
	if p.save.State.Status.Final() {
		p.end, err = rows.EncodeEnd(p.save)
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
	if tx.Bucket(bucketQueue).Get(seqKey(p.seq)) == nil {
		return fmt.Errorf("run %d is not in the queue: %w", p.seq, store.ErrNotFound)
	}
	return nil
}

// apply writes steps and state. A final state moves the run to the history, with the
// steps of this save inside its row.
func (p *stepSave) apply(tx *bolt.Tx) error {
	queue, key := tx.Bucket(bucketQueue), seqKey(p.seq)
	if p.end != nil {
		if err := queue.Delete(key); err != nil {
			return err
		}
		done := tx.Bucket(bucketDone)
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
	ids, former, err := stepsOf(tx, p.seq)
	if err != nil {
		return err
	}
	places := make(map[string]int, len(ids)+len(p.steps))
	for i, id := range ids {
		places[id] = int(former[i].Place)
	}
	steps := tx.Bucket(bucketSteps)
	steps.FillPercent = fullPages
	for i := range p.steps {
		id := p.save.Steps[i].ID
		place, known := places[id]
		if !known {
			place = len(places)
			places[id] = place
		}
		if err := steps.Put(stepKey(p.seq, id), rows.EncodeStep(place, p.steps[i])); err != nil {
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
	key := pairKey(recipe, version)
	known, err := s.recipe(ctx, key)
	if err != nil || known != nil {
		return err // the usual case costs no commit
	}
	value := append([]byte{valueVersion}, text...)
	return s.apply(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketRecipes)
		if b.Get(key) != nil {
			return nil
		}
		return b.Put(key, value)
	})
}

// LoadRecipe implements [store.Queue].
func (s *Store) LoadRecipe(ctx context.Context, recipe, version string) ([]byte, error) {
	text, err := s.recipe(ctx, pairKey(recipe, version))
	if err == nil && text == nil {
		err = fmt.Errorf("recipe %s, version %s: %w", recipe, version, store.ErrNotFound)
	}
	return text, err
}

// recipe returns a copy of a stored text; nil means there is none.
func (s *Store) recipe(ctx context.Context, key []byte) ([]byte, error) {
	var text []byte
	err := s.view(ctx, func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketRecipes).Get(key)
		switch {
		case v == nil:
		case len(v) == 0 || v[0] != valueVersion:
			return fmt.Errorf("recipe of an unknown form: %w", store.ErrDamaged)
		default:
			text = append(make([]byte, 0, len(v)), v[1:]...)
		}
		return nil
	})
	return text, err
}
