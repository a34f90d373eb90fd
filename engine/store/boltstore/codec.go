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
const valueVersion = 1

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

// appendHead appends the part of a run that [store.QueuedRun] shows: recipe,
// version, account and lane, each behind its length.
func appendHead(b []byte, r *store.Run) []byte {
	for _, text := range [...]string{r.Recipe, r.Version, r.Account, r.Lane} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// decodeHead reads what appendHead wrote.
func decodeHead(b []byte) (texts [4]string, err error) {
	for i := range texts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) { //nolint:gosec // size is at most the length of b
			return texts, fmt.Errorf("head of a run is cut short: %w", store.ErrDamaged)
		}
		end := size + int(n) //nolint:gosec // bounded by the length of b
		texts[i], b = string(b[size:end]), b[end:]
	}
	return texts, nil
}

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
		b = appendHead(b, r)
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
	h, err := decodeHead(r.head)
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

// A run is stored as version, length of its JSON, length of the record, then the
// JSON, and record and before of its event as they are: both can be long, and
// reading the rest need not look at them.
const runHead = 1 + 4 + 4

// encodeRun returns the stored form of a run without its state, which has a row of
// its own.
func encodeRun(r *store.Run) ([]byte, error) {
	record, before := r.Event.Record, r.Event.Before
	for _, part := range [][]byte{record, before} {
		if len(part) > 0 && !json.Valid(part) {
			return nil, fmt.Errorf("event of record %.80q is no JSON: %w", r.Record, store.ErrInvalid)
		}
	}
	b, err := rows.AppendRun(make([]byte, runHead, runHead+512+len(record)+len(before)), r)
	if err != nil {
		return nil, err
	}
	b[0] = valueVersion
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-runHead)) //nolint:gosec // far below 4 GiB
	binary.BigEndian.PutUint32(b[5:], uint32(len(record)))    //nolint:gosec // far below 4 GiB
	return append(append(b, record...), before...), nil
}

// decodeRun reads what encodeRun wrote. The result shares no memory with b.
func decodeRun(b []byte, r *store.Run) error {
	if len(b) < runHead || b[0] != valueVersion {
		return fmt.Errorf("run of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	text, record := int64(binary.BigEndian.Uint32(b[1:])), int64(binary.BigEndian.Uint32(b[5:]))
	b = b[runHead:]
	if text+record > int64(len(b)) {
		return fmt.Errorf("run is cut short: %w", store.ErrDamaged)
	}
	if err := json.Unmarshal(b[:text], r); err != nil {
		return fmt.Errorf("decode a run: %w: %w", store.ErrDamaged, err)
	}
	r.Event.Record, r.Event.Before = clone(b[text:text+record]), clone(b[text+record:])
	return nil
}

// clone copies bytes out of the transaction's memory; none stay nil.
func clone(b []byte) []byte { return append([]byte(nil), b...) }

// A step is stored with its place among the steps of its run, so that they come
// back in the order in which they were first saved.
const stepHead = 1 + 2

// placed is a step's place and its JSON.
type placed struct {
	place uint16
	value []byte
}

// encodeStep puts the place before the JSON of a step.
func encodeStep(place int, value []byte) []byte {
	b := make([]byte, 0, stepHead+len(value))
	b = append(b, valueVersion)
	b = binary.BigEndian.AppendUint16(b, uint16(min(place, 1<<16-1))) //nolint:gosec // bounded
	return append(b, value...)
}

// splitStep is the inverse of encodeStep. The value points into b.
func splitStep(b []byte) (placed, error) {
	if len(b) < stepHead || b[0] != valueVersion {
		return placed{}, fmt.Errorf("step of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	return placed{place: binary.BigEndian.Uint16(b[1:]), value: b[stepHead:]}, nil
}
