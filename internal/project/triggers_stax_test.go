package project_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine/store"
)

// staxStart tells of a trigger that the page of Stax shows: what makes one run, and what looks
// alike and makes none.
type staxStart struct {
	before func(s *sandboxed) string
	none   func(s *sandboxed, id string)
	one    func(s *sandboxed, id string)
	// step is one that the run has to come to; empty for any run.
	step string
}

func staxTriggers() map[string]staxStart {
	on := func(operation, idInput string, fields map[string]any) func(*sandboxed, string) {
		return func(s *sandboxed, id string) { s.staxEdit(operation, idInput, id, fields) }
	}
	add := func(operation string, fields map[string]any) func(*sandboxed, string) {
		return func(s *sandboxed, _ string) { s.staxID(operation, fields) }
	}
	before := func(operation string, fields map[string]any) func(*sandboxed) string {
		return func(s *sandboxed) string { return s.staxID(operation, fields) }
	}
	customer := before("customer.create", plus(newStaxCustomer(), map[string]any{"notes": "Likes tea."}))
	edit := on("customer.update", "customerId", map[string]any{"company": "Ann & Co"})
	pay := on("invoice.pay", "invoiceId", map[string]any{"payment_method_id": staxMethod})
	send := on("invoice.send", "invoiceId", map[string]any{"channel": "email"})
	due := plus(newInvoice(), map[string]any{"due_at": "2000-01-03 00:00:00"}) // two days after the beginning of a bubble
	charge := plus(newCharge(), map[string]any{"pre_auth": false})
	fails := func(s *sandboxed, _ string) {
		in := plus(charge, map[string]any{"payment_method_id": s.world.Stax().AddPaymentMethod(staxCustomer, true)})
		if _, err := s.try("stax", "charge.create", in); err == nil {
			s.t.Error("a payment that is declined: no error")
		}
	}
	return map[string]staxStart{
		"new_customer":     {before: customer, none: edit, one: add("customer.create", newStaxCustomer())},
		"updated_customer": {before: customer, none: add("customer.create", newStaxCustomer()), one: edit},
		"customer_note_changed": {
			before: customer, none: edit, one: on("customer.update", "customerId", map[string]any{"notes": "Likes tea.\nCalled."}),
		},
		"customer_deleted": {before: customer, none: edit, one: on("customer.delete", "customerId", nil)},
		"new_invoice":      {before: before("invoice.create", newInvoice()), none: send, one: add("invoice.create", newInvoice())},
		"invoice_paid":     {before: before("invoice.create", newInvoice()), none: send, one: pay},
		"new_task":         {before: before("invoice.create", due), none: add("invoice.create", due), one: send},
		"invoice_overdue": {
			before: before("invoice.create", due), step: "overdue",
			none: func(s *sandboxed, _ string) { // sent, and paid in time
				other := s.staxID("invoice.create", due)
				send(s, other)
				pass(20 * time.Minute)
				pay(s, other)
			},
			one: send,
		},
		"new_payment":             {none: fails, one: add("charge.create", charge)},
		"failed_payment":          {none: add("charge.create", charge), one: fails},
		"new_schedule":            {before: before("schedule.create", newSchedule()), none: on("schedule.pause", "scheduleId", nil), one: add("schedule.create", newSchedule())},
		"schedule_status_changed": {before: before("schedule.create", newSchedule()), none: on("schedule.update", "scheduleId", map[string]any{"total": 14.0}), one: on("schedule.pause", "scheduleId", nil)},
		"new_catalog_item":        {before: before("item.create", newItem()), none: on("item.update", "itemId", map[string]any{"price": 9.0}), one: add("item.create", map[string]any{"item": "Towel"})},
	}
}

// TestStaxTriggers_OfThePage makes a recipe of each block of triggers on the connector's
// page, as it stands there, and lets it see what it is for and what it is not for.
func TestStaxTriggers_OfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../connectors/stax/README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := staxTriggers()
	for _, m := range regexp.MustCompile("(?ms)^```yaml trigger (\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		name, text := m[1], m[2]
		tt, known := all[name]
		if !known {
			t.Errorf("the page has the trigger %s, and the test does not know it", name)
			continue
		}
		delete(all, name)
		if !strings.Contains(text, "steps:") {
			text += "steps: [{id: note, set: {what: =kind}}]\n"
		}
		text = "recipe: v1\nid: " + name + "\nconnections: {pay: {connector: stax, account: stax}}\n" + text
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) { s.startsOnce(text, tt) })
		})
	}
	for name := range all {
		t.Errorf("the page has no trigger %s", name)
	}
}

// startsOnce polls a recipe while nothing, something else and the thing itself happens.
func (s *sandboxed) startsOnce(text string, tt staxStart) {
	id := ""
	if tt.before != nil {
		id = tt.before(s)
	}
	const poll = 2 * time.Hour
	for _, step := range []struct {
		what string
		do   func(*sandboxed, string)
		want int
	}{{"at the start", nil, 0}, {"when nothing happens", nil, 0}, {"of something else", tt.none, 0}, {"of the thing itself", tt.one, 1}, {"afterwards", nil, 1}} {
		pass(time.Minute)
		if step.do != nil {
			step.do(s, id)
		}
		polls := 2
		if tt.step != "" && step.want > 0 {
			polls = 2 * 24 * 2 // until the time for which a run waits is over
		}
		for range polls {
			pass(poll / 2)
			if report := s.poll(text); len(report.Failures) > 0 {
				s.t.Fatalf("%s: %v", step.what, report.Failures)
			}
		}
		if got := s.reached(tt.step); got != step.want {
			s.t.Errorf("%s: got %d runs, want %d", step.what, got, step.want)
		}
	}
}

// reached counts the runs that succeeded and came to a step; empty for any.
func (s *sandboxed) reached(step string) int {
	s.t.Helper()
	runs, err := s.store.ListRuns(s.t.Context(), store.RunFilter{})
	s.must(err)
	n := 0
	for _, r := range runs {
		_, steps, err := s.store.LoadRun(s.t.Context(), r.ID)
		s.must(err)
		came := step == ""
		for _, st := range steps {
			came = came || st.ID == step && len(st.Output) > 0
		}
		if came && (step != "" || r.State.Status == store.Succeeded) {
			n++
		}
	}
	return n
}
