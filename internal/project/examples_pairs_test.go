package project_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pair is two examples that copy in opposite directions, and what people do meanwhile.
type pair struct {
	one, other string
	ids        map[string]string
	before     func(s *sandboxed) map[string]string
	changes    []meanwhile
	// same says where the two sides differ after the runs; empty where they agree.
	same func(s *sandboxed, ids map[string]string) string
}

// doing is what somebody does at a service.
type doing = func(s *sandboxed, ids map[string]string)

// meanwhile is what people do before both examples poll, and how many writes must come of it.
type meanwhile struct {
	what   string
	do     doing
	writes int
}

// TestExamples_PairsComeToRest lets both examples of a pair run, in either order, and people
// change one side, the other, and both at once. What is copied once must not come back.
func TestExamples_PairsComeToRest(t *testing.T) {
	t.Parallel()
	for name, p := range pairs() {
		for _, turned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, turned %t", name, turned), func(t *testing.T) {
				t.Parallel()
				withExamples(t, func(s *sandboxed) { s.rests(p, turned) })
			})
		}
	}
}

// rests polls both examples after each change until they should be at rest, and longer.
func (s *sandboxed) rests(p pair, turned bool) {
	s.t.Helper()
	ids := p.before(s)
	texts := []string{s.example(p.one, plusIDs(maps.Clone(ids), p.ids)), s.example(p.other, nil)}
	if turned {
		slices.Reverse(texts)
	}
	const poll = 20 * time.Minute
	pass(poll)
	s.poll(texts...)
	for _, m := range p.changes {
		m.do(s, ids)
		mark := len(s.world.Writes(0))
		for round := range 8 {
			pass(poll)
			if report := s.poll(texts...); len(report.Failures) > 0 {
				s.t.Fatalf("%s, round %d: %v", m.what, round, report.Failures)
			}
			s.news() // tells of runs that did not succeed
			if round == 3 {
				s.wrote(m, mark)
				mark = len(s.world.Writes(0))
			}
		}
		for _, w := range s.world.Writes(mark) {
			s.t.Errorf("%s: %s of %s after four rounds, want rest", m.what, w.Operation, w.Target)
		}
		if differs := p.same(s, ids); differs != "" {
			s.t.Errorf("%s: %s", m.what, differs)
		}
	}
}

// wrote asserts how many writes came of what people did.
func (s *sandboxed) wrote(m meanwhile, mark int) {
	s.t.Helper()
	var got []string
	for _, w := range s.world.Writes(mark) {
		got = append(got, w.Operation)
	}
	if len(got) != m.writes {
		s.t.Errorf("%s: got writes %v, want %d", m.what, got, m.writes)
	}
}

