package connectors_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pollux-automation/pollux/connectors"
)

// TestEncode_SaysWhatPackageJSONSays compares the encoding by hand with the ordinary
// one, as values: the two escape different characters.
func TestEncode_SaysWhatPackageJSONSays(t *testing.T) {
	t.Parallel()
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), toAny[bool]), rapid.Map(rapid.Int(), toAny[int]), rapid.Map(rapid.Float64(), toAny[float64]),
		rapid.Map(rapid.String(), toAny[string]), rapid.SampledFrom([]any{
			"<b>&\u2028\x00\"\\\n", "cut \xff here", "한국어", json.Number("1e400"), json.RawMessage(`{"a": [1]}`),
			[]string{"x"},
			[]any(nil), map[string]any(nil),
			time.Unix(1, 5).UTC(), int64(7),
			struct{ A int }{3},
		}),
	)
	name := rapid.OneOf(rapid.StringMatching(`[a-c]{1,2}`), rapid.String())
	value := rapid.Deferred(func() *rapid.Generator[any] {
		return rapid.OneOf(leaf, leaf, rapid.Map(rapid.SliceOfN(leaf, 0, 3), toAny[[]any]), rapid.Map(rapid.MapOfN(name, leaf, 0, 20), toAny[map[string]any]))
	})
	rapid.Check(t, func(t *rapid.T) {
		v := map[string]any{"v": value.Draw(t, "value"), "list": []any{value.Draw(t, "element")}}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		got, err := connectors.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if plain(t, got) != plain(t, want.Bytes()) {
			t.Errorf("got  %s\nwant %s", got, want.Bytes())
		}
	})
}

func toAny[T any](v T) any { return v }

// plain writes JSON text anew in one spelling.
func plain(t *rapid.T, text []byte) string {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(again)
}

func TestEncode_RefusesWhatJSONCannotWrite(t *testing.T) {
	t.Parallel()
	for _, v := range []any{math.NaN(), []any{math.Inf(1)}, map[string]any{"a": make(chan int)}} {
		if text, err := connectors.Encode(v); err == nil {
			t.Errorf("Encode(%v) = %s, want an error", v, text)
		}
	}
}
