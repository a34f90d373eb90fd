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
	"github.com/pollux-automation/pollux/engine/store/boltstore/trail"
)

// revision is a change by hand on its way. It is rare, so it reads the whole run inside
// the transaction and writes it anew.
type revision struct {
	*store.Revision

	store *Store
	seq   uint64
	run   store.Run // as it was; check sets it anew
	steps []store.Step
}

// Revise implements [store.Desk].
func (s *Store) Revise(ctx context.Context, r store.Revision) error {
	if err := r.Validate(); err != nil {
		return err
	}
	p := &revision{Revision: &r, store: s, seq: r.Run.SeqIn(s.rows.Instance)}
	if p.seq == 0 {
		return fmt.Errorf("run %.40q: %w", r.Run, store.ErrNotFound)
	}
	return s.write(ctx, &commits.Change{Check: p.check, Apply: p.apply})
}

// check is the guard: the run is there, in the status that is named.
func (p *revision) check(tx *bolt.Tx) (err error) {
	value := tx.Bucket(tables.Runs).Get(tables.SeqKey(p.seq))
	if value == nil {
		return fmt.Errorf("run %s: %w", p.Run, store.ErrNotFound)
	}
	if p.run, err = p.store.rows.Run(tx, p.seq, value); err != nil {
		return err
	}
	if p.run.State.Status != p.Was {
		return fmt.Errorf("run %s is %s, not %s: %w", p.Run, p.run.State.Status, p.Was, store.ErrConflict)
	}
	p.steps, err = p.store.rows.Steps(tx, p.seq)
	return err
}

// apply writes the run, its steps and its state. The steps that the end of a run had in
// its row get rows of their own, so that they are there whatever becomes of the run.
func (p *revision) apply(tx *bolt.Tx) error {
	p.store.revisions.Add(1) // pruning that has looked at the run must look again
	run := p.run
	p.Apply(&run)
	if p.Version != "" || p.Event != nil || p.Kind != "" {
		value, err := rows.EncodeRun(&run)
		if err != nil {
			return fmt.Errorf("run %s: %w", p.Run, err)
		}
		if err := p.put(tx, tables.Runs, tables.SeqKey(p.seq), value, rows.SealRun); err != nil {
			return err
		}
	}
	if err := p.putSteps(tx); err != nil {
		return err
	}
	if err := p.putState(tx, &run); err != nil {
		return err
	}
	return trail.Append(tx, p.Audit)
}

// put writes a value sealed, in place of the former one.
func (p *revision) put(tx *bolt.Tx, bucket, key, value []byte, seal func([]byte, rows.Place) ([]byte, error)) error {
	value, err := seal(value, p.store.rows.Place(bucket, key))
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, value)
}

// putSteps writes all steps of the run anew, with places that have no gaps.
func (p *revision) putSteps(tx *bolt.Tx) error {
	var former [][]byte
	for _, k := range tables.StepKeys(tx, p.seq) {
		former = append(former, bytes.Clone(k))
	}
	for _, k := range former {
		if err := tx.Bucket(tables.Steps).Delete(k); err != nil {
			return err
		}
	}
	steps := p.Revised(p.steps)
	for place := range steps {
		value, err := rows.AppendStep(nil, &steps[place])
		if err != nil {
			return fmt.Errorf("step %s: %w", steps[place].ID, err)
		}
		key := tables.StepKey(p.seq, steps[place].ID)
		if err := p.put(tx, tables.Steps, key, rows.EncodeStep(place, value), rows.SealStep); err != nil {
			return err
		}
	}
	return nil
}

// putState takes the run to where its new status belongs.
func (p *revision) putState(tx *bolt.Tx, run *store.Run) error {
	value, err := rows.EncodeQueued(run, &run.State)
	if err != nil {
		return err
	}
	key, from, to := tables.SeqKey(p.seq), tables.Done, tables.Queue
	if run.State.Status.Final() {
		from, to = to, from
	}
	if err := tx.Bucket(from).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(to).Put(key, value)
}
