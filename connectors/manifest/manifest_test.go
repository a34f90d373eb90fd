package manifest_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/lists"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// helpdesk reads the example and fails the test on any finding.
func helpdesk(t *testing.T) *manifest.Manifest {
	t.Helper()
	var found diag.List
	m, sources := manifest.Read(os.DirFS("testdata/helpdesk"), "connectors/helpdesk", &found)
	if found.Len() > 0 || m == nil {
		t.Fatalf("findings: %v", found.Sorted())
	}
	if len(sources["connectors/helpdesk/tickets.yaml"]) == 0 {
		t.Fatal("the text of tickets.yaml is not among the sources")
	}
	return m
}

func TestRead_TheWholeService(t *testing.T) {
	t.Parallel()
	m := helpdesk(t)
	want := &manifest.Manifest{
		Key: "helpdesk", Title: "Example helpdesk", Docs: "https://helpdesk.example.com/docs",
		BaseURL: "https://helpdesk.example.com/api",
		Auth:    []auth.Method{{Name: auth.Bearer}, {Name: auth.APIKey, In: "header", Param: "X-Api-Key"}},
		Settings: []schema.Field{{
			Name: "team", Type: schema.String, Required: true, Description: "The team whose tickets are read and written.",
		}},
		Limits: []connectors.Limit{{
			Name: "burst", Requests: 60, Per: time.Minute, By: "account", Remaining: "X-Limit-Left", Max: "X-Limit",
		}},
		Breaker: &connectors.Breaker{Failures: 4, Per: time.Minute, Statuses: [][2]int{{400, 499}}},
		Webhooks: &connectors.Webhooks{
			Signatures: []connectors.Signature{{Header: "X-Signature", Algorithm: connectors.Ed25519}},
			Type:       "event", ID: "delivery", Time: "sent_at", Belongs: map[string]string{"team.id": "team"}, Lag: 2 * time.Second,
			Events: map[string]connectors.Announced{"ticket_changed": {Objects: []string{"ticket"}}, "team_renamed": {Objects: []string{"team"}, Parent: "org.id"}},
		},
		Errors: manifest.Errors{
			Code: []string{"error.code"}, Message: []string{"error.message", "message"},
			Rules: []manifest.Rule{
				{Code: "ticket_closed", Kind: connectors.Conflict},
				{Status: 403, Kind: connectors.Auth, Hint: "the key may not see this team"},
			},
		},
		Checks: []manifest.Check{{Operation: "team.list"}},
		Notes:  []string{"The example of docs/writing-a-connector.md."},
	}
	got := *m
	got.Objects, got.Operations = nil, nil
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestRead_AListThatIsPolled(t *testing.T) {
	t.Parallel()
	m := helpdesk(t)
	op, ok := m.Operation("ticket.list")
	if !ok {
		t.Fatal("ticket.list is missing")
	}
	want := &manifest.Operation{
		Spec: &connectors.Operation{
			Connector: "helpdesk", Key: "ticket.list", Title: "List tickets", Kind: connectors.Read,
			Method: "GET", Path: "/teams/{team}/tickets", Answer: m.Object("ticket"), List: true,
			Inputs: []connectors.Input{
				{Field: schema.Field{Name: "team", Type: schema.String, Required: true}, In: "path", Setting: "team"},
				{Field: schema.Field{Name: "state", Type: schema.String}, In: "query"},
				{Field: schema.Field{Name: "updated_from", Type: schema.Time}, In: "query", Paging: true},
				{Field: schema.Field{Name: "sort", Type: schema.String}, In: "query", Paging: true},
				{Field: schema.Field{Name: "limit", Type: schema.Integer}, In: "query", Paging: true},
				{Field: schema.Field{Name: "page_token", Type: schema.String}, In: "query", Paging: true},
			},
			Poll: &connectors.Poll{Strategy: connectors.Keyset, Overlap: 30 * time.Second, PageSize: 50},
		},
		At: map[string]string{
			"team": "team", "state": "state", "updated_from": "updated_from", "sort": "sort", "limit": "limit", "page_token": "page_token",
		},
		Answer: manifest.Answer{Paths: []string{"tickets"}},
		Paging: lists.Paging{
			Style: lists.Cursor, SizeInput: "limit", Size: 50, MaxSize: 100, Last: lists.ShortIsLast,
			Carry: []lists.Carry{{Input: "page_token", Path: "next_token"}}, Total: []string{"total"},
		},
		Poll: &lists.Poll{
			With:  map[string]any{"sort": "updated_at"},
			Since: &lists.Since{Input: "updated_from", Format: lists.RFC3339, Value: lists.SincePlaceholder},
		},
	}
	if diff := cmp.Diff(want, op); diff != "" {
		t.Errorf("ticket.list (-want +got):\n%s", diff)
	}
}

func TestRead_WaysOfPolling(t *testing.T) {
	t.Parallel()
	m, err := manifest.Load(os.DirFS(studioFolder), "studio")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*connectors.Poll{}
	filled := map[string][]string{} // inputs that recipes cannot set
	for _, o := range m.Operations {
		if o.Spec.Poll != nil {
			got[o.Spec.Key] = o.Spec.Poll
		}
		for _, in := range o.Spec.Inputs {
			if in.Paging {
				filled[o.Spec.Key] = append(filled[o.Spec.Key], in.Name)
			}
		}
	}
	want := map[string]*connectors.Poll{
		"member.changed": {
			Strategy: connectors.Keyset, PageSize: 2, Offsets: true, Confirm: &connectors.Confirm{Operation: "member.get", Input: "memberId"},
		},
		"message.list": {Strategy: connectors.Newest, PageSize: 2, By: "sent"},
		"message.read": {Strategy: connectors.Newest, By: "read"},
		"room.list":    {Strategy: connectors.Snapshot, PageSize: 2, Offsets: true},
		"booking.list": {Strategy: connectors.Snapshot, By: "starts", Window: &connectors.Window{Back: 24 * time.Hour, Ahead: 48 * time.Hour}},
		"slot.list":    {Strategy: connectors.Snapshot, By: "value", Window: &connectors.Window{Ahead: 24 * time.Hour}},
		"plan.get":     {Strategy: connectors.Snapshot},
		"remark.list":  {Strategy: connectors.FanOut, Parents: &connectors.Parents{Operation: "member.changed", Input: "memberId"}},
		"name.check":   {Strategy: connectors.Snapshot},
		"report.get":   {Strategy: connectors.Snapshot},
		"take.get":     {Strategy: connectors.Snapshot},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("polls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{
		"member.changed": {"order", "after", "limit", "skip"}, "message.list": {"sort", "limit", "before"},
		"room.list": {"page", "size"}, "question.list": {"page", "size"}, "booking.list": {"from", "to"}, "slot.list": {"start", "end"},
	}, filled); diff != "" {
		t.Errorf("inputs that polling fills (-want +got):\n%s", diff)
	}
}

func TestRead_AWriteThatCanBeLookedUp(t *testing.T) {
	t.Parallel()
	op, _ := helpdesk(t).Operation("ticket.create")
	want := &connectors.Find{Operation: "ticket.list", With: map[string]string{}, Match: "text", Settle: time.Minute}
	if diff := cmp.Diff(want, op.Spec.Find); diff != "" {
		t.Errorf("find (-want +got):\n%s", diff)
	}
	if op.Spec.Repeat != connectors.RepeatFind {
		t.Errorf("repeat = %q, want %q", op.Spec.Repeat, connectors.RepeatFind)
	}
	if got := op.At["subject"]; got != "ticket.subject" {
		t.Errorf("subject goes to %q, want ticket.subject", got)
	}
	fixed := manifest.Fixed{HasBody: true, Body: map[string]any{"ticket": map[string]any{"state": "open"}}}
	if diff := cmp.Diff(fixed, op.Fixed); diff != "" {
		t.Errorf("fixed (-want +got):\n%s", diff)
	}
}

func TestManifest_DescribesItself(t *testing.T) {
	t.Parallel()
	m := helpdesk(t)
	d := m.Description()
	if d.CheckWith != "team.list" || len(d.Operations) != len(m.Operations) || len(d.Objects) != 2 {
		t.Errorf("description = %+v, want the parts of the manifest", d)
	}
	op, ok := d.Operation("ticket.close")
	if !ok || op.Name() != "helpdesk.ticket.close" {
		t.Errorf("Operation(ticket.close) = %v, %t, want helpdesk.ticket.close", op, ok)
	}
}

func TestReadAll_ReadsTheFoldersBesideEachOther(t *testing.T) {
	t.Parallel()
	tickets := read(t, "tickets.yaml")
	files := fstest.MapFS{
		"helpdesk/connector.yaml": {Data: []byte(read(t, "connector.yaml"))},
		"helpdesk/tickets.yaml":   {Data: []byte(tickets)},
		"other/connector.yaml":    {Data: []byte(read(t, "connector.yaml"))},
		"other/tickets.yaml":      {Data: []byte(tickets)},
		"empty/notes.txt":         {Data: []byte("no connector")},
		".git/config":             {Data: []byte("")},
		"README.md":               {Data: []byte("")},
	}
	var found diag.List
	all, sources := manifest.ReadAll(files, "connectors", &found)
	if len(all) != 1 || all[0].Key != "helpdesk" {
		t.Errorf("got %d connectors, want helpdesk alone", len(all))
	}
	if len(sources) != 4 {
		t.Errorf("got the text of %d files, want 4", len(sources))
	}
	want := []string{
		"connectors/empty: error: the folder has no connector.yaml: file does not exist [no-connector-file]",
		`connectors/other/connector.yaml: error: the folder "other" holds the connector "helpdesk" [key-form]`,
	}
	if diff := cmp.Diff(want, lines(&found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestReadAll_AFolderThatIsNotThereHoldsNone(t *testing.T) {
	t.Parallel()
	var found diag.List
	all, _ := manifest.ReadAll(os.DirFS(path.Join(t.TempDir(), "gone")), "connectors", &found)
	if len(all) != 0 || found.Len() != 0 {
		t.Errorf("got %d connectors and %v, want nothing", len(all), found.Sorted())
	}
}

func TestLoad_ListsFindingsInItsError(t *testing.T) {
	t.Parallel()
	if _, err := manifest.Load(os.DirFS("testdata/helpdesk"), "helpdesk"); err != nil {
		t.Errorf("Load: %v", err)
	}
	_, err := manifest.Load(fstest.MapFS{"connector.yaml": {Data: []byte("connector: v1\nkeys: x\n")}}, "broken")
	if err == nil || !strings.Contains(err.Error(), `broken/connector.yaml:2:1: error: unknown key "keys"`) {
		t.Errorf("Load = %v, want its findings", err)
	}
}

// TestDocs_ShowTheExample keeps docs/writing-a-connector.md and the example that
// these tests read the same.
func TestDocs_ShowTheExample(t *testing.T) {
	t.Parallel()
	page := text(t, "../../docs/writing-a-connector.md")
	shown := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n# (\\S+\\.yaml)\n(.*?)```").FindAllStringSubmatch(page, -1) {
		shown[block[1]] = block[2]
	}
	for file, want := range map[string]string{
		"connector.yaml": read(t, "connector.yaml"), "tickets.yaml": read(t, "tickets.yaml"), "items.yaml": text(t, "../httpapi/testdata/tables/items.yaml"),
	} {
		if diff := cmp.Diff(want, shown[file]); diff != "" {
			t.Errorf("%s in the tests and in the document differ (-test +document):\n%s", file, diff)
		}
	}
}

// TestDocs_ShowTheShapes keeps the examples of the chapter on strategies to the manifest
// that tests poll.
func TestDocs_ShowTheShapes(t *testing.T) {
	t.Parallel()
	studio, shown := text(t, studioFolder+"studio.yaml"), 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(  .*?)```").FindAllStringSubmatch(text(t, "../../docs/writing-a-connector.md"), -1) {
		for operation := range strings.SplitSeq(strings.TrimSuffix(block[1], "\n"), "\n\n") {
			shown++
			if !strings.Contains(studio, operation) {
				t.Errorf("the tests do not have this operation:\n%s", operation)
			}
		}
	}
	if shown < 6 {
		t.Errorf("%d operations are shown, want 6", shown)
	}
}

func TestSchema_AcceptsWhatTheReaderAccepts(t *testing.T) {
	t.Parallel()
	compiled := compile(t)
	for _, folder := range []string{"testdata/helpdesk", "../highlevel", "../stibee", "../httpapi/testdata/tables", "../httpapi/testdata/studio", "../httpapi/testdata/shop"} {
		for _, name := range yamlFiles(t, folder) {
			if err := compiled.Validate(value(t, name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, text := range []string{
		"connector: v1\nkey: x\ntitle: X\nbase_url: ftp://x\nauth: []\n",
		"operations: {a.b: {title: A, read: GET /x, repeats: safe}}\n",
		"operations: {a.b: {title: A, write: POST /x}}\n",
		"objects: {x: {title: X, fields: {a: strin}}}\n",
	} {
		if err := compiled.Validate(parse(t, "bad.yaml", []byte(text))); err == nil {
			t.Errorf("the schema accepts %q, want it refused", text)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifest.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("connector.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("connector.schema.json")
	if err != nil {
		t.Fatalf("compile schema.json: %v", err)
	}
	return compiled
}

func yamlFiles(t *testing.T, folder string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(names), err)
	}
	for i := range names {
		names[i] = path.Join(folder, names[i])
	}
	return names
}

// value reads a YAML file into the values that a JSON schema looks at.
func value(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, name, text)
}

func parse(t *testing.T, name string, text []byte) any {
	t.Helper()
	var found diag.List
	n := yamlnode.Parse(name, text, &found)
	if found.Len() > 0 {
		t.Fatalf("findings: %v", found.Sorted())
	}
	b, err := json.Marshal(n.Value())
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// read returns a file of the example.
func read(tb testing.TB, name string) string {
	tb.Helper()
	return text(tb, "testdata/helpdesk/"+name)
}

// text returns a file.
func text(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// lines returns findings as people read them, without suggestions.
func lines(found *diag.List) []string {
	var out []string
	for _, f := range found.Sorted() {
		out = append(out, f.String())
	}
	return out
}
