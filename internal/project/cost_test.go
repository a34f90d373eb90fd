package project_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

// idle is what a poll of an operation costs when nothing has changed.
type idle struct {
	operation, with string
	// rule is the cost that is known to be possible at the service: N records, P on a
	// page, C contacts that are watched.
	rule string
	fill func(s *sandboxed)
	// want are the requests of a poll by operation.
	want map[string]int
}

// idleCosts are those of everything that can be polled today. The lists of contacts have
// 250 records.
func idleCosts() []idle {
	const contacts = 250
	list := `listId: "104532"`
	return []idle{
		{operation: "highlevel.contact.search", rule: "1", want: map[string]int{"contact.search": 1}},
		{operation: "highlevel.contact.list_legacy", rule: "1", want: map[string]int{"contact.list_legacy": 1}},
		{operation: "highlevel.contact.get", with: "contactId: $contact", rule: "1", want: map[string]int{"contact.get": 1}},
		{operation: "highlevel.contact.find_duplicate", with: "email: nobody@example.com", rule: "1", want: map[string]int{"contact.find_duplicate": 1}},
		{
			// The largest page is not documented, so the list ends with an empty one.
			operation: "highlevel.contact.list_by_business", with: "businessId: b1", rule: "N/P, with one more for the end",
			fill: func(s *sandboxed) {
				for _, id := range s.world.Contacts() {
					s.must(s.world.UpdateContact(id, map[string]any{"businessId": "b1"}))
				}
			},
			want: map[string]int{"contact.list_by_business": 3 + 1},
		},
		{
			operation: "highlevel.task.search", rule: "N/P, with one more for the end",
			fill: func(s *sandboxed) {
				for range 250 {
					pass(time.Second) // or the budget would be used up
					makePart(s, "task", newTask())
				}
			},
			want: map[string]int{"task.search": 3 + 1},
		},
		// Notes and what else hangs on contacts: a request for each, and one for the contacts.
		{operation: "highlevel.contact.note.list", rule: "C", want: map[string]int{"contact.note.list": contacts, "contact.search": 1}},
		{operation: "highlevel.contact.task.list", rule: "C", want: map[string]int{"contact.task.list": contacts, "contact.search": 1}},
		{operation: "highlevel.contact.appointment.list", rule: "C", want: map[string]int{"contact.appointment.list": contacts, "contact.search": 1}},
		{
			operation: "highlevel.contact.note.get", with: "contactId: $contact, noteId: n", rule: "1",
			want: map[string]int{"contact.note.get": 1},
		},
		{
			operation: "highlevel.contact.task.get", with: "contactId: $contact, taskId: t", rule: "1",
			want: map[string]int{"contact.task.get": 1},
		},
		{operation: "highlevel.appointment.get", with: "eventId: a", rule: "1", want: map[string]int{"appointment.get": 1}},
		{
			operation: "stibee.subscriber.list", with: list, rule: "N/P",
			fill: func(s *sandboxed) { subscribe(s, 1500) },
			want: map[string]int{"subscriber.list": 2},
		},
		{operation: "stibee.group.list", with: list, rule: "N/P, with one more for the end", want: map[string]int{"group.list": 1 + 1}},
		{operation: "stibee.sender.list", with: list, rule: "1", want: map[string]int{"sender.list": 1}},
		{
			operation: "stibee.email.list", rule: "N/P",
			fill: func(s *sandboxed) { compose(s, 149) },
			want: map[string]int{"email.list": 2},
		},
		// A request for each e-mail, and those for the e-mails.
		{
			operation: "stibee.email.logs", rule: "N/P, and one for each e-mail",
			fill: func(s *sandboxed) { compose(s, 149) },
			want: map[string]int{"email.logs": 150, "email.list": 2},
		},
		{operation: "stibee.list.list", rule: "N/P, with one more for the end", want: map[string]int{"list.list": 1 + 1}},
	}
}

// compose makes some e-mails besides the one that is there.
func compose(s *sandboxed, n int) {
	for range n {
		s.call("stibee", "email.create", newEmail("News"))
	}
}

// subscribe fills the list with subscribers.
func subscribe(s *sandboxed, n int) {
	for from := 0; from < n; from += 500 {
		var rows []any
		for i := range 500 {
			rows = append(rows, map[string]any{"email": fmt.Sprintf("n%d@example.com", from+i), "status": "subscribed"})
		}
		s.call("stibee", "subscriber.batch_add", map[string]any{"listId": "104532", "subscribers": rows})
	}
}

