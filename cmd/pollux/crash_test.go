package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
)

// crashRecipe upserts each contact, and leaves one note for each run: the upsert
// may be repeated, the note must not be.
const crashRecipe = `recipe: v1
id: crash
connections:
  crm: {connector: highlevel, account: acme}
  mail: {connector: stibee, account: newsletter}
trigger:
  poll: crm.contact.search
  schedule: {every: 10s}
  start: now
  hold_over: 100000
filter: record.source == "crash"
order: {workers: 8}
steps:
  - id: upsert
    call: mail.subscriber.upsert
    with: {listId: "LIST", email: =record.email, fields: {name: =record.firstName}}
    retry: {tries: 20, wait: 100ms..200ms}
  - id: note
    call: crm.contact.note.create
    with: {contactId: =record.id, body: "number ${record.firstName} (run ${run.id})"}
    retry: {tries: 20, wait: 100ms..200ms}
`

// pathsRecipe goes other ways to its writes: some runs wait, and each leaves three notes.
const pathsRecipe = `recipe: v1
id: paths
connections:
  crm: {connector: highlevel, account: acme}
trigger:
  poll: crm.contact.search
  schedule: {every: 10s}
  start: now
  hold_over: 100000
filter: record.source == "crash"
order: {workers: 8}
steps:
  - id: way
    switch:
      - if: record.firstName endsWith "33"
        steps: [{id: pause, wait: 1s}]
      - else:
          - id: go
            set: {at: once}
  - id: parts
    each: '["a", "b", "c"]'
    steps:
      - id: part
        call: crm.contact.note.create
        with: {contactId: =record.id, body: "${item} ${record.firstName} (run ${run.id}, ${index})"}
        retry: {tries: 20, wait: 100ms..200ms}
`

// crashWorld is a sandbox, a project at it, and the real program.
type crashWorld struct {
	t       *testing.T
	program string
	dir     string
	world   *sandbox.Sandbox
	ids     []string
	number  int
	mended  int // runs that a person released
}

// newCrashWorld builds the program with crash points and starts a sandbox.
func newCrashWorld(t *testing.T) *crashWorld {
	t.Helper()
	c := &crashWorld{t: t, dir: t.TempDir()}
	c.program = filepath.Join(c.dir, "pollux")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "crash", "-o", c.program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	none := sandbox.Limit{Requests: -1}
	c.world = sandbox.New(sandbox.Options{Seed: 7, HighLevelLimit: none, StibeeLimit: none, MaxWrites: 1 << 20})
	l, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.serve(l)
	c.writeProject(c.world.Endpoints("http://" + l.Addr().String()))
	return c
}

// serve serves the sandbox until the test ends.
func (c *crashWorld) serve(l net.Listener) {
	ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.world.Serve(ctx, l) }()
	c.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			c.t.Errorf("sandbox: %v", err)
		}
	})
}

func (c *crashWorld) writeProject(e sandbox.Endpoints) {
	c.t.Helper()
	settings := fmt.Sprintf(`data: ./data
recipes: ./recipes
accounts:
  acme:
    connector: highlevel
    base_url: %s
    auth: {method: bearer, token: env:CRASH_TOKEN}
    settings: {locationId: %s}
    budget: {requests: 100000, per: 1s}
  newsletter:
    connector: stibee
    base_url: %s
    auth: {method: api_key, key: env:CRASH_KEY}
    budget: {requests: 100000, per: 1s}
`, e.HighLevelURL, e.LocationID, e.StibeeURL)
	if err := os.Mkdir(filepath.Join(c.dir, "recipes"), 0o755); err != nil {
		c.t.Fatal(err)
	}
	for name, text := range map[string]string{
		"pollux.yaml": settings, "recipes/crash.yaml": strings.ReplaceAll(crashRecipe, "LIST", e.ListID), "recipes/paths.yaml": pathsRecipe,
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	c.t.Setenv("CRASH_TOKEN", e.HighLevelToken)
	c.t.Setenv("CRASH_KEY", e.StibeeKey)
}

// start begins "run --once".
func (c *crashWorld) start(env ...string) (*exec.Cmd, *strings.Builder) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.program, "run", "--once", "--json", "--config", filepath.Join(c.dir, "pollux.yaml"))
	cmd.Env = append(os.Environ(), env...)
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd, out
}

// finish runs the program to its end.
func (c *crashWorld) finish() {
	c.t.Helper()
	cmd, out := c.start()
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return // some runs are parked; verify looks at them
	}
	if err != nil {
		c.t.Fatalf("run --once: %v\n%s", err, out)
	}
}

