package project_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine/store"
)

// deed is what a write does at a service, and how a later read shows it. Deeds are done
// beside each other, so each needs variables of its own.
type deed struct {
	operation string // "calendar.create", with the connector in front if it is not HighLevel
	// first is a step before the write, as in a recipe; empty for none.
	first string
	// inputs makes what must be there and returns the inputs of the write.
	inputs func(s *sandboxed) map[string]any
	// seen reads through another operation and returns "" when the effect shows, else what
	// is missing. answer is what the write returned; a list stands under "value".
	seen func(s *sandboxed, answer map[string]any) string
	// rows counts what the write could add to; nil where it cannot add a row.
	rows func(s *sandboxed) int
}

// deeds are those of all writes.
func deeds() []deed {
	return slices.Concat(contactDeeds(), peopleDeeds(), calendarDeeds(), opportunityDeeds(),
		setupDeeds(), linkDeeds(), blogDeeds(), messageDeeds(),
		listDeeds(), senderDeeds(), groupDeeds(), subscriberDeeds(), emailDeeds(), staxDeeds())
}

// TestDeeds_ShowTheirEffect carries out every write in the run of a recipe and looks for its
// effect afterwards. A write that may be repeated is sent a second time: the effect is there
// once.
func TestDeeds_ShowTheirEffect(t *testing.T) {
	t.Parallel()
	for _, d := range deeds() {
		t.Run(d.operation, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 3, Lag: 5 * time.Second}, func(s *sandboxed) { s.do(d) })
		})
	}
}

// TestDeeds_KnowEveryWrite asserts that every write has a deed.
func TestDeeds_KnowEveryWrite(t *testing.T) {
	t.Parallel()
	registry := builtin.Registry()
	var want []string
	for _, connector := range registry.Keys() {
		c, _ := registry.Connector(connector)
		for _, op := range c.Describe().Operations {
			if op.Repeat != "" && c.Describe().BaseURL != "" { // the others have no service of their own
				want = append(want, op.Name())
			}
		}
	}
	var got []string
	for _, d := range deeds() {
		account, key := owner(d.operation)
		got = append(got, account+"."+key)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("writes, and those that the test tells of (-want +got):\n%s", diff)
	}
}

// owner returns the connector of an operation, which is its account too, and its key.
func owner(operation string) (account, key string) {
	for _, connector := range []string{"stibee", "stax"} {
		if key, ok := strings.CutPrefix(operation, connector+"."); ok {
			return connector, key
		}
	}
	return "highlevel", operation
}

// do carries out a deed and looks for its effect.
func (s *sandboxed) do(d deed) {
	s.t.Helper()
	inputs := d.inputs(s)
	count := func() int {
		if d.rows == nil {
			return 0
		}
		pass(time.Minute) // searches show all by now
		return d.rows(s)
	}
	before := count()
	answer := s.runOnce(d, inputs)
	pass(time.Minute)
	if missing := d.seen(s, answer); missing != "" {
		s.t.Errorf("after the run: %s", missing)
	}
	after := count()
	account, key := owner(d.operation)
	c, _ := s.registry.Connector(account)
	if op, _ := c.Describe().Operation(key); op.Repeat != connectors.RepeatSafe {
		if d.rows != nil && after != before+1 {
			s.t.Errorf("got %d rows after the run, want one more than %d", after, before)
		}
		return
	}
	// A write that finds its work done may be refused.
	done := []connectors.Kind{connectors.Invalid, connectors.NotFound, connectors.Conflict}
	if _, err := s.try(account, key, inputs); err != nil && !slices.Contains(done, connectors.KindOf(err)) {
		s.t.Errorf("the same call again: %v", err)
	}
	pass(time.Minute)
	if missing := d.seen(s, answer); missing != "" {
		s.t.Errorf("after the second call: %s", missing)
	}
	if again := count(); again != after {
		s.t.Errorf("got %d rows after the second call, want %d as after the first", again, after)
	}
}