// TestIdleCost_DoesNotGrowWithTheRecipes counts the requests of a poll that finds nothing,
// for one recipe, ten and a hundred on the same source.
func TestIdleCost_DoesNotGrowWithTheRecipes(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, tt := range slices.Concat(idleCosts(), setupCosts(), linkCosts(), messageCosts(), peopleCosts(), calendarCosts(), opportunityCosts(), staxCosts()) {
		told[tt.operation] = true
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 250}, func(s *sandboxed) {
				if tt.fill != nil {
					tt.fill(s)
				}
				for _, n := range []int{1, 10, 100} {
					if got := s.idleCost(tt, n); !maps.Equal(got, tt.want) {
						t.Errorf("%d recipes: got requests %v, want %v (%s)", n, got, tt.want, tt.rule)
					}
				}
			})
		})
	}
	t.Run("all are told of", func(t *testing.T) {
		t.Parallel()
		inSandbox(t, sandbox.Options{}, func(s *sandboxed) { knowsAll(t, s.registry, slices.Collect(maps.Keys(told))) })
	})
}

// idleCost is what a poll costs, by operation, when some recipes are on a source and all
// of them know it.
func (s *sandboxed) idleCost(c idle, n int) map[string]int {
	var texts []string
	for i := range n {
		texts = append(texts, s.recipeOn(fmt.Sprintf("r%d", i), c))
	}
	for range 2 { // the first one learns, the next one settles the cursor
		pass(20 * time.Minute)
		s.poll(texts...)
	}
	pass(20 * time.Minute)
	before := s.world.Requests()
	s.expect("an idle poll", 0, texts)
	return less(s.world.Requests(), before)
}

// recipeOn is a recipe on the source of an idle cost.
func (s *sandboxed) recipeOn(id string, c idle) string {
	connector, operation, _ := strings.Cut(c.operation, ".")
	return watching(id, connector, operation, s.inputs(c.with))
}

// less are the requests since an earlier count, by operation without the service.
func less(now, before map[string]int) map[string]int {
	diff := map[string]int{}
	for name, n := range now {
		if n > before[name] {
			_, operation, _ := strings.Cut(name, ".")
			diff[operation] = n - before[name]
		}
	}
	return diff
}

// TestFanOut_KeepsWithinItsShareOfTheBudget lets a program run for an hour with more
// contacts than it may ask for their notes between two polls.
func TestFanOut_KeepsWithinItsShareOfTheBudget(t *testing.T) {
	t.Parallel()
	const length = time.Hour
	// Half of 200,000 requests a day is what rounds may take.
	most := int(length.Seconds() * 200_000 / 2 / (24 * time.Hour).Seconds())
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1000}, func(s *sandboxed) {
		var list []*recipes.Recipe
		var findings diag.List
		for i, operation := range []string{"contact.note.list", "contact.task.list"} {
			text := watching(fmt.Sprintf("r%d", i), "highlevel", operation)
			list = append(list, recipes.Parse(fmt.Sprintf("r%d.yaml", i), []byte(text), s.catalog, &findings))
		}
		if findings.HasErrors() {
			t.Fatal(findings.Sorted())
		}
		e, err := engine.New(engine.Options{Store: s.store, Catalog: s.catalog, Accounts: s.accounts, Recipes: list, Log: zerolog.Nop(), Drain: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), length)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Fatal(err)
		}
		got := s.world.Requests()
		notes, tasks := got["highlevel.contact.note.list"], got["highlevel.contact.task.list"]
		t.Logf("%d requests for notes and %d for tasks in %s, the share is %d", notes, tasks, length, most)
		// A round may go on for one poll more than the time that is over.
		if slack := most / 10; notes+tasks > most+slack || min(notes, tasks) < most/4 {
			t.Errorf("got %d requests for notes and %d for tasks, want about half each of %d", notes, tasks, most)
		}
		if n := got["highlevel.contact.search"]; n > 4+2*int(length/(10*time.Minute)) {
			t.Errorf("got %d requests for the contacts, want one for each poll", n)
		}
	})
}

// TestOnce_EndsARoundThatOutlastsItsPatience visits a thousand contacts without news, which
// the limit of the service stretches over minutes.
func TestOnce_EndsARoundThatOutlastsItsPatience(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1000}, func(s *sandboxed) {
		text := []string{watching("story", "highlevel", "contact.note.list")}
		s.expect("the first round", 0, text)
		before := s.world.Requests()
		s.expect("an idle round", 20*time.Minute, text)
		if got := less(s.world.Requests(), before)["contact.note.list"]; got != 1000 {
			t.Errorf("got %d requests, want one for each of 1000 contacts", got)
		}
	})
}
