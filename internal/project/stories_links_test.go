package project_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// newAssociation makes an association of contacts and courses, and returns its id.
func newAssociation(s *sandboxed) string {
	return fmt.Sprint(s.call("highlevel", "association.create", mentor())["id"])
}

// relabel changes the labels of an association.
func relabel(s *sandboxed, id string) string {
	s.call("highlevel", "association.update", map[string]any{"associationId": id, "firstObjectLabel": "Coach", "secondObjectLabel": "Course"})
	return id
}

func dissociate(s *sandboxed, id string) string {
	s.call("highlevel", "association.delete", map[string]any{"associationId": id})
	return id
}

// newRelation relates the first contact to a record of another kind.
func newRelation(s *sandboxed, association string) string {
	return fmt.Sprint(s.call("highlevel", "relation.create", map[string]any{
		"associationId": association, "firstRecordId": contact(s), "secondRecordId": "course1",
	})["id"])
}

// associationStory is that of an association in a list.
func associationStory(st story) story {
	var id string
	st.create = func(s *sandboxed, _ string) string {
		id = newAssociation(s)
		return id
	}
	st.change = func(s *sandboxed, _ string) string { return relabel(s, id) }
	st.remove = func(s *sandboxed, _ string) string { return dissociate(s, id) }
	return st
}

// linkStories are those of associations and relations.
func linkStories() map[string]story {
	var relation string
	return map[string]story{
		"highlevel.association.list":               associationStory(story{}),
		"highlevel.association.list_by_object_key": associationStory(story{with: "objectKey: contact"}),
		"highlevel.association.get_by_key":         associationStory(story{with: "keyName: mentor"}),
		"highlevel.association.get": single(story{
			with: "associationId: $id", before: newAssociation, change: relabel, remove: dissociate,
		}),
		"highlevel.relation.list_by_record": {
			before: newAssociation,
			create: func(s *sandboxed, association string) string {
				relation = newRelation(s, association)
				return relation
			},
			impossible: "changed: no call changes a relation",
			remove: func(s *sandboxed, _ string) string {
				s.call("highlevel", "relation.delete", map[string]any{"relationId": relation})
				return relation
			},
		},
	}
}

// TestRelation_OfTwoContactsIsToldForEach relates two contacts, whose lists both show it.
func TestRelation_OfTwoContactsIsToldForEach(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 5}, func(s *sandboxed) {
		text := []string{watching("story", "highlevel", "relation.list_by_record")}
		s.expect("the first poll", 0, text)
		s.expect("a poll after it", 20*time.Minute, text)
		told := fmt.Sprint("created ", s.call("highlevel", "relation.create", map[string]any{
			"associationId": "sandboxAssociation02", "firstRecordId": contact(s), "secondRecordId": s.world.Contacts()[1],
		})["id"])
		s.expect("after the relation", 20*time.Minute, text, told, told)
		s.expect("at the end", 20*time.Minute, text)
	})
}
