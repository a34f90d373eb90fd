package functions_test

import (
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

func TestListed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		changed string
		field   string
		want    bool
	}{
		{"", "a", false},
		{"a", "a", true},
		{"ab", "a", false},
		{"a", "ab", false},
		{"a.b", "a", true},
		{"a.b", "a.b", true},
		{"a.b.c", "a.b", true},
		{"a.bc", "a.b", false},
		{"a", "a.b", true},
		{"a a.b", "a.b", true},
		{"a a.b", "a.c", false},
		{"a a.b", "a.b.c", true},
		{"a a.b a.b.d", "a.b.c", false},
		{"a.b", "b", false},
	}
	for _, tt := range tests {
		if got := functions.Listed(strings.Fields(tt.changed), tt.field); got != tt.want {
			t.Errorf("%q of %q: got %t, want %t", tt.field, tt.changed, got, tt.want)
		}
	}
}
