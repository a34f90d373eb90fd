package yamlnode

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
)

// Map is a mapping whose keys have been checked. The zero value is an empty one.
type Map struct {
	node   *Node
	fields []Field
}

// Mapping reads a mapping that may only have the known keys; each other key is
// reported with a guess and left out. Without known keys every key is allowed. ok
// is false for a node that is not a mapping.
func (n *Node) Mapping(into *diag.List, known ...string) (m Map, ok bool) {
	if n == nil {
		return Map{}, false
	}
	if n.kind != Mapping {
		n.Mismatch(into, "a mapping")
		return Map{node: n}, false
	}
	m.node = n
	for _, f := range n.fields {
		if len(known) == 0 || slices.Contains(known, f.Name) {
			m.fields = append(m.fields, f)
			continue
		}
		ReportKey(into, f, known)
	}
	return m, true
}

// ReportKey adds the finding for a key that is none of the known ones.
func ReportKey(into *diag.List, f Field, known []string) {
	suggestion := diag.DidYouMean(f.Name, known)
	if strings.Contains(f.Name, ":") && f.Value.Kind() == Null {
		suggestion = "put a space after the colon"
	}
	if suggestion == "" && len(known) <= 12 {
		suggestion = "known here: " + strings.Join(known, ", ")
	}
	into.Errorf(f.At, CodeUnknownKey, suggestion, "unknown key %q", f.Name)
}

// At returns where the mapping stands.
func (m Map) At() diag.Place { return m.node.At() }

// Fields returns the entries with known keys, in the order of the file.
func (m Map) Fields() []Field { return m.fields }

// Get returns the value of a key, or nil when the mapping does not have it.
func (m Map) Get(key string) *Node {
	for _, f := range m.fields {
		if f.Name == key {
			return f.Value
		}
	}
	return nil
}

// Has reports whether the mapping has the key, with whatever value.
func (m Map) Has(key string) bool { return m.Get(key) != nil }

// Need returns the value of a key and reports when it is missing or nothing.
// example shows how the key is written, and may be empty.
func (m Map) Need(into *diag.List, key, example string) *Node {
	n := m.Get(key)
	if n.Kind() != Null {
		return n
	}
	at := m.At()
	at.Width = 1
	if n != nil {
		at = n.At()
	}
	suggestion := ""
	if example != "" {
		suggestion = "write " + example
	}
	into.Errorf(at, CodeMissingKey, suggestion, "%q is missing", key)
	return nil
}

// Mismatch adds the finding for a value of the wrong type. expected says what
// belongs here, as in "a duration such as 5m".
func (n *Node) Mismatch(into *diag.List, expected string) {
	found := n.Kind().String()
	suggestion := ""
	if n.kind < Sequence && n.kind != Null {
		found = n.text
		if n.kind == Text {
			found = strconv.Quote(shorten(n.text))
		}
	}
	if strings.HasPrefix(expected, "text") && n.kind < Sequence && n.kind != Null {
		suggestion = "write " + strconv.Quote(n.text)
	}
	into.Errorf(n.At(), CodeWrongType, suggestion, "expected %s, found %s", expected, found)
}

// shorten keeps long texts out of messages.
func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:37]) + "..."
	}
	return s
}

// Text returns a text. Numbers and booleans must be quoted to be text.
func (n *Node) Text(into *diag.List) (text string, ok bool) {
	if n == nil {
		return "", false
	}
	if n.kind != Text {
		n.Mismatch(into, "text")
		return "", false
	}
	return n.text, true
}

// Int returns a whole number between two bounds, inclusive.
func (n *Node) Int(into *diag.List, least, most int) (i int, ok bool) {
	if n == nil {
		return 0, false
	}
	i, ok = n.value.(int)
	if !ok || i < least || i > most {
		n.Mismatch(into, "a whole number "+between(least, most))
		return 0, false
	}
	return i, true
}

// between says in words what numbers are allowed.
func between(least, most int) string {
	if most == math.MaxInt {
		return "of at least " + strconv.Itoa(least)
	}
	return "from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
}

// Bool returns true or false.
func (n *Node) Bool(into *diag.List) (value, ok bool) {
	if n == nil {
		return false, false
	}
	value, ok = n.value.(bool)
	if !ok {
		n.Mismatch(into, "true or false")
	}
	return value, ok
}

// Duration returns a duration such as 500ms, 30s, 5m, 2h30m or 7d.
func (n *Node) Duration(into *diag.List) (d time.Duration, ok bool) {
	if n == nil {
		return 0, false
	}
	d, ok = ParseDuration(n.text)
	if !ok || n.kind >= Sequence || n.kind == Null {
		n.Mismatch(into, "a duration such as 5m")
		return 0, false
	}
	return d, true
}

// ParseDuration reads a duration in the form of package time, with d for days of
// 24 hours besides. Negative durations and plain numbers are refused, also "0".
func ParseDuration(text string) (time.Duration, bool) {
	var days time.Duration
	if count, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return 0, false
		}
		days, text = time.Duration(n)*24*time.Hour, rest
		if rest == "" {
			return days, true
		}
	}
	if text == "0" || strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if err != nil || days+d < days {
		return 0, false
	}
	return days + d, true
}

// Word returns a text that must be one of some words.
func (n *Node) Word(into *diag.List, words ...string) (word string, ok bool) {
	word, ok = n.Text(into)
	if !ok {
		return "", false
	}
	if slices.Contains(words, word) {
		return word, true
	}
	suggestion := diag.DidYouMean(word, words)
	if suggestion == "" {
		suggestion = "write " + strings.Join(words, " or ")
	}
	into.Errorf(n.At(), CodeUnknownWord, suggestion, "unknown word %q", shorten(word))
	return "", false
}

// Texts returns a list of texts. A single text is not a list.
func (n *Node) Texts(into *diag.List) (texts []string, ok bool) {
	items, ok := n.List(into)
	for _, item := range items {
		if text, isText := item.Text(into); isText {
			texts = append(texts, text)
		}
	}
	return texts, ok
}

// List returns the elements of a list.
func (n *Node) List(into *diag.List) (items []*Node, ok bool) {
	if n == nil {
		return nil, false
	}
	if n.kind != Sequence {
		n.Mismatch(into, "a list")
		return nil, false
	}
	return n.items, true
}
