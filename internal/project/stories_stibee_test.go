package project_test

import "fmt"

// stibeeStories are the stories of Stibee's operations.
func stibeeStories() map[string]story {
	const list = "104532"
	var group, made, mail string
	return map[string]story{
		"stibee.subscriber.list": {
			with: `listId: "` + list + `"`,
			create: func(s *sandboxed, _ string) string {
				s.call("stibee", "subscriber.add", map[string]any{"listId": list, "email": "ann@example.com", "status": "subscribed"})
				return "ann@example.com"
			},
			change: func(s *sandboxed, _ string) string {
				s.call("stibee", "subscriber.unsubscribe", map[string]any{"listId": list, "email": "ann@example.com"})
				return "ann@example.com"
			},
			remove: func(s *sandboxed, _ string) string {
				s.call("stibee", "subscriber.delete", map[string]any{"listId": list, "emails": []any{"ann@example.com"}})
				return "ann@example.com"
			},
		},
		"stibee.group.list": {
			with: `listId: "` + list + `"`,
			create: func(s *sandboxed, _ string) string {
				group = fmt.Sprint(s.call("stibee", "group.create", map[string]any{"listId": list, "name": "Guests"})["id"])
				return group
			},
			change: func(s *sandboxed, _ string) string {
				s.call("stibee", "group.update", map[string]any{"listId": list, "groupId": group, "name": "Friends"})
				return group
			},
			remove: func(s *sandboxed, _ string) string {
				s.call("stibee", "group.delete", map[string]any{"listId": list, "groupId": group})
				return group
			},
		},
		"stibee.list.list": {
			create: func(s *sandboxed, _ string) string {
				made = fmt.Sprint(s.call("stibee", "list.create", map[string]any{
					"name": "News", "senderName": "Ann", "companyName": "Ann & Co", "companyContact": "a@example.com", "companyAddress": "1 Example Street",
				})["id"])
				return made
			},
			change: func(s *sandboxed, _ string) string {
				s.call("stibee", "list.update", map[string]any{"listId": made, "name": "Good news"})
				return made
			},
			remove: func(s *sandboxed, _ string) string {
				s.call("stibee", "list.delete", map[string]any{"listId": made})
				return made
			},
		},
		"stibee.sender.list": {
			with: `listId: "` + list + `"`,
			create: func(s *sandboxed, _ string) string {
				s.call("stibee", "sender.add", map[string]any{"listId": list, "email": "ann@example.com"})
				return "ann@example.com"
			},
			change: func(s *sandboxed, _ string) string {
				s.call("stibee", "sender.verify", map[string]any{"listId": list, "email": "ann@example.com"})
				return "ann@example.com"
			},
			remove: func(s *sandboxed, _ string) string {
				s.call("stibee", "sender.delete", map[string]any{"listId": list, "email": "ann@example.com"})
				return "ann@example.com"
			},
		},
		"stibee.email.list": {
			create: func(s *sandboxed, _ string) string {
				mail = s.draft("News")
				return mail
			},
			change: func(s *sandboxed, _ string) string {
				s.call("stibee", "email.update", map[string]any{"emailId": mail, "subject": "Good news"})
				return mail
			},
			remove: func(s *sandboxed, _ string) string {
				s.call("stibee", "email.delete", map[string]any{"emailId": mail})
				return mail
			},
		},
		"stibee.email.logs": {
			before: func(s *sandboxed) string {
				s.join("ann@example.com")
				return s.automatic()
			},
			create: func(s *sandboxed, id string) string {
				s.greet("ann@example.com")
				logs := s.list("stibee.email.logs", map[string]any{"emailId": id})
				return idOf(logs[len(logs)-1])
			},
			impossible: "changed: removed: logs are written once and stay",
		},
	}
}

// draft makes an e-mail with a content to the list of Stibee, and returns its id.
func (s *sandboxed) draft(subject string) string {
	s.t.Helper()
	id := idOf(s.call("stibee", "email.create", newEmail(subject)))
	s.call("stibee", "email.content.set", map[string]any{"emailId": id, "html": "<p>Hello</p>"})
	return id
}

// newEmail is what an e-mail of Stibee is made of.
func newEmail(subject string) map[string]any {
	return map[string]any{"subject": subject, "senderEmail": "news@example.com", "senderName": "Ann", "listId": 104532}
}

// join puts an address on the list of Stibee.
func (s *sandboxed) join(email string) {
	s.t.Helper()
	s.call("stibee", "subscriber.add", map[string]any{"listId": s.at.ListID, "email": email})
}

// automatic is the id of Stibee's automatic e-mail.
func (s *sandboxed) automatic() string {
	s.t.Helper()
	for _, row := range s.list("stibee.email.list", nil) {
		if row["type"] == 3 {
			return idOf(row)
		}
	}
	s.t.Fatal("there is no automatic e-mail")
	return ""
}

// greet sends the automatic e-mail to an address.
func (s *sandboxed) greet(email string) {
	s.t.Helper()
	s.call("stibee", "auto.send", map[string]any{"autoId": s.at.AutoID, "values": map[string]any{"subscriber": email, "coupon": "A1"}})
}
