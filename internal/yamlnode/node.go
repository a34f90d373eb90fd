package yamlnode

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/pollux-automation/pollux/internal/diag"
)

// Kind is what a node holds.
type Kind int

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Int
	Float
	Text
	Sequence
	Mapping
)

// String names the kind as messages do.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a number", "text", "a list", "a mapping"}[k]
}

// Node is one value of a file. It never changes and may be shared. A nil node
// stands for a value that is not there.
type Node struct {
	*source
	kind    Kind
	line    int
	column  int
	style   yaml.Style
	comment bool
	text    string
	value   any // bool, int or float64
	items   []*Node
	fields  []Field
}

// Field is one entry of a mapping.
type Field struct {
	Name  string
	At    diag.Place // of the key
	Value *Node      // never nil
}

// Kind returns what the node holds; a nil node is Null.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// At returns where the node stands.
func (n *Node) At() diag.Place {
	if n == nil {
		return diag.Place{}
	}
	width := utf8.RuneCountInString(n.text)
	if n.quoted() {
		width += 2
	}
	if n.block() {
		width = 1
	}
	return diag.Place{File: n.file, Line: n.line, Column: n.column, Width: width}
}

// maxColumn is how far into a line exact places are looked for: a file that is
// one line of a megabyte must not cost a walk from its start for each finding.
const maxColumn = 10_000

// PlaceIn returns the place of some characters inside a scalar's text, offset
// counting from 0. It is exact for unquoted text, for quoted text without escapes
// and for literal blocks; otherwise it is the place of the node.
func (n *Node) PlaceIn(offset, width int) diag.Place {
	if n == nil {
		return diag.Place{}
	}
	at := n.At()
	if n.style&yaml.LiteralStyle != 0 {
		return n.placeInBlock(offset, width)
	}
	column := n.column
	if n.quoted() {
		column++
	}
	if column > maxColumn || !strings.HasPrefix(from(n.source.line(n.line), column), n.text) {
		return at
	}
	at.Column, at.Width = column+offset, max(1, width)
	return at
}

// placeInBlock finds characters inside a literal block, whose lines stand below
// the node, indented.
func (n *Node) placeInBlock(offset, width int) diag.Place {
	line := n.line + 1
	for text := range strings.SplitSeq(n.text, "\n") {
		size := utf8.RuneCountInString(text)
		if offset <= size {
			raw := n.source.line(line)
			if at := strings.Index(raw, text); at >= 0 && text != "" {
				return diag.Place{File: n.file, Line: line, Column: utf8.RuneCountInString(raw[:at]) + 1 + offset, Width: max(1, width)}
			}
			return n.At()
		}
		offset -= size + 1
		line++
	}
	return n.At()
}

// quoted reports whether a scalar stands in single or double quotes.
func (n *Node) quoted() bool {
	return n.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

// block reports whether a scalar is a block, with | or >.
func (n *Node) block() bool {
	return n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// Written returns the text of a scalar as it is written, without quotes, whatever
// its type; "" for other nodes.
func (n *Node) Written() string {
	if n == nil {
		return ""
	}
	return n.text
}

// CutByComment reports whether a comment follows an unquoted scalar on its line,
// which an expression must not have.
func (n *Node) CutByComment() bool { return n != nil && n.comment }

// CutExpression reports whether the node is an expression, with = or a hole ${,
// that a comment cuts off. Parse has reported it.
func (n *Node) CutExpression() bool {
	return n.CutByComment() && (strings.HasPrefix(n.text, "=") || strings.Contains(n.text, "${"))
}

// ReportComment adds the finding for an expression that a comment cuts off.
func (n *Node) ReportComment(into *diag.List) {
	into.Errorf(n.At(), CodeCutComment, "put the expression in quotes, or the comment on its own line",
		`everything after " #" is a comment and not part of the expression`)
}

// Items returns the elements of a sequence; none for other nodes.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	return n.items
}

// Member returns the value of a key of a mapping, without checking anything; nil for
// other nodes and when the key is not there.
func (n *Node) Member(key string) *Node {
	for _, f := range n.Fields() {
		if f.Name == key {
			return f.Value
		}
	}
	return nil
}

// Fields returns the entries of a mapping in the order of the file; none for
// other nodes.
func (n *Node) Fields() []Field {
	if n == nil {
		return nil
	}
	return n.fields
}

// Value returns the node as plain data: nil, bool, int, float64, string, []any or
// map[string]any. Each call makes new slices and maps.
func (n *Node) Value() any {
	switch n.Kind() {
	case Text:
		return n.text
	case Sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.Value()
		}
		return list
	case Mapping:
		m := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			m[f.Name] = f.Value.Value()
		}
		return m
	case Null:
		return nil
	default:
		return n.value
	}
}

// dropAnchors removes the top-level keys that only hold anchors.
func (n *Node) dropAnchors() {
	n.fields = slices.DeleteFunc(n.fields, func(f Field) bool { return strings.HasPrefix(f.Name, "x-") })
}
