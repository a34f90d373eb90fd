package yamlnode

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/pollux-automation/pollux/internal/diag"
)

// tree builds our nodes from the library's.
type tree struct {
	*source
	into *diag.List
	// open holds the nodes that are being built, to notice an alias inside itself.
	open   map[*yaml.Node]bool
	values int
	broken bool // a bound was passed; the rest of the file is not looked at
}

// node returns the node for a value, or nil when it cannot be used.
func (t *tree) node(y *yaml.Node, depth int) *Node {
	if t.broken {
		return nil
	}
	at := diag.Place{File: t.file, Line: y.Line, Column: y.Column, Width: utf8.RuneCountInString(y.Value)}
	if t.values++; t.values > MaxValues {
		t.refuse(diag.Place{File: t.file}, CodeTooMany, "the file has more than %d values once aliases are replaced", MaxValues)
		return nil
	}
	if depth > MaxDepth {
		t.refuse(at, CodeTooDeep, "values are nested more than %d levels deep", MaxDepth)
		return nil
	}
	if y.Kind == yaml.AliasNode {
		return t.alias(y, at, depth)
	}
	if y.Style&yaml.TaggedStyle != 0 {
		t.into.Errorf(at, CodeTag, "remove the tag; quotes make a text of any value", "tags are not used here")
	}
	t.open[y] = true
	defer delete(t.open, y)
	n := &Node{source: t.source, line: y.Line, column: y.Column, style: y.Style}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = Mapping
		t.mapping(n, y, depth)
	case yaml.SequenceNode:
		n.kind = Sequence
		for _, c := range y.Content {
			if item := t.node(c, depth+1); item != nil {
				n.items = append(n.items, item)
			}
		}
	default:
		t.scalar(n, y)
	}
	return n
}

// refuse adds an error and ends the reading of the file.
func (t *tree) refuse(at diag.Place, code, format string, args ...any) {
	t.broken = true
	t.into.Errorf(at, code, "", format, args...)
}

// alias returns a copy of what an alias stands for, at the place of the alias.
func (t *tree) alias(y *yaml.Node, at diag.Place, depth int) *Node {
	at.Width++ // the star
	if y.Alias == nil || t.open[y.Alias] {
		t.refuse(at, CodeAliasLoop, "the alias *%s stands inside the value that it refers to", y.Value)
		return nil
	}
	return t.node(y.Alias, depth)
}

// mapping fills in the entries of a mapping. Of a key that stands there twice the
// first is kept; the library does not notice the second.
func (t *tree) mapping(n *Node, y *yaml.Node, depth int) {
	if len(y.Content)/2 > MaxKeys {
		t.refuse(n.At(), CodeTooManyKeys, "a mapping has %d keys, more than %d", len(y.Content)/2, MaxKeys)
		return
	}
	first := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, ok := t.key(y.Content[i])
		value := t.node(y.Content[i+1], depth+1)
		if !ok || value == nil {
			continue
		}
		if line, twice := first[key.Name]; twice {
			t.into.Errorf(key.At, CodeDuplicateKey, "keep one of the two", "the key %q stands here twice; first in line %d", key.Name, line)
			continue
		}
		first[key.Name] = key.At.Line
		key.Value = value
		n.fields = append(n.fields, key)
	}
}

// key reads the key of a mapping; ok is false when it is not text.
func (t *tree) key(y *yaml.Node) (Field, bool) {
	f := Field{Name: y.Value, At: diag.Place{File: t.file, Line: y.Line, Column: y.Column, Width: utf8.RuneCountInString(y.Value)}}
	switch {
	case y.Kind == yaml.ScalarNode && y.Tag == "!!merge":
		t.into.Errorf(f.At, CodeMergeKey, "write the keys out", "the merge key << is not supported")
		return f, false
	case y.Kind == yaml.ScalarNode && (y.Tag == "!!str" || y.Tag == "!!timestamp"):
		return f, true
	case y.Kind == yaml.ScalarNode && y.Value != "":
		t.into.Errorf(f.At, CodeKeyType, `write "`+y.Value+`" in quotes`, "a key must be text, %s is not", y.Value)
	default:
		t.into.Errorf(f.At, CodeKeyType, "", "a key must be text")
	}
	return f, false
}

// wholeNumber and number are the forms that mean the same to every reader.
var (
	wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	number      = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// scalar fills in a value without parts.
func (t *tree) scalar(n *Node, y *yaml.Node) {
	n.kind, n.text = Text, y.Value
	n.comment = t.cutByComment(y)
	switch y.Tag {
	case "!!null":
		n.kind = Null
	case "!!bool":
		n.kind, n.value = Bool, strings.EqualFold(y.Value, "true")
	case "!!int", "!!float":
		t.number(n)
	}
	if n.CutExpression() {
		n.ReportComment(t.into)
	}
}

// number reads a number, and refuses the forms that other YAML readers, or people,
// take for another number or for text: 010, 0x1f, 1_000, +82.
func (t *tree) number(n *Node) {
	if wholeNumber.MatchString(n.text) {
		if i, err := strconv.ParseInt(n.text, 10, 0); err == nil {
			n.kind, n.value = Int, int(i)
			return
		}
	} else if number.MatchString(n.text) {
		if f, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsInf(f, 0) {
			n.kind, n.value = Float, f
			return
		}
	}
	t.into.Errorf(n.At(), CodeNumber, `write "`+n.text+`" if it is text, or a plain number such as 10 or 0.5`,
		"%s is read as a number, but not everywhere as the same one", n.text)
}

// cutByComment reports whether a comment follows an unquoted value on its line.
// The library drops it, so what the user took for a part of the value is gone.
func (t *tree) cutByComment(y *yaml.Node) bool {
	if y.LineComment == "" || y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return false
	}
	rest, ok := strings.CutPrefix(from(t.line(y.Line), y.Column), y.Value)
	if !ok { // it goes over several lines
		return true
	}
	trimmed := strings.TrimLeft(rest, " \t")
	return len(trimmed) < len(rest) && strings.HasPrefix(trimmed, "#")
}

// from returns a line from a column on; columns count characters from 1.
func from(line string, column int) string {
	for ; column > 1 && line != ""; column-- {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}
