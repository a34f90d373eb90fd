package pollux_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/cli"
)

// TestExamples_PassWithTheCommandThatTheDocsName runs what the pages tell a reader of a
// clone to type.
func TestExamples_PassWithTheCommandThatTheDocsName(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"test", "recipes/examples"}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Errorf("got exit code %d, want 0:\n%s%s", code, out.String(), errs.String())
	}
	files, err := filepath.Glob("recipes/examples/*.yaml")
	if err != nil || len(files) < 16 {
		t.Fatalf("got examples %v, %v, want 16 or more", files, err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if !regexp.MustCompile(`(?m)^ok +` + id + ` +\d+ of \d+ tests passed`).MatchString(out.String()) {
			t.Errorf("got no line that %s passed in\n%s", id, out.String())
		}
	}
}

// TestExamples_AreListedByCategory holds the table of the page to the files, and each file
// to what its head must say.
func TestExamples_AreListedByCategory(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	categories := []string{
		"Contacts", "Calendars & Appointments", "Opportunities", "Users", "Conversations & Messages", "Businesses", "Workflows & Campaigns", "Other",
	}
	seen := map[string]bool{}
	files, err := filepath.Glob("recipes/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), "\nrecipe: v1\n")
		for _, word := range []string{"\n# Category: ", "\n# Costs: ", "\n# Edit: ", "\n# Needs the "} {
			if !strings.Contains(head, word) {
				t.Errorf("%s: got no line %q before the recipe", file, strings.TrimSpace(word))
			}
		}
		row := regexp.MustCompile(`(?m)^\| \[` + "`" + filepath.Base(file) + "`" + `\]\(\.\./` + regexp.QuoteMeta(file) + `\) \| .+ \| (.+) \|$`).FindStringSubmatch(string(page))
		if row == nil {
			t.Errorf("docs/recipes.md has no row for %s", file)
			continue
		}
		seen[row[1]] = true
		if !strings.Contains(head, "\n# Category: "+row[1]) {
			t.Errorf("%s: docs/recipes.md says that its category is %s, the file has another one", file, row[1])
		}
	}
	for _, c := range categories {
		if !seen[c] {
			t.Errorf("there is no example of the category %s", c)
		}
	}
}

// TestExamples_PluginInPythonIsRight checks the project around the plugin in Python, with the
// tests of its recipe.
func TestExamples_PluginInPythonIsRight(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here; make test says so too")
	}
	const config = "docs/examples/plugin-python/pollux.yaml"
	if said, code := pollux("validate", "--no-secrets", "--config", config); code != 0 || strings.Contains(said, "warning") {
		t.Errorf("got exit code %d, want 0 and no warning:\n%s", code, said)
	}
	said, code := pollux("test", "--config", config)
	if code != 0 || !regexp.MustCompile(`(?m)^ok +thank +2 of 2 tests passed`).MatchString(said) {
		t.Errorf("got exit code %d, want 0 and 2 passed tests:\n%s", code, said)
	}
}
