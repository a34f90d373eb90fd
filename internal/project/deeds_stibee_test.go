package project_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// oddly is an address with everything that has a meaning of its own in a path.
const oddly = "a+b/c%d@example.com"

// sentBy is how long an e-mail is on its way at most.
const sentBy = time.Minute

// atList is the list of Stibee, with more inputs.
func atList(s *sandboxed, more map[string]any) map[string]any {
	return plus(map[string]any{"listId": s.at.ListID}, more)
}

// refusedBy reads what must not be there any more. Stibee does not tell what is gone from
// what belongs to somebody else.
func (s *sandboxed) refusedBy(operation string, inputs map[string]any) string {
	s.t.Helper()
	account, key := owner(operation)
	if answer, err := s.try(account, key, inputs); connectors.KindOf(err) != connectors.Invalid || err == nil {
		return fmt.Sprintf("%s: got %v, %v, want a refusal", operation, answer, err)
	}
	return ""
}

// person is what the list shows of an address.
func (s *sandboxed) person(email string, want map[string]any) string {
	s.t.Helper()
	return s.among("stibee.subscriber.list", atList(s, nil), plus(want, map[string]any{"email": email}))
}

// people counts the subscribers.
func people(s *sandboxed) int { return len(s.list("stibee.subscriber.list", atList(s, nil))) }

// onMade is the deed of a write on something that was made for it: made makes it and returns
// its id and the inputs of the write.
func onMade(operation string, made func(s *sandboxed) (string, map[string]any), seen func(s *sandboxed, id string) string) deed {
	var id string // of this deed alone
	return deed{
		operation: operation,
		inputs: func(s *sandboxed) (in map[string]any) {
			id, in = made(s)
			return in
		},
		seen: func(s *sandboxed, _ map[string]any) string { return seen(s, id) },
	}
}

// listDeeds are the writes of lists.
func listDeeds() []deed {
	lists := func(s *sandboxed) int { return len(s.list("stibee.list.list", nil)) }
	another := func(operation string, more map[string]any, seen func(s *sandboxed, id string) string) deed {
		return onMade(operation, func(s *sandboxed) (string, map[string]any) {
			id := idOf(s.call("stibee", "list.create", newList()))
			return id, plus(map[string]any{"listId": id}, more)
		}, seen)
	}
	return []deed{
		{
			operation: "stibee.list.create", rows: lists,
			inputs: func(*sandboxed) map[string]any { return newList() },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("stibee.list.get", map[string]any{"listId": idOf(answer)}, newList())
			},
		},
		another("stibee.list.update", map[string]any{"name": "Good news"}, func(s *sandboxed, id string) string {
			return s.shows("stibee.list.get", map[string]any{"listId": id}, plus(newList(), map[string]any{"name": "Good news"}))
		}),
		{
			operation: "stibee.list.copy", rows: lists,
			inputs: func(s *sandboxed) map[string]any { return atList(s, nil) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("stibee.list.get", map[string]any{"listId": idOf(answer)}, map[string]any{"senderName": "Sandbox"})
			},
		},
		another("stibee.list.delete", nil, func(s *sandboxed, id string) string {
			return s.refusedBy("stibee.list.get", map[string]any{"listId": id})
		}),
	}
}

// senderDeeds are the writes of senders.
func senderDeeds() []deed {
	sender := map[string]any{"email": oddly}
	there := func(s *sandboxed) map[string]any {
		s.call("stibee", "sender.add", atList(s, sender))
		return atList(s, sender)
	}
	authorized := func(yes bool) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			return s.among("stibee.sender.list", atList(s, nil), map[string]any{"email": oddly, "authorized": yes})
		}
	}
	return []deed{
		{
			operation: "stibee.sender.add", seen: authorized(false),
			inputs: func(s *sandboxed) map[string]any { return atList(s, sender) },
			rows:   func(s *sandboxed) int { return len(s.list("stibee.sender.list", atList(s, nil))) },
		},
		{operation: "stibee.sender.verify", inputs: there, seen: authorized(true)},
		{
			operation: "stibee.sender.delete", inputs: there,
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.absent("stibee.sender.list", atList(s, nil), "email", oddly)
			},
		},
	}
}

