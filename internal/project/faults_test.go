package project_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

var update = flag.Bool("update", false, "write the tables of faults into docs/reliability.md")

// victim is a step that faults strike, and how to count what it did.
type victim struct {
	title     string
	operation string // that is struck
	write     string // the operation of the step, where it is another one
	step      string // the keys of the step
	// first is the fault that strikes the write first, whatever else happens; empty for
	// none.
	first sandbox.FaultKind
	// count counts the effects at the service; nil for a step that only reads.
	count func(s *sandboxed, contact string) int
}

// victims are the steps of the tables: two that read, one for each rule of repetition, and
// writes whose lookup is struck.
func victims() []victim {
	const note = `call: crm.contact.note.create, with: {contactId: =record.id, body: "Hello (run ${run.id})"}`
	notes := func(s *sandboxed, contact string) int { return len(s.world.Notes(contact)) }
	return []victim{
		{title: "read one", operation: "highlevel.contact.get", step: "call: crm.contact.get, with: {contactId: =record.id}"},
		{title: "read a list", operation: "stibee.group.list", step: `call: mail.group.list, with: {listId: "104532"}`},
		{
			title: "write, `safe`", operation: "highlevel.contact.tag.add", step: "call: crm.contact.tag.add, with: {contactId: =record.id, tags: [proof]}",
			count: func(s *sandboxed, contact string) (n int) {
				fields, _ := s.world.Contact(contact)
				tags, _ := fields["tags"].([]any)
				for _, tag := range tags {
					if tag == "proof" {
						n++
					}
				}
				return n
			},
		},
		{title: "write, `find`", operation: "highlevel.contact.note.create", step: note, count: notes},
		{
			title: "write, `never`", operation: "highlevel.contact.create", step: "call: crm.contact.create, with: {firstName: Proof, source: proof}",
			count: func(s *sandboxed, _ string) (n int) {
				for _, id := range s.world.Contacts() {
					if fields, _ := s.world.Contact(id); fields["source"] == "proof" {
						n++
					}
				}
				return n
			},
		},
		{title: "lookup of a lost write", operation: "highlevel.contact.note.list", write: "highlevel.contact.note.create", step: note, first: sandbox.Lost, count: notes},
		{title: "lookup of a write that was cut off", operation: "highlevel.contact.note.list", write: "highlevel.contact.note.create", step: note, first: sandbox.Cut, count: notes},
	}
}

// rules are the rules that make a fault of a kind strike the first request of an operation,
// or all. Those that stand for good do nothing alone, so they come with one that wakes them:
// a block begins with the first refusal, and a key counts when an answer is lost.
func rules(kind sandbox.FaultKind, operation string, next int) []sandbox.Fault {
	f := sandbox.Fault{Operation: operation, Kind: kind, Next: next}
	switch kind {
	case sandbox.RateLimited:
		f.RetryAfter = time.Minute
	case sandbox.Slow:
		f.Delay = 2 * time.Minute
	case sandbox.Block:
		f.Next, f.After, f.For = 0, 1, time.Hour
		return []sandbox.Fault{f, {Operation: operation, Kind: sandbox.RateLimited, Next: next, RetryAfter: time.Minute}}
	case sandbox.Keyed:
		f.Next = 0
		return []sandbox.Fault{f, {Operation: operation, Kind: sandbox.Lost, Next: next}}
	case sandbox.ServerError, sandbox.Cut, sandbox.Lost, sandbox.Broken, sandbox.Half, sandbox.Stuck, sandbox.Unsorted, sandbox.Unfiltered:
	}
	return []sandbox.Fault{f}
}

// outcome is what a cell of a table says.
type outcome struct {
	status   store.Status
	reason   string
	failure  *store.Failure
	effect   *store.Effect
	requests int // of the operation that is struck
	effects  int // at the service
}

// struck lets one run meet a fault, and services be well again after an hour.
func struck(t *testing.T, v *victim, kind sandbox.FaultKind, next int) (o outcome) {
	t.Helper()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 3}, func(s *sandboxed) {
		ctx, stop := context.WithCancel(s.t.Context())
		_, ended := s.begin(ctx, oneStep(v))
		pass(30 * time.Minute) // the list is known
		for _, f := range rules(kind, v.operation, next) {
			s.must(s.world.Fail(f))
		}
		if v.first != "" {
			s.must(s.world.Fail(sandbox.Fault{Operation: v.write, Kind: v.first, Next: 1}))
		}
		before := s.world.Requests()[v.operation]
		id := s.world.AddContact(map[string]any{"firstName": "Ann", "source": "matrix"})
		// Ten minutes at most until the next poll, then an hour of it.
		pass(70 * time.Minute)
		s.world.Heal()
		pass(5 * time.Hour)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		o = s.outcome(id)
		o.requests = s.world.Requests()[v.operation] - before
		if v.count != nil {
			o.effects = v.count(s, id)
		}
	})
	return o
}

// oneStep is a recipe with the step of a victim.
func oneStep(v *victim) string {
	return fmt.Sprintf(`recipe: v1
id: matrix
connections:
  crm: {connector: highlevel, account: highlevel}
  mail: {connector: stibee, account: stibee}
trigger:
  poll: crm.contact.search
  kinds: [created]
  schedule: {every: 10m}
  start: now
filter: record.source == "matrix"
steps: [{id: it, %s}]
`, v.step)
}

