package functions_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, want any }{
		{nil, nil},
		{2.0, 2},
		{2.5, 2.5},
		{float64(1 << 60), float64(1 << 60)},
		{int64(7), 7},
		{time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 9*3600)), "2026-03-01T00:00:00Z"},
		{90 * time.Minute, "1h30m0s"},
		{[]int{1, 2}, []any{1, 2}},
		{[]string{"a"}, []any{"a"}},
		{map[any][]any{"a": {1.0}}, map[string]any{"a": []any{1}}},
	}
	for _, tt := range tests {
		got, err := functions.Plain(tt.value)
		if err != nil {
			t.Errorf("%v: %v", tt.value, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.value, diff)
		}
	}
	for _, bad := range []any{math.Inf(1), math.NaN(), map[any]any{1: 2}, struct{}{}, make(chan int), []any{func() {}}} {
		if got, err := functions.Plain(bad); err == nil {
			t.Errorf("%T: got %v, want an error", bad, got)
		}
	}
}

func TestBounded_CountsWhatIsHeldManyTimes(t *testing.T) {
	t.Parallel()
	v := any("x")
	for range 64 {
		v = []any{v, v}
	}
	if err := functions.Bounded(v); err == nil {
		t.Error("a list that stands for 2^64 values is in bounds")
	}
	if err := functions.Bounded([]any{1, map[string]any{"a": []int{1, 2}}}); err != nil {
		t.Errorf("got %v, want a small list to be in bounds", err)
	}
}

// TestTable_NilGivesNil holds the promise of the documentation, and that no
// function panics on arguments of any type.
func TestTable_NilGivesNil(t *testing.T) {
	t.Parallel()
	values := []any{nil, "x", "", 1, -1, 2.5, true, []any{"a", nil, 1}, []int{1}, map[string]any{"a": 1}, time.Unix(0, 0), time.Hour, struct{}{}}
	for _, f := range functions.Table() {
		args := strings.Count(f.Doc.Signature, ",") + 1
		for _, first := range values {
			for _, rest := range values {
				list := append([]any{first}, slicesOf(rest, args-1)...)
				got, err := f.Call(list...)
				if first == nil && rest == nil && err == nil && got != nil && f.Doc.Name != "len" && f.Doc.Name != "toJSON" {
					t.Errorf("%s: got %v for nil, want nil", f.Doc.Name, got)
				}
			}
		}
	}
}

func slicesOf(v any, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestTimeOf(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, v := range []any{"2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01T09:00:00+09:00", "2026-03-01 00:00:00", "2026-03-01T00:00:00", int(want.UnixMilli()), want} {
		if got, err := functions.TimeOf(v); err != nil || !got.Equal(want) {
			t.Errorf("%v: got %v, %v; want %v", v, got, err, want)
		}
	}
	for _, v := range []any{"soon", "", nil, true, "2026-13-01"} {
		if got, err := functions.TimeOf(v); err == nil {
			t.Errorf("%v: got %v, want an error", v, got)
		}
	}
}

func TestSortOf(t *testing.T) {
	t.Parallel()
	tests := map[functions.Sort]any{
		functions.Nil: nil, functions.Text: "", functions.Number: 1, functions.Bool: true, functions.Time: time.Time{}, functions.Span: time.Hour,
		functions.List: []any{}, functions.Object: map[string]any{}, functions.Any: struct{}{},
	}
	for want, v := range tests {
		if got := functions.SortOf(v); got != want {
			t.Errorf("%T: got %s, want %s", v, got, want)
		}
	}
	if got := functions.SortOfType("interface {}"); got != functions.Any {
		t.Errorf("interface {}: got %s, want %s", got, functions.Any)
	}
}