// groupDeeds are the writes of groups, and of who is in one.
func groupDeeds() []deed {
	another := func(operation string, more map[string]any, seen func(s *sandboxed, id string) string) deed {
		return onMade(operation, func(s *sandboxed) (string, map[string]any) {
			id := idOf(s.call("stibee", "group.create", atList(s, map[string]any{"name": "Guests"})))
			return id, atList(s, plus(map[string]any{"groupId": id}, more))
		}, seen)
	}
	member := func(s *sandboxed, email string) map[string]any {
		s.join(email)
		return atList(s, map[string]any{"groupId": s.at.VIPGroupID, "email": email})
	}
	return []deed{
		{
			operation: "stibee.group.create",
			inputs:    func(s *sandboxed) map[string]any { return atList(s, map[string]any{"name": "Guests"}) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("stibee.group.list", atList(s, nil), map[string]any{"id": idOf(answer), "name": "Guests"})
			},
			rows: func(s *sandboxed) int { return len(s.list("stibee.group.list", atList(s, nil))) },
		},
		another("stibee.group.update", map[string]any{"name": "Friends"}, func(s *sandboxed, id string) string {
			return s.among("stibee.group.list", atList(s, nil), map[string]any{"id": id, "name": "Friends"})
		}),
		another("stibee.group.delete", nil, func(s *sandboxed, id string) string {
			return s.absent("stibee.group.list", atList(s, nil), "id", id)
		}),
		{
			operation: "stibee.group.assign",
			inputs:    func(s *sandboxed) map[string]any { return member(s, oddly) },
			seen:      func(s *sandboxed, _ map[string]any) string { return s.reachesGroup(oddly, true) },
		},
		{
			operation: "stibee.group.release",
			inputs: func(s *sandboxed) map[string]any {
				in := member(s, oddly)
				s.call("stibee", "group.assign", in)
				s.call("stibee", "group.assign", member(s, "ben@example.com")) // or nobody would be left
				return in
			},
			seen: func(s *sandboxed, _ map[string]any) string { return s.reachesGroup(oddly, false) },
		},
	}
}

// reachesGroup sends an e-mail to the group and looks whether an address gets it: no
// operation tells who is in a group.
func (s *sandboxed) reachesGroup(email string, want bool) string {
	s.t.Helper()
	id := s.draft("To the group")
	s.call("stibee", "email.update", map[string]any{"emailId": id, "groupIds": []any{2071}})
	s.call("stibee", "email.send", map[string]any{"emailId": id})
	pass(sentBy)
	logs := s.list("stibee.email.logs", map[string]any{"emailId": id})
	got := slices.ContainsFunc(logs, func(row map[string]any) bool { return row["subscriber"] == email })
	if got != want {
		return fmt.Sprintf("the group's e-mail reaches %s: %t, want %t", email, got, want)
	}
	return ""
}

// subscriberDeeds are the writes of subscribers.
func subscriberDeeds() []deed {
	named := func(name string) map[string]any { return map[string]any{"name": name} }
	fresh := func(more map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any { return atList(s, more) }
	}
	joined := func(more map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any {
			s.join(oddly)
			return atList(s, more)
		}
	}
	shown := func(status, name string) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			return s.person(oddly, map[string]any{"status": status, "fields": named(name)})
		}
	}
	ann, anna := map[string]any{"email": oddly, "fields": named("Ann")}, map[string]any{"email": oddly, "fields": named("Anna")}
	rows := map[string]any{"subscribers": []any{
		map[string]any{"email": oddly, "status": "subscribed", "fields": named("Ann")},
		map[string]any{"email": "nowhere", "status": "subscribed"},
	}}
	took := func(s *sandboxed, answer map[string]any) string {
		if missing := unlike(answer, map[string]any{"created": 1, "failed": 1, "failedEmails": []any{"nowhere"}, "failInvalidEmails": []any{"nowhere"}}); missing != "" {
			return missing
		}
		return s.person(oddly, map[string]any{"fields": named("Ann")})
	}
	return []deed{
		{operation: "stibee.subscriber.add", inputs: fresh(ann), seen: shown("subscribed", "Ann"), rows: people},
		{operation: "stibee.subscriber.upsert", inputs: joined(anna), seen: shown("subscribed", "Anna"), rows: people},
		{operation: "stibee.subscriber.batch_add", inputs: fresh(rows), seen: took, rows: people},
		{operation: "stibee.subscriber.batch_upsert", inputs: fresh(rows), seen: took, rows: people},
		{operation: "stibee.subscriber.double_opt_in", inputs: fresh(ann), seen: shown("ready", "Ann"), rows: people},
		{operation: "stibee.subscriber.update", inputs: joined(anna), seen: shown("subscribed", "Anna")},
		{
			operation: "stibee.subscriber.unsubscribe", inputs: joined(map[string]any{"email": oddly}),
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.person(oddly, map[string]any{"status": "unsubscribed"})
			},
		},
		{
			operation: "stibee.subscriber.delete", inputs: joined(map[string]any{"emails": []any{oddly}}),
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.absent("stibee.subscriber.list", atList(s, nil), "email", oddly)
			},
		},
	}
}

