package project_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/internal/cli"
	"github.com/pollux-automation/pollux/internal/testkit/catalog"
)

// terminal is a project whose accounts are in a sandbox, and the program that works on it.
type terminal struct {
	*ground

	settings string
}

// newTerminal writes the settings of a project, for what a connector does. The program
// reaches the sandbox through a socket, so time is real here.
func newTerminal(t *testing.T, connector string) *terminal {
	t.Helper()
	registry := builtin.Registry()
	d := &terminal{ground: newGround(newSandboxed(t, registry, quiet()), connector), settings: filepath.Join(t.TempDir(), "pollux.yaml")}
	d.sparse = true
	server := httptest.NewServer(d.handler())
	t.Cleanup(server.Close)
	at := d.world.Endpoints(server.URL)
	text := fmt.Sprintf(`accounts:
  acme:
    connector: highlevel
    base_url: %s
    auth: {method: bearer, token: env:REACH_TOKEN}
    settings: {locationId: %s, companyId: %s}
  news:
    connector: stibee
    base_url: %s
    auth: {method: api_key, key: env:REACH_KEY}
  shop:
    connector: stax
    base_url: %s
    auth: {method: bearer, token: env:REACH_STAX}
    allow: [payments]
`, at.HighLevelURL, at.LocationID, at.CompanyID, at.StibeeURL, at.StaxURL)
	t.Setenv("REACH_STAX", at.StaxKey)
	d.must(os.WriteFile(d.settings, []byte(text), 0o600))
	t.Setenv("REACH_TOKEN", at.HighLevelToken)
	t.Setenv("REACH_KEY", at.StibeeKey)
	t.Setenv("POLLUX_LISTEN", "off")
	return d
}

// pollux runs the program.
func (d *terminal) pollux(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Main(append([]string{"--config", d.settings}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// requests returns how many requests the sandbox has had.
func (d *terminal) requests() int {
	n := 0
	for _, count := range d.world.Requests() {
		n += count
	}
	return n
}

// TestDescribe_NamesTheCatalog compares what the program tells with the list of what it
// has to have.
func TestDescribe_NamesTheCatalog(t *testing.T) { //nolint:paralleltest // sets the environment
	for connector, operations := range map[string][]catalog.Operation{
		"highlevel": append(catalog.HighLevel(), catalog.HighLevelBesides()...),
		"stibee":    append(catalog.Stibee(), catalog.StibeeBesides()...),
	} {
		newTerminal(t, connector).describes(connector, operations)
	}
}

// describes asserts what the program tells of a connector.
func (d *terminal) describes(connector string, operations []catalog.Operation) {
	t := d.t
	t.Helper()
	code, stdout, stderr := d.pollux("connectors", "describe", connector, "--json")
	if code != 0 {
		t.Fatalf("got exit code %d and %q", code, stderr)
	}
	var described struct {
		Operations []struct{ Key, Title, Method, Path string }
	}
	if err := json.Unmarshal([]byte(stdout), &described); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range described.Operations {
		got[o.Key] = o.Method + " " + o.Path + " " + o.Title
	}
	want := map[string]string{}
	for _, o := range operations {
		want[o.Key] = o.Method + " " + o.Path + " " + o.Title
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

// TestCall_ReachesEveryOperationOfTheCatalog calls each by hand, as a user does, with
// inputs that are made up or come from the sandbox, and asks the sandbox what came. Under
// the race detector every tenth has to do; make test runs it without, too.
func TestCall_ReachesEveryOperationOfTheCatalog(t *testing.T) { //nolint:paralleltest // sets the environment
	newTerminal(t, "highlevel").reachesAll("acme", catalog.HighLevel(), 124)
}

// TestCall_ReachesEveryOperationOfStibee does the same for Stibee.
func TestCall_ReachesEveryOperationOfStibee(t *testing.T) { //nolint:paralleltest // sets the environment
	newTerminal(t, "stibee").reachesAll("news", append(catalog.Stibee(), catalog.StibeeBesides()...), 43)
}

// reachesAll calls some operations by hand, all of them or, under the race detector, every
// tenth.
func (d *terminal) reachesAll(account string, operations []catalog.Operation, all int) {
	t := d.t
	t.Helper()
	connector, _ := d.registry.Connector(d.connector)
	c := connector.Describe()
	reached, want := 0, 0
	for i, o := range operations {
		if raced && i%10 != 0 {
			continue
		}
		want++
		op, ok := c.Operation(o.Key)
		if !ok {
			t.Errorf("there is no operation %s", o.Key)
			continue
		}
		if d.reaches(account, op) {
			reached++
		}
	}
	if reached != want || !raced && want != all {
		t.Errorf("reached %d of %d operations, want all of %d, or every tenth of them", reached, want, all)
	}
}

// reaches calls an operation by hand and reports whether one request came of it.
func (d *terminal) reaches(account string, op *connectors.Operation) bool {
	d.t.Helper()
	inputs, err := json.Marshal(conformance.Complete(op, d.inputs(op)))
	d.must(err)
	before := d.requests()
	args := []string{"call", account, op.Key, "--input", string(inputs), "--json"}
	if op.Kind == connectors.Write {
		args = append(args, "--write")
	}
	code, stdout, stderr := d.pollux(args...)
	if code != 0 || !json.Valid([]byte(stdout)) {
		d.t.Errorf("%s with %s: got exit code %d, %q and %q", op.Key, inputs, code, stdout, stderr)
	}
	if n := d.requests() - before; n != 1 && (op.Composed == nil || n < 1) {
		d.t.Errorf("%s: got %d requests, want 1, or some for one that is made of others", op.Key, n)
		return false
	}
	return true
}

// TestCall_ReachesEveryOperationOfStax calls each by hand. Under the race detector every
// fifth has to do.
func TestCall_ReachesEveryOperationOfStax(t *testing.T) { //nolint:paralleltest // sets the environment
	d := newTerminal(t, "stax")
	c, _ := d.registry.Connector("stax")
	for i, op := range c.Describe().Operations {
		if raced && i%5 != 0 {
			continue
		}
		d.reaches("shop", op)
	}
}
