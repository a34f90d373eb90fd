package schema_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/schema"
)

func contact(open bool) *schema.Object {
	return &schema.Object{
		Key: "contact", ID: "id", Created: "made", Updated: "changed", Open: open,
		Fields: []schema.Field{
			{Name: "id", Type: schema.String},
			{Name: "email", Type: schema.String, Normal: schema.NormalEmail},
			{Name: "phone", Type: schema.String, Normal: schema.NormalPhone},
			{Name: "name", Type: schema.String, Normal: schema.NormalTrim},
			{Name: "tags", Type: schema.Array, Normal: schema.NormalSet},
			{Name: "custom", Type: schema.Array, Normal: schema.NormalKeyed, Key: "id", Values: []string{"value", "fieldValue"}},
			{Name: "score", Type: schema.Number},
			{Name: "seen", Type: schema.Integer, Volatile: true},
			{Name: "made", Type: schema.Time},
			{Name: "changed", Type: schema.Time},
		},
	}
}

func TestObject_Decode(t *testing.T) {
	t.Parallel()
	text := `{"id":12345678901234567890,"score":1.50,"tags":[1,2.0,"x"],"made":1700000000000,"changed":"2024-11-12 17:09:13 +0900 KST","extra":{"n":3}}`
	want := map[string]any{
		"id": "12345678901234567890", "email": nil, "phone": nil, "name": nil, "tags": []any{1, 2, "x"}, "custom": nil, "score": 1.5, "seen": nil,
		"made": "2023-11-14T22:13:20Z", "changed": "2024-11-12T08:09:13Z",
	}
	got, err := contact(false).Decode([]byte(text))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("closed object: err = %v, fields (-want +got):\n%s", err, diff)
	}
	asObject, err := contact(false).Decode([]byte(`{"made":{"seconds":1700000000,"nanoseconds":0}}`))
	if err != nil || asObject["made"] != "2023-11-14T22:13:20Z" {
		t.Errorf("a time of seconds and nanoseconds is %v, %v, want it as text", asObject["made"], err)
	}
	want["extra"] = map[string]any{"n": 3}
	got, err = contact(true).Decode([]byte(text))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("open object: err = %v, fields (-want +got):\n%s", err, diff)
	}
	for _, broken := range []string{"", "[]", `"x"`, `{"id":`} {
		if _, err := contact(false).Decode([]byte(broken)); err == nil || !strings.HasPrefix(err.Error(), "decode contact: ") {
			t.Errorf("Decode(%q) = %v, want an error that names the object", broken, err)
		}
	}
}

func TestObject_CompleteGivesTheShapeOfDecode(t *testing.T) {
	t.Parallel()
	o := contact(true)
	got := o.Complete(map[string]any{"id": 7, "score": 2.0, "extra": int64(1), "made": time.Unix(0, 0).In(time.FixedZone("", 3600))})
	want := map[string]any{
		"id": "7", "email": nil, "phone": nil, "name": nil, "tags": nil, "custom": nil, "score": 2, "seen": nil,
		"made": "1970-01-01T00:00:00Z", "changed": nil, "extra": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want any }{
		{json.Number("3"), 3},
		{json.Number("3.0"), 3},
		{json.Number("1e400"), "1e400"},
		{uint64(math.MaxUint64), float64(math.MaxUint64)},
		{uint64(3), 3},
		{int64(-3), -3},
		{2.0, 2},
		{2.5, 2.5},
		{1e300, 1e300},
		{nil, nil},
		{"x", "x"},
	}
	for _, tt := range tests {
		if got := schema.Plain(tt.in); got != tt.want {
			t.Errorf("Plain(%v %T) = %v %T, want %v %T", tt.in, tt.in, got, got, tt.want, tt.want)
		}
	}
}

