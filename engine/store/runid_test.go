package store_test

import (
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
)

func TestMakeRunID_SortsAndReadsBack(t *testing.T) {
	t.Parallel()
	instance := store.NewInstance()
	var last store.RunID
	for _, seq := range []uint64{1, 2, 9, 10, 31, 32, 33, 1023, 1024, 1 << 20, store.MaxSeq} {
		id := store.MakeRunID(instance, seq)
		if id <= last {
			t.Errorf("id of %d: got %q, want it to sort after %q", seq, id, last)
		}
		if got := id.SeqIn(instance); got != seq {
			t.Errorf("SeqIn of %q: got %d, want %d", id, got, seq)
		}
		if last != "" && len(id) != len(last) {
			t.Errorf("length of %q: got %d, want %d", id, len(id), len(last))
		}
		last = id
	}
}

func TestRunID_SeqRefusesOtherTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []store.RunID{"", "abcde", "abcde-", "abcde-0000000", "abcde-0000000W", "abcde_00000001", "abcde-000000001"} {
		if got := text.Seq(); got != 0 {
			t.Errorf("Seq of %q: got %d, want 0", text, got)
		}
	}
	if got := store.MakeRunID("abcde", 7).SeqIn("fghij"); got != 0 {
		t.Errorf("SeqIn of another store's id: got %d, want 0", got)
	}
}
