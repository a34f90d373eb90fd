package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
)

// Rows are hooks in Go, by the names that answers have for them (answer: {list: data,
// rows: notes}). Each makes zero or more rows out of a row of a list as the service sent
// it, before ids and times are read: for services that keep many records in one text. Both
// are JSON. An error makes the whole page an error. The functions keep nothing of what
// they are given and are safe for concurrent use.
type Rows map[string]func(row []byte) ([][]byte, error)

// Load reads a connector that is a part of the program, where a finding is a
// mistake of ours, together with its hooks. The error lists all findings, warnings too, and
// hooks that no answer names.
func Load(folder fs.FS, name string, hooks ...Rows) (*Manifest, error) {
	var found diag.List
	r := newReader(folder, name)
	r.rows = Rows{}
	for _, rows := range hooks {
		maps.Copy(r.rows, rows)
	}
	m, _ := r.readInto(&found)
	var lines []string
	for _, hook := range finding.Keys(r.rows) {
		if !r.rowsUsed[hook] {
			lines = append(lines, "no answer names the hook "+hook)
		}
	}
	if found.Len() == 0 && len(lines) == 0 {
		return m, nil
	}
	for _, f := range found.Sorted() {
		lines = append(lines, f.String())
	}
	return nil, fmt.Errorf("connector %s: %w", name, errors.New(strings.Join(lines, "\n")))
}
