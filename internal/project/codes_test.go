package project_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
)

// TestCodes_AreExplained holds the page of findings to the codes of the package, and the
// list of codes to what the package reports.
func TestCodes_AreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/diagnostics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range project.Codes() {
		if row := "| `" + c.Name + "` | " + c.Meaning + " |"; !strings.Contains(string(page), row) {
			t.Errorf("the page lacks the row %s", row)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`Findings\.(?:Errorf|Warnf)\([^\n]*?, "([a-z]+(?:-[a-z]+)*)",`).FindAllStringSubmatch(string(text), -1) {
			found++
			known := slices.ContainsFunc(project.Codes(), func(c diag.Code) bool { return c.Name == m[1] })
			if !known && !strings.Contains(string(page), "| `"+m[1]+"` |") {
				t.Errorf("%s: nothing explains the code %s", file, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("got %d codes in the files, want 10 or more", found)
	}
}
