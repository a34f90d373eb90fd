package mapping

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/mapping/functions"
)

// part is a piece of a text with holes: either words or an expression.
type part struct {
	words   string
	program *expression.Program
}

// holes compiles a text with holes ${...}. A literal ${ is written $${. ok is
// false after a finding.
func (n *Names) holes(s Source, source string, into *diag.List) (parts []part, ok bool) {
	ok = true
	var words strings.Builder
	flush := func() {
		if words.Len() > 0 {
			parts = append(parts, part{words: words.String()})
			words.Reset()
		}
	}
	offset := 0 // in characters, of rest
	for rest := source; rest != ""; {
		at := strings.Index(rest, "${")
		if at < 0 {
			words.WriteString(rest)
			break
		}
		offset += utf8.RuneCountInString(rest[:at])
		if at > 0 && rest[at-1] == '$' {
			words.WriteString(rest[:at-1] + "${")
			rest, offset = rest[at+2:], offset+2
			continue
		}
		words.WriteString(rest[:at])
		flush()
		inside, after, closed := cutHole(rest[at+2:])
		if !closed {
			into.Errorf(s.locate(offset, 2), CodeHole, "write ${expression}, or $${ for the characters themselves", "a hole ${ is opened and never closed")
			return nil, false
		}
		p, good := n.hole(s, inside, offset+2, into)
		ok = ok && good
		parts = append(parts, part{program: p})
		offset += utf8.RuneCountInString(rest[at:]) - utf8.RuneCountInString(after)
		rest = after
	}
	flush()
	return parts, ok
}

// hole compiles the expression of one hole.
func (n *Names) hole(s Source, source string, offset int, into *diag.List) (*expression.Program, bool) {
	size := utf8.RuneCountInString(source)
	if strings.TrimSpace(source) == "" {
		into.Errorf(s.locate(offset-2, size+3), CodeHole, "write ${expression}, or $${ for the characters themselves", "a hole ${} is empty")
		return nil, false
	}
	p, ok := n.Compile(expression.Fragment{
		Source: source, At: s.locate(offset, size),
		Locate: func(o, width int) diag.Place { return s.locate(offset+o, width) },
	}, into)
	if ok && (p.Result.Sort == functions.List || p.Result.Sort == functions.Object) {
		into.Errorf(s.locate(offset, size), CodeHole, `use join(list, ", ") or toJSON(value)`, "%s cannot stand in a text", p.Result.Sort)
		return nil, false
	}
	return p, ok
}

// cutHole splits the text after ${ at the closing brace. Braces inside quotes and
// pairs of braces belong to the expression.
func cutHole(s string) (inside, after string, closed bool) {
	depth, quoted := 0, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted != 0:
			if c == '\\' && quoted != '`' {
				i++
			} else if c == quoted {
				quoted = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quoted = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}':
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// writeText evaluates a text with holes; nil in a hole is no text. In a path what a hole
// gives becomes exactly one part, or a piece of one.
func writeText(parts []part, path bool, s *Scope) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		words := p.words
		if p.program != nil {
			v, err := p.program.Run(s)
			if err != nil {
				return "", err
			}
			if words, err = functions.TextOf(v); err != nil {
				return "", err
			}
			if path {
				words = strings.ReplaceAll(url.QueryEscape(words), "+", "%20")
			}
		}
		if b.Len()+len(words) > functions.MaxText {
			return "", functions.ErrTextTooLong
		}
		b.WriteString(words)
	}
	return b.String(), nil
}