// emailDeeds are the writes of e-mails.
func emailDeeds() []deed {
	// before is a write on the draft with the inputs first, empty for none; inputs are those
	// of the write itself.
	drafted := func(operation, before string, first, inputs map[string]any, seen func(s *sandboxed, id string) string) deed {
		return onMade(operation, func(s *sandboxed) (string, map[string]any) {
			s.join("ann@example.com")
			id := s.draft("News")
			if before != "" {
				s.call("stibee", before, plus(map[string]any{"emailId": id}, first))
			}
			return id, plus(map[string]any{"emailId": id}, inputs)
		}, seen)
	}
	shows := func(want map[string]any) func(s *sandboxed, id string) string {
		return func(s *sandboxed, id string) string {
			return s.shows("stibee.email.get", map[string]any{"emailId": id}, want)
		}
	}
	mails := func(s *sandboxed) int { return len(s.list("stibee.email.list", nil)) }
	due, tags, html := map[string]any{"reserveTime": "20990131083000"}, map[string]any{"tagIds": []any{31}}, "<h1>Grüße</h1>"
	twin := drafted("stibee.email.copy", "", nil, nil, nil)
	twin.rows = mails
	twin.seen = func(s *sandboxed, answer map[string]any) string {
		return s.shows("stibee.email.content.get", map[string]any{"emailId": idOf(answer)}, map[string]any{"value": "<p>Hello</p>"})
	}
	return []deed{
		{
			operation: "stibee.email.create", rows: mails,
			inputs: func(*sandboxed) map[string]any { return newEmail("News") },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("stibee.email.get", map[string]any{"emailId": idOf(answer)}, plus(newEmail("News"), map[string]any{"status": 0, "sentTime": nil}))
			},
		},
		drafted("stibee.email.update", "", nil, map[string]any{"subject": "Good news"}, shows(map[string]any{"subject": "Good news", "senderName": "Ann"})),
		drafted("stibee.email.delete", "", nil, nil, func(s *sandboxed, id string) string {
			return s.refusedBy("stibee.email.get", map[string]any{"emailId": id})
		}),
		twin,
		drafted("stibee.email.content.set", "", nil, map[string]any{"html": html}, func(s *sandboxed, id string) string {
			return s.shows("stibee.email.content.get", map[string]any{"emailId": id}, map[string]any{"value": html})
		}),
		drafted("stibee.email.send", "", nil, nil, shows(map[string]any{"status": 3})),
		drafted("stibee.email.reserve", "", nil, due, shows(map[string]any{"status": 1})),
		drafted("stibee.email.cancel_reserve", "email.reserve", due, nil, shows(map[string]any{"status": 0})),
		drafted("stibee.email.tag.assign", "", nil, tags, func(s *sandboxed, id string) string {
			return s.among("stibee.email.list", tags, map[string]any{"id": id})
		}),
		drafted("stibee.email.tag.release", "email.tag.assign", tags, tags, func(s *sandboxed, id string) string {
			return s.absent("stibee.email.list", tags, "id", id)
		}),
		{
			operation: "stibee.auto.send",
			inputs: func(s *sandboxed) map[string]any {
				s.join(oddly)
				return map[string]any{"autoId": s.at.AutoID, "values": map[string]any{"subscriber": oddly, "coupon": "A1"}}
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.among("stibee.email.logs", map[string]any{"emailId": s.automatic()}, map[string]any{"subscriber": oddly, "action": "P"})
			},
		},
	}
}

