package functions

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// MaxMatched is how many bytes a text has at most that is matched with a pattern.
const MaxMatched = 64 << 10

// The bounds of a pattern: with texts of at most MaxMatched they keep a match well
// under a second.
const (
	maxPattern      = 1_000
	maxInstructions = 1_000
)

// Pattern compiles the pattern of matches, or says what is wrong with it. Its size
// counts after repetitions are unrolled: a{1000} is short to write and long to carry
// out.
func Pattern(pattern string) (compiled *regexp.Regexp, problem string) {
	if len(pattern) > maxPattern {
		return nil, "the pattern is too long"
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, "the pattern is not valid: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	}
	code, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(code.Inst) > maxInstructions {
		return nil, "the pattern is too large"
	}
	compiled, err = regexp.Compile(pattern)
	if err != nil {
		return nil, "the pattern is not valid"
	}
	return compiled, ""
}
