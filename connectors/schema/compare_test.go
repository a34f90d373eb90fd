package schema_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestObject_ComparableAgreesWithNormalize holds the two ways to compare records
// to the same answer.
func TestObject_ComparableAgreesWithNormalize(t *testing.T) {
	t.Parallel()
	o := contact(true)
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.SampledFrom([]string{"", "a", " A ", "a@b.example", "+1 2", "\x00é"}), func(s string) any { return s }),
		rapid.Map(rapid.IntRange(-2, 2), func(i int) any { return i }), rapid.Just[any](1.5), rapid.Just[any](true),
		rapid.Just[any]([]any{"b", "a", "b"}), rapid.Just[any]([]any{"a", "b"}), rapid.Just[any](map[string]any{"k": 1, "l": nil}),
		rapid.Just[any]([]any{map[string]any{"id": "a", "value": 1}, map[string]any{"id": "b", "fieldValue": 2}}),
		rapid.Just[any]([]any{map[string]any{"id": "b", "value": 2}, map[string]any{"id": "a", "value": 1}, map[string]any{"id": "c"}}),
	)
	record := rapid.Custom(func(t *rapid.T) map[string]any {
		fields := map[string]any{}
		for _, f := range o.Fields {
			fields[f.Name] = value.Draw(t, f.Name)
		}
		if rapid.Bool().Draw(t, "more") {
			fields["extra"] = value.Draw(t, "extra")
		}
		return fields
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := record.Draw(t, "a"), record.Draw(t, "b")
		equal := reflect.DeepEqual(o.Normalize(a), o.Normalize(b))
		if got := string(o.AppendComparable(nil, a)) == string(o.AppendComparable(nil, b)); got != equal {
			t.Errorf("comparable says %t, Normalize says %t:\n%v\n%v", got, equal, a, b)
		}
	})
}

// TestDecode_NamesAreReadAsTheyAreMeant holds the reading of names to that of
// package json, escapes and unknown names included.
func TestDecode_NamesAreReadAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	o := contact(true)
	got, err := o.Decode([]byte(`{"\u006eame":"Ann","extra \"x\"":1,"email":"a@b.example","deep":{"a\tb":2,"name":3},"name2":4,"id":"1"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"name": "Ann", `extra "x"`: 1, "email": "a@b.example", "name2": 4, "id": "1", "deep": map[string]any{"a\tb": 2, "name": 3},
	} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
}
