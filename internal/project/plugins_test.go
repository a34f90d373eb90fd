package project_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/project"
)

// odd is a plugin with six records in pages of two. Writes go to the file of the trace.
type odd struct {
	mode, trace string
	mu          sync.Mutex
}

func (o *odd) Describe() protocol.Description {
	id := protocol.Field{Name: "id", Type: "string"}
	key, _, _ := strings.Cut(filepath.Base(o.trace), ".")
	return protocol.Description{
		Key: key, Title: key, Auth: []string{"bearer"},
		Objects: []protocol.Object{{Key: "item", ID: "id", Fields: []protocol.Field{id, {Name: "n", Type: "integer"}}}},
		Operations: []protocol.Operation{
			{Key: "item.list", Title: "List", Kind: "read", Answer: "item", List: true, Poll: &protocol.Poll{Strategy: "snapshot", PageSize: 2}},
			{Key: "item.put", Title: "Put", Kind: "write", Repeat: "never", Inputs: []protocol.Input{{Field: id}}},
		},
	}
}

func (*odd) Check(context.Context, protocol.Account) error { return nil }

// first reports whether nobody has asked so before, in this process or an earlier one.
func (o *odd) first(what string) bool {
	f, err := os.OpenFile(o.trace+"."+what, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

func (o *odd) Page(_ context.Context, p protocol.PageParams) (page protocol.PageResult, err error) {
	at := 0
	_, _ = fmt.Sscan(p.Position, &at)
	switch {
	case o.mode == "dies" && at == 2 && o.first("page"):
		fmt.Fprint(os.Stdout, `{"jsonrpc":"2.0","id":4,"result":{"records":[{"id":"i3","n":3},{"id":"i`)
		exit(1)
	case o.mode == "hangs":
		select {}
	}
	for i := at + 1; i <= at+2; i++ {
		page.Records = append(page.Records, json.RawMessage(fmt.Sprintf(`{"id":"i%d","n":%d}`, i, i)))
	}
	if at < 4 {
		page.Next = strconv.Itoa(at + 2)
	}
	return page, nil
}

func (o *odd) Call(_ context.Context, p protocol.CallParams) (protocol.CallResult, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, err := os.OpenFile(o.trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return protocol.CallResult{}, err
	}
	_, err = fmt.Fprintln(f, p.Inputs["id"])
	_ = f.Close()
	return protocol.CallResult{}, err
}

// plugged writes a project whose connectors are plugins, keys and modes, with a recipe for
// each that writes with the plugin "well". It returns the settings file, and the file of
// the writes.
func plugged(t *testing.T, modes map[string]string) (config, writes string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"pollux.yaml": "listen: \"off\"\naccounts:\n"}
	dir := t.TempDir()
	for key, mode := range modes {
		trace := filepath.Join(dir, key+".txt")
		files["pollux.yaml"] += fmt.Sprintf("  %s: {connector: %s, auth: {method: bearer, token: env:TOKEN}}\n", key, key)
		files["connectors/"+key+"/plugin.yaml"] = fmt.Sprintf("plugin: v1\ntimeout: 2s\ncommand: [%q, plugin, %s, %q]\n", self, mode, trace)
		files["recipes/"+key+".yaml"] = fmt.Sprintf(`recipe: v1
id: %[1]s
name: %[1]s
connections: {it: {connector: %[1]s, account: %[1]s}, to: {connector: well, account: well}}
trigger: {poll: it.item.list, kinds: [created], schedule: {every: 1m}, start: all}
steps: [{id: put, call: to.item.put, with: {id: '="%[1]s-" + record.id'}}]
`, key)
	}
	return write(t, files), filepath.Join(dir, "well.txt")
}

// programs runs plugins until the end of the test.
func programs(t *testing.T) *external.Programs {
	t.Helper()
	p := external.New(external.Options{Env: os.LookupEnv, Grace: 300 * time.Millisecond, Pause: 10 * time.Millisecond})
	t.Cleanup(p.Close)
	return p
}

// read reads a project with plugins, which must be in order, and opens its accounts.
func read(t *testing.T, config string, p *external.Programs) *project.Project {
	t.Helper()
	r := project.Read(config, project.Options{Env: withToken, Programs: p})
	if r.Findings.HasErrors() {
		t.Fatal(r.Findings.Sorted())
	}
	if err := r.OpenAccounts(); err != nil {
		t.Fatal(err)
	}
	return r
}

// written returns the ids that were written, sorted.
func written(t *testing.T, trace string) string {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	ids := strings.Fields(string(text))
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

const (
	ofDying = "dying-i1 dying-i2 dying-i3 dying-i4 dying-i5 dying-i6"
	ofWell  = "well-i1 well-i2 well-i3 well-i4 well-i5 well-i6"
)

// TestPlugins_NothingIsLostWhenOneDiesInAPage polls a plugin that dies in the middle of its
// second page.
func TestPlugins_NothingIsLostWhenOneDiesInAPage(t *testing.T) {
	t.Parallel()
	config, writes := plugged(t, map[string]string{"dying": "dies", "well": "well"})
	p := read(t, config, programs(t))
	e, err := engine.New(p.EngineOptions(memstore.New(), zerolog.Nop()))
	if err != nil {
		t.Fatal(err)
	}
	for visit := range 3 {
		report, err := e.Once(t.Context())
		if err != nil || visit > 0 && len(report.Failures) > 0 {
			t.Fatalf("visit %d: got %v and the failures %v", visit, err, report.Failures)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(writes), "dying.txt.page")); err != nil {
		t.Fatalf("the plugin never died: %v", err)
	}
	if got, want := written(t, writes), ofDying+" "+ofWell; got != want {
		t.Errorf("got the writes %q, want each record once: %q", got, want)
	}
}

// TestPlugins_OthersGoOnBesideOneThatHangs runs the engine until the plugin that is well has
// had its records carried out.
func TestPlugins_OthersGoOnBesideOneThatHangs(t *testing.T) {
	t.Parallel()
	config, writes := plugged(t, map[string]string{"hanging": "hangs", "well": "well"})
	p := read(t, config, programs(t))
	e, err := engine.New(p.EngineOptions(memstore.New(), zerolog.Nop()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	for end := time.Now().Add(time.Minute); written(t, writes) != ofWell; <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("got the writes %q, want %q", written(t, writes), ofWell)
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPlugins_ReloadTakesOverWhatChanged(t *testing.T) {
	t.Parallel()
	config, _ := plugged(t, map[string]string{"one": "well", "well": "well"})
	running := programs(t)
	p := read(t, config, running)
	p.KeepPlugins()
	reload := func() *project.Project {
		next, err := p.Reload(project.Options{Env: withToken, Programs: running})
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	if next := reload(); next.Accounts[0] != p.Accounts[0] || next.Accounts[1] != p.Accounts[1] {
		t.Error("a reload without a change made other sessions")
	}

	t.Log("a plugin that is broken keeps the old one running")
	good, err := os.ReadFile(filepath.Join(filepath.Dir(config), "connectors/one/plugin.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	edit(t, config, "connectors/one/plugin.yaml", "plugin: v1\ncommand: [sh, -c, \"echo no such luck >&2; exit 9\"]\n")
	next := reload()
	text := fmt.Sprint(next.Findings.Sorted())
	if !strings.Contains(text, "connectors/one/plugin.yaml:2:10: error: the plugin did not start: initialize: it died: exit status 9; its last words: no such luck [plugin-failed]") {
		t.Errorf("got %s, want that it did not start", text)
	}
	if err := p.Accounts[0].Session.Check(t.Context()); err != nil {
		t.Errorf("the plugin that was in use: got %v, want it to go on", err)
	}

	t.Log("one that is mended, with another file beside it, is a new one")
	edit(t, config, "connectors/one/plugin.yaml", string(good))
	edit(t, config, "connectors/one/helper.txt", "new")
	next = reload()
	if next.Findings.HasErrors() || next.Accounts[0] == p.Accounts[0] {
		t.Fatalf("got %v and the same session: %t, want a new one", next.Findings.Sorted(), next.Accounts[0] == p.Accounts[0])
	}
	old := p.Accounts[0]
	p.Leave(next)
	next.KeepPlugins()
	p = next
	if err := p.Accounts[0].Session.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for end := time.Now().Add(10 * time.Second); old.Session.Check(t.Context()) == nil; <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the plugin that is not used any more was not ended")
		}
	}
}

func TestPlugins_WithoutProgramsAreAFinding(t *testing.T) {
	t.Parallel()
	config, _ := plugged(t, map[string]string{"one": "well", "well": "well"})
	p := project.Read(config, project.Options{Env: withToken})
	if text := fmt.Sprint(p.Findings.Sorted()); !strings.Contains(text, "plugins are not started here [plugin-failed]") {
		t.Errorf("got %s, want that plugins are not started", text)
	}
}

func TestPlugins_CannotTakeABuiltInConnectorsPlace(t *testing.T) {
	t.Parallel()
	config, _ := plugged(t, map[string]string{"stibee": "well", "well": "well"})
	p := project.Read(config, project.Options{Env: withToken, Programs: programs(t)})
	if text := fmt.Sprint(p.Findings.Sorted()); !strings.Contains(text, `connectors/stibee/plugin.yaml: error: connector "stibee" exists already [connector-taken]`) {
		t.Errorf("got %s, want that the key is taken", text)
	}
}
