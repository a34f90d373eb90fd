package recipes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/mapping/expression"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes"
)

// section is what a page says of one code.
type section struct {
	part, code, text string
	language         string // of the example; empty when there is none
	example          string
}

var fence = regexp.MustCompile("(?s)```yaml (\\w+)\n(.*?)```\n")

// sections reads the headings of docs/diagnostics.md.
func sections(t *testing.T) []section {
	t.Helper()
	var list []section
	for _, part := range strings.Split(string(read(t, "../docs/diagnostics.md")), "\n## ")[1:] {
		title, _, _ := strings.Cut(part, "\n")
		for _, s := range strings.Split(part, "\n### ")[1:] {
			code, text, _ := strings.Cut(s, "\n")
			found := section{part: title, code: code, text: text}
			if m := fence.FindStringSubmatch(s); m != nil {
				found.language, found.example = m[1], m[2]
			}
			list = append(list, found)
		}
	}
	return list
}

// complete adds to a fragment what a recipe needs besides.
func complete(fragment string) string {
	rest := map[string]string{
		"recipe": "v1", "id": "example", "connections": "{crm: {connector: highlevel, account: acme}, mail: {connector: stibee, account: newsletter}}",
		"trigger": "{poll: crm.contact.search, schedule: {every: 5m}, start: now}",
		"steps":   "[{id: base, call: mail.subscriber.upsert, with: {listId: \"1\", email: =record.email}}]",
	}
	for _, key := range []string{"recipe", "id", "connections", "trigger", "steps"} {
		if !strings.HasPrefix(fragment, key+":") && !strings.Contains(fragment, "\n"+key+":") {
			fragment += key + ": " + rest[key] + "\n"
		}
	}
	return fragment
}

// codesOf returns the codes of the findings of an example.
func codesOf(t *testing.T, s section) []string {
	t.Helper()
	var into diag.List
	if s.language == "settings" {
		file := filepath.Join(t.TempDir(), "pollux.yaml")
		if err := os.WriteFile(file, []byte(s.example), 0o600); err != nil {
			t.Fatal(err)
		}
		env := func(name string) (string, bool) { return "x", name == "TOKEN" }
		settings.Load(file, settings.Options{Env: env}, &into)
	} else {
		recipes.Parse("f.yaml", []byte(complete(s.example)), catalog{}, &into)
	}
	var codes []string
	for _, f := range into.Sorted() {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestDiagnostics_ExamplesHaveTheirFinding(t *testing.T) {
	t.Parallel()
	for _, s := range sections(t) {
		if s.language == "" {
			continue
		}
		if got := codesOf(t, s); len(got) == 0 || slices.ContainsFunc(got, func(c string) bool { return c != s.code }) {
			t.Errorf("%s, %s: the example has the findings %v", s.part, s.code, got)
		}
	}
}

// withoutExample are the codes whose cause does not fit on a page; each of them is
// the subject of a test of its own.
var withoutExample = []string{
	yamlnode.CodeTooLarge, yamlnode.CodeNotText, yamlnode.CodeEmptyFile, yamlnode.CodeTooDeep, yamlnode.CodeTooManyKeys, yamlnode.CodeTooMany,
	expression.CodeTooLong, expression.CodeTooComplex, expression.CodeTooMany, recipes.CodeNoFolder, recipes.CodeUnreadable, recipes.CodeFileName,
	recipes.CodeTooManySteps, "no-file", diag.CodeTooManyFindings,
}

func TestDiagnostics_ExplainsEveryCode(t *testing.T) {
	t.Parallel()
	parts := map[string][]diag.Code{
		"Any file":               append(yamlnode.Codes(), diag.Code{Name: diag.CodeTooManyFindings, Meaning: "A file has more than 100 findings; the rest is not shown."}),
		"Expressions and inputs": mapping.Codes(),
		"Recipes":                slices.DeleteFunc(recipes.Codes(), func(c diag.Code) bool { return c.Name == diag.CodeSecretInClear }),
		"Settings":               settings.Codes(),
	}
	explained := sections(t)
	for part, codes := range parts {
		for _, c := range codes {
			i := slices.IndexFunc(explained, func(s section) bool { return s.part == part && s.code == c.Name })
			switch {
			case i < 0:
				t.Errorf("%s: %s is not explained", part, c.Name)
			case !strings.Contains(explained[i].text, c.Meaning):
				t.Errorf("%s: %s is explained otherwise than by its package: %s", part, c.Name, c.Meaning)
			case explained[i].language == "" && !slices.Contains(withoutExample, c.Name):
				t.Errorf("%s: %s has no example", part, c.Name)
			}
		}
	}
	for _, s := range explained {
		if !slices.ContainsFunc(parts[s.part], func(c diag.Code) bool { return c.Name == s.code }) {
			t.Errorf("%s: there is no code %s", s.part, s.code)
		}
	}
	page := string(read(t, "../docs/diagnostics.md"))
	for _, c := range manifest.Codes() {
		if row := "| `" + c.Name + "` | " + c.Meaning + " |"; !strings.Contains(page, row) {
			t.Errorf("the page lacks the row %s", row)
		}
	}
}

// TestLanguagePage_BlocksAreRight holds every YAML block of docs/recipes.md to be
// a recipe, or a part of one, without findings.
func TestLanguagePage_BlocksAreRight(t *testing.T) {
	t.Parallel()
	page := string(read(t, "../docs/recipes.md"))
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```\n").FindAllStringSubmatch(page, -1)
	if len(blocks) < 10 {
		t.Fatalf("got %d blocks, want 10 or more", len(blocks))
	}
	for _, b := range blocks {
		var into diag.List
		text := complete(b[1])
		if recipes.Parse("recipes.md", []byte(text), catalog{}, &into) == nil || into.Len() != 0 {
			t.Errorf("findings:\n%s", render(t, &into, map[string][]byte{"recipes.md": []byte(text)}))
		}
	}
}

// TestLanguagePage_ListsEveryFunction holds the table of functions to what there is.
func TestLanguagePage_ListsEveryFunction(t *testing.T) {
	t.Parallel()
	page := string(read(t, "../docs/recipes.md"))
	for _, f := range mapping.Functions() {
		if row := functionRow(f); !strings.Contains(page, row) {
			t.Errorf("the page lacks the row\n%s", row)
		}
	}
}

func functionRow(f mapping.FunctionDoc) string {
	return "| `" + f.Signature + "` | " + f.Summary + " | `" + f.Example + "` | `" + f.Result + "` |"
}
