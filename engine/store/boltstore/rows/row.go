package rows

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/engine/store"
)

// A row of queue or done is the state of a run: version, number of the status,
// length of the head, the head itself, state. The status stands in front so that
// counting needs no JSON. In the queue the head is what the dispatcher wants, and
// never changes. In the history it holds the steps that were saved together with
// the end of the run, as a JSON list: most runs end with their only commit, and it
// costs one put less.
const rowHead = 1 + 1 + 4

// EncodeRow joins a head, which may be nil, with the JSON of a state.
func EncodeRow(status store.Status, head, state []byte) []byte {
	b := append(beginRow(status, len(head)+len(state)), head...)
	endHead(b)
	return append(b, state...)
}

// beginRow begins a row of about that size: what is appended next is its head.
func beginRow(status store.Status, size int) []byte {
	b := make([]byte, rowHead, rowHead+size)
	b[0], b[1] = Version, byte(slices.Index(store.Statuses(), status)) //nolint:gosec // one of eight
	return b
}

// endHead ends the head of a row: what is appended next is its state.
func endHead(b []byte) {
	binary.BigEndian.PutUint32(b[2:], uint32(len(b)-rowHead)) //nolint:gosec // ids are bounded
}

// EncodeQueued returns the first row of a run. The head is only for the queue: the
// history's rows hold late steps in its place.
func EncodeQueued(r *store.Run, state *store.RunState) ([]byte, error) {
	b := beginRow(state.Status, 256)
	if !state.Status.Final() {
		b = AppendHead(b, r)
	}
	endHead(b)
	return AppendState(b, state)
}

// EncodeEnd returns the row of a run that ends, with the steps of its last save.
func EncodeEnd(save *store.StepSave) (b []byte, err error) {
	if b, err = AppendSteps(beginRow(save.State.Status, 760), save.Steps); err != nil {
		return nil, err
	}
	endHead(b)
	return AppendState(b, &save.State)
}

// Row is a row taken apart. Its slices point into the transaction's memory.
type Row struct {
	Status store.Status
	Head   []byte
	State  []byte
	Sealed bool // the head is
}

// SplitRow takes a row apart without decoding its JSON.
func SplitRow(b []byte) (Row, error) {
	if len(b) < rowHead || b[0] != Version && b[0] != Sealed || int(b[1]) >= len(store.Statuses()) {
		return Row{}, fmt.Errorf("state of a run, %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	n := binary.BigEndian.Uint32(b[2:])
	if int64(n) > int64(len(b)-rowHead) {
		return Row{}, fmt.Errorf("state of a run is cut short: %w", store.ErrDamaged)
	}
	rest := b[rowHead:]
	return Row{Status: store.Statuses()[b[1]], Head: rest[:n], State: rest[n:], Sealed: b[0] == Sealed}, nil
}

// DecodeState reads the state of a row.
func (r *Row) DecodeState() (store.RunState, error) {
	var st store.RunState
	if err := json.Unmarshal(r.State, &st); err != nil {
		return st, fmt.Errorf("decode the state of a run: %w: %w", store.ErrDamaged, err)
	}
	return st, nil
}

// Queued reads what the dispatcher wants. The state is looked at only for runs that
// wait or rest: others have neither a due time nor a reason.
func (r *Row) Queued(id store.RunID) (store.QueuedRun, error) {
	h, err := Head(r.Head)
	if err != nil {
		return store.QueuedRun{}, fmt.Errorf("run %s: %w", id, err)
	}
	q := store.QueuedRun{ID: id, Recipe: h[0], Version: h[1], Account: h[2], Lane: h[3], Status: r.Status}
	switch r.Status {
	case store.Waiting:
		st, err := r.DecodeState()
		q.Due, q.Reason = st.Due, st.Reason
		return q, err
	case store.Parked, store.Held:
		st, err := r.DecodeState()
		q.Reason = st.Reason
		return q, err
	default:
		return q, nil
	}
}

// LateSteps reads the steps that a row of the history holds.
func (r *Row) LateSteps(p Place) ([]store.Step, error) {
	if len(r.Head) == 0 {
		return nil, nil
	}
	head := r.Head
	if r.Sealed {
		var err error
		if head, err = p.Open(head); err != nil {
			return nil, fmt.Errorf("last steps of a run: %w", err)
		}
	}
	var steps []store.Step
	if err := json.Unmarshal(head, &steps); err != nil {
		return nil, fmt.Errorf("decode the last steps of a run: %w: %w", store.ErrDamaged, err)
	}
	return steps, nil
}
