package values

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The codes of the findings that this package adds.
const (
	CodeNotYet  = "not-yet"
	CodeTimeout = "bad-timeout"
	CodeBadID   = "bad-id"
)

// name is the form of the names that a recipe gives and its expressions use.
var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// IsName reports whether a text can be the id of a step or the name of a connection.
func IsName(s string) bool { return name.MatchString(s) }

// Mapping reads a mapping with keys of this version, and answers those of later
// versions.
func Mapping(n *yamlnode.Node, keys, later []string, into *diag.List) (yamlnode.Map, bool) {
	m, ok := n.Mapping(into)
	for _, f := range m.Fields() {
		switch {
		case slices.Contains(keys, f.Name):
		case slices.Contains(later, f.Name):
			NotYet(f.At, f.Name, into)
		default:
			yamlnode.ReportKey(into, f, keys)
		}
	}
	return m, ok
}

// KeyAt is where a key of a mapping stands; the mapping's own place if it has no such
// key.
func KeyAt(m yamlnode.Map, key string) diag.Place {
	i := slices.IndexFunc(m.Fields(), func(f yamlnode.Field) bool { return f.Name == key })
	if i < 0 {
		return m.At()
	}
	return m.Fields()[i].At
}

// NotYet answers a word of a later version, so that nobody takes it for a misspelling.
func NotYet(at diag.Place, word string, into *diag.List) {
	into.Errorf(at, CodeNotYet, "remove it, or wait for a later version", "%q is not available in this version", word)
}

// Condition compiles the expression of a filter or an if; nil when it is absent, and
// after a finding.
func Condition(n *yamlnode.Node, names *mapping.Names, into *diag.List) *mapping.Filter {
	if n == nil {
		return nil
	}
	return names.Filter(Expression(n, into), into)
}

// Expression shows an expression without = to the compiler. A comment that cuts it
// off is found here; the YAML reader finds only those after a value with =.
func Expression(n *yamlnode.Node, into *diag.List) mapping.Source {
	s := Of(n)
	if n.CutByComment() && !s.Broken {
		n.ReportComment(into)
		s.Broken = true
	}
	return s
}

// Of shows a value of the file to the compiler of expressions.
func Of(n *yamlnode.Node) mapping.Source {
	s := mapping.Source{At: n.At(), Locate: n.PlaceIn}
	switch n.Kind() {
	case yamlnode.Sequence:
		s.List = true
		for _, item := range n.Items() {
			s.Items = append(s.Items, Of(item))
		}
	case yamlnode.Mapping:
		s.Object = true
		for _, f := range n.Fields() {
			s.Fields = append(s.Fields, mapping.SourceField{Name: f.Name, At: f.At, Value: Of(f.Value)})
		}
	default:
		s.Value = n.Value()
		s.Broken = n.CutExpression()
	}
	return s
}

// Duration reads a duration between two bounds, inclusive; 0 when it is absent.
func Duration(n *yamlnode.Node, least, most time.Duration, into *diag.List) time.Duration {
	d, ok := n.Duration(into)
	if !ok {
		return 0
	}
	return Between(n, d, least, most, into)
}

// Between reports a duration outside two bounds, and returns 0 for it.
func Between(n *yamlnode.Node, d, least, most time.Duration, into *diag.List) time.Duration {
	if d < least || d > most {
		into.Errorf(n.At(), CodeTimeout, "write "+Short(least)+" to "+Short(most), "%s is outside its bounds", n.Written())
		return 0
	}
	return d
}

// Short writes a duration without its zero parts, as in 24h and 30d.
func Short(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// Known suggests one of some words, or lists them when they are few.
func Known(word string, words []string) string {
	if near := diag.DidYouMean(word, words); near != "" {
		return near
	}
	if len(words) > 0 && len(words) <= 8 {
		return "known here: " + strings.Join(words, ", ")
	}
	return ""
}

// Cut keeps long texts out of messages.
func Cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
