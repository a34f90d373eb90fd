package boltstore

import (
	"encoding/json"
	"fmt"

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
