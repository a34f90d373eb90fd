package triggers_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
)

func TestEntry_ComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := triggers.Entry{
			Revision: rapid.Uint32().Draw(t, "revision"), Ordinal: rapid.Uint32().Draw(t, "ordinal"),
			Walk: rapid.Uint32().Draw(t, "walk"), Rule: rapid.Uint32().Draw(t, "rule"), Deleted: rapid.Bool().Draw(t, "deleted"),
			Fingerprint: connectors.Hash(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "fingerprint")),
			Raw:         connectors.Hash(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "raw")),
			UpdatedAt:   time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "updated")).UTC(),
		}
		if rapid.Bool().Draw(t, "body") {
			want.Body = rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "bytes")
		}
		for range rapid.IntRange(0, 3).Draw(t, "decisions") {
			want.Decisions = append(want.Decisions, triggers.Decision{
				Subscription: rapid.Uint32().Draw(t, "subscription"), Revision: rapid.Uint32().Draw(t, "of revision"),
				Verdict: triggers.Verdict(rapid.Byte().Draw(t, "verdict")), Run: rapid.Uint64().Draw(t, "run"),
			})
		}
		stored, err := want.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got triggers.Entry
		if err := got.UnmarshalBinary(stored); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("stored and read back (-want +got):\n%s", diff)
		}
	})
}

func FuzzEntry_UnmarshalBinary(f *testing.F) {
	e := triggers.Entry{Revision: 3, Body: []byte("{}"), Decisions: []triggers.Decision{{Subscription: 1}}}
	seed, err := e.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	f.Add([]byte{9, 0, 0})
	f.Fuzz(func(t *testing.T, stored []byte) {
		var e triggers.Entry
		if err := e.UnmarshalBinary(stored); err != nil {
			if !errors.Is(err, triggers.ErrEntry) {
				t.Errorf("got error %v, want one that wraps ErrEntry", err)
			}
			return
		}
		if _, err := e.AppendBinary(nil); err != nil {
			t.Errorf("an entry that was read cannot be written: %v", err)
		}
	})
}
