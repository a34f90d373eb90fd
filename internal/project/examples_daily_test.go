package project_test

import (
	"maps"
)

// dailyScenes are those of the daily work between HighLevel, Stibee and Stax.
func dailyScenes() map[string]scene {
	all := map[string]scene{}
	for _, some := range []map[string]scene{dailyContacts()} {
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
