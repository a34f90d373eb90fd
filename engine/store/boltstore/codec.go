package boltstore

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/triggers"
)

// Every value but an entry begins with the version of its form; an entry has its
// own. JSON follows.
const valueVersion = rows.Version

// encode returns a value as version and JSON.
func encode(v any) ([]byte, error) {
	b, err := store.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{valueVersion}, b...), nil
}

// decode reads what encode wrote. The result shares no memory with b.
func decode(b []byte, into any) error {
	if len(b) == 0 || b[0] != valueVersion {
		return fmt.Errorf("value of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	if err := json.Unmarshal(b[1:], into); err != nil {
		return fmt.Errorf("decode a value: %w: %w", store.ErrDamaged, err)
	}
	return nil
}

// decodeEntry reads an entry of the seen-set; it shares no memory with b.
func decodeEntry(b []byte) (triggers.Entry, error) {
	var e triggers.Entry
	if err := e.UnmarshalBinary(b); err != nil {
		return e, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return e, nil
}

// A row of queue or done is the state of a run: version, number of the status,
// length of the head, the head itself, state. The status stands in front so that
// counting needs no JSON. In the queue the head is what the dispatcher wants, and
// never changes. In the history it holds the steps that were saved together with
// the end of the run, as a JSON list: most runs end with their only commit, and it
// costs one put less.
const rowHead = 1 + 1 + 4

// encodeRow joins a head, which may be nil, with the JSON of a state.
func encodeRow(status store.Status, head, state []byte) []byte {
	b := append(beginRow(status, len(head)+len(state)), head...)
	endHead(b)
	return append(b, state...)
}

// beginRow begins a row of about that size: what is appended next is its head.
func beginRow(status store.Status, size int) []byte {
	b := make([]byte, rowHead, rowHead+size)
	b[0], b[1] = valueVersion, byte(slices.Index(store.Statuses(), status)) //nolint:gosec // one of eight
	return b
}

// endHead ends the head of a row: what is appended next is its state.
func endHead(b []byte) {
	binary.BigEndian.PutUint32(b[2:], uint32(len(b)-rowHead)) //nolint:gosec // ids are bounded
}

// encodeQueued returns the first row of a run. The head is only for the queue: the
// history's rows hold late steps in its place.
func encodeQueued(r *store.Run, state *store.RunState) ([]byte, error) {
	b := beginRow(state.Status, 256)
	if !state.Status.Final() {
		b = rows.AppendHead(b, r)
	}
	endHead(b)
	return rows.AppendState(b, state)
}

// encodeEnd returns the row of a run that ends, with the steps of its last save.
func encodeEnd(save *store.StepSave) (b []byte, err error) {
	if b, err = rows.AppendSteps(beginRow(save.State.Status, 760), save.Steps); err != nil {
		return nil, err
	}
	endHead(b)
	return rows.AppendState(b, &save.State)
}

// row is a row taken apart. Its slices point into the transaction's memory.
type row struct {
	status store.Status
	head   []byte
	state  []byte
}

// splitRow takes a row apart without decoding its JSON.
func splitRow(b []byte) (row, error) {
	if len(b) < rowHead || b[0] != valueVersion || int(b[1]) >= len(store.Statuses()) {
		return row{}, fmt.Errorf("state of a run, %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	n := binary.BigEndian.Uint32(b[2:])
	if int64(n) > int64(len(b)-rowHead) {
		return row{}, fmt.Errorf("state of a run is cut short: %w", store.ErrDamaged)
	}
	rest := b[rowHead:]
	return row{status: store.Statuses()[b[1]], head: rest[:n], state: rest[n:]}, nil
}

// decodeState reads the state of a row.
func (r *row) decodeState() (store.RunState, error) {
	var st store.RunState
	if err := json.Unmarshal(r.state, &st); err != nil {
		return st, fmt.Errorf("decode the state of a run: %w: %w", store.ErrDamaged, err)
	}
	return st, nil
}

// queued reads what the dispatcher wants. The state is looked at only for runs that
// wait or rest: others have neither a due time nor a reason.
func (r *row) queued(id store.RunID) (store.QueuedRun, error) {
	h, err := rows.Head(r.head)
	if err != nil {
		return store.QueuedRun{}, fmt.Errorf("run %s: %w", id, err)
	}
	q := store.QueuedRun{ID: id, Recipe: h[0], Version: h[1], Account: h[2], Lane: h[3], Status: r.status}
	switch r.status {
	case store.Waiting:
		st, err := r.decodeState()
		q.Due = st.Due
		return q, err
	case store.Parked, store.Held:
		st, err := r.decodeState()
		q.Reason = st.Reason
		return q, err
	default:
		return q, nil
	}
}

// lateSteps reads the steps that a row of the history holds.
func (r *row) lateSteps() ([]store.Step, error) {
	if len(r.head) == 0 {
		return nil, nil
	}
	var steps []store.Step
	if err := json.Unmarshal(r.head, &steps); err != nil {
		return nil, fmt.Errorf("decode the last steps of a run: %w: %w", store.ErrDamaged, err)
	}
	return steps, nil
}
