package triggers_test

import (
	"testing"

	"github.com/pollux-automation/pollux/triggers"
)

// TestMerge_OfEveryPair goes through all pairs of each family, also those that do not
// follow each other.
func TestMerge_OfEveryPair(t *testing.T) {
	t.Parallel()
	const none = triggers.Kind("")
	tests := []struct{ earlier, later, want triggers.Kind }{
		{triggers.Created, triggers.Created, triggers.Created},
		{triggers.Created, triggers.Updated, triggers.Created},
		{triggers.Created, triggers.Deleted, none},
		{triggers.Updated, triggers.Created, triggers.Created},
		{triggers.Updated, triggers.Updated, triggers.Updated},
		{triggers.Updated, triggers.Deleted, triggers.Deleted},
		{triggers.Deleted, triggers.Created, triggers.Updated},
		{triggers.Deleted, triggers.Updated, triggers.Updated},
		{triggers.Deleted, triggers.Deleted, triggers.Deleted},

		{triggers.Entered, triggers.Entered, triggers.Entered},
		{triggers.Entered, triggers.Changed, triggers.Entered},
		{triggers.Entered, triggers.Left, none},
		{triggers.Changed, triggers.Entered, triggers.Entered},
		{triggers.Changed, triggers.Changed, triggers.Changed},
		{triggers.Changed, triggers.Left, triggers.Left},
		{triggers.Left, triggers.Entered, triggers.Changed},
		{triggers.Left, triggers.Changed, triggers.Changed},
		{triggers.Left, triggers.Left, triggers.Left},
	}
	for _, tt := range tests {
		if got, ok := triggers.Merge(tt.earlier, tt.later); got != tt.want || ok != (tt.want != none) {
			t.Errorf("%s and %s: got %q, %t; want %q", tt.earlier, tt.later, got, ok, tt.want)
		}
	}
}

// TestMerge_ManyComeToWhatTheEndsSay merges chains that can follow each other: whether
// the record was and is there decides, however often it came and went between.
func TestMerge_ManyComeToWhatTheEndsSay(t *testing.T) {
	t.Parallel()
	families := [][3]triggers.Kind{{triggers.Created, triggers.Updated, triggers.Deleted}, {triggers.Entered, triggers.Changed, triggers.Left}}
	for _, family := range families {
		come, change, leave := family[0], family[1], family[2]
		for code := range 1 << 8 { // each bit: whether the record comes or goes, or changes
			for _, was := range []bool{false, true} {
				is, some := was, false
				var merged triggers.Kind
				for bit := range 8 {
					next := change
					switch {
					case !is:
						next, is = come, true
					case code>>bit&1 == 1:
						next, is = leave, false
					}
					if !some {
						merged, some = next, true
						continue
					}
					merged, some = triggers.Merge(merged, next)
				}
				want := map[[2]bool]triggers.Kind{{false, true}: come, {true, true}: change, {true, false}: leave}[[2]bool{was, is}]
				if merged != want || some != (want != "") {
					t.Fatalf("%s, %08b, was %t: got %q, want %q", come, code, was, merged, want)
				}
			}
		}
	}
}
