package folder_test

import (
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/authoring/derive"
	"github.com/pollux-automation/pollux/internal/authoring/draft"
	"github.com/pollux-automation/pollux/internal/authoring/folder"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/openapi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// from makes a connector of a document.
func from(t *testing.T, text string) *folder.Folder {
	t.Helper()
	doc, err := openapi.Read("api.yaml", []byte(text), nil)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	f, err := folder.Make(derive.From(doc, "things"))
	if err != nil {
		t.Fatalf("make: %v", err)
	}
	return f
}

// written writes a connector into a new folder and reads it with the reader of connectors.
func written(t *testing.T, f *folder.Folder) *manifest.Manifest {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "things")
	if err := f.Write(dir, false); err != nil {
		t.Fatalf("write: %v", err)
	}
	m, err := manifest.Load(os.DirFS(dir), "things")
	if err != nil {
		t.Fatalf("the connector is refused: %v", err)
	}
	return m
}

// TestMake_WritesWhatTheExampleLooksLike compares the example with what was looked at by a
// person.
func TestMake_WritesWhatTheExampleLooksLike(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../testdata/library.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := from(t, string(text))
	written(t, f)
	for name, got := range f.Files {
		golden := filepath.Join("testdata", "library", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := slices.Sorted(maps.Keys(f.Files)), []string{"connector.yaml", "members.yaml", "tools.yaml"}; !slices.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
}

// TestMake_TakesNoOrdersFromADocument puts texts into every place of a document that
// would be something else in YAML or in the file system.
func TestMake_TakesNoOrdersFromADocument(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"../../../evil", "/etc/passwd", `..\\..\\evil`, "a: b\\nc: d", "x\\nbase_url: https://evil.example.com\\n#", "'", `\"`, "# no", "- a", "{{ a }}", "&a", "*a", "!!python/object", "%TAG",
		"\\u2028base_url: x", "\\u0085a: b", "\\u202etxt", "\\u0000", "connector", "CON", "aux", "..", ".", "~", "null", "yes", "1e3", "=1+1", "${HOME}", strings.Repeat("long ", 1000),
	} {
		text := strings.ReplaceAll(`{"openapi": "3.0.0", "info": {"title": "EVIL", "version": "EVIL", "description": "EVIL"}, "externalDocs": {"url": "EVIL"},
"servers": [{"url": "EVIL"}, {"url": "https://EVIL/"}], "security": [{"EVIL": ["EVIL"]}],
"paths": {"/a": {"get": {"operationId": "EVIL", "summary": "EVIL", "description": "EVIL", "tags": ["EVIL"],
 "parameters": [{"name": "EVIL", "in": "query", "description": "EVIL", "schema": {"type": "string", "enum": ["EVIL", "b"], "default": "EVIL"}}, {"name": "EVIL", "in": "header", "schema": {"enum": ["EVIL"]}, "required": true}, {"name": "EVIL", "in": "EVIL"}],
 "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/EVIL"}}}}}, "default": {"content": {"application/json": {"schema": {"type": "object", "properties": {"EVIL": {"type": "string"}}}}}}}},
 "put": {"tags": ["EVIL"], "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"EVIL": {"type": "EVIL", "format": "EVIL", "description": "EVIL", "default": "EVIL"}, "id": {"type": "string"}}}}}}}},
 "/EVIL": {"get": {}}, "/{EVIL}": {"delete": {}}},
"components": {"schemas": {"EVIL": {"type": "object", "properties": {"id": {"type": "string"}, "EVIL": {"type": "object", "properties": {"EVIL": {"type": "string"}}}}}}, "securitySchemes": {"EVIL": {"type": "apiKey", "in": "header", "name": "EVIL"}, "two": {"type": "http", "scheme": "bearer"}}}}`, "EVIL", evil)
		f := from(t, text)
		m := written(t, f)
		if m.Key != "things" || len(m.Operations) < 2 {
			t.Errorf("%.30q: connector %q with %d operations, want things with at least 2", evil, m.Key, len(m.Operations))
		}
		if strings.Contains(m.BaseURL, "evil.example.com") && len(f.Connector.Warnings) == 0 {
			t.Errorf("%.30q: the address is %s, and nobody says so", evil, m.BaseURL)
		}
		for name, text := range f.Files {
			if filepath.Base(name) != name || strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".yaml") || name != strings.ToLower(name) {
				t.Errorf("%.30q: a file is called %q", evil, name)
			}
			for line := range strings.SplitSeq(string(text), "\n") {
				if len(line) > 1000 {
					t.Errorf("%.30q: %s has a line of %d characters", evil, name, len(line))
				}
			}
		}
	}
}

