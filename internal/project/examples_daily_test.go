package project_test

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// dailyScenes are those of the daily work between HighLevel, Stibee and Stax.
func dailyScenes() map[string]scene {
	all := map[string]scene{}
	for _, some := range []map[string]scene{dailyContacts(), dailyTasks(), dailyNotes(), dailyStarts()} {
		maps.Copy(all, some)
	}
	return all
}

// subscriber says what an address of the list is like; nil if it is not in the list.
func (s *sandboxed) subscriber(email string) map[string]any {
	for _, sub := range s.world.Subscribers(s.at.ListID) {
		if sub.Email != email {
			continue
		}
		row := map[string]any{"status": sub.Status, "groups": sub.Groups}
		for name, v := range sub.Fields {
			row[name] = v
		}
		return row
	}
	return nil
}

// subscribe puts an address with fields on the list.
func (s *sandboxed) subscribe(email string, fields map[string]any) {
	s.t.Helper()
	s.call("stibee", "subscriber.add", map[string]any{"listId": s.at.ListID, "email": email, "fields": fields})
}

// found is the contact with an address.
func (s *sandboxed) found(email string) map[string]any {
	s.t.Helper()
	return s.call("highlevel", "contact.find", map[string]any{"email": email})
}

const someone = "someone@example.com"

// buyer adds a contact and the customer that is the same person.
func buyer(s *sandboxed, more map[string]any) map[string]string {
	ids := person(s, more)
	ids["customer"] = s.staxID("customer.create", map[string]any{"firstname": "Some", "lastname": "One", "email": someone, "phone": "12025550100"})
	return ids
}

// dailyContacts are the scenes of contacts, subscribers and customers.
func dailyContacts() map[string]scene {
	return map[string]scene{
		"contacts-to-stibee-groups": {
			before: func(s *sandboxed) map[string]string {
				return plusIDs(person(s, nil), map[string]string{"2210": s.at.VIPGroupID})
			},
			change: retagged("vip"), writes: []string{"stibee.group.assign", "stibee.subscriber.add"},
			seen: func(s *sandboxed, _ map[string]string) string {
				return unlike(s.subscriber(someone), map[string]any{"status": "subscribed", "name": "Some One", "phone": "+12025550100", "groups": "[" + s.at.VIPGroupID + "]"})
			},
		},
		"stibee-subscribers-to-contacts": {
			change: func(s *sandboxed, _ map[string]string) {
				s.subscribe("new@example.com", map[string]any{"name": "New One", "phone": "010-1234-5678", "city": "Seoul"})
			},
			writes: []string{"contact.upsert"},
			seen: func(s *sandboxed, _ map[string]string) string {
				return unlike(s.found("new@example.com"), map[string]any{"firstName": "New", "lastName": "One", "phone": "+821012345678", "city": "Seoul", "tags": "[newsletter]"})
			},
		},
		"stax-customer-welcome": {
			change: func(s *sandboxed, _ map[string]string) {
				s.staxID("customer.create", map[string]any{"firstname": "New", "email": "new@example.com", "phone": "12025550101", "notes": "Likes tea."})
			},
			writes: []string{"contact.note.create", "contact.tag.add", "contact.task.create", "contact.task.create", "contact.task.create", "contact.upsert"},
			seen: func(s *sandboxed, _ map[string]string) string {
				ids := map[string]string{"contact": idOf(s.found("new@example.com"))}
				return first(
					s.has(ids, "customer"), s.noted(ids, "[Stax] Became a customer on 2000-01-01. Likes tea."),
					s.task(ids, "Call the new customer", nil), s.task(ids, "Ask how it goes", nil),
				)
			},
		},
		"stax-customer-updates": {
			before: func(s *sandboxed) map[string]string { return buyer(s, nil) },
			change: func(s *sandboxed, ids map[string]string) {
				s.staxEdit("customer.update", "customerId", ids["customer"], map[string]any{"address_city": "Ulm", "email": "other@example.com"})
			},
			writes: []string{"contact.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.shows("contact.get", onContact(ids), map[string]any{"city": "Ulm", "email": "other@example.com", "firstName": "Some"})
			},
		},
		"contact-changes-to-stax": {
			before: func(s *sandboxed) map[string]string { return buyer(s, nil) },
			change: func(s *sandboxed, ids map[string]string) {
				s.edit("contact.update", "contactId", ids["contact"], map[string]any{"city": "Ulm", "phone": "+12025550111"})
			},
			writes: []string{"stax.customer.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.staxShows("customer.get", "customerId", ids["customer"], map[string]any{"address_city": "Ulm", "phone": "12025550111", "firstname": "Some"})
			},
		},
	}
}

// plusIDs are the ids of a scene and further ones.
func plusIDs(ids, more map[string]string) map[string]string {
	maps.Copy(ids, more)
	return ids
}

// due is an invoice that is to be paid in the month after the beginning of a bubble.
func due(customer string) map[string]any {
	return plus(newInvoice(), map[string]any{"customer_id": customer, "due_at": "2000-02-01 10:00:00", "send_now": true})
}

// billed adds a contact, the customer that is the same person, and the task of an unpaid invoice.
func billed(s *sandboxed) map[string]string {
	ids := buyer(s, nil)
	ids["invoice"] = s.staxID("invoice.create", due(ids["customer"]))
	ids["task"] = s.make("contact.task.create", plus(onContact(ids), map[string]any{
		"title": "Unpaid invoice: 12.5", "body": "[invoice " + ids["invoice"] + "]", "dueDate": "2000-02-01T10:00:00Z",
	}))
	return ids
}

