package project_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
)

// walk is a recipe's wish for walks over the whole list between the polls.
const walk = "deletes: {scan: 10m}"

// story is what happens to one record of an operation's list. Each step returns the
// record's id; a step that is missing cannot happen, and impossible says why.
type story struct {
	with    string // the trigger's inputs; $id is what before returned
	trigger string // further keys of the trigger
	// before makes what must be there when the recipe starts.
	before func(s *sandboxed) string
	// create, change and remove do it; they are given what before returned.
	create, change, remove func(s *sandboxed, id string) string
	impossible             string
	// confirmed is true where a read tells at once that a record is gone.
	confirmed bool
}

// contactStory is that of a list of contacts whose fields the sandbox writes.
func contactStory(fields map[string]any, st story) story {
	var id string
	st.create = func(s *sandboxed, _ string) string {
		id = s.world.AddContact(maps.Clone(fields))
		return id
	}
	st.change = func(s *sandboxed, _ string) string {
		s.must(s.world.UpdateContact(id, map[string]any{"city": "Ulm"}))
		return id
	}
	st.remove = func(s *sandboxed, _ string) string {
		s.must(s.world.DeleteContact(id))
		return id
	}
	return st
}

// must ends the test at an error.
func (s *sandboxed) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// contact is the first contact, on which things hang.
func contact(s *sandboxed) string { return s.world.Contacts()[0] }

// partStory is that of notes or tasks of a contact, from a list of all of them.
func partStory(what string, fields map[string]any, edit map[string]any, st story) story {
	var id string
	st.create = func(s *sandboxed, _ string) string {
		id = makePart(s, what, fields)
		return id
	}
	st.change = func(s *sandboxed, _ string) string { return changePart(s, what, id, edit) }
	st.remove = func(s *sandboxed, _ string) string { return removePart(s, what, id) }
	return st
}

func makePart(s *sandboxed, what string, fields map[string]any) string {
	in := maps.Clone(fields)
	in["contactId"] = contact(s)
	return fmt.Sprint(s.call("highlevel", "contact."+what+".create", in)["id"])
}

func changePart(s *sandboxed, what, id string, edit map[string]any) string {
	in := maps.Clone(edit)
	in["contactId"], in[what+"Id"] = contact(s), id
	s.call("highlevel", "contact."+what+".update", in)
	return id
}

func removePart(s *sandboxed, what, id string) string {
	s.call("highlevel", "contact."+what+".delete", map[string]any{"contactId": contact(s), what + "Id": id})
	return id
}

// single is the story of a record that is read by an id which nobody knows before the
// record is there.
func single(st story) story {
	st.impossible = "created: the id is known only once the record is there"
	return st
}

// What notes and tasks are made of.
func newNote() map[string]any { return map[string]any{"body": "Called."} }

func newTask() map[string]any {
	return map[string]any{"title": "Call back", "dueDate": "2027-01-01T00:00:00Z", "completed": false}
}

// highLevelStories are the stories of HighLevel's operations.
func highLevelStories() map[string]story {
	return map[string]story{
		"highlevel.contact.search": contactStory(map[string]any{"firstName": "Ann"}, story{trigger: walk, confirmed: true}),
		// Sorted by creation: what changes shows where the whole list is read.
		"highlevel.contact.list_legacy": contactStory(map[string]any{"firstName": "Ann"}, story{trigger: walk}),
		// Narrowed by an input: what is missing may be elsewhere, so no read confirms.
		"highlevel.contact.list_by_business": contactStory(map[string]any{"businessId": "b1"}, story{with: "businessId: b1"}),
		"highlevel.contact.find_duplicate":   contactStory(map[string]any{"email": "ann@example.com"}, story{with: "email: ann@example.com"}),
		"highlevel.contact.get": single(story{
			with: "contactId: $id", before: contact,
			change: func(s *sandboxed, id string) string {
				s.must(s.world.UpdateContact(id, map[string]any{"city": "Ulm"}))
				return id
			},
			remove: func(s *sandboxed, id string) string {
				s.must(s.world.DeleteContact(id))
				return id
			},
		}),
		"highlevel.contact.note.list": partStory("note", newNote(), map[string]any{"body": "Called twice."}, story{}),
		"highlevel.contact.task.list": partStory("task", newTask(), map[string]any{"completed": true}, story{}),
		"highlevel.task.search":       partStory("task", newTask(), map[string]any{"completed": true}, story{}),
		"highlevel.contact.note.get": single(story{
			with:   "contactId: $contact, noteId: $id",
			before: func(s *sandboxed) string { return makePart(s, "note", newNote()) },
			change: func(s *sandboxed, id string) string { return changePart(s, "note", id, map[string]any{"pinned": true}) },
			remove: func(s *sandboxed, id string) string { return removePart(s, "note", id) },
		}),
		"highlevel.contact.task.get": single(story{
			with:   "contactId: $contact, taskId: $id",
			before: func(s *sandboxed) string { return makePart(s, "task", newTask()) },
			change: func(s *sandboxed, id string) string {
				return changePart(s, "task", id, map[string]any{"title": "Write"})
			},
			remove: func(s *sandboxed, id string) string { return removePart(s, "task", id) },
		}),
		"highlevel.contact.appointment.list": appointmentStory(),
		"highlevel.appointment.get": single(story{
			with: "eventId: $id", before: (*sandboxed).book, change: cancel, remove: unbook,
		}),
	}
}