func pairs() map[string]pair {
	contact := func(more map[string]any) doing {
		return func(s *sandboxed, ids map[string]string) { s.edit("contact.update", "contactId", ids["contact"], more) }
	}
	customer := func(more map[string]any) doing {
		return func(s *sandboxed, ids map[string]string) {
			s.staxEdit("customer.update", "customerId", ids["customer"], more)
		}
	}
	both := func(some ...doing) doing {
		return func(s *sandboxed, ids map[string]string) {
			for _, do := range some {
				do(s, ids)
			}
		}
	}
	return map[string]pair{
		"contacts and subscribers": subscriberPair(contact, both),
		"contacts and customers": {
			one: "contact-changes-to-stax", other: "stax-customer-updates",
			before: func(s *sandboxed) map[string]string { return buyer(s, nil) },
			changes: []meanwhile{
				{what: "the contact changes", do: contact(map[string]any{"city": "Ulm"}), writes: 1},
				{what: "the customer changes", do: customer(map[string]any{"firstname": "Somebody", "phone": "12025550123"}), writes: 1},
				{what: "both change alike", do: both(contact(map[string]any{"city": "Rome"}), customer(map[string]any{"address_city": "Rome"})), writes: 0},
				{what: "both change another field", do: both(contact(map[string]any{"city": "Oslo"}), customer(map[string]any{"lastname": "Two"})), writes: 2},
				{what: "both change one field", do: both(contact(map[string]any{"city": "Bonn"}), customer(map[string]any{"address_city": "Bern"})), writes: 1},
				{what: "the contact's address changes", do: contact(map[string]any{"email": "other@example.com"}), writes: 1},
				{what: "the customer's address changes", do: customer(map[string]any{"email": "third@example.com"}), writes: 1},
			},
			same: func(s *sandboxed, ids map[string]string) string {
				c := s.call("highlevel", "contact.get", onContact(ids))
				return s.staxShows("customer.get", "customerId", ids["customer"], map[string]any{
					"firstname": c["firstName"], "lastname": c["lastName"], "email": c["email"], "address_city": c["city"],
					"phone": strings.TrimPrefix(fmt.Sprint(c["phone"]), "+"),
				})
			},
		},
		"invoices and tasks": invoicePair(both),
		"notes": {
			one: "contact-notes-to-stax", other: "stax-notes-to-contact",
			before: func(s *sandboxed) map[string]string { return buyer(s, map[string]any{"tags": []any{"customer"}}) },
			changes: []meanwhile{
				{what: "a note on the contact", do: writesNote("Likes tea.\nCalls on Monday."), writes: 2},
				{what: "a note on the customer", do: appendsNote("Paid in cash."), writes: 2},
				{what: "a note on each", do: both(writesNote("Likes jazz."), appendsNote("Wants a receipt.")), writes: 4},
			},
			same: func(s *sandboxed, ids map[string]string) string {
				lines, _ := s.call("stax", "customer.get", map[string]any{"customerId": ids["customer"]})["notes"].(string)
				notes := s.list("contact.note.list", onContact(ids))
				own := slices.DeleteFunc(notes, func(n map[string]any) bool { return n["title"] == "Changelog" })
				if got, want := strings.Count(lines, "\n")+1, len(own); got != want {
					return fmt.Sprintf("Stax has %d notes, the contact has %d", got, want)
				}
				return ""
			},
		},
	}
}

// writesNote is somebody who writes a note on the contact.
func writesNote(text string) doing {
	return func(s *sandboxed, ids map[string]string) {
		s.make("contact.note.create", plus(onContact(ids), map[string]any{"body": text}))
	}
}

// appendsNote is somebody who adds a line to the notes of the customer.
func appendsNote(text string) doing {
	return func(s *sandboxed, ids map[string]string) {
		s.staxEdit("customer.note.append", "customerId", ids["customer"], map[string]any{"note": text})
	}
}