func TestObject_NormalizeMakesEqualWhatIsEqual(t *testing.T) {
	t.Parallel()
	o := contact(true)
	a := o.Normalize(map[string]any{
		"id": "1", "email": " Ann@Example.com ", "phone": "+82 (0)10-1234", "name": " Ann ", "tags": []any{"b", "a", "b"},
		"seen": 3, "changed": "x", "score": nil, "extra": "E",
	})
	b := o.Normalize(map[string]any{
		"id": "1", "email": "ann@example.com", "phone": "+820101234", "name": "Ann", "tags": []any{"a", "b"}, "seen": 9, "extra": "E",
	})
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the two differ (-first +second):\n%s", diff)
	}
	if _, kept := a["seen"]; kept {
		t.Error("a volatile field is compared")
	}
}

func TestObject_NormalizeComparesByKey(t *testing.T) {
	t.Parallel()
	o := contact(false)
	entry := func(id any, name string, v any) map[string]any { return map[string]any{"id": id, name: v} }
	custom := func(list ...any) map[string]any { return o.Normalize(map[string]any{"custom": list}) }
	equal := map[string][2]map[string]any{
		"order and spelling":  {custom(entry("a", "value", 1), entry("b", "fieldValue", "x")), custom(entry("b", "value", "x"), entry("a", "fieldValue", 1))},
		"numbers as keys":     {custom(entry(7, "value", 1)), custom(entry("7", "value", 1))},
		"more in an element":  {custom(map[string]any{"id": "a", "value": 1, "label": "A"}), custom(entry("a", "value", 1))},
		"a key without value": {custom(entry("a", "value", nil), entry("b", "value", 1)), custom(entry("b", "value", 1))},
		"elements without keys": {
			custom(entry(nil, "value", 1), "x", entry("", "value", 2)), custom("x", entry("", "value", 2), entry(nil, "value", 1), "x"),
		},
		"a key that comes twice": {
			custom(entry("a", "value", 1), entry("a", "value", 2)), custom(entry("a", "value", 2), entry("a", "value", 1)),
		},
	}
	for name, pair := range equal {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s: the two differ (-first +second):\n%s", name, diff)
		}
	}
	different := map[string][2]map[string]any{
		"values":                      {custom(entry("a", "value", 1)), custom(entry("a", "value", 2))},
		"keys":                        {custom(entry("a", "value", 1)), custom(entry("b", "value", 1))},
		"a key that comes twice":      {custom(entry("a", "value", 1), entry("a", "value", 2)), custom(entry("a", "value", 2))},
		"elements without keys":       {custom(entry(nil, "value", 1)), custom(entry(nil, "value", 2))},
		"a key without value for one": {custom(entry("a", "value", nil)), custom(entry("a", "value", false))},
	}
	for name, pair := range different {
		if cmp.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %v and %v are equal", name, pair[0], pair[1])
		}
	}
}