// dailyTasks are the scenes of tasks, and of what comes near to them.
func dailyTasks() map[string]scene {
	return map[string]scene{
		"tasks-to-subscriber-fields": {
			before: func(s *sandboxed) map[string]string {
				s.subscribe(someone, nil)
				return person(s, nil)
			},
			change: func(s *sandboxed, ids map[string]string) {
				for day, title := range map[string]string{"03": "Later", "02": "Call back"} {
					s.call("highlevel", "contact.task.create", plus(onContact(ids), map[string]any{"title": title, "dueDate": "2000-01-" + day + "T16:00:00Z"}))
				}
			},
			runs: 2, writes: []string{"stibee.subscriber.update"}, // the second run finds what the first has written
			seen: func(s *sandboxed, _ map[string]string) string {
				return unlike(s.subscriber(someone), map[string]any{"open_task": "Call back", "task_due": "2000-01-03", "task_status": "open"})
			},
		},
		"unpaid-invoice-to-task": {
			ids:    map[string]string{"YOUR_USER_ID": sandboxUser},
			before: func(s *sandboxed) map[string]string { return buyer(s, nil) },
			change: func(s *sandboxed, ids map[string]string) { s.staxID("invoice.create", due(ids["customer"])) },
			writes: []string{"contact.task.create"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.task(ids, "Unpaid invoice: 12.5", map[string]any{"dueDate": "2000-02-01T10:00:00Z", "assignedTo": sandboxUser, "completed": false})
			},
		},
		"task-due-date-to-invoice": {
			before: billed,
			change: func(s *sandboxed, ids map[string]string) {
				s.edit("contact.task.update", "taskId", ids["task"], plus(onContact(ids), map[string]any{"dueDate": "2000-03-01T11:30:00Z"}))
			},
			writes: []string{"stax.invoice.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.staxShows("invoice.get", "invoiceId", ids["invoice"], map[string]any{"due_at": "2000-03-01T11:30:00Z"})
			},
		},
	}
}

// logged says whether the contact lacks a changelog with some words.
func (s *sandboxed) logged(ids map[string]string, words string) string {
	s.t.Helper()
	for _, note := range s.list("contact.note.list", onContact(ids)) {
		if body, _ := note["body"].(string); note["title"] == "Changelog" && strings.Contains(body, words) {
			return ""
		}
	}
	return fmt.Sprintf("the notes are %v, none is a changelog with %q", s.world.Notes(ids["contact"]), words)
}

// dailyNotes are the scenes of notes.
func dailyNotes() map[string]scene {
	return map[string]scene{
		"contact-notes-to-stax": {
			before: func(s *sandboxed) map[string]string { return buyer(s, map[string]any{"tags": []any{"customer"}}) },
			change: func(s *sandboxed, ids map[string]string) {
				ids["note"] = s.make("contact.note.create", plus(onContact(ids), map[string]any{"body": "Likes tea.\nCalls on Monday.", "userId": sandboxUser}))
			},
			writes: []string{"contact.note.create", "stax.customer.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(
					s.staxShows("customer.get", "customerId", ids["customer"], map[string]any{"notes": "[HighLevel] 2000-01-01 Likes tea. Calls on Monday. (note " + ids["note"] + ")"}),
					s.logged(ids, "2000-01-01 note added by "+sandboxUser+", copied to Stax"),
				)
			},
		},
		"stax-notes-to-contact": {
			before: func(s *sandboxed) map[string]string { return buyer(s, nil) },
			change: func(s *sandboxed, ids map[string]string) {
				s.staxEdit("customer.note.append", "customerId", ids["customer"], map[string]any{"note": "Paid in cash."})
			},
			writes: []string{"contact.note.create", "contact.note.create"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.noted(ids, "[Stax] Paid in cash."), s.logged(ids, "2000-01-01 note added at Stax"))
			},
		},
	}
}

// dailyStarts are the scenes of what begins for a contact and ends later.
func dailyStarts() map[string]scene {
	withGroup := func(s *sandboxed) map[string]string {
		return plusIDs(person(s, nil), map[string]string{"2210": s.at.VIPGroupID})
	}
	return map[string]scene{
		"onboarding": {
			ids:    map[string]string{"YOUR_USER_ID": sandboxUser},
			before: withGroup, change: retagged("customer"), later: 7 * 24 * time.Hour,
			writes: []string{"contact.tag.add", "contact.task.create", "contact.task.create", "contact.task.create", "stibee.group.assign", "stibee.subscriber.add"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(
					s.has(ids, "customer", "onboarding"), s.task(ids, "Call and say welcome", map[string]any{"assignedTo": sandboxUser}),
					s.task(ids, "Still open: Call and say welcome, Set up the account together", nil),
					unlike(s.subscriber(someone), map[string]any{"name": "Some", "groups": "[" + s.at.VIPGroupID + "]"}),
				)
			},
		},
		"tag-starts-automatic-email": {
			before: func(s *sandboxed) map[string]string {
				return plusIDs(withGroup(s), map[string]string{"YOUR_AUTO_ID": s.at.AutoID})
			},
			change: retagged("course"),
			writes: []string{"contact.tag.add", "stibee.auto.send", "stibee.group.assign", "stibee.subscriber.add"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.has(ids, "course", "course-mailed"), unlike(s.subscriber(someone), map[string]any{"groups": "[" + s.at.VIPGroupID + "]"}))
			},
		},
		"tag-starts-campaign": {
			before: func(s *sandboxed) map[string]string {
				ids := person(s, nil)
				ids["YOUR_CAMPAIGN_ID"] = s.keep("campaign", map[string]any{"name": "Welcome", "status": "published"})
				return ids
			},
			change: retagged("welcome"),
			writes: []string{"contact.campaign.add", "contact.tag.add"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.has(ids, "welcome", "welcomed"), s.told("highlevel.contact.campaign.add", ids["contact"]))
			},
		},
	}
}
