package project_test

// wrote asserts that the service has carried out a write on the first contact, where no
// operation reads what it does.
func wrote(operation string) func(s *sandboxed, _ map[string]any) string {
	return func(s *sandboxed, _ map[string]any) string {
		for _, w := range s.world.Writes(0) {
			if w.Operation == "highlevel."+operation && w.Target == contact(s) {
				return ""
			}
		}
		return "the service has not written " + operation
	}
}

// setupDeeds are the writes of what a location is set up with, and of what lies above it.
func setupDeeds() []deed {
	enrolment := func(s *sandboxed) map[string]any {
		return map[string]any{"contactId": contact(s), "workflowId": "5a9d0b0c-0000-4000-8000-000000000001", "eventStartTime": "2027-01-01T00:00:00Z"}
	}
	return []deed{
		{operation: "contact.workflow.add", inputs: enrolment, seen: wrote("contact.workflow.add")},
		{
			operation: "contact.workflow.remove",
			inputs: func(s *sandboxed) map[string]any {
				s.call("highlevel", "contact.workflow.add", enrolment(s))
				return enrolment(s)
			},
			seen: wrote("contact.workflow.remove"),
		},
		followers("contact.follower.add", []any{"u3", "u1"}, []any{"u1", "u2", "u3"}),
		followers("contact.follower.remove", []any{"u1", "u4"}, []any{"u2"}),
		{
			operation: "location.create",
			inputs: func(*sandboxed) map[string]any {
				return map[string]any{
					"name": "Third studio", "country": "DE", "settings": map[string]any{"allowDuplicateContact": true},
					"prospectInfo": map[string]any{"firstName": "Ann", "lastName": "Lee", "email": "ann@example.com"},
				}
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("location.search", nil, map[string]any{"id": answer["id"], "name": "Third studio", "email": "ann@example.com", "country": "DE"})
			},
			rows: func(s *sandboxed) int { return len(s.list("location.search", nil)) },
		},
	}
}

// followers changes those of a contact that has u1 and u2.
func followers(operation string, ids, want []any) deed {
	return deed{
		operation: operation,
		inputs: func(s *sandboxed) map[string]any {
			s.call("highlevel", "contact.follower.add", map[string]any{"contactId": contact(s), "followers": []any{"u1", "u2"}})
			return map[string]any{"contactId": contact(s), "followers": ids}
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			return s.shows("contact.get", map[string]any{"contactId": contact(s)}, map[string]any{"followers": want})
		},
	}
}
