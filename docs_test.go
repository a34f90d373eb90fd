package pollux_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pollux-automation/pollux/internal/cli"
)

// provenElsewhere are the pages whose YAML is held to the code by tests of the
// packages that they describe.
var provenElsewhere = []string{"docs/recipes.md", "docs/diagnostics.md", "docs/writing-a-connector.md"}

// documents returns the text of every page by its name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "testdata"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		list[filepath.ToSlash(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if list["README.md"] == "" {
		t.Fatal("README.md was not found")
	}
	return list
}

var (
	fence    = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	inline   = regexp.MustCompile("`[^`\n]+`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	noAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// prose is a page without its code.
func prose(text string) string {
	return inline.ReplaceAllString(fence.ReplaceAllString(text, ""), "code")
}

// anchors returns what can be linked to in a page.
func anchors(text string) []string {
	var list []string
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		plain := noAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(h[1])), "")
		list = append(list, strings.ReplaceAll(plain, " ", "-"))
	}
	return list
}

func TestDocs_LinksResolve(t *testing.T) {
	t.Parallel()
	pages := documents(t)
	for name, text := range pages {
		for _, m := range link.FindAllStringSubmatch(prose(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			} else if anchor != "" && !slices.Contains(anchors(pages[target]), anchor) {
				t.Errorf("%s links to %s: that page has no such heading", name, m[1])
			}
		}
	}
}

// TestDocs_YAMLIsRight validates every block that is marked as a recipe, settings
// or a manifest as a user would, inside a project.
func TestDocs_YAMLIsRight(t *testing.T) {
	t.Parallel()
	for name, text := range documents(t) {
		if slices.Contains(provenElsewhere, name) {
			continue
		}
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			language, kind, _ := strings.Cut(m[1], " ")
			if language != "yaml" || strings.HasPrefix(kind, "trigger ") {
				continue // internal/project makes recipes of triggers and runs them
			}
			if out, code := validate(t, kind, m[2]); code != 0 || strings.Contains(out, "warning") {
				t.Errorf("%s: this block (%q) has findings:\n%s\n%s", name, m[1], m[2], out)
			}
		}
	}
}

// validate puts a block into a new project and returns what the program says.
func validate(t *testing.T, kind, block string) (said string, code int) {
	t.Helper()
	dir := t.TempDir()
	if out, code := pollux("init", dir); code != 0 {
		t.Fatalf("init: %s", out)
	}
	if kind == "trigger" { // the beginning of a recipe on the list of the project
		kind, block = "recipe", "recipe: v1\nid: block\nconnections: {mail: {connector: stibee, account: newsletter}}\n"+block+"steps: [{id: note, set: {what: =kind}}]\n"
	}
	file := map[string]string{"recipe": "recipes/block.yaml", "recipe http": "recipes/block.yaml", "settings": "pollux.yaml", "manifest": "connectors/block/connector.yaml"}[kind]
	if file == "" {
		return "say what it is: yaml recipe, yaml recipe http, yaml trigger, yaml settings or yaml manifest", 1
	}
	if kind == "recipe http" { // with the account of docs/any-http-api.md
		addAccount(t, filepath.Join(dir, "pollux.yaml"), "  shop: {connector: http, base_url: https://api.example.com/v1}\n")
	}
	if kind != "manifest" { // the project's own recipe would share its id, or miss its accounts
		if err := os.Remove(filepath.Join(dir, "recipes/highlevel-contacts-to-stibee.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return pollux("validate", "--no-secrets", "--config", filepath.Join(dir, "pollux.yaml"))
}

// addAccount adds an account to the settings of a project.
func addAccount(t *testing.T, settings, account string) {
	t.Helper()
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(strings.Replace(string(text), "accounts:\n", "accounts:\n"+account, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// turn is held by the test that runs the program: it switches colours off for the
// whole process.
var turn sync.Mutex

// pollux runs the program and returns all that it prints.
func pollux(args ...string) (printed string, code int) {
	turn.Lock()
	defer turn.Unlock()
	var out bytes.Buffer
	code = cli.Main(args, strings.NewReader(""), &out, &out)
	return out.String(), code
}

var (
	command = regexp.MustCompile(`(?:^|[\s;&|(])(?:\./bin/|go run \./cmd/)?pollux((?: +[^\s;&|#]+)+)`)
	plain   = regexp.MustCompile(`^[a-z]+$`)
)

// TestDocs_CommandsExist holds every command that a page shows to the program's
// own help, with its flags.
func TestDocs_CommandsExist(t *testing.T) {
	t.Parallel()
	found := 0
	for name, text := range documents(t) {
		if name == "CHANGELOG.md" || strings.HasPrefix(name, "docs/adr/") {
			continue // what was, and what will be
		}
		for _, c := range commandsIn(text) {
			found++
			if missing := absent(strings.Fields(c)); missing != "" {
				t.Errorf("%s shows %q: the program has no %s", name, "pollux "+c, missing)
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d commands, want 20 or more", found)
	}
}

// commandsIn returns the arguments of every call of the program in the code of a
// page.
func commandsIn(text string) []string {
	var pieces []string
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == "" || m[1] == "sh" {
			pieces = append(pieces, strings.Split(m[2], "\n")...)
		}
	}
	for _, code := range inline.FindAllString(fence.ReplaceAllString(text, ""), -1) {
		pieces = append(pieces, strings.Trim(code, "`"))
	}
	var list []string
	for _, p := range pieces {
		for _, m := range command.FindAllStringSubmatch(p, -1) {
			list = append(list, strings.TrimSpace(m[1]))
		}
	}
	return list
}

// absent returns the part of a command line that the program does not know.
func absent(words []string) string {
	path := []string{words[0]}
	help, _ := pollux(words[0], "--help")
	if strings.Contains(help, "Available Commands:") && len(words) > 1 && plain.MatchString(words[1]) {
		path = words[:2]
		help, _ = pollux(words[0], words[1], "--help")
	}
	if !strings.HasPrefix(words[0], "-") && !strings.Contains(help, "\n  pollux "+strings.Join(path, " ")) {
		return "command " + strings.Join(path, " ")
	}
	for _, w := range words {
		name, _, _ := strings.Cut(w, "=")
		if strings.HasPrefix(name, "--") && !strings.Contains(help, name) {
			return "flag " + name
		}
	}
	return ""
}