// runOnce lets a recipe whose last step is a write run for a new contact, and returns the
// step's answer.
func (s *sandboxed) runOnce(d deed, inputs map[string]any) map[string]any {
	s.t.Helper()
	with, err := json.Marshal(inputs) // JSON is YAML
	s.must(err)
	account, key := owner(d.operation)
	text := fmt.Sprintf(`recipe: v1
id: deed
connections: {crm: {connector: highlevel, account: highlevel}, at: {connector: %s, account: %s}}
trigger: {poll: crm.contact.search, kinds: [created], schedule: {every: 10m}, start: now}
filter: record.source == "deed"
steps: [%s{id: it, call: at.%s, with: %s}]
`, account, account, d.first, key, with)
	s.poll(text)
	pass(time.Minute)
	s.world.AddContact(map[string]any{"firstName": "Dee", "source": "deed"})
	pass(20 * time.Minute)
	report := s.poll(text)
	for _, f := range report.Failures {
		s.t.Fatalf("feed %s failed: %v", f.Feed, f.Err)
	}
	list, err := s.store.ListRuns(s.t.Context(), store.RunFilter{})
	s.must(err)
	if len(list) != 1 || list[0].State.Status != store.Succeeded {
		s.t.Fatalf("got runs %+v, want one that succeeded", list)
	}
	_, steps, err := s.store.LoadRun(s.t.Context(), list[0].ID)
	s.must(err)
	at := slices.IndexFunc(steps, func(st store.Step) bool { return st.ID == "it" })
	if at < 0 || steps[at].Effect == nil || steps[at].Effect.State != store.Confirmed {
		s.t.Fatalf("got steps %+v, want one whose effect is confirmed", steps)
	}
	if len(steps[at].Output) == 0 {
		return nil
	}
	value, err := connectors.Decode(steps[at].Output)
	s.must(err)
	if object, ok := value.(map[string]any); ok {
		return object
	}
	return map[string]any{"value": value}
}

// shows reads an object and says which fields are not as wanted.
func (s *sandboxed) shows(operation string, inputs, want map[string]any) string {
	s.t.Helper()
	account, key := owner(operation)
	return unlike(s.call(account, key, inputs), want)
}

// unlike says which fields of an object are not as wanted. Numbers are equal whatever
// their type.
func unlike(object, want map[string]any) string {
	for name, w := range want {
		if g := object[name]; !reflect.DeepEqual(g, w) && fmt.Sprint(g) != fmt.Sprint(w) {
			return fmt.Sprintf("%s: got %v, want %v", name, g, w)
		}
	}
	return ""
}

// gone reads an object that must not be there any more.
func (s *sandboxed) gone(operation string, inputs map[string]any) string {
	s.t.Helper()
	answer, err := s.try("highlevel", operation, inputs)
	if connectors.KindOf(err) != connectors.NotFound || err == nil {
		return fmt.Sprintf("%s: got %v, %v, want that it is not found", operation, answer, err)
	}
	return ""
}

// list reads all that one request shows of a list.
func (s *sandboxed) list(operation string, inputs map[string]any) []map[string]any {
	s.t.Helper()
	account, key := owner(operation)
	answer, err := s.try(account, key, inputs)
	s.must(err)
	elements, ok := answer.([]any)
	if !ok {
		s.t.Fatalf("%s: got %T, want a list", operation, answer)
	}
	rows := make([]map[string]any, 0, len(elements))
	for _, e := range elements {
		row, _ := e.(map[string]any)
		rows = append(rows, row)
	}
	return rows
}

// among looks for a row with some fields in a list.
func (s *sandboxed) among(operation string, inputs, want map[string]any) string {
	s.t.Helper()
	rows := s.list(operation, inputs)
	for _, row := range rows {
		if unlike(row, want) == "" {
			return ""
		}
	}
	return fmt.Sprintf("%s shows no row with %v, it has %v", operation, want, rows)
}

// absent asserts that a list has no row with an id.
func (s *sandboxed) absent(operation string, inputs map[string]any, idField, id string) string {
	s.t.Helper()
	for _, row := range s.list(operation, inputs) {
		if row[idField] == id {
			return fmt.Sprintf("%s still shows %v", operation, row)
		}
	}
	return ""
}

// plus returns the inputs of both.
func plus(inputs, more map[string]any) map[string]any {
	all := maps.Clone(inputs)
	maps.Copy(all, more)
	return all
}

// idOf is the id of an object that was read or written.
func idOf(object map[string]any) string { return fmt.Sprint(object["id"]) }
