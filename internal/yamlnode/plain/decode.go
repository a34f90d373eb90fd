package plain

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// SyntaxError says where a text is no YAML, or more than is read.
type SyntaxError struct {
	Line, Column int // from 1; 0 where nobody knows
	Text         string
}

// Error returns the text with its place.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// Bounds are what a text may hold at most.
type Bounds struct {
	Depth  int // of nested values
	Values int // aliases count as one value
}

// Decode reads one YAML document: nil, bool, int, float64, string, []any and
// map[string]any, where keys that are no texts become what is written. Values that an
// alias stands for are shared, so the caller must not change them. The error is a
// [SyntaxError].
func Decode(text []byte, bounds Bounds) (any, error) {
	var document yaml.Node
	err := yaml.Load(text, &document, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(bounds.Depth))))
	if err != nil {
		return nil, syntaxError(err, bounds)
	}
	if len(document.Content) != 1 {
		return nil, &SyntaxError{Text: "the file is empty"}
	}
	d := decoder{bounds: bounds, done: map[*yaml.Node]any{}, open: map[*yaml.Node]bool{}}
	return d.value(document.Content[0], 1)
}

// syntaxError says in our words what the library found.
func syntaxError(err error, bounds Bounds) error {
	out := &SyntaxError{Text: "this is not valid YAML; check the indentation, the quotes and the brackets"}
	message := err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		out.Line, out.Column, message = e.Mark.Line, e.Mark.Column, e.Message
	}
	switch {
	case strings.Contains(message, "max depth"):
		out.Text = fmt.Sprintf("values are nested more than %d levels deep", bounds.Depth)
	case strings.Contains(message, "expected single document"):
		out.Text = "the file holds more than one document"
	case strings.Contains(message, "no documents"):
		out.Text = "the file is empty"
	}
	return out
}

// decoder builds plain values from the library's nodes.
type decoder struct {
	bounds Bounds
	values int
	done   map[*yaml.Node]any  // of nodes with an anchor
	open   map[*yaml.Node]bool // nodes that are being built
}

// value returns what a node stands for.
func (d *decoder) value(n *yaml.Node, depth int) (any, error) {
	if d.values++; d.values > d.bounds.Values {
		return nil, d.fail(n, "the file has more than %d values", d.bounds.Values)
	}
	if depth > d.bounds.Depth {
		return nil, d.fail(n, "values are nested more than %d levels deep", d.bounds.Depth)
	}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil || d.open[n.Alias] {
			return nil, d.fail(n, "the alias *%.40s stands inside the value that it refers to", n.Value)
		}
		if v, ok := d.done[n.Alias]; ok {
			return v, nil
		}
		return d.value(n.Alias, depth+1)
	}
	d.open[n] = true
	defer delete(d.open, n)
	v, err := d.parts(n, depth)
	if err == nil && n.Anchor != "" {
		d.done[n] = v
	}
	return v, err
}

// parts returns the value of a node that is no alias.
func (d *decoder) parts(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := d.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return d.mapping(n, depth)
	default:
		return scalar(n), nil
	}
}

// mapping returns a mapping. What "<<" brings in stands behind what is written.
func (d *decoder) mapping(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	var merged []any
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, d.fail(key, "a key must be a text")
		}
		v, err := d.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key.Value == "<<" && key.Style == 0 {
			merged = append(merged, v)
			continue
		}
		m[key.Value] = v
	}
	for _, v := range merged {
		parts, ok := v.([]any)
		if !ok {
			parts = []any{v}
		}
		for _, part := range parts {
			others, _ := part.(map[string]any)
			if d.values += len(others); d.values > d.bounds.Values {
				return nil, d.fail(n, "the file has more than %d values", d.bounds.Values)
			}
			for name, value := range others {
				if _, given := m[name]; !given {
					m[name] = value
				}
			}
		}
	}
	return m, nil
}

// scalar returns a value without parts. What is no number, word or nothing is the text
// that is written, times too.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 0); err == nil {
			return int(i)
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

// fail is a [SyntaxError] at a node.
func (d *decoder) fail(n *yaml.Node, format string, args ...any) error {
	return &SyntaxError{Line: n.Line, Column: n.Column, Text: fmt.Sprintf(format, args...)}
}
