package project_test

import (
	"maps"
)

// peopleStories are those of users and businesses.
func peopleStories() map[string]story {
	business := func(st story) story {
		var it string
		st.create = func(s *sandboxed, _ string) string {
			it = s.make("business.create", newBusiness())
			return it
		}
		st.change = func(s *sandboxed, _ string) string {
			return s.edit("business.update", "businessId", it, map[string]any{"city": "Ulm"})
		}
		st.remove = func(s *sandboxed, _ string) string { return s.edit("business.delete", "businessId", it, nil) }
		return st
	}
	user := func(st story) story {
		var it string
		st.create = func(s *sandboxed, _ string) string {
			it = s.make("user.create", newUser())
			return it
		}
		st.change = func(s *sandboxed, _ string) string {
			return s.edit("user.update", "userId", it, map[string]any{"lastName": "Dunn"})
		}
		st.remove = func(s *sandboxed, _ string) string { return s.edit("user.delete", "userId", it, nil) }
		return st
	}
	return map[string]story{
		"highlevel.business.list":         business(story{confirmed: true}),
		"highlevel.user.search":           user(story{}),
		"highlevel.user.list_by_location": user(story{}),
		"highlevel.user.filter_by_email":  user(story{with: "emails: \"nobody@example.com, " + newUser()["email"].(string) + "\""}), //nolint:forcetypeassert // a literal
		"highlevel.business.get":          singleOf("businessId", "business", newBusiness(), map[string]any{"city": "Ulm"}),
		"highlevel.user.get":              singleOf("userId", "user", newUser(), map[string]any{"lastName": "Dunn"}),
	}
}

// singleOf is the story of an object that is read by its id and made, changed and deleted
// by the operations of the same name.
func singleOf(idInput, what string, fields, edit map[string]any) story {
	return single(story{
		with:   idInput + ": $id",
		before: func(s *sandboxed) string { return s.make(what+".create", fields) },
		change: func(s *sandboxed, id string) string { return s.edit(what+".update", idInput, id, edit) },
		remove: func(s *sandboxed, id string) string { return s.edit(what+".delete", idInput, id, nil) },
	})
}

// make makes an object and returns its id.
func (s *sandboxed) make(operation string, fields map[string]any) string {
	s.t.Helper()
	return idOf(s.call("highlevel", operation, fields))
}

// edit carries out a write on the object with an id and returns the id.
func (s *sandboxed) edit(operation, idInput, id string, fields map[string]any) string {
	s.t.Helper()
	in := map[string]any{idInput: id}
	maps.Copy(in, fields)
	_, err := s.try("highlevel", operation, in)
	s.must(err)
	return id
}

// What users and businesses are made of.
func newBusiness() map[string]any { return map[string]any{"name": "Shop", "city": "Rome"} }

func newUser() map[string]any {
	return map[string]any{
		"firstName": "Uma", "lastName": "Day", "email": "uma.day@example.com", "password": "s3cret-enough", "type": "account", "role": "user",
		"locationIds": []any{"sandboxLocation00001"},
	}
}
