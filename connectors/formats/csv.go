package formats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// table is CSV that is being read.
type table struct {
	r      *csv.Reader
	names  [][]byte        // of the columns, as JSON, with a colon
	titles []string        // of the columns
	fields []*schema.Field // of the columns; nil for those that are not described
}

// readCSV returns the list of the rows. The first line names the columns; each further one has
// as many cells. Empty lines are skipped.
func readCSV(text []byte, separator rune, object *schema.Object) ([]byte, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 {
		return nil, errors.New("the answer is empty: CSV begins with a line of names")
	} else if trimmed[0] == '{' || trimmed[0] == '[' {
		return nil, errors.New("the answer is JSON and not CSV")
	}
	t := &table{r: csv.NewReader(bytes.NewReader(text))}
	t.r.ReuseRecord, t.r.FieldsPerRecord = true, -1
	if separator != 0 {
		t.r.Comma = separator
	}
	if err := t.header(object); err != nil {
		return nil, err
	}
	out := []byte{'['}
	for {
		row, err := t.r.Read()
		if errors.Is(err, io.EOF) {
			return append(out, ']'), nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if out, err = t.row(out, row); err != nil {
			return nil, err
		}
		if len(out) > maxBytes {
			return nil, errTooLarge
		}
	}
}

// header reads the names of the columns.
func (t *table) header(object *schema.Object) error {
	row, err := t.r.Read()
	if err != nil {
		return csvError(err)
	}
	line, _ := t.r.FieldPos(0)
	if len(row) > maxColumns {
		return atLine(line, "there are %d columns, more than %d", len(row), maxColumns)
	}
	for i, title := range row {
		title = strings.Clone(strings.TrimSpace(title))
		switch {
		case title == "":
			return atLine(line, "column %d has no name", i+1)
		case len(title) > maxName:
			return atLine(line, "the name of column %d has %d bytes, more than %d", i+1, len(title), maxName)
		case slices.Contains(t.titles, title):
			return atLine(line, "there are two columns %q", title)
		}
		t.titles = append(t.titles, title)
		t.names = append(t.names, append(appendText(nil, title), ':'))
		t.fields = append(t.fields, fieldOf(object, title))
	}
	if err := t.separated(line); err != nil {
		return err
	}
	if object != nil && object.ID != "" && !slices.Contains(t.titles, object.ID) {
		return atLine(line, "there is no column %q; there are %s", object.ID, quoted(t.titles))
	}
	return nil
}

// separated reports a header that another separator would cut into columns.
func (t *table) separated(line int) error {
	if len(t.titles) > 1 {
		return nil
	}
	for _, other := range []string{";", "\t", ",", "|"} {
		if strings.Contains(t.titles[0], other) {
			return atLine(line, "there is one column, %.80q; write format: {csv: {separator: %q}} if that is what stands between the names", t.titles[0], other)
		}
	}
	return nil
}

// row writes one row.
func (t *table) row(out []byte, row []string) ([]byte, error) {
	line, _ := t.r.FieldPos(0)
	if len(row) != len(t.names) {
		return nil, atLine(line, "%d cells, the first line names %d columns", len(row), len(t.names))
	}
	out = append(out, '{')
	for i, cell := range row {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, t.names[i]...)
		var err error
		if out, err = appendValue(out, t.fields[i], cell); err != nil {
			at, _ := t.r.FieldPos(i)
			return nil, atLine(at, "%q: %w", t.titles[i], err)
		}
	}
	return append(out, '}'), nil
}

// csvError says what cannot be read.
func csvError(err error) error {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		what := "a quote stands where none can be"
		if errors.Is(e.Err, csv.ErrQuote) {
			what = "a quoted cell does not end as it should, or the answer is cut off"
		}
		return atLine(e.StartLine, "%s", what)
	}
	return fmt.Errorf("the answer is no CSV: %w", err)
}

// quoted lists some names.
func quoted(names []string) string {
	const most = 8
	list := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		list = append(list, fmt.Sprintf("%.40q", name))
	}
	if len(names) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}
