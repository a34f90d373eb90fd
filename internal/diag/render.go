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
func Render(w io.Writer, findings []Finding, sources map[string][]byte) error {
	for _, f := range findings {
		if _, err := io.WriteString(w, renderOne(f, sources[f.File])); err != nil {
			return err
		}
	}
	return nil
}

func renderOne(f Finding, source []byte) string {
	var b strings.Builder
	fmt.Fprintln(&b, f.String())
	line, found := sourceLine(source, f.Line)
	if !found {
		if f.Suggestion != "" {
			fmt.Fprintf(&b, "    %s\n", f.Suggestion)
		}
		return b.String()
	}
	number := fmt.Sprintf("%3d | ", f.Line)
	before, under := split(line, f.Column, max(1, f.Width))
	fmt.Fprintf(&b, "%s%s\n", number, printable(line))
	fmt.Fprintf(&b, "%s| %s%s", strings.Repeat(" ", len(number)-2), strings.Repeat(" ", width(before)),
		"^"+strings.Repeat("~", max(0, width(under)-1)))
	if f.Suggestion != "" {
		b.WriteString(" " + f.Suggestion)
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
