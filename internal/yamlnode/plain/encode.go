package plain

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Entry is one key of a mapping with its value: nil, bool, int, float64, string, []any,
// [Mapping] or map[string]any, whose keys are sorted.
type Entry struct {
	Key   string
	Value any
	// Comment stands above the key, Aside behind a value without parts. Both are texts
	// without "#"; whatever they hold, they end up as comments.
	Comment string
	Aside   string
}

// Mapping is a mapping in the order in which it is written.
type Mapping []Entry

// Add puts an entry behind the others.
func (m *Mapping) Add(key string, value any) { *m = append(*m, Entry{Key: key, Value: value}) }

// lineWidth is how long a mapping or list on one line may be; longer ones, and those
// with comments, get a line for each part.
const lineWidth = 110

// Encode writes a mapping as YAML. Long texts stay on one line.
func Encode(m Mapping) ([]byte, error) {
	text, err := yaml.Dump(block(m, 0), yaml.WithIndent(2), yaml.WithLineWidth(-1), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return text, nil
}

// block returns the node of a value that stands so many levels below the whole: in one
// line if it is short. The two upper levels never are, so that files stay readable.
func block(v any, depth int) *yaml.Node {
	switch x := v.(type) {
	case map[string]any:
		return block(sorted(x), depth)
	case Mapping:
		return mapping(x, depth)
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if flows(x) {
			n.Style = yaml.FlowStyle
		}
		for _, item := range x {
			n.Content = append(n.Content, block(item, depth+1))
		}
		return n
	case string:
		return text(x)
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(x)}
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(x)}
	case float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(x, 'f', -1, 64)}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
}

// mapping returns the node of a mapping.
func mapping(m Mapping, depth int) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if flows(m) && (depth > 1 || len(m) == 0) {
		n.Style = yaml.FlowStyle
	}
	for _, e := range m {
		key, value := text(e.Key), block(e.Value, depth+1)
		key.HeadComment = comment(e.Comment)
		if value.Kind == yaml.ScalarNode {
			value.LineComment = comment(e.Aside)
		} else if e.Aside != "" {
			key.HeadComment = comment(strings.Trim(e.Comment+"\n"+e.Aside, "\n"))
		}
		n.Content = append(n.Content, key, value)
	}
	return n
}

// sorted returns a map as a mapping.
func sorted(m map[string]any) Mapping {
	var out Mapping
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out.Add(key, m[key])
	}
	return out
}

// plainText are texts that mean themselves without quotes in every place and in every
// version of YAML.
var plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./()+-]*([ ,]?[ ]?([A-Za-z0-9_./()';+{}-]|:[A-Za-z0-9/])+)*$`)

// text returns the node of a text, in quotes wherever it could be taken for something
// else.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: clean(s)}
	if !plainText.MatchString(n.Value) || isWord(n.Value) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// isWord reports texts that some reader takes for something else than a text.
func isWord(s string) bool {
	return slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}, strings.ToLower(s))
}

// clean leaves out what no file should hold: bytes that are no text, control characters,
// and those that turn the direction of what follows.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c == utf8.RuneError || unicode.Is(unicode.Cf, c) || (unicode.IsControl(c) && c != '\n' && c != '\t') || c == '\u2028' || c == '\u2029' {
			return -1
		}
		return c
	}, s)
}

// comment returns the text of a comment: each line begins with "#".
func comment(s string) string {
	if s == "" {
		return ""
	}
	var lines []string
	for line := range strings.SplitSeq(clean(s), "\n") {
		lines = append(lines, "# "+strings.ReplaceAll(line, "\t", " "))
	}
	return strings.Join(lines, "\n")
}

// flows reports whether a value fits on one line: it is short and has no comments.
func flows(v any) bool {
	width, ok := measure(v)
	return ok && width <= lineWidth
}

// measure returns about how wide a value is on one line.
func measure(v any) (width int, ok bool) {
	switch x := v.(type) {
	case map[string]any:
		return measure(sorted(x))
	case Mapping:
		for _, e := range x {
			part, ok := measure(e.Value)
			if !ok || e.Comment != "" || e.Aside != "" {
				return 0, false
			}
			if width += part + len(e.Key) + 4; width > lineWidth {
				return 0, false
			}
		}
		return width + 2, true
	case []any:
		for _, item := range x {
			part, ok := measure(item)
			if !ok {
				return 0, false
			}
			if width += part + 2; width > lineWidth {
				return 0, false
			}
		}
		return width + 2, true
	case string:
		return len(x) + 2, true
	default:
		return 6, true
	}
}
