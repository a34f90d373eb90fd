package diag

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Render prints findings for people: each on its line, then the line of the file
// and a caret under the place, then the suggestion. sources holds the text of the
// files by name; a file that is not there is printed without excerpt.
//
// A secret that is written out does not appear: findings with [CodeSecretInClear]
// say where stars take its place, in the excerpts of all findings on its line.
func Render(w io.Writer, findings []Finding, sources map[string][]byte) error {
	for _, f := range findings {
		if _, err := io.WriteString(w, renderOne(f, findings, sources[f.File])); err != nil {
			return err
		}
	}
	return nil
}

// hideSecrets puts stars over the secrets that stand in a line.
func hideSecrets(line string, at Finding, all []Finding) string {
	runes := []rune(line)
	for _, s := range all {
		if s.Code != CodeSecretInClear || s.File != at.File || s.Line != at.Line {
			continue
		}
		// To the end of the line: escapes make a text longer than its value.
		for i := max(s.Column-1, 0); i < len(runes); i++ {
			runes[i] = '*'
		}
	}
	return string(runes)
}

func renderOne(f Finding, all []Finding, source []byte) string {
	var b strings.Builder
	fmt.Fprintln(&b, f.String())
	line, found := sourceLine(source, f.Line)
	if !found {
		if f.Suggestion != "" {
			fmt.Fprintf(&b, "    %s\n", printable(f.Suggestion))
		}
		return b.String()
	}
	line = hideSecrets(line, f, all)
	number := fmt.Sprintf("%3d | ", f.Line)
	before, under := split(line, f.Column, max(1, f.Width))
	fmt.Fprintf(&b, "%s%s\n", number, printable(line))
	fmt.Fprintf(&b, "%s| %s%s", strings.Repeat(" ", len(number)-2), strings.Repeat(" ", width(before)),
		"^"+strings.Repeat("~", max(0, width(under)-1)))
	if f.Suggestion != "" {
		b.WriteString(" " + printable(f.Suggestion))
	}
	b.WriteString("\n")
	return b.String()
}

// sourceLine returns a line of a file, cut to a length that fits a terminal.
func sourceLine(source []byte, number int) (string, bool) {
	if source == nil || number < 1 {
		return "", false
	}
	lines := strings.Split(string(source), "\n")
	if number > len(lines) {
		return "", false
	}
	line := []rune(strings.TrimRight(lines[number-1], "\r"))
	if len(line) > 200 {
		line = line[:200]
	}
	return string(line), true
}

// split returns the text before a column and the text that the caret underlines.
func split(line string, column, length int) (before, under string) {
	runes := []rune(line)
	from := min(max(column-1, 0), len(runes))
	to := min(from+length, len(runes))
	return string(runes[:from]), string(runes[from:to])
}

// width is the number of terminal cells that a text takes; Korean takes two.
func width(s string) int { return text.StringWidthWithoutEscSequences(printable(s)) }

// printable replaces tabs and other control characters by a space each.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}
