package diag_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/pollux-automation/pollux/internal/diag"
)

// TestRender_GivesATerminalNothingToObey asserts that what others have written (a plugin that
// describes itself, a file of somebody else) does not reach a terminal as commands or lines.
func TestRender_GivesATerminalNothingToObey(t *testing.T) {
	t.Parallel()
	const hostile = "x\x1b[2J\u009b31m\a\r\nok: all is well"
	for name, sources := range map[string]map[string][]byte{"with an excerpt": {"a.yaml": []byte("key: \x1b[2J\n")}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found diag.List
			found.Errorf(diag.Place{File: "a.yaml", Line: 1, Column: 1}, "odd", "try "+hostile, "the object %s", hostile)
			var b strings.Builder
			if err := diag.Render(&b, found.Sorted(), sources); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsFunc(b.String(), func(c rune) bool { return unicode.IsControl(c) && c != '\n' }) || strings.Contains(b.String(), "\nok:") {
				t.Errorf("got control characters or a line of somebody else in:\n%q", b.String())
			}
		})
	}
}
