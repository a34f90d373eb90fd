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

// onPart is a write on a note or task of the first contact; its read shows it. want is nil
// for a write that deletes.
func onPart(what, verb string, fields, in, want map[string]any) deed {
	var it string
	return deed{
		operation: "contact." + what + "." + verb,
		inputs: func(s *sandboxed) map[string]any {
			it = makePart(s, what, fields)
			return of(s, plus(map[string]any{what + "Id": it}, in))
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			if want == nil {
				return s.absent("contact."+what+".list", of(s, nil), "id", it)
			}
			return s.shows("contact."+what+".get", of(s, map[string]any{what + "Id": it}), want)
		},
	}
}

func noteDeeds() []deed {
	edit := map[string]any{"body": "Called twice.", "pinned": true}
	return []deed{
		{
			operation: "contact.note.create",
			inputs:    func(s *sandboxed) map[string]any { return of(s, map[string]any{"body": "Called.", "title": "Call"}) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("contact.note.list", of(s, nil), map[string]any{"id": idOf(answer), "body": "Called.", "title": "Call"})
			},
			rows: func(s *sandboxed) int { return len(s.world.Notes(contact(s))) },
		},
		onPart("note", "update", newNote(), edit, edit),
		onPart("note", "delete", newNote(), nil, nil),
	}
}

func taskDeeds() []deed {
	edit := map[string]any{"title": "Write"}
	return []deed{
		{
			operation: "contact.task.create",
			inputs:    func(s *sandboxed) map[string]any { return of(s, newTask()) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("task.search", map[string]any{}, map[string]any{"id": idOf(answer), "title": "Call back"})
			},
			rows: func(s *sandboxed) int { return len(s.list("contact.task.list", of(s, nil))) },
		},
		onPart("task", "update", newTask(), edit, edit),
		onPart("task", "complete", newTask(), nil, map[string]any{"completed": true}),
		onPart("task", "delete", newTask(), nil, nil),
	}
}

// campaignDeeds show in the sandbox's log alone: no operation reads the campaigns of a
// contact.
func campaignDeeds() []deed {
	in := func(s *sandboxed) map[string]any { return of(s, map[string]any{"campaignId": "sandboxCampaign00001"}) }
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
