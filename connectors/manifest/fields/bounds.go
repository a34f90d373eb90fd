package fields

import (
	"regexp"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// bounds reads what narrows the values of an input, and what stands for no value in a
// record. A pattern comes with an example: a regular expression is no message for people.
func (r Reader) bounds(out *schema.Field, m yamlnode.Map) {
	out.Unset, _ = m.Get("unset").Texts(r.Into)
	out.Example, _ = m.Get("example").Text(r.Into)
	if n := m.Get("max_items"); n != nil {
		out.MaxItems, _ = n.Int(r.Into, 1, 1_000_000)
	}
	n := m.Get("pattern")
	pattern, ok := n.Text(r.Into)
	if !ok {
		return
	}
	if _, err := regexp.Compile(pattern); err != nil {
		r.Into.Errorf(n.At(), finding.CodeFieldOption, "write it like [0-9]{14}", "%q is no regular expression", pattern)
		return
	}
	out.Pattern = pattern
	if !m.Has("example") {
		r.Into.Errorf(n.At(), finding.CodeFieldOption, "add example: with a text that matches", "a pattern without an example tells nobody what to write")
	} else if err := out.Matches(out.Example); err != nil {
		r.Into.Errorf(m.Get("example").At(), finding.CodeFieldOption, "", "the example %q does not match the pattern", out.Example)
	}
}