func TestObject_RuleChangesWithWhatIsCompared(t *testing.T) {
	t.Parallel()
	first, second := contact(true).Rule(), contact(true).Rule()
	if first != second {
		t.Error("the rule of one object is not always the same")
	}
	keyed := contact(true)
	keyed.Fields[5].Values = []string{"value"}
	otherKey := contact(true)
	otherKey.Fields[5].Key = "key"
	if first == keyed.Rule() || first == otherKey.Rule() {
		t.Error("other keys or values have the same rule")
	}
	other := contact(true)
	other.Fields[1].Normal = schema.NormalNone
	if first == other.Rule() || first == contact(false).Rule() {
		t.Error("another way to compare has the same rule")
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 11, 12, 8, 9, 13, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time // zero for none
	}{
		{"2024-11-12T08:09:13Z", at},
		{"2024-11-12T17:09:13.5+09:00", at.Add(500 * time.Millisecond)},
		{"2024-11-12T17:09:13+0900", at},
		{"2024-11-12 17:09:13 +0900 KST", at},
		{"2024-11-12 17:09:13.25 +0900 +0900 m=+0.1", at.Add(250 * time.Millisecond)},
		{"2024-11-12 08:09:13", at},
		{"2024-11-12 08:09", time.Time{}},
		{"1731398953000", at},
		{"1731398953000.0", at},
		{"1.731398953e12", at},
		{`{"seconds":1731398953,"nanoseconds":500000000}`, at.Add(500 * time.Millisecond)},
		{`{"_seconds":1731398953,"_nanoseconds":0}`, at},
		{`{"seconds":1731398953}`, at},
		{`{"seconds":0,"nanoseconds":5}`, time.Time{}},
		{`{"seconds":1e300}`, time.Time{}},
		{`{"seconds":1731398953,"nanoseconds":-1}`, time.Time{}},
		{`{"seconds":"soon"}`, time.Time{}},
		{`{"seconds":`, time.Time{}},
		{"", time.Time{}},
		{"0", time.Time{}},
		{"soon", time.Time{}},
		{"NaN", time.Time{}},
		{"Inf", time.Time{}},
		{"1e300", time.Time{}},
		{"0001-01-01T00:00:00Z", time.Time{}},
		{"2024-11-12", time.Time{}},
		{"2024-13-12T00:00:00Z", time.Time{}},
	}
	for _, tt := range tests {
		got, ok := schema.ParseTime(tt.text)
		if !got.Equal(tt.want) || ok == tt.want.IsZero() {
			t.Errorf("ParseTime(%q) = %s, %t, want %s", tt.text, got, ok, tt.want)
		}
	}
}

func TestField_Accepts(t *testing.T) {
	t.Parallel()
	line := schema.Field{Type: schema.Map, Fields: []schema.Field{{Name: "sku", Type: schema.String, Required: true}}}
	tests := []struct {
		name  string
		field schema.Field
		value any
		want  string // the error; empty for none
	}{
		{"text", schema.Field{Type: schema.String}, "x", ""},
		{"a number for a text", schema.Field{Type: schema.String}, 1, "want text, got a number"},
		{"nothing", schema.Field{Type: schema.String}, nil, "want text, got nothing"},
		{"null where it may be", schema.Field{Type: schema.String, Nullable: true}, nil, ""},
		{"an option", schema.Field{Type: schema.String, Options: []string{"a", "b"}}, "b", ""},
		{"no option", schema.Field{Type: schema.String, Options: []string{"a", "b"}}, "c", `want one of a, b, got "c"`},
		{"an integer", schema.Field{Type: schema.Integer}, 3, ""},
		{"a whole float", schema.Field{Type: schema.Integer}, 3.0, ""},
		{"a fraction", schema.Field{Type: schema.Integer}, 3.5, "want a whole number, got a number"},
		{"not a number", schema.Field{Type: schema.Number}, "3", "want a number, got text"},
		{"a fraction as number", schema.Field{Type: schema.Number}, 3.5, ""},
		{"a boolean", schema.Field{Type: schema.Boolean}, true, ""},
		{"a text for a boolean", schema.Field{Type: schema.Boolean}, "true", "want true or false, got text"},
		{"a time", schema.Field{Type: schema.Time}, "2026-01-31T08:30:00+09:00", ""},
		{"a time as Go has it", schema.Field{Type: schema.Time}, time.Time{}, ""},
		{"a day", schema.Field{Type: schema.Time}, "2026-01-31", `want a time such as 2026-01-31T08:30:00Z, got "2026-01-31"`},
		{"a number for a time", schema.Field{Type: schema.Time}, 3, "want a time such as 2026-01-31T08:30:00Z, got a number"},
		{"any list", schema.Field{Type: schema.Array}, []any{1, "x"}, ""},
		{"a text for a list", schema.Field{Type: schema.Array}, "x", "want a list, got text"},
		{"a wrong element", schema.Field{Type: schema.Array, Items: &schema.Field{Type: schema.String}}, []any{"x", 1}, "element 2: want text, got a number"},
		{"a mapping", line, map[string]any{"sku": "x"}, ""},
		{"a missing member", line, map[string]any{}, "sku is missing"},
		{"a wrong member", line, map[string]any{"sku": true}, "sku: want text, got true or false"},
		{"an unknown member", line, map[string]any{"sku": "x", "y": 1}, `"y" is not known`},
		{"a free mapping", schema.Field{Type: schema.Map}, map[string]any{"y": 1}, ""},
		{"a list for a mapping", line, []any{}, "want a mapping, got a list"},
		{"anything", schema.Field{Type: schema.Any}, struct{}{}, ""},
		{"something else", schema.Field{Type: schema.String}, struct{}{}, "want text, got something else"},
		{"a mapping for a text", schema.Field{Type: schema.String}, map[string]any{}, "want text, got a mapping"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.field.Accepts(tt.value)
			if (err == nil) != (tt.want == "") || (err != nil && err.Error() != tt.want) {
				t.Errorf("Accepts(%v) = %v, want %q", tt.value, err, tt.want)
			}
		})
	}
}

