package rows

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/seal"
)

// Sealed is the first byte of a row, in place of [Version], whose payload is sealed:
// record and former record of a run, the JSON of a step, the late steps of a run that is
// over.
const Sealed = 2

// Place is where a value stands, and the keys that its payload is sealed with. Without
// keys values are written as they are.
type Place struct {
	Keys        *seal.Keyring
	Bucket, Key []byte
}

// bind returns what ties a sealed value to its place.
func (p Place) bind() []byte {
	b := make([]byte, 0, len(p.Bucket)+1+len(p.Key))
	b = append(append(b, p.Bucket...), 0)
	return append(b, p.Key...)
}

// Seal appends the sealed form of a text. There must be keys.
func (p Place) Seal(b, text []byte) []byte { return p.Keys.Seal(b, text, p.bind()) }

// Open returns what Seal was given. The errors wrap [store.ErrNoKey],
// [store.ErrWrongKey] and [store.ErrDamaged].
func (p Place) Open(sealed []byte) ([]byte, error) {
	text, err := p.Keys.Open(sealed, p.bind())
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return nil, fmt.Errorf("%w: %w", store.ErrNoKey, err)
	case errors.Is(err, seal.ErrWrongKey):
		return nil, fmt.Errorf("%w: %w", store.ErrWrongKey, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return text, nil
}

// current reports whether a sealed payload needs no other key.
func (p Place) current(sealed []byte) bool {
	id, err := seal.KeyOf(sealed)
	return err == nil && id == p.Keys.Current()
}

// payload says where in a row that is which part may be sealed.
type payload func(b []byte) (from, to int, err error)

// runPayload finds the record and the former record of a run.
func runPayload(b []byte) (from, to int, err error) {
	text, err := runText(b)
	return runHead + len(text), len(b), err
}

// stepPayload finds the JSON of a step.
func stepPayload(b []byte) (from, to int, err error) {
	if len(b) < stepHead || b[0] != Version && b[0] != Sealed {
		return 0, 0, fmt.Errorf("step of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	return stepHead, len(b), nil
}

// donePayload finds the late steps of a run that is over.
func donePayload(b []byte) (from, to int, err error) {
	r, err := SplitRow(b)
	return rowHead, rowHead + len(r.Head), err
}

// SealRun returns the stored form of a run for its place.
func SealRun(b []byte, p Place) ([]byte, error) { return sealed(b, p, runPayload) }

// SealStep returns the stored form of a step for its place.
func SealStep(b []byte, p Place) ([]byte, error) { return sealed(b, p, stepPayload) }

// SealDone returns the row of a run that is over for its place.
func SealDone(b []byte, p Place) ([]byte, error) {
	out, err := sealed(b, p, donePayload)
	if err == nil && len(out) != len(b) {
		r, _ := SplitRow(b)                                                        // sealed has done it
		binary.BigEndian.PutUint32(out[2:], uint32(len(out)-rowHead-len(r.State))) //nolint:gosec // bounded
	}
	return out, err
}

// sealed returns a row whose payload is sealed with the current key: the row itself
// where it is already, where there is nothing to seal, and where there is no key.
func sealed(b []byte, p Place, find payload) ([]byte, error) {
	if p.Keys == nil {
		return b, nil
	}
	from, to, err := find(b)
	if err != nil || from == to {
		return b, err
	}
	text := b[from:to]
	if b[0] == Sealed {
		if p.current(text) {
			return b, nil
		}
		if text, err = p.Open(text); err != nil {
			return nil, err
		}
	}
	out := make([]byte, 0, len(b)+sealRoom)
	out = append(out, b[:from]...)
	out[0] = Sealed
	return append(p.Seal(out, text), b[to:]...), nil
}

// sealRoom is more than what sealing makes a value longer.
const sealRoom = 64

// opened returns a payload as it was before it was sealed.
func opened(version byte, text []byte, p Place) ([]byte, error) {
	if version != Sealed || len(text) == 0 {
		return text, nil
	}
	return p.Open(text)
}
