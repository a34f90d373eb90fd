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

// crashRecipe upserts each contact, and leaves two notes for each run at the same time: the
// upsert may be repeated, the notes must not be.
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
  - id: notes
    each: '["a", "b"]'
    parallel: 2
    steps:
      - id: note
        call: crm.contact.note.create
        with: {contactId: =record.id, body: "number ${record.firstName} (run ${run.id}, ${index})"}
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
		"pollux.yaml": settings, "recipes/crash.yaml": strings.ReplaceAll(crashRecipe, "LIST", e.ListID),
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

// verify asserts that nothing is lost, doubled or out of order.
func (c *crashWorld) verify() {
	c.t.Helper()
	waiting := c.verifyState()
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
		if got := last[fmt.Sprintf("c%d@example.com", i)]; got != want && !waiting[id] {
			c.t.Errorf("contact %d ends as %s, its subscriber as %q: lost", i, want, got)
		}
		c.verifyNotes(id, want, waiting[id])
	}
}

// verifyNotes asserts that each run left one note of each kind, in order, the last
// version's included unless its lane waits for a person.
func (c *crashWorld) verifyNotes(id, want string, waits bool) {
	c.t.Helper()
	var numbers []string
	runs := map[string]bool{}
	for _, n := range c.world.Notes(id) {
		number, run, ok := strings.Cut(strings.TrimPrefix(n.Body, "number "), " ")
		if !ok || runs[run] {
			c.t.Errorf("note %q of %s came twice", n.Body, id)
		}
		runs[run] = true
		numbers = append(numbers, number)
	}
	if !slices.IsSorted(numbers) {
		c.t.Errorf("notes of %s are out of order: %v", id, numbers)
	}
	if n := len(numbers); !waits && (n < 2 || numbers[n-1] != want || numbers[n-2] != want) {
		c.t.Errorf("notes of %s end with %v, want %s: lost", id, numbers, want)
	}
}

// verifyState asserts that the state file is whole and every run ended well, or
// waits behind one that is parked as unsure: a write that was cut off twice. It
// returns the contacts whose lanes wait.
func (c *crashWorld) verifyState() map[string]bool {
	c.t.Helper()
	config := filepath.Join(c.dir, "pollux.yaml")
	if out, err := exec.CommandContext(c.t.Context(), c.program, "check", "--config", config).CombinedOutput(); err != nil {
		c.t.Errorf("check: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(c.t.Context(), c.program, "runs", "list", "--limit", "0", "--json", "--config", config).Output()
	if err != nil {
		c.t.Fatalf("runs list: %v", err)
	}
	type run struct{ ID, Record, Status, Reason string }
	var rest []run
	parked := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		var r run
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			c.t.Fatal(err)
		}
		switch {
		case r.Status == "parked" && r.Reason == "unsure":
			parked[r.Record] = true
		case r.Status != "succeeded":
			rest = append(rest, r)
		}
	}
	for _, r := range rest {
		if r.Status != "queued" || !parked[r.Record] {
			c.t.Errorf("run %s of %s is %s (%s)", r.ID, r.Record, r.Status, r.Reason)
		}
	}
	c.t.Logf("%d lanes wait for a person after writes that were cut off twice", len(parked))
	if len(parked) > len(c.ids)/3 {
		c.t.Errorf("%d of %d lanes are parked: too many to show anything", len(parked), len(c.ids))
	}
	return parked
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
	c.finish()
	c.verify()
}

// killed reports whether a process was ended by a signal.
func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.ExitCode() == -1
}

// TestCrash_AtRandomMoments kills the program 200 times while 2,000 changes flow
// and some answers are lost.
func TestCrash_AtRandomMoments(t *testing.T) { //nolint:paralleltest // sets the environment
	c := newCrashWorld(t)
	c.finish()
	// The moments are spread over the time that an undisturbed run takes here.
	c.change(10)
	began := time.Now()
	c.finish()
	usual := time.Since(began)
	faults := []sandbox.Fault{
		{Operation: "highlevel.contact.note.create", Kind: sandbox.Lost, Rate: 0.02},
		{Operation: "stibee.*", Kind: sandbox.Lost, Rate: 0.02},
		{Operation: "*", Kind: sandbox.ServerError, Rate: 0.01},
		{Operation: "*", Kind: sandbox.Cut, Rate: 0.01},
	}
	for _, f := range faults {
		if err := c.world.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	died := 0
	for range 200 {
		c.change(10)
		cmd, _ := c.start()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // killed or over, both are fine
		}()
		select {
		case <-time.After(time.Duration((0.1 + 0.8*random.Float64()) * float64(usual))):
			_ = cmd.Process.Kill() // it may have ended by itself
			<-ended
			died++
		case <-ended:
		}
	}
	t.Logf("killed %d times", died)
	if died < 100 {
		t.Errorf("only %d of 200 were killed before their end; the test shows too little", died)
	}
	c.world.Heal()
	c.finish()
	c.verify()
}