// FuzzRecord holds the ways in which two records are compared to the same answer.
func FuzzRecord(f *testing.F) {
	for _, pair := range [][2]string{
		{`{"id":1,"email":" A@B.example "}`, `{"id":"1","email":"a@b.example"}`},
		{`{"custom":[{"id":"a","value":1},{"id":"b","fieldValue":[1]}]}`, `{"custom":[{"id":"b","value":[1]},{"id":"a","value":1.0}]}`},
		{`{"custom":[{"id":"a"},{"id":"a","value":null},1,{}]}`, `{"custom":{"":[1],"a":2}}`},
		{`{"tags":["b","a","b",{"x":null}],"phone":"+1 (2)"}`, `{"tags":["a",{"x":null},"b"],"phone":"+12"}`},
		{`{"made":{"seconds":1.5,"nanoseconds":1},"x":{"y":{"z":{"":1}}}}`, `{"made":1500,"x":{"y":{"z":2}}}`},
		{"{\"name\":\"\xff\",\"tags\":[\"\xff\"]}", "{\"name\":\"\ufffd\"}"},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	o := contact(true)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a, err := o.Decode(first)
		if err != nil {
			return
		}
		again, err := o.Decode(first)
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Fatalf("%q is read as %v and as %v, %v", first, a, again, err)
		}
		normal := o.Normalize(a)
		if twice := o.Normalize(normal); !reflect.DeepEqual(normal, twice) {
			t.Errorf("%q: normalised %v, normalised again %v", first, normal, twice)
		}
		if !reflect.DeepEqual(a, again) {
			t.Errorf("%q: Normalize changed its argument", first)
		}
		if names := o.Changed(a, again); names != nil {
			t.Errorf("%q differs from itself in %v", first, names)
		}
		b, err := o.Decode(second)
		if err != nil {
			return
		}
		equal := reflect.DeepEqual(normal, o.Normalize(b))
		if same := string(o.AppendComparable(nil, a)) == string(o.AppendComparable(nil, b)); same != equal {
			t.Errorf("%q and %q: Normalize says %t, AppendComparable %t", first, second, equal, same)
		}
		names := o.Changed(a, b)
		if (len(names) == 0) != equal || !slices.IsSorted(names) {
			t.Errorf("%q and %q: Normalize says %t, Changed %q", first, second, equal, names)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":1,"made":1.7e12,"tags":[1,[2]],"changed":"2024-11-12 17:09:13 +0900 KST"}`))
	f.Add([]byte(`{"id":{"a":1},"email":[],"made":-1e308}`))
	o := contact(true)
	f.Fuzz(func(t *testing.T, raw []byte) {
		fields, err := o.Decode(raw)
		if err != nil {
			return
		}
		for _, field := range o.Fields {
			if _, there := fields[field.Name]; !there {
				t.Errorf("%q: the field %s is missing", raw, field.Name)
			}
		}
		o.Normalize(fields)
	})
}
