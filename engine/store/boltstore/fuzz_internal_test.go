package boltstore

import (
	"errors"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// FuzzDecode reads any bytes as each form of value: nothing may panic, and what
// cannot be read is damage, or wants a key.
func FuzzDecode(f *testing.F) {
	f.Add(rows.EncodeRow(store.Queued, []byte(`{"r":"x"}`), []byte(`{"status":"queued"}`)))
	f.Add(rows.EncodeStep(3, []byte(`{"id":"s"}`)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var feed store.Feed
		errs := []error{tables.Decode(b, &feed)}
		if row, err := rows.SplitRow(b); err == nil {
			_, stateErr := row.DecodeState()
			_, headErr := row.Queued("x")
			errs = append(errs, stateErr, headErr)
		} else {
			errs = append(errs, err)
		}
		_, err := rows.SplitStep(b, rows.Place{})
		_, entryErr := tables.DecodeEntry(b, rows.Place{})
		for _, err := range append(errs, err, entryErr) {
			if err != nil && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrNoKey) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		}
	})
}
