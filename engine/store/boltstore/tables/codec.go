package tables

import (
	"encoding/json"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/triggers"
)

// Version is the first byte of every value but an entry: the version of its form. An entry has its
// own. JSON follows.
const Version = rows.Version

// Encode returns a value as version and JSON.
func Encode(v any) ([]byte, error) {
	b, err := store.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{Version}, b...), nil
}

// Decode reads what Encode wrote. The result shares no memory with b.
func Decode(b []byte, into any) error {
	if len(b) == 0 || b[0] != Version {
		return fmt.Errorf("value of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	if err := json.Unmarshal(b[1:], into); err != nil {
		return fmt.Errorf("decode a value: %w: %w", store.ErrDamaged, err)
	}
	return nil
}

// DecodeEntry reads an entry of the seen-set; it shares no memory with b.
func DecodeEntry(b []byte) (triggers.Entry, error) {
	var e triggers.Entry
	if err := e.UnmarshalBinary(b); err != nil {
		return e, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return e, nil
}
