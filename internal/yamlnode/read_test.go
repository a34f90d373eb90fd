package yamlnode_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// mapping parses a text that is a mapping without mistakes.
func mapping(t *testing.T, text string) yamlnode.Map {
	t.Helper()
	var into diag.List
	m, ok := yamlnode.Parse("f.yaml", []byte(text), &into).Mapping(&into)
	if !ok || into.Len() != 0 {
		t.Fatalf("parse %q: %v", text, findings(&into))
	}
	return m
}

func TestNode_ReportsWrongTypes(t *testing.T) {
	t.Parallel()
	m := mapping(t, "number: 5\nword: five\nlist: [a, 7]\nmap: {}\nnothing:\ncolour: gren\n")
	tests := []struct {
		name string
		read func(into *diag.List) bool
		want string
	}{
		{"text", func(l *diag.List) bool { _, ok := m.Get("number").Text(l); return ok }, "expected text, found 5"},
		{"int", func(l *diag.List) bool { _, ok := m.Get("word").Int(l, 1, 9); return ok }, `expected a whole number from 1 to 9, found "five"`},
		{"int in range", func(l *diag.List) bool { _, ok := m.Get("number").Int(l, 6, math.MaxInt); return ok }, "expected a whole number of at least 6, found 5"},
		{"bool", func(l *diag.List) bool { _, ok := m.Get("nothing").Bool(l); return ok }, "expected true or false, found nothing"},
		{"duration", func(l *diag.List) bool { _, ok := m.Get("number").Duration(l); return ok }, "expected a duration such as 5m, found 5"},
		{"duration of a list", func(l *diag.List) bool { _, ok := m.Get("list").Duration(l); return ok }, "expected a duration such as 5m, found a list"},
		{"list", func(l *diag.List) bool { _, ok := m.Get("map").List(l); return ok }, "expected a list, found a mapping"},
		{"mapping", func(l *diag.List) bool { _, ok := m.Get("list").Mapping(l); return ok }, "expected a mapping, found a list"},
		{"word", func(l *diag.List) bool { _, ok := m.Get("colour").Word(l, "red", "green"); return ok }, `unknown word "gren"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into diag.List
			if tt.read(&into) {
				t.Error("got ok, want a refusal")
			}
			if into.Len() != 1 || into.Sorted()[0].Message != tt.want {
				t.Errorf("got %v, want %q", findings(&into), tt.want)
			}
		})
	}
}

func TestNode_ReadsValues(t *testing.T) {
	t.Parallel()
	m := mapping(t, "t: \"5\"\ni: -3\nb: true\nd: 1d12h\nl: [a, b]\nw: red\n")
	var into diag.List
	text, _ := m.Get("t").Text(&into)
	i, _ := m.Get("i").Int(&into, -5, 5)
	b, _ := m.Get("b").Bool(&into)
	d, _ := m.Get("d").Duration(&into)
	l, _ := m.Get("l").Texts(&into)
	w, _ := m.Get("w").Word(&into, "red", "green")
	got := []any{text, i, b, d, l, w}
	want := []any{"5", -3, true, 36 * time.Hour, []string{"a", "b"}, "red"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if into.Len() != 0 {
		t.Errorf("findings: got %v, want none", findings(&into))
	}
}

func TestNode_NilIsAbsent(t *testing.T) {
	t.Parallel()
	var (
		n    *yamlnode.Node
		into diag.List
	)
	_, text := n.Text(&into)
	_, number := n.Int(&into, 0, 1)
	_, boolean := n.Bool(&into)
	_, duration := n.Duration(&into)
	_, texts := n.Texts(&into)
	_, mapping := n.Mapping(&into)
	if text || number || boolean || duration || texts || mapping || into.Len() != 0 {
		t.Errorf("a nil node was read or reported: %v", findings(&into))
	}
}

func TestMap_ReportsKeys(t *testing.T) {
	t.Parallel()
	var into diag.List
	m, _ := yamlnode.Parse("f.yaml", []byte("schedul: 5\nstart:now:\nid:\n"), &into).Mapping(&into, "schedule", "start", "id")
	m.Need(&into, "id", "id: my-recipe")
	m.Need(&into, "schedule", "schedule: {every: 5m}")
	var got []string
	for _, f := range into.Sorted() {
		got = append(got, f.String()+" | "+f.Suggestion)
	}
	want := []string{
		`f.yaml:1:1: error: "schedule" is missing [missing-key] | write schedule: {every: 5m}`,
		`f.yaml:1:1: error: unknown key "schedul" [unknown-key] | did you mean "schedule"?`,
		`f.yaml:2:1: error: unknown key "start:now" [unknown-key] | put a space after the colon`,
		`f.yaml:3:4: error: "id" is missing [missing-key] | write id: my-recipe`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestNode_PlaceIn(t *testing.T) {
	t.Parallel()
	m := mapping(t, "plain: 한국 abc\nquoted: \"x abc\"\nescaped: \"\\t abc\"\nblock: |\n  one\n  two abc\n")
	tests := []struct {
		key                 string
		offset              int
		line, column, width int
	}{
		{"plain", 3, 1, 11, 3},
		{"quoted", 2, 2, 12, 3},
		{"escaped", 2, 3, 10, 7},
		{"block", 8, 6, 7, 3},
	}
	for _, tt := range tests {
		at := m.Get(tt.key).PlaceIn(tt.offset, 3)
		if at.Line != tt.line || at.Column != tt.column || at.Width != tt.width {
			t.Errorf("%s: got %d:%d+%d, want %d:%d+%d", tt.key, at.Line, at.Column, at.Width, tt.line, tt.column, tt.width)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"5m", 5 * time.Minute, true},
		{"30d", 720 * time.Hour, true},
		{"1d1ms", 24*time.Hour + time.Millisecond, true},
		{"0s", 0, true},
		{"0", 0, false},
		{"", 0, false},
		{"5", 0, false},
		{"-5m", 0, false},
		{"1d-5m", 0, false},
		{"d", 0, false},
		{"99999999d", 0, false},
		{"65535d1h", 65535*24*time.Hour + time.Hour, true},
		{"65535d2562047h", 0, false},
		{"5 minutes", 0, false},
	}
	for _, tt := range tests {
		got, ok := yamlnode.ParseDuration(tt.text)
		if got != tt.want || ok != tt.ok {
			t.Errorf("ParseDuration(%q): got %v %t, want %v %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}
