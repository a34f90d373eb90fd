package project_test

// peopleDeeds are the writes of users and businesses.
func peopleDeeds() []deed {
	business, user := edited("business", "businessId", newBusiness()), edited("user", "userId", newUser())
	list := map[string]any{}
	var it string
	return []deed{
		{
			operation: "business.create",
			inputs:    func(*sandboxed) map[string]any { return newBusiness() },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.shows("business.get", map[string]any{"businessId": idOf(answer)}, newBusiness())
			},
			rows: func(s *sandboxed) int { return len(s.list("business.list", list)) },
		},
		business("update", map[string]any{"city": "Ulm"}),
		business("delete", nil),
		{
			operation: "user.create",
			// A secret must not stand in a recipe, but it may come out of a record.
			inputs: func(*sandboxed) map[string]any { return plus(newUser(), map[string]any{"password": "=record.id"}) },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("user.list_by_location", list, map[string]any{"id": idOf(answer), "name": "Uma Day"})
			},
			rows: func(s *sandboxed) int { return len(s.list("user.search", list)) },
		},
		user("update", map[string]any{"lastName": "Dunn"}),
		user("delete", nil),
		{
			operation: "contact.business.bulk_update",
			inputs: func(s *sandboxed) map[string]any {
				it = s.make("business.create", newBusiness())
				return map[string]any{"ids": []any{contact(s)}, "businessId": it}
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.among("contact.list_by_business", map[string]any{"businessId": it}, map[string]any{"id": contact(s)})
			},
		},
	}
}

// edited returns how to make the deeds that change or delete an object of a kind, which its
// read shows. edit is nil for one that deletes.
func edited(what, idInput string, fields map[string]any) func(verb string, edit map[string]any) deed {
	return func(verb string, edit map[string]any) deed {
		var it string
		return deed{
			operation: what + "." + verb,
			inputs: func(s *sandboxed) map[string]any {
				it = s.make(what+".create", fields)
				return plus(map[string]any{idInput: it}, edit)
			},
			seen: func(s *sandboxed, _ map[string]any) string {
				if edit == nil {
					return s.gone(what+".get", map[string]any{idInput: it})
				}
				return s.shows(what+".get", map[string]any{idInput: it}, edit)
			},
		}
	}
}
