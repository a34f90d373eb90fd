package rows

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
)

// Version is the first byte of every stored value: the version of its form.
const Version = 1

// AppendHead appends the part of a run that [store.QueuedRun] shows: recipe,
// version, account and lane, each behind its length.
func AppendHead(b []byte, r *store.Run) []byte {
	for _, text := range [...]string{r.Recipe, r.Version, r.Account, r.Lane} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// Head reads what AppendHead wrote.
func Head(b []byte) (texts [4]string, err error) {
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

// A run is stored as version, length of its JSON, length of the record, then the
// JSON, and record and before of its event as they are: both can be long, and
// reading the rest need not look at them.
const runHead = 1 + 4 + 4

// EncodeRun returns the stored form of a run without its state, which has a row of
// its own.
func EncodeRun(r *store.Run) ([]byte, error) {
	record, before := r.Event.Record, r.Event.Before
	for _, part := range [][]byte{record, before} {
		if len(part) > 0 && !json.Valid(part) {
			return nil, fmt.Errorf("event of record %.80q is no JSON: %w", r.Record, store.ErrInvalid)
		}
	}
	b, err := AppendRun(make([]byte, runHead, runHead+512+len(record)+len(before)), r)
	if err != nil {
		return nil, err
	}
	b[0] = Version
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-runHead)) //nolint:gosec // far below 4 GiB
	binary.BigEndian.PutUint32(b[5:], uint32(len(record)))    //nolint:gosec // far below 4 GiB
	return append(append(b, record...), before...), nil
}

// runText returns the JSON of a run in its stored form.
func runText(b []byte) ([]byte, error) {
	if len(b) < runHead || b[0] != Version && b[0] != Sealed {
		return nil, fmt.Errorf("run of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	text := int64(binary.BigEndian.Uint32(b[1:]))
	if text > int64(len(b)-runHead) {
		return nil, fmt.Errorf("run is cut short: %w", store.ErrDamaged)
	}
	return b[runHead : runHead+text], nil
}

// DecodeRun reads what EncodeRun and SealRun wrote. The result shares no memory with b.
func DecodeRun(b []byte, r *store.Run, p Place) error {
	text, err := runText(b)
	if err != nil {
		return err
	}
	events, err := opened(b[0], b[runHead+len(text):], p)
	if err != nil {
		return fmt.Errorf("event of a run: %w", err)
	}
	record := int64(binary.BigEndian.Uint32(b[5:]))
	if record > int64(len(events)) {
		return fmt.Errorf("run is cut short: %w", store.ErrDamaged)
	}
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("decode a run: %w: %w", store.ErrDamaged, err)
	}
	r.Event.Record, r.Event.Before = clone(events[:record]), clone(events[record:])
	return nil
}

// clone copies bytes out of the transaction's memory; none stay nil.
func clone(b []byte) []byte { return append([]byte(nil), b...) }

// A step is stored with its place among the steps of its run, so that they come
// back in the order in which they were first saved.
const stepHead = 1 + 2

// Placed is a step's place and its JSON, as [SplitStep] returns them.
type Placed struct {
	Place uint16
	Value []byte
}

// EncodeStep puts the place before the JSON of a step.
func EncodeStep(place int, value []byte) []byte {
	b := make([]byte, 0, stepHead+len(value))
	b = append(b, Version)
	b = binary.BigEndian.AppendUint16(b, uint16(min(place, 1<<16-1))) //nolint:gosec // bounded
	return append(b, value...)
}

// SplitStep is the inverse of EncodeStep and SealStep. The value may point into b.
func SplitStep(b []byte, p Place) (Placed, error) {
	from, _, err := stepPayload(b)
	if err != nil {
		return Placed{}, err
	}
	value, err := opened(b[0], b[from:], p)
	if err != nil {
		return Placed{}, fmt.Errorf("step: %w", err)
	}
	return Placed{Place: binary.BigEndian.Uint16(b[1:]), Value: value}, nil
}

// StepPlace reads the place alone, which is never sealed.
func StepPlace(b []byte) (int, error) {
	_, _, err := stepPayload(b)
	if err != nil {
		return 0, err
	}
	return int(binary.BigEndian.Uint16(b[1:])), nil
}
