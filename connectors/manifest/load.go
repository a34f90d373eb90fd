package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
)

// Load reads a connector that is a part of the program, where a finding is a
// mistake of ours. The error lists all findings, warnings too.
func Load(folder fs.FS, name string) (*Manifest, error) {
	var found diag.List
	m, _ := Read(folder, name, &found)
	if found.Len() == 0 {
		return m, nil
	}
	var lines []string
	for _, f := range found.Sorted() {
		lines = append(lines, f.String())
	}
	return nil, fmt.Errorf("connector %s: %w", name, errors.New(strings.Join(lines, "\n")))
}