// appointmentStory is that of an appointment of a contact.
func appointmentStory() story {
	var id string
	return story{
		create: func(s *sandboxed, _ string) string {
			id = s.book()
			return id
		},
		change: func(s *sandboxed, _ string) string { return cancel(s, id) },
		remove: func(s *sandboxed, _ string) string { return unbook(s, id) },
	}
}

// cancel changes the status of an appointment.
func cancel(s *sandboxed, id string) string {
	s.call("highlevel", "appointment.update", map[string]any{"eventId": id, "appointmentStatus": "cancelled"})
	return id
}

// unbook deletes an appointment.
func unbook(s *sandboxed, id string) string {
	s.call("highlevel", "calendar_event.delete", map[string]any{"eventId": id})
	return id
}

// TestEveryPollableOperation_TellsOfCreationChangeAndDeletion lives one record's life at
// every operation of the built-in connectors that can be polled. An operation that is
// added and not told of here fails it.
func TestEveryPollableOperation_TellsOfCreationChangeAndDeletion(t *testing.T) {
	t.Parallel()
	stories := highLevelStories()
	maps.Copy(stories, stibeeStories())
	maps.Copy(stories, setupStories())
	maps.Copy(stories, linkStories())
	maps.Copy(stories, blogStories())
	maps.Copy(stories, messageStories())
	maps.Copy(stories, peopleStories())
	maps.Copy(stories, calendarStories())
	maps.Copy(stories, opportunityStories())
	maps.Copy(stories, staxStories())
	registry := builtin.Registry()
	knowsAll(t, registry, slices.Collect(maps.Keys(stories)))
	for name, st := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inSandbox(t, sandbox.Options{Seed: 1, Contacts: 5, Lag: 5 * time.Second}, func(s *sandboxed) { s.live(name, st) })
		})
	}
}

// knowsAll asserts that a test knows all operations of a registry that can be polled.
func knowsAll(t *testing.T, registry *connectors.Registry, names []string) {
	t.Helper()
	slices.Sort(names)
	if diff := cmp.Diff(pollable(registry), names); diff != "" {
		t.Errorf("operations that can be polled, and those that the test tells of (-want +got):\n%s", diff)
	}
}

// live lives through the story of an operation.
func (s *sandboxed) live(name string, st story) {
	connector, operation, _ := strings.Cut(name, ".")
	id := ""
	if st.before != nil {
		id = st.before(s)
	}
	text := []string{watching("story", connector, operation, s.inputs(strings.ReplaceAll(st.with, "$id", id)), st.trigger)}
	const poll = 20 * time.Minute // longer than the overlap, and than the time between walks
	s.expect("the first poll", poll, text)
	s.expect("a poll after it", poll, text)
	if (st.create == nil) != strings.Contains(st.impossible, "created:") {
		s.t.Fatal("a creation neither happens nor is said to be impossible")
	}
	if st.create != nil {
		id := st.create(s, id)
		s.expect("after the creation", poll, text, "created "+id)
		s.expect("a poll later", poll, text)
	}
	if (st.change == nil) != strings.Contains(st.impossible, "changed:") {
		s.t.Fatal("a change neither happens nor is said to be impossible")
	}
	if st.change != nil {
		changed := st.change(s, id)
		s.expect("after the change", poll, text, "updated "+changed)
		s.expect("a poll later", poll, text)
	}
	if (st.remove == nil) != strings.Contains(st.impossible, "removed:") {
		s.t.Fatal("a deletion neither happens nor is said to be impossible")
	}
	if st.remove != nil {
		gone := st.remove(s, id)
		if !st.confirmed {
			s.expect("after the deletion", poll, text)
		}
		s.expect("after the deletion is proven", poll, text, "deleted "+gone)
	}
	s.expect("at the end", poll, text)
}
