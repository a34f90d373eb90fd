package connectors_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
)

func TestItems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doc, path string
		want            []string
		found, broken   bool
	}{
		{"the whole document", `[1, {"a": [2]}, null]`, "", []string{"1", `{"a": [2]}`, "null"}, true, false},
		{"inside", `{"x":1,"a":{"b":[true]},"y":2}`, "a.b", []string{"true"}, true, false},
		{"null is empty", `{"a":null}`, "a", nil, true, false},
		{"empty", `{"a":[]}`, "a", nil, true, false},
		{"not there", `{"b":[]}`, "a", nil, false, false},
		{"not an array", `{"a":{"b":1}}`, "a", nil, false, false},
		{"through a text", `{"a":"b"}`, "a.b", nil, false, false},
		{"a text", `"a"`, "", nil, false, false},
		{"cut inside", `{"a":[1,`, "a", nil, false, true},
		{"cut inside an element", `{"a":[{"b":`, "a", nil, false, true},
		{"cut behind", `{"a":[1],"b`, "a", nil, false, true},
		{"cut behind null", `{"a":null`, "a", nil, false, true},
		{"something behind the end", `[1] x`, "", nil, false, true},
		{"two documents", `[1][2]`, "", nil, false, true},
		{"nothing", ``, "", nil, false, true},
		{"not JSON", `<html>`, "a", nil, false, true},
		{"every member", `{"d1":{"slots":["a","b"]},"trace":"x","d2":{"slots":["c"]},"d3":{"note":1},"d4":{"slots":null}}`, "*.slots", []string{`"a"`, `"b"`, `"c"`}, true, false},
		{"every member that is an array", `{"d1":["a"],"trace":"x","o":{},"d2":["c"]}`, "*", []string{`"a"`, `"c"`}, true, false},
		{"every member of every member", `{"m":{"d":{"s":[1]},"x":2},"n":{"d":{"s":[3]}},"t":"x"}`, "*.*.s", []string{"1", "3"}, true, false},
		{"every member inside", `{"days":{"d":{"a":{"s":[1]}}}}`, "days.*.a.s", []string{"1"}, true, false},
		{"no member", `{"days":{}}`, "days.*.s", nil, true, false},
		{"null has no members", `{"days":null}`, "days.*.s", nil, true, false},
		{"a member of another shape", `{"d1":{"slots":["a"]},"d2":{"slots":"b"}}`, "*.slots", nil, false, false},
		{"members of a list", `[{"slots":["a"]}]`, "*.slots", nil, false, false},
		{"cut inside a member", `{"d1":{"slots":["a"]},"d2":{"slots"`, "*.slots", nil, false, true},
		{"cut behind a member", `{"d1":{"slots":["a"]}`, "*.slots", nil, false, true},
		{"something behind the members", `{"d1":{"slots":["a"]}} x`, "*.slots", nil, false, true},
		{"sloppy but whole", `{"a":["\ud800",1,1],"a":2}`, "a", []string{`"\ud800"`, "1", "1"}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			items, found, err := connectors.Items([]byte(tt.doc), tt.path)
			var got []string
			for _, item := range items {
				got = append(got, string(item))
			}
			if found != tt.found || (err != nil) != tt.broken {
				t.Errorf("found = %t, err = %v, want %t and an error: %t", found, err, tt.found, tt.broken)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestItems_AreCopies(t *testing.T) {
	t.Parallel()
	doc := []byte(`[{"a":1}]`)
	items, _, err := connectors.Items(doc, "")
	if err != nil {
		t.Fatal(err)
	}
	copy(doc, strings.Repeat("x", len(doc)))
	if string(items[0]) != `{"a":1}` {
		t.Errorf("item = %s, want it untouched by what happens to the document", items[0])
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		doc, path, want string
		found, broken   bool
	}{
		{`{"a":{"b": [1, 2] }}`, "a.b", `[1, 2]`, true, false},
		{`{"a":null}`, "a", `null`, true, false},
		{` 17 `, "", `17`, true, false},
		{`{"a":1}`, "b", ``, false, false},
		{`{"a":1}`, "a.b", ``, false, false},
		{`{"a":{"b"`, "a", ``, false, true},
		{``, "", ``, false, true},
	}
	for _, tt := range tests {
		got, found, err := connectors.Value([]byte(tt.doc), tt.path)
		if string(got) != tt.want || found != tt.found || (err != nil) != tt.broken {
			t.Errorf("Value(%s, %q) = %s, %t, %v, want %s, %t and an error: %t", tt.doc, tt.path, got, found, err, tt.want, tt.found, tt.broken)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, object string
		names        []string
		want         []string
		broken       bool
	}{
		{"each in its place", `{"b":"x","c":[1, 2],"a":12345678901234567890}`, []string{"a", "b", "c"}, []string{"12345678901234567890", "x", "[1, 2]"}, false},
		{"missing, null and no name", `{"a":null}`, []string{"a", "b", ""}, []string{"", "", ""}, false},
		{"a member without a name", `{"":"x","a":"y"}`, []string{"", "a"}, []string{"", "y"}, false},
		{"the same name twice", `{"a":true}`, []string{"a", "a"}, []string{"true", "true"}, false},
		{"escapes", `{"a":"\u00e9\n"}`, []string{"a"}, []string{"é\n"}, false},
		{"what is behind is not looked at", `{"a":1,"b`, []string{"a"}, []string{"1"}, false},
		{"cut before it", `{"a":1,"b`, []string{"b"}, nil, true},
		{"cut inside it", `{"a":"x`, []string{"a"}, nil, true},
		{"not an object", `[1]`, []string{"a"}, nil, true},
		{"nothing", ``, []string{"a"}, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := connectors.Texts([]byte(tt.object), tt.names...)
			if (err != nil) != tt.broken {
				t.Errorf("err = %v, want an error: %t", err, tt.broken)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecord_RawHashTellsBytesApart(t *testing.T) {
	t.Parallel()
	hash := func(raw string) connectors.Hash { return connectors.Record{Raw: []byte(raw)}.RawHash() }
	for _, other := range []string{`{"a":1.0}`, `{"a":"1"}`, `{"a":12345678901234567891}`, `not JSON`, ``} {
		if hash(`{"a":1}`) == hash(other) {
			t.Errorf("%s has the hash of another record", other)
		}
	}
	if hash(`{"a":12345678901234567891}`) == hash(`{"a":12345678901234567892}`) {
		t.Error("large numbers are rounded")
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := connectors.Decode([]byte(`{"a":[1,1.5,12345678901234567890,"x",null,true]}`))
	want := map[string]any{"a": []any{1, 1.5, 1.2345678901234567e19, "x", nil, true}}
	if diff := cmp.Diff(any(want), got); diff != "" || err != nil {
		t.Errorf("err = %v, value (-want +got):\n%s", err, diff)
	}
	if _, err := connectors.Decode([]byte(`{`)); err == nil {
		t.Error("a document that is cut off is decoded, want an error")
	}
}

// FuzzItems compares with the standard library: what it can split, we split into
// the same elements.
func FuzzItems(f *testing.F) {
	for _, s := range []string{`{"a":[1,2]}`, `[{"b":null}]`, `{"a":[`, `{"a":{"a":[]}}`, "\xff", `{"a":[1]} x`} {
		f.Add([]byte(s), "a")
	}
	f.Add([]byte(`{"a":{"b":[1]},"c":2}`), "*.b")
	f.Fuzz(func(t *testing.T, doc []byte, path string) {
		items, found, err := connectors.Items(doc, path)
		_, _, _ = connectors.Value(doc, path)
		_, _ = connectors.Texts(doc, "a", path)
		if err != nil || !found {
			return
		}
		for _, item := range items {
			if len(item) == 0 {
				t.Errorf("%q at %q has an empty element", doc, path)
			}
		}
		var whole []json.RawMessage
		if path == "" && json.Unmarshal(doc, &whole) == nil && len(whole) != len(items) {
			t.Errorf("%q has %d elements, want %d", doc, len(items), len(whole))
		}
	})
}
