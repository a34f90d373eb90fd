package project_test

// mentor are the inputs of an association.
func mentor() map[string]any {
	return map[string]any{
		"key": "mentor", "firstObjectKey": "contact", "firstObjectLabel": "Mentor", "secondObjectKey": "custom_objects.course", "secondObjectLabel": "Course",
	}
}

// linkDeeds are the writes of associations and relations.
func linkDeeds() []deed {
	page := map[string]any{"limit": 100, "skip": 0}
	relations := func(s *sandboxed) map[string]any {
		return map[string]any{"recordId": contact(s), "limit": 100, "skip": 0}
	}
	var id string
	return []deed{
		{
			operation: "association.create",
			inputs:    func(*sandboxed) map[string]any { return mentor() },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("association.get_by_key", map[string]any{"keyName": "mentor"}, map[string]any{"id": idOf(answer), "secondObjectKey": "custom_objects.course"})
			},
			rows: func(s *sandboxed) int { return len(s.list("association.list", page)) },
		},
		{
			operation: "association.update",
			inputs: func(s *sandboxed) map[string]any {
				return map[string]any{"associationId": newAssociation(s), "firstObjectLabel": "Coach", "secondObjectLabel": "Class"}
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("association.get", map[string]any{"associationId": idOf(answer)}, map[string]any{"firstObjectLabel": "Coach", "secondObjectLabel": "Class", "key": "mentor"})
			},
		},
		{
			operation: "association.delete",
			inputs: func(s *sandboxed) map[string]any {
				id = newAssociation(s)
				newRelation(s, id)
				return map[string]any{"associationId": id}
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				if missing := s.gone("association.get", map[string]any{"associationId": id}); missing != "" {
					return missing
				}
				return s.absent("relation.list_by_record", relations(s), "associationId", id)
			},
		},
		{
			operation: "relation.create",
			inputs: func(s *sandboxed) map[string]any {
				return map[string]any{"associationId": newAssociation(s), "firstRecordId": contact(s), "secondRecordId": "course1"}
			},
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("relation.list_by_record", relations(s), map[string]any{"id": idOf(answer), "secondRecordId": "course1"})
			},
			rows: func(s *sandboxed) int { return len(s.list("relation.list_by_record", relations(s))) },
		},
		relationDelete(relations),
	}
}

// relationDelete takes a relation away.
func relationDelete(relations func(s *sandboxed) map[string]any) deed {
	var id string
	return deed{
		operation: "relation.delete",
		inputs: func(s *sandboxed) map[string]any {
			id = newRelation(s, newAssociation(s))
			return map[string]any{"relationId": id}
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			return s.absent("relation.list_by_record", relations(s), "id", id)
		},
	}
}