// begin lets a program with some recipes run until ctx ends. What it ends with is sent
// once.
func (s *sandboxed) begin(ctx context.Context, texts ...string) (*engine.Engine, <-chan error) {
	s.t.Helper()
	var findings diag.List
	var list []*recipes.Recipe
	for i, text := range texts {
		list = append(list, recipes.Parse(fmt.Sprintf("recipe%d.yaml", i), []byte(text), s.catalog, &findings))
	}
	if findings.HasErrors() {
		s.t.Fatal(findings.Sorted())
	}
	e, err := engine.New(engine.Options{
		Store: s.store, Catalog: s.catalog, Accounts: s.accounts, Recipes: list, Log: zerolog.Nop(), Drain: 10 * time.Second,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	return e, ended
}

// outcome is how the only run ended.
func (s *sandboxed) outcome(contact string) outcome {
	s.t.Helper()
	list, err := s.store.ListRuns(s.t.Context(), store.RunFilter{})
	if err != nil || len(list) != 1 || list[0].Record != contact {
		s.t.Fatalf("got runs %v, %v, want one for %s", list, err, contact)
	}
	run, steps, err := s.store.LoadRun(s.t.Context(), list[0].ID)
	if err != nil {
		s.t.Fatal(err)
	}
	o := outcome{status: run.State.Status, reason: run.State.Reason, failure: run.State.Error}
	for i := range steps {
		if steps[i].ID == "it" {
			o.effect = steps[i].Effect
		}
	}
	broken, err := s.store.Check(s.t.Context())
	if err != nil || len(broken) > 0 {
		s.t.Errorf("store in the end: %v %v", broken, err)
	}
	return o
}

// judge holds the promises against an outcome.
func (o *outcome) judge(t *testing.T, v *victim) {
	t.Helper()
	// The service asks for one a minute, for an hour; polls open the gate beside it.
	if most := 90; o.requests > most {
		t.Errorf("got %d requests, want at most %d", o.requests, most)
	}
	if o.status != store.Succeeded && o.status != store.Parked {
		t.Errorf("the run is %s (%s) in the end, want one that succeeded or is parked: no fault is for good", o.status, o.reason)
	}
	if ended := o.status == store.Succeeded; ended != (o.failure == nil) {
		t.Errorf("the run is %s and says %+v", o.status, o.failure)
	}
	if v.count == nil {
		return
	}
	if o.effects > 1 {
		t.Errorf("got %d effects: doubled", o.effects)
	}
	if o.status == store.Succeeded && o.effects != 1 {
		t.Errorf("the run succeeded, and the service has %d effects: lost", o.effects)
	}
	if confirmed := o.effect != nil && o.effect.State == store.Confirmed; confirmed != (o.status == store.Succeeded) {
		t.Errorf("the run is %s, and the ledger says %+v", o.status, o.effect)
	}
	if unsure := o.effect != nil && o.effect.State == store.Unsure; o.effects == 1 && o.status != store.Succeeded && !unsure {
		t.Errorf("the run is %s, the service has the effect, and the ledger says %+v", o.status, o.effect)
	}
}

// cell is the outcome as the table shows it.
func (o *outcome) cell(v *victim, kind sandbox.FaultKind) string {
	parts := []string{string(o.status)}
	if o.reason != "" {
		parts[0] += " (" + o.reason + ")"
	}
	if o.status == store.Failed && o.failure != nil {
		parts[0] += " (" + o.failure.Kind + ")"
	}
	if v.count != nil {
		state := "no effect noted"
		if o.effect != nil {
			state = string(o.effect.State)
		}
		parts = append(parts, state)
	}
	sent := fmt.Sprintf("%d sent", o.requests)
	if waits := kind == sandbox.Block || kind == sandbox.RateLimited; waits && o.requests > 2 {
		sent = "many sent" // how many is drawn by chance
	}
	parts = append(parts, sent)
	if v.count != nil {
		parts = append(parts, fmt.Sprintf("%d there", o.effects))
	}
	return strings.Join(parts, ", ")
}

// TestFaults_LoseAndDoubleNothing lets every fault that the sandbox knows strike every kind
// of step, once and for an hour, and compares what came of it with the tables in
// docs/reliability.md, which -update writes.
func TestFaults_LoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("**Only the first request is struck.**\n\n" + faultTable(t, 1) +
		"\n**All requests of an hour are struck.**\n\n" + faultTable(t, 0))
	const file = "../../docs/reliability.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), "<!-- faults -->\n")
	old, tail, ended := strings.Cut(rest, "<!-- end of faults -->\n")
	if !ok || !ended {
		t.Fatalf("%s has no place for the tables", file)
	}
	want := "\n" + text.String() + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(head+"<!-- faults -->\n"+want+"<!-- end of faults -->\n"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(old, "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("the tables in %s are not what happens (-written +got); look at what changed, then go test ./internal/project -run Faults -update:\n%s", file, diff)
	}
}

// faultTable makes one table: faults that strike the next requests, 0 for all of an hour.
func faultTable(t *testing.T, next int) string {
	t.Helper()
	all := victims()
	title, line := "| fault |", "|---|"
	for i := range all {
		title, line = title+" "+all[i].title+" |", line+"---|"
	}
	rows := []string{title, line}
	for _, kind := range sandbox.FaultKinds() {
		row := fmt.Sprintf("| `%s` |", kind)
		for i := range all {
			t.Run(fmt.Sprintf("%s %s %d", kind, all[i].title, next), func(t *testing.T) { //nolint:paralleltest // rows are in order
				o := struck(t, &all[i], kind, next)
				o.judge(t, &all[i])
				row += " " + o.cell(&all[i], kind) + " |"
			})
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "\n") + "\n"
}