// TestMake_LeavesOutWhatTheReaderRefuses gives the reader something that the draft should
// not hold, at every level.
func TestMake_LeavesOutWhatTheReaderRefuses(t *testing.T) {
	t.Parallel()
	sketch := func() *draft.Connector {
		good := &draft.Object{Key: "a", Title: "A", ID: "id", Fields: []draft.Field{{Name: "id", Type: "string"}}}
		return &draft.Connector{
			Key: "things", Title: "Things", BaseURL: "https://things.example.com", Auth: []draft.Auth{{Method: "bearer"}}, Check: "a.list",
			Files: []*draft.File{{Name: "a", Objects: []*draft.Object{good}, Operations: []*draft.Operation{
				{Key: "a.list", Title: "List", Read: true, Method: "GET", Path: "/a", Answer: &draft.Answer{Object: good, List: "."}, Poll: &draft.Poll{Strategy: "snapshot"}},
				{Key: "b.get", Title: "Get", Read: true, Method: "GET", Path: "/b", Answer: &draft.Answer{Object: good, Value: "."}},
			}}},
		}
	}
	tests := []struct {
		name   string
		change func(c *draft.Connector, list *draft.Operation)
		want   func(f *folder.Folder, list *draft.Operation) bool
	}{
		{"nothing", func(*draft.Connector, *draft.Operation) {}, func(f *folder.Folder, list *draft.Operation) bool {
			return len(f.Simplified) == 0 && list.Poll != nil && f.Connector.Check == "a.list"
		}},
		{"poll", func(_ *draft.Connector, list *draft.Operation) { list.Poll.By = "id" }, func(f *folder.Folder, list *draft.Operation) bool {
			return f.Simplified["a.list"] != "" && list.Poll == nil && list.NoPoll != "" && len(f.Connector.LeftOut) == 0
		}},
		{"paging", func(_ *draft.Connector, list *draft.Operation) {
			list.Poll, list.Paging = nil, &draft.Paging{Style: "page", Input: "none"}
		}, func(f *folder.Folder, list *draft.Operation) bool {
			return f.Simplified["a.list"] != "" && list.Paging == nil
		}},
		{"object", func(c *draft.Connector, _ *draft.Operation) { c.Files[0].Objects[0].Updated = "no" }, func(f *folder.Folder, list *draft.Operation) bool {
			return f.Connector.Files[0].Objects[0].Updated == "" && list.Poll != nil
		}},
		{"operation", func(_ *draft.Connector, list *draft.Operation) { list.Path = "no path" }, func(f *folder.Folder, _ *draft.Operation) bool {
			return len(f.Connector.LeftOut) == 1 && len(f.Simplified) == 0 && f.Connector.Check == "" && len(f.Connector.Files[0].Operations) == 1 && strings.Contains(string(f.Files["connector.yaml"]), "# GET no path: ")
		}},
		{"address", func(c *draft.Connector, _ *draft.Operation) { c.BaseURL, c.Check = "no address", "" }, func(f *folder.Folder, _ *draft.Operation) bool {
			return f.Connector.BaseURL == derive.Placeholder && len(f.Connector.Warnings) == 1
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := sketch()
			list := c.Files[0].Operations[0]
			tt.change(c, list)
			f, err := folder.Make(c)
			if err != nil {
				t.Fatalf("make: %v", err)
			}
			written(t, f)
			if !tt.want(f, list) {
				t.Errorf("got %+v, simplified %v, the list %+v", f.Connector, f.Simplified, list)
			}
		})
	}
}

