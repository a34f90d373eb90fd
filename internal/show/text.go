package show

import (
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// JSON writes one value as one line, in UTF-8 and with no more escapes than JSON
// needs: people read it too.
func JSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Table writes rows under a head, in columns. Its cells are cleaned. Without rows the
// head alone is written, which says that there is nothing.
func Table(w io.Writer, head []string, rows [][]string) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(row(head))
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	t.Render()
}

// row makes a row of a table out of cleaned cells.
func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = Clean(c)
	}
	return r
}

// NoColors switches colours off for the whole process.
func NoColors() { text.DisableColors() }

// Clean replaces control characters, which a service's text could use to write
// over the terminal.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// Cut shortens a text to a number of letters.
func Cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// Thousands writes a number with commas, as 14,000.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural counts things whose plural ends in s: 1 recipe, 2,000 recipes.
func Plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Thousands(int64(n)) + " " + thing
}

// IsTerminal reports whether a writer is a terminal that may be coloured.
func IsTerminal(w io.Writer) bool {
	if _, ok := w.(*Line); ok {
		return true
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Word is a text, or nil for none.
func Word(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Cell is a text for a cell of a CSV. One that a spreadsheet would take for a formula gets
// a quote before it.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
