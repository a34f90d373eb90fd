package project_test

import (
	"fmt"
	"time"
)

// What is there in the sandbox at the start.
const (
	calendarID = "sandboxCalendar00001"
	monday     = "2000-01-03T10:00:00-06:00" // the first slot but two of the calendar in a bubble
)

// booking are the inputs of an appointment of the first contact.
func booking(s *sandboxed, more map[string]any) map[string]any {
	return plus(map[string]any{"contactId": contact(s), "calendarId": calendarID, "startTime": mondayAt(10), "title": "Tour"}, more)
}

// mondayAt is an hour of the next Monday, as the sandbox writes it: in a bubble that of
// monday.
func mondayAt(hour int) string {
	now := time.Now().In(time.FixedZone("", -6*60*60))
	days := (8 - int(now.Weekday())) % 7
	if days == 0 {
		days = 7
	}
	return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, now.Location()).Format(time.RFC3339)
}

// What calendars and what hangs on them are made of.
func newCalendar() map[string]any {
	return map[string]any{"name": "Visits", "slotDuration": 45, "teamMembers": []any{map[string]any{"userId": "sandboxUser000000001", "priority": 0.5}}}
}

func newGroup() map[string]any {
	return map[string]any{"name": "Rooms", "description": "All rooms", "slug": "rooms"}
}

func newRoom() map[string]any {
	return map[string]any{
		"resourceType": "rooms", "name": "Attic", "description": "The small one", "quantity": 1, "outOfService": 0, "capacity": 8, "calendarIds": []any{calendarID},
	}
}

func newBlock() map[string]any {
	return map[string]any{"calendarId": calendarID, "title": "Repairs", "startTime": monday, "endTime": "2000-01-03T11:00:00-06:00"}
}

// makeNotice makes a notification of the calendar and returns its id.
func makeNotice(s *sandboxed) string {
	s.t.Helper()
	made := s.list("calendar_notification.create", map[string]any{"calendarId": calendarID, "notifications": []any{newNotice()}})
	return fmt.Sprint(made[0]["_id"])
}

func newNotice() map[string]any {
	return map[string]any{"receiverType": "contact", "channel": "email", "notificationType": "reminder", "beforeTime": []any{map[string]any{"timeOffset": 1, "unit": "hours"}}}
}

// makeRoom makes a room and returns its id. The answer of the write has no documented id.
func makeRoom(s *sandboxed) string {
	s.t.Helper()
	return fmt.Sprint(s.call("highlevel", "calendar_resource.create", newRoom())["_id"])
}

// life is a story of a record that is made by a function and then changed and removed by
// operations on its id, which they take with some other inputs.
func life(made func(s *sandboxed) string, change, remove func(s *sandboxed, id string) string, st story) story {
	var it string
	st.create = func(s *sandboxed, _ string) string {
		it = made(s)
		return it
	}
	st.change = func(s *sandboxed, _ string) string { return change(s, it) }
	st.remove = func(s *sandboxed, _ string) string { return remove(s, it) }
	return st
}

// editing returns a step that carries out a write on the record.
func editing(operation, idInput string, in map[string]any) func(s *sandboxed, id string) string {
	return func(s *sandboxed, id string) string { return s.edit(operation, idInput, id, in) }
}

// calendarStories are those of calendars and what hangs on them.
func calendarStories() map[string]story {
	room := map[string]any{"resourceType": "rooms"}
	changeRoom := editing("calendar_resource.update", "resourceId", plus(room, map[string]any{"capacity": 9}))
	removeRoom := editing("calendar_resource.delete", "resourceId", room)
	at := map[string]any{"calendarId": calendarID}
	changeNotice := editing("calendar_notification.update", "notificationId", plus(at, map[string]any{"subject": "Soon"}))
	removeNotice := editing("calendar_notification.delete", "notificationId", at)
	onCalendar := "calendarId: " + calendarID
	return map[string]story{
		"highlevel.calendar.list": life(
			func(s *sandboxed) string { return s.make("calendar.create", newCalendar()) },
			editing("calendar.update", "calendarId", map[string]any{"isActive": false}), editing("calendar.delete", "calendarId", nil), story{},
		),
		"highlevel.calendar.get": singleOf("calendarId", "calendar", newCalendar(), map[string]any{"name": "Tea"}),
		"highlevel.calendar_group.list": life(
			func(s *sandboxed) string { return s.make("calendar_group.create", newGroup()) },
			editing("calendar_group.set_status", "groupId", map[string]any{"isActive": false}), editing("calendar_group.delete", "groupId", nil), story{},
		),
		"highlevel.calendar_notification.list": life(makeNotice, changeNotice, removeNotice, story{}),
		"highlevel.calendar_notification.get": single(story{
			with: onCalendar + ", notificationId: $id", before: makeNotice, change: changeNotice, remove: removeNotice,
		}),
		"highlevel.calendar_resource.list": life(makeRoom, changeRoom, removeRoom, story{with: "resourceType: rooms"}),
		"highlevel.calendar_resource.get": single(story{
			with: "resourceType: rooms, resourceId: $id", before: makeRoom, change: changeRoom, remove: removeRoom,
		}),
		"highlevel.calendar.free_slots": slotStory(),
		// Narrowed by an input, so no read confirms.
		"highlevel.calendar_event.list": life(
			func(s *sandboxed) string { return s.make("appointment.create", booking(s, nil)) }, cancel, unbook, story{with: onCalendar},
		),
		"highlevel.blocked_slot.list": life(
			func(s *sandboxed) string { return s.make("block_slot.create", newBlock()) },
			editing("block_slot.update", "eventId", map[string]any{"title": "Paint"}), unbook, story{with: onCalendar},
		),
		"highlevel.appointment_note.list": appointmentNoteStory(),
	}
}

// slotStory is that of a slot, which is free while nobody has booked it.
func slotStory() story {
	text := func(s *sandboxed, _ string) string {
		s.make("appointment.create", booking(s, nil))
		return monday
	}
	return story{
		with:       "calendarId: " + calendarID,
		before:     func(s *sandboxed) string { return s.make("appointment.create", booking(s, nil)) },
		create:     func(s *sandboxed, id string) string { cancel(s, id); return monday },
		remove:     text,
		impossible: "changed: another text is another slot",
	}
}

func appointmentNoteStory() story {
	var it string
	of := func(id string, more map[string]any) map[string]any {
		return plus(map[string]any{"appointmentId": id}, more)
	}
	return story{
		with:   "appointmentId: $id",
		before: (*sandboxed).book,
		create: func(s *sandboxed, id string) string {
			it = s.make("appointment_note.create", of(id, map[string]any{"body": "Late."}))
			return it
		},
		change: func(s *sandboxed, id string) string {
			return s.edit("appointment_note.update", "noteId", it, of(id, map[string]any{"body": "Very late."}))
		},
		remove: func(s *sandboxed, id string) string {
			return s.edit("appointment_note.delete", "noteId", it, of(id, nil))
		},
	}
}
