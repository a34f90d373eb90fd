package project_test

import "slices"

// contactDeeds are the writes of contacts, their notes, tasks, tags and campaigns.
func contactDeeds() []deed {
	return slices.Concat(personDeeds(), tagDeeds(), noteDeeds(), taskDeeds(), campaignDeeds())
}

// of are the inputs of a call for the first contact.
func of(s *sandboxed, more map[string]any) map[string]any {
	return plus(map[string]any{"contactId": contact(s)}, more)
}

// byAnswer reads the contact that a write returned.
func byAnswer(want map[string]any) func(s *sandboxed, answer map[string]any) string {
	return func(s *sandboxed, answer map[string]any) string {
		return s.shows("contact.get", map[string]any{"contactId": idOf(answer)}, want)
	}
}

func allContacts(s *sandboxed) int { return len(s.world.Contacts()) }

func personDeeds() []deed {
	ann := map[string]any{"firstName": "Ann", "email": "ann@example.com", "customFields": []any{map[string]any{"id": "f1", "field_value": "x"}}}
	var it string
	return []deed{
		{
			operation: "contact.create",
			inputs:    func(*sandboxed) map[string]any { return ann },
			seen:      byAnswer(map[string]any{"firstName": "Ann", "email": "ann@example.com"}),
		},
		{
			operation: "contact.upsert",
			inputs:    func(*sandboxed) map[string]any { return ann },
			seen:      byAnswer(map[string]any{"firstName": "Ann", "email": "ann@example.com"}),
			rows:      allContacts,
		},
		{
			operation: "contact.update",
			inputs:    func(s *sandboxed) map[string]any { return of(s, map[string]any{"city": "Ulm", "dnd": true}) },
			seen:      byAnswer(map[string]any{"city": "Ulm", "dnd": true}),
			rows:      allContacts,
		},
		{
			operation: "contact.delete",
			inputs: func(s *sandboxed) map[string]any {
				it = contact(s)
				return map[string]any{"contactId": it}
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.gone("contact.get", map[string]any{"contactId": it})
			},
			rows: allContacts,
		},
	}
}

func tagDeeds() []deed {
	tagged := func(want ...any) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			return s.shows("contact.get", of(s, nil), map[string]any{"tags": want})
		}
	}
	tags := func(have []any, in map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any {
			s.must(s.world.UpdateContact(contact(s), map[string]any{"tags": have}))
			return of(s, in)
		}
	}
	return []deed{
		{
			operation: "contact.tag.add",
			inputs:    tags([]any{"old"}, map[string]any{"tags": []any{"new"}}),
			seen:      tagged("old", "new"),
		},
		{
			operation: "contact.tag.remove",
			inputs:    tags([]any{"old", "stale"}, map[string]any{"tags": []any{"stale"}}),
			seen:      tagged("old"),
		},
		{
			operation: "contact.tag.bulk_update",
			inputs: func(s *sandboxed) map[string]any {
				in := tags([]any{"old"}, nil)(s)
				return map[string]any{"type": "add", "contacts": []any{in["contactId"]}, "tags": []any{"new"}}
			},
			seen: tagged("old", "new"),
		},
	}
}

func noteDeeds() []deed {
	var note string
	made := func(more map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any {
			note = makePart(s, "note", newNote())
			in := of(s, more)
			in["noteId"] = note
			return in
		}
	}
	return []deed{
		{
			operation: "contact.note.create",
			inputs:    func(s *sandboxed) map[string]any { return of(s, map[string]any{"body": "Called.", "title": "Call"}) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("contact.note.list", of(s, nil), map[string]any{"id": idOf(answer), "body": "Called.", "title": "Call"})
			},
			rows: func(s *sandboxed) int { return len(s.world.Notes(contact(s))) },
		},
		{
			operation: "contact.note.update",
			inputs:    made(map[string]any{"body": "Called twice.", "pinned": true}),
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.shows("contact.note.get", of(s, map[string]any{"noteId": note}), map[string]any{"body": "Called twice.", "pinned": true})
			},
		},
		{
			operation: "contact.note.delete",
			inputs:    made(nil),
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.absent("contact.note.list", of(s, nil), "id", note)
			},
		},
	}
}

func taskDeeds() []deed {
	var task string
	made := func(more map[string]any) func(s *sandboxed) map[string]any {
		return func(s *sandboxed) map[string]any {
			task = makePart(s, "task", newTask())
			in := of(s, more)
			in["taskId"] = task
			return in
		}
	}
	shows := func(want map[string]any) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			return s.shows("contact.task.get", of(s, map[string]any{"taskId": task}), want)
		}
	}
	return []deed{
		{
			operation: "contact.task.create",
			inputs:    func(s *sandboxed) map[string]any { return of(s, newTask()) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("task.search", map[string]any{}, map[string]any{"id": idOf(answer), "title": "Call back"})
			},
			rows: func(s *sandboxed) int { return len(s.list("contact.task.list", of(s, nil))) },
		},
		{operation: "contact.task.update", inputs: made(map[string]any{"title": "Write"}), seen: shows(map[string]any{"title": "Write"})},
		{operation: "contact.task.complete", inputs: made(nil), seen: shows(map[string]any{"completed": true})},
		{
			operation: "contact.task.delete",
			inputs:    made(nil),
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.absent("contact.task.list", of(s, nil), "id", task)
			},
		},
	}
}

// campaignDeeds show in the sandbox's log alone: no operation reads the campaigns of a
// contact.
func campaignDeeds() []deed {
	in := func(s *sandboxed) map[string]any { return of(s, map[string]any{"campaignId": "c1"}) }
	logged := func(operation string) func(s *sandboxed, _ map[string]any) string {
		return func(s *sandboxed, _ map[string]any) string {
			for _, w := range s.world.Writes(0) {
				if w.Operation == operation && w.Target == contact(s) {
					return ""
				}
			}
			return "the service has not written " + operation
		}
	}
	return []deed{
		{operation: "contact.campaign.add", inputs: in, seen: logged("highlevel.contact.campaign.add")},
		{operation: "contact.campaign.remove", inputs: in, seen: logged("highlevel.contact.campaign.remove")},
		{
			operation: "contact.campaign.remove_all",
			inputs:    func(s *sandboxed) map[string]any { return of(s, nil) },
			seen:      logged("highlevel.contact.campaign.remove_all"),
		},
	}
}