// TestMake_WritesHostsAndClientCredentials is for what the reader takes only together.
func TestMake_WritesHostsAndClientCredentials(t *testing.T) {
	t.Parallel()
	f := from(t, `openapi: 3.0.0
info: {title: x}
servers: [{url: 'https://api.example.com'}]
paths: {/a: {get: {}}, /b: {get: {servers: [{url: 'https://files.example.com/v2'}]}}, /c: {head: {servers: [{url: 'https://no.example.com'}]}}}
components: {securitySchemes: {s: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://id.example.com/token', scopes: {}}}}}}`)
	m := written(t, f)
	if diff := cmp.Diff(map[string]string{"files": "https://files.example.com/v2"}, m.Hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	for _, op := range m.Operations {
		if (op.Host == "files") != (op.Spec.Key == "b.get") {
			t.Errorf("%s is behind the host %q", op.Spec.Key, op.Host)
		}
	}
	if text := string(f.Files["connector.yaml"]); !strings.Contains(text, "{method: client_credentials, token_url: 'https://id.example.com/token'}") || len(f.Simplified) > 0 {
		t.Errorf("simplified %v, connector.yaml:\n%s", f.Simplified, text)
	}
}

func TestMake_SplitsWhatIsLarge(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\ninfo: {title: x}\npaths:\n")
	for i := range 900 {
		name := strings.Repeat("x", i/26) + string(rune('a'+i%26))
		b.WriteString("  /" + name + ": {get: {tags: [big], description: " + strings.Repeat("word ", 20) + "}}\n")
	}
	f := from(t, b.String())
	if m := written(t, f); len(m.Operations) != 900 || len(f.Files) != 4 {
		t.Errorf("got %d operations in %d files, want 900 in 4", len(m.Operations), len(f.Files))
	}
}

func TestMake_RefusesADocumentOfWhichNothingIsLeft(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Read("api.yaml", []byte("openapi: 3.0.0\npaths: {/a: {head: {}}}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Make(derive.From(doc, "things")); err == nil || !strings.Contains(err.Error(), "HEAD /a (the method HEAD") {
		t.Errorf("got %v, want the reason", err)
	}
}

func TestWrite_ReplacesOnlyAConnectorAndOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := from(t, "openapi: 3.0.0\npaths: {/a: {get: {}}}")
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("other/letter.txt", "dear")
	if err := f.Write(filepath.Join(dir, "other"), true); !errors.Is(err, folder.ErrOther) {
		t.Errorf("a folder of letters: got %v, want ErrOther", err)
	}
	things := filepath.Join(dir, "things")
	if err := f.Write(things, false); err != nil {
		t.Fatal(err)
	}
	put("things/a.yaml", "mine")
	put("things/stale.yaml", "objects: {}")
	put("things/README.md", "read me")
	put("outside.yaml", "outside")
	if err := f.Write(things, false); !errors.Is(err, folder.ErrExists) {
		t.Errorf("a second time: got %v, want ErrExists", err)
	}
	if text, _ := os.ReadFile(filepath.Join(things, "a.yaml")); string(text) != "mine" {
		t.Errorf("a.yaml = %q after a refusal, want it as it was", text)
	}
	if err := os.Remove(filepath.Join(things, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "outside.yaml"), filepath.Join(things, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(things, true); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "outside.yaml")); string(text) != "outside" {
		t.Errorf("a file outside became %q through a link", text)
	}
	var names []string
	entries, err := os.ReadDir(things)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"README.md", "a.yaml", "connector.yaml"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := manifest.Load(os.DirFS(things), "things"); err != nil {
		t.Errorf("the connector is refused: %v", err)
	}
	if err := f.Write(filepath.Join(things, "README.md"), true); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file in the place of the folder: got %v, want an error", err)
	}
}

// FuzzMake makes connectors of whatever can be read: never a panic, never a connector that
// the reader refuses.
func FuzzMake(f *testing.F) {
	if text, err := os.ReadFile("../testdata/library.yaml"); err == nil {
		f.Add(text)
	}
	for _, text := range []string{
		`{"openapi": "3.1.0", "paths": {"/a/{b}": {"$ref": "#/x"}}, "x": {"get": {"parameters": [{"$ref": "#/x"}], "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}}`,
		`{"openapi": "3.0.0", "paths": {"/a": {"post": {"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}}}}}}}}}`,
		"openapi: 3.0.0\npaths: {/a: &a {get: {tags: [x]}}, /b: *a, '/{}/{x}{x}': *a}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 20_000 {
			return
		}
		doc, err := openapi.Read("api", text, nil)
		if err != nil {
			return
		}
		made, err := folder.Make(derive.From(doc, "things"))
		if err != nil {
			if !strings.Contains(err.Error(), "none of the document's operations") {
				t.Fatalf("make: %v", err)
			}
			return
		}
		var found diag.List
		dir := t.TempDir()
		if err := made.Write(filepath.Join(dir, "things"), false); err != nil {
			t.Fatalf("write: %v", err)
		}
		if manifest.Read(os.DirFS(filepath.Join(dir, "things")), "things", &found); found.Len() > 0 {
			t.Fatalf("the reader refuses it: %v", found.Sorted())
		}
	})
}