// subscriberPair is that of contacts and subscribers. ids tell the address that the contact has.
func subscriberPair(contact func(map[string]any) doing, both func(...doing) doing) pair {
	subscriber := func(fields map[string]any) doing {
		return func(s *sandboxed, ids map[string]string) {
			s.atStibee("subscriber.update", ids["email"], map[string]any{"fields": fields})
		}
	}
	return pair{
		one: "contacts-to-stibee-groups", other: "stibee-subscribers-to-contacts",
		before: func(s *sandboxed) map[string]string {
			s.subscribe(someone, map[string]any{"name": "Some One", "phone": "+12025550100"})
			students := s.call("stibee", "group.create", map[string]any{"listId": s.at.ListID, "name": "Students"})
			return plusIDs(person(s, nil), map[string]string{"email": someone, "2210": s.at.VIPGroupID, "2211": fmt.Sprint(students["id"])})
		},
		changes: []meanwhile{
			{what: "the contact changes", do: contact(map[string]any{"lastName": "Two"}), writes: 1},
			{what: "the subscriber changes", do: subscriber(map[string]any{"name": "Some Three", "city": "Seoul"}), writes: 1},
			{what: "both change alike", do: both(contact(map[string]any{"lastName": "Four"}), subscriber(map[string]any{"name": "Some Four"})), writes: 0},
			{what: "both change another field", do: both(contact(map[string]any{"phone": "+12025550111"}), subscriber(map[string]any{"city": "Busan"})), writes: 2},
			{what: "both change one field", do: both(contact(map[string]any{"lastName": "Five"}), subscriber(map[string]any{"name": "Some Six"})), writes: 1},
			{what: "tags come", do: retagged("vip", "student"), writes: 2},
			{what: "a tag goes", do: func(s *sandboxed, ids map[string]string) {
				s.edit("contact.tag.remove", "contactId", ids["contact"], map[string]any{"tags": []any{"student"}})
			}, writes: 1},
			{what: "the address changes", do: func(s *sandboxed, ids map[string]string) {
				ids["email"] = "moved@example.com"
				contact(map[string]any{"email": ids["email"]})(s, ids)
			}, writes: 3}, // the old one leaves, the new one joins the list and the group
			{what: "a new subscriber", do: func(s *sandboxed, _ map[string]string) {
				s.subscribe("new@example.com", map[string]any{"name": "New One", "phone": "010-1234-5678"})
			}, writes: 2}, // the contact, and the number as HighLevel writes it
			{what: "a new contact", do: func(s *sandboxed, _ map[string]string) {
				s.world.AddContact(map[string]any{"firstName": "Next", "lastName": "One", "email": "next@example.com"})
			}, writes: 1},
			{what: "a subscriber leaves", do: func(s *sandboxed, _ map[string]string) {
				s.atStibee("subscriber.unsubscribe", "new@example.com", nil)
			}, writes: 2}, // no e-mail, and the tag
			{what: "the contact opts out", do: contact(map[string]any{"dnd": true}), writes: 3}, // unsubscribed; no e-mail, and the tag
			{what: "the contact takes mail again", do: contact(map[string]any{"dnd": false, "dndSettings": map[string]any{}}), writes: 0},
		},
		same: func(s *sandboxed, ids map[string]string) string {
			c, sub := s.call("highlevel", "contact.get", onContact(ids)), s.subscriber(ids["email"])
			groups := []int{}
			for tag, group := range map[string]string{"vip": ids["2210"], "student": ids["2211"]} {
				if s.has(ids, tag) == "" {
					id, err := strconv.Atoi(group)
					s.must(err)
					groups = append(groups, id)
				}
			}
			slices.Sort(groups)
			return unlike(sub, map[string]any{"name": fmt.Sprint(c["firstName"], " ", c["lastName"]), "phone": c["phone"], "groups": groups})
		},
	}
}

// atStibee writes to a subscriber, as people do there.
func (s *sandboxed) atStibee(operation, email string, more map[string]any) {
	s.t.Helper()
	_, err := s.try("stibee", operation, plus(map[string]any{"listId": s.at.ListID, "email": email}, more))
	s.must(err)
}

// invoicePair is that of invoices and tasks.
func invoicePair(both func(...doing) doing) pair {
	invoice := func(due string) doing {
		return func(s *sandboxed, ids map[string]string) {
			s.staxEdit("invoice.update", "invoiceId", ids["invoice"], map[string]any{"due_at": due})
		}
	}
	task := func(due string) doing {
		return func(s *sandboxed, ids map[string]string) {
			s.edit("contact.task.update", "taskId", ids["task"], plus(onContact(ids), map[string]any{"dueDate": due}))
		}
	}
	return pair{
		one: "unpaid-invoice-to-task", other: "task-due-date-to-invoice",
		ids: map[string]string{"YOUR_USER_ID": sandboxUser}, before: billed,
		changes: []meanwhile{
			{what: "the invoice moves", do: invoice("2000-02-02 10:00:00"), writes: 1},
			{what: "the task moves", do: task("2000-02-03T10:00:00Z"), writes: 1},
			{what: "both move alike", do: both(invoice("2000-02-04 10:00:00"), task("2000-02-04T10:00:00Z")), writes: 0},
			{what: "both move apart", do: both(invoice("2000-02-05 10:00:00"), task("2000-02-06T10:00:00Z")), writes: 1},
			{what: "the invoice is paid", do: func(s *sandboxed, ids map[string]string) {
				s.staxEdit("invoice.pay", "invoiceId", ids["invoice"], map[string]any{"payment_method_id": s.world.Stax().AddPaymentMethod(ids["customer"], false)})
			}, writes: 1},
		},
		same: func(s *sandboxed, ids map[string]string) string {
			row := s.call("stax", "invoice.get", map[string]any{"invoiceId": ids["invoice"]})
			return s.shows("contact.task.get", plus(onContact(ids), map[string]any{"taskId": ids["task"]}), map[string]any{
				"dueDate": row["due_at"], "completed": row["status"] == "PAID",
			})
		},
	}
}