// change changes some contacts, or makes them; every version has the next number.
func (c *crashWorld) change(n int) {
	c.t.Helper()
	for range n {
		c.number++
		name := fmt.Sprintf("%06d", c.number)
		if i := c.number % 60; i < len(c.ids) {
			if err := c.world.UpdateContact(c.ids[i], map[string]any{"firstName": name}); err != nil {
				c.t.Fatal(err)
			}
			continue
		}
		c.ids = append(c.ids, c.world.AddContact(map[string]any{
			"firstName": name, "source": "crash", "email": fmt.Sprintf("c%d@example.com", len(c.ids)),
		}))
	}
}

// crashRun is a run as the program lists it.
type crashRun struct{ ID, Recipe, Record, Status, Reason string }

// pollux carries out a command of the program and returns what it prints.
func (c *crashWorld) pollux(args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.program, append(args, "--config", filepath.Join(c.dir, "pollux.yaml"))...)
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("pollux %v: %v\n%s%s", args, err, out, &wrong)
	}
	return string(out)
}

// runs lists runs.
func (c *crashWorld) runs(filter ...string) (list []crashRun) {
	c.t.Helper()
	for line := range strings.Lines(c.pollux(append([]string{"runs", "list", "--limit", "0", "--json"}, filter...)...)) {
		var r crashRun
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			c.t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// mend does what a person does with runs that are parked as unsure, because a write was cut
// off twice: looks at the service, and says whether the write is there. It returns how
// many there were.
func (c *crashWorld) mend() int {
	c.t.Helper()
	parked := c.runs("--status", "parked")
	for _, r := range parked {
		var run struct {
			Steps []struct {
				Input  struct{ Body string }
				Effect struct{ State string }
			}
		}
		if err := json.Unmarshal([]byte(c.pollux("runs", "show", r.ID, "--json")), &run); err != nil {
			c.t.Fatal(err)
		}
		word, unsure := "send", 0
		for _, s := range run.Steps {
			if s.Effect.State != "unsure" {
				continue
			}
			unsure++
			if slices.ContainsFunc(c.world.Notes(r.Record), func(n sandbox.Note) bool { return n.Body == s.Input.Body }) {
				word = "done"
			}
		}
		if r.Reason != "unsure" || unsure != 1 {
			c.t.Fatalf("run %s is parked (%s) with %d unsure writes, want one", r.ID, r.Reason, unsure)
		}
		c.pollux("runs", "release", r.ID, "--unsure", word)
	}
	c.mended += len(parked)
	return len(parked)
}

// settle runs the program undisturbed until no run waits for anybody.
func (c *crashWorld) settle() {
	c.t.Helper()
	for range 5 {
		c.finish()
		if c.mend() == 0 {
			return
		}
	}
	c.t.Fatal("after five undisturbed runs there are still runs that are parked")
}

// verify asserts that nothing is lost, doubled or out of order.
func (c *crashWorld) verify() {
	c.t.Helper()
	c.verifyState()
	last := map[string]string{}
	for _, w := range c.world.Writes(0) {
		if !strings.HasPrefix(w.Operation, "stibee.subscriber.") {
			continue
		}
		var body struct {
			Subscriber struct {
				Email  string            `json:"email"`
				Fields map[string]string `json:"fields"`
			} `json:"subscriber"`
		}
		if err := json.Unmarshal(w.Body, &body); err != nil {
			c.t.Fatal(err)
		}
		if name := body.Subscriber.Fields["name"]; name < last[body.Subscriber.Email] {
			c.t.Errorf("%s: %s came after %s", body.Subscriber.Email, name, last[body.Subscriber.Email])
		} else {
			last[body.Subscriber.Email] = name
		}
	}
	for i, id := range c.ids {
		fields, _ := c.world.Contact(id)
		want := fmt.Sprint(fields["firstName"])
		if got := last[fmt.Sprintf("c%d@example.com", i)]; got != want {
			c.t.Errorf("contact %d ends as %s, its subscriber as %q: lost", i, want, got)
		}
		c.verifyNotes(id, want)
	}
	c.t.Logf("%d changes, %d writes, %d runs released after a look because a write was cut off twice", c.number, c.world.Written(), c.mended)
	if c.mended > c.number/10 {
		c.t.Errorf("%d runs for %d changes had to be released: too many to show anything", c.mended, c.number)
	}
}

// verifyNotes asserts that each run left its notes once and in order, the last version's
// included.
func (c *crashWorld) verifyNotes(id, want string) {
	c.t.Helper()
	numbers := map[string][]string{} // by what the notes begin with
	known := map[string]bool{}
	for _, n := range c.world.Notes(id) {
		if known[n.Body] {
			c.t.Errorf("note %q of %s came twice", n.Body, id)
		}
		known[n.Body] = true
		what, rest, _ := strings.Cut(n.Body, " ")
		number, _, _ := strings.Cut(rest, " ")
		numbers[what] = append(numbers[what], number)
	}
	for _, what := range []string{"number", "a", "b", "c"} {
		list := numbers[what]
		if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			c.t.Errorf("notes %s of %s are doubled or out of order: %v", what, id, list)
		}
		if len(list) == 0 || list[len(list)-1] != want {
			c.t.Errorf("notes %s of %s end with %v, want %s: lost", what, id, list, want)
		}
	}
	if !slices.Equal(numbers["a"], numbers["b"]) || !slices.Equal(numbers["a"], numbers["c"]) {
		c.t.Errorf("runs of %s left some of their three notes: %v, %v, %v", id, numbers["a"], numbers["b"], numbers["c"])
	}
}

// verifyState asserts that the state file is whole and every run ended well.
func (c *crashWorld) verifyState() {
	c.t.Helper()
	c.pollux("check")
	for _, r := range c.runs() {
		if r.Status != "succeeded" {
			c.t.Errorf("run %s of %s for %s is %s (%s)", r.ID, r.Recipe, r.Record, r.Status, r.Reason)
		}
	}
}

// TestCrash_AtEveryPoint kills the program at every point of an event's life.
func TestCrash_AtEveryPoint(t *testing.T) { //nolint:paralleltest // sets the environment
	c := newCrashWorld(t)
	c.finish() // the baseline
	for _, point := range engine.Points() {
		for _, n := range []int{1, 4} {
			c.change(12)
			if point == engine.BeforeLookup {
				// A lookup needs a write whose answer was lost.
				if err := c.world.Fail(sandbox.Fault{Operation: "highlevel.contact.note.create", Kind: sandbox.Lost, Next: 6}); err != nil {
					t.Fatal(err)
				}
			}
			cmd, out := c.start("POLLUX_CRASH=" + string(point) + ":" + strconv.Itoa(n))
			err := cmd.Wait()
			if n == 1 && !killed(err) {
				t.Errorf("the program did not die at %s: %v\n%s", point, err, out)
			}
		}
	}
	c.settle()
	c.verify()
}

// killed reports whether a process was ended by a signal.
func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.ExitCode() == -1
}

