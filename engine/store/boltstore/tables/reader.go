package tables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/internal/seal"
)

// Reader reads what is spread over several buckets. What it returns shares no memory
// with the transaction, unless it says so.
type Reader struct {
	Instance string        // the letters that the ids of runs begin with
	Keys     *seal.Keyring // nil for a file without sealed values
}

// Place returns where a value stands.
func (r Reader) Place(bucket, key []byte) rows.Place {
	return rows.Place{Keys: r.Keys, Bucket: bucket, Key: key}
}

// Run reads a run with its state; value is its row in [Runs].
func (r Reader) Run(tx *bolt.Tx, seq uint64, value []byte) (store.Run, error) {
	var run store.Run
	if err := rows.DecodeRun(value, &run, r.Place(Runs, SeqKey(seq))); err != nil {
		return run, fmt.Errorf("run %d: %w", seq, err)
	}
	run.ID = store.MakeRunID(r.Instance, seq)
	row, err := StateRow(tx, seq)
	if err != nil {
		return run, err
	}
	run.State, err = row.DecodeState()
	return run, err
}

// StateRow finds the state of a run, in the queue or in the history. The history is
// asked first: it is where nearly all runs are.
func StateRow(tx *bolt.Tx, seq uint64) (rows.Row, error) {
	key := SeqKey(seq)
	for _, name := range [][]byte{Done, Queue} {
		if v := tx.Bucket(name).Get(key); v != nil {
			return rows.SplitRow(v)
		}
	}
	return rows.Row{}, fmt.Errorf("run %d has no state: %w", seq, store.ErrDamaged)
}

// placed returns the steps of a run that have rows of their own, in the order of their
// ids.
func (r Reader) placed(tx *bolt.Tx, seq uint64) (steps []rows.Placed, err error) {
	prefix := SeqKey(seq)
	cursor := tx.Bucket(Steps).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		p, err := rows.SplitStep(v, r.Place(Steps, k))
		if err != nil {
			return nil, err
		}
		steps = append(steps, p)
	}
	return steps, nil
}

// StepKeys returns the keys of the steps of a run that have rows of their own. They point
// into the transaction's memory.
func StepKeys(tx *bolt.Tx, seq uint64) (keys [][]byte) {
	prefix := SeqKey(seq)
	cursor := tx.Bucket(Steps).Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		keys = append(keys, k)
	}
	return keys
}

// StepPlaces returns the places of those steps by their ids. No key is needed for it.
func StepPlaces(tx *bolt.Tx, seq uint64) (map[string]int, error) {
	prefix := SeqKey(seq)
	places := map[string]int{}
	cursor := tx.Bucket(Steps).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		place, err := rows.StepPlace(v)
		if err != nil {
			return nil, err
		}
		places[string(k[len(prefix):])] = place
	}
	return places, nil
}

// Steps returns all steps of a run in the order in which they were first saved.
func (r Reader) Steps(tx *bolt.Tx, seq uint64) ([]store.Step, error) {
	found, err := r.placed(tx, seq)
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
	return r.withLate(tx, seq, steps)
}

// withLate adds the steps that were saved with the end of the run.
func (r Reader) withLate(tx *bolt.Tx, seq uint64, steps []store.Step) ([]store.Step, error) {
	v := tx.Bucket(Done).Get(SeqKey(seq))
	if v == nil {
		return steps, nil
	}
	row, err := rows.SplitRow(v)
	if err != nil {
		return nil, err
	}
	late, err := row.LateSteps(r.Place(Done, SeqKey(seq)))
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
