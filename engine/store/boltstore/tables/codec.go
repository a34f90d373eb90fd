package tables

import (
	"encoding/binary"
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

// sealedEntry is the first byte of an entry whose body is sealed. The length of the
// entry without its body follows, then that, then the body.
const (
	sealedEntry     = 0xff
	sealedEntryHead = 1 + 4
)

// EncodeEntry returns the stored form of an entry of the seen-set for its place. The
// error is that of the entry.
func EncodeEntry(e *triggers.Entry, p rows.Place) ([]byte, error) {
	if p.Keys == nil || len(e.Body) == 0 {
		return e.AppendBinary(nil)
	}
	bare := *e
	bare.Body = nil
	b, err := bare.AppendBinary(make([]byte, sealedEntryHead, 192+len(e.Body)))
	if err != nil {
		return nil, err
	}
	b[0] = sealedEntry
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-sealedEntryHead)) //nolint:gosec // far below 4 GiB
	return p.Seal(b, e.Body), nil
}

// DecodeEntry reads an entry of the seen-set; it shares no memory with b.
func DecodeEntry(b []byte, p rows.Place) (triggers.Entry, error) {
	var e triggers.Entry
	bare, sealed, err := splitEntry(b)
	if err != nil {
		return e, err
	}
	if err := e.UnmarshalBinary(bare); err != nil {
		return e, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if sealed != nil {
		e.Body, err = p.Open(sealed)
	}
	return e, err
}

// splitEntry takes the sealed body off an entry; nil means that it has none.
func splitEntry(b []byte) (bare, sealed []byte, err error) {
	if len(b) == 0 || b[0] != sealedEntry {
		return b, nil, nil
	}
	if len(b) < sealedEntryHead || int64(binary.BigEndian.Uint32(b[1:])) > int64(len(b)-sealedEntryHead) {
		return nil, nil, fmt.Errorf("sealed entry is cut short: %w", store.ErrDamaged)
	}
	end := sealedEntryHead + int(binary.BigEndian.Uint32(b[1:]))
	return b[sealedEntryHead:end], b[end:], nil
}