// TestCrash_AtRandomMoments kills the program while ten changes for each kill flow and some
// answers are lost. POLLUX_CRASHES says how often.
func TestCrash_AtRandomMoments(t *testing.T) { //nolint:paralleltest // sets the environment
	kills := 100
	if more, err := strconv.Atoi(os.Getenv("POLLUX_CRASHES")); err == nil {
		kills = more
	}
	c := newCrashWorld(t)
	c.finish()
	// The moments are spread over the time that an undisturbed run takes here.
	c.change(10)
	began := time.Now()
	c.finish()
	usual := time.Since(began)
	for _, f := range []sandbox.Fault{
		{Operation: "highlevel.contact.note.create", Kind: sandbox.Lost, Rate: 0.02},
		{Operation: "stibee.*", Kind: sandbox.Lost, Rate: 0.02},
		{Operation: "*", Kind: sandbox.ServerError, Rate: 0.01},
		{Operation: "*", Kind: sandbox.Cut, Rate: 0.01},
	} {
		if err := c.world.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	died := 0
	for i := range kills {
		c.change(10)
		if c.killAfter(time.Duration((0.1 + 0.8*random.Float64()) * float64(usual))) {
			died++
		}
		if i%25 == 24 {
			c.mend()
		}
	}
	t.Logf("killed %d times", died)
	if died < kills/2 {
		t.Errorf("only %d of %d were killed before their end; the test shows too little", died, kills)
	}
	c.world.Heal()
	c.settle()
	c.verify()
}

// killAfter starts the program and kills it after some time. It reports whether the program
// was still there.
func (c *crashWorld) killAfter(wait time.Duration) bool {
	c.t.Helper()
	cmd, _ := c.start()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed or over, both are fine
	}()
	select {
	case <-time.After(wait):
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
		return true
	case <-ended:
		return false
	}
}