// TestReserve_TakesATimeOfARecord gives the time as the page of the connector says.
func TestReserve_TakesATimeOfARecord(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1}, func(s *sandboxed) {
		s.join("ann@example.com")
		id := s.draft("News")
		s.runOnce(deed{operation: "stibee.email.reserve", first: `{id: when, set: {at: "2030-05-31T15:30:00Z"}}, `}, map[string]any{
			"emailId": id, "reserveTime": `=format(steps.when.at, "YYYYMMDDHHmmss", "Asia/Seoul")`,
		})
		status := func() any { return s.call("stibee", "email.get", map[string]any{"emailId": id})["status"] }
		if got := status(); got != 1 {
			t.Errorf("after the reservation: got status %v, want 1", got)
		}
		// Half past midnight in Korea: half past three in the afternoon before, UTC.
		pass(time.Until(time.Date(2030, 5, 31, 15, 29, 0, 0, time.UTC)))
		if got := status(); got != 1 {
			t.Errorf("a minute before: got status %v, want 1", got)
		}
		pass(2 * time.Minute)
		if got := status(); got != 3 {
			t.Errorf("after its time: got status %v, want 3", got)
		}
	})
}

// TestFindSubscriber_StopsWhereTheAddressIs looks for addresses in a list of two pages.
func TestFindSubscriber_StopsWhereTheAddressIs(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) {
		subscribe(s, 1500)
		for _, tt := range []struct {
			email    string
			found    any
			requests int
		}{
			{"n10@example.com", "n10@example.com", 1},
			{" N10@Example.com", "n10@example.com", 1},
			{"n1400@example.com", "n1400@example.com", 2},
			{"nobody@example.com", nil, 2},
		} {
			before := s.world.Requests()
			answer, err := s.try("stibee", "subscriber.find", atList(s, map[string]any{"email": tt.email}))
			s.must(err)
			row, _ := answer.(map[string]any)
			if row["email"] != tt.found {
				t.Errorf("%q: got %v, want %v", tt.email, answer, tt.found)
			}
			if n := less(s.world.Requests(), before)["subscriber.list"]; n != tt.requests {
				t.Errorf("%q: got %d requests, want %d", tt.email, n, tt.requests)
			}
		}
	})
}

// TestUpsert_LeavesAloneWhoHasLeft guards an upsert by what the list says of the address.
func TestUpsert_LeavesAloneWhoHasLeft(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1}, func(s *sandboxed) {
		s.join("gone@example.com")
		s.call("stibee", "subscriber.unsubscribe", atList(s, map[string]any{"email": "gone@example.com"}))
		text := fmt.Sprintf(`recipe: v1
id: guarded
connections: {crm: {connector: highlevel, account: highlevel}, mail: {connector: stibee, account: stibee}}
trigger: {poll: crm.contact.search, kinds: [created], schedule: {every: 10m}, start: now}
steps:
  - id: it
    call: mail.subscriber.upsert
    with: {listId: "%s", email: =record.email, fields: {name: =record.firstName}}
    only_if: target.status != "unsubscribed"
`, s.at.ListID)
		s.poll(text)
		pass(time.Minute)
		for name, email := range map[string]string{"Gone": "gone@example.com", "New": "new@example.com"} {
			s.world.AddContact(map[string]any{"firstName": name, "email": email})
		}
		pass(20 * time.Minute)
		s.poll(text)
		if missing := s.person("new@example.com", map[string]any{"status": "subscribed", "fields": map[string]any{"name": "New"}}); missing != "" {
			t.Error(missing)
		}
		if missing := s.person("gone@example.com", map[string]any{"status": "unsubscribed", "fields": map[string]any{}}); missing != "" {
			t.Error(missing)
		}
	})
}
