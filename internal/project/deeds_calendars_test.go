package project_test

import (
	"cmp"
	"fmt"
	"slices"
)

// calendarDeeds are the writes of calendars and what hangs on them.
func calendarDeeds() []deed {
	return slices.Concat(calendarAndGroupDeeds(), noticeDeeds(), roomDeeds(), appointmentDeeds(), blockDeeds(), appointmentNoteDeeds())
}

// nearby are the inputs of a list that has all appointments and blocked slots of a bubble's
// first month.
func nearby() map[string]any {
	return map[string]any{"calendarId": calendarID, "startTime": "946684800000", "endTime": "949363200000"}
}

// counted counts the rows of a list.
func counted(operation string, in map[string]any) func(s *sandboxed) int {
	return func(s *sandboxed) int { return len(s.list(operation, in)) }
}

// listed looks for the object that a write returned in a list.
func listed(operation string, in, want map[string]any) func(s *sandboxed, answer map[string]any) string {
	return func(s *sandboxed, answer map[string]any) string {
		return s.among(operation, in, plus(want, map[string]any{"id": answer["id"]}))
	}
}

// altered is a write on an object that a list shows.
type altered struct {
	operation, idInput string
	made               func(s *sandboxed) string // makes the object and returns its id
	in                 map[string]any            // the other inputs
	list               string
	filter             map[string]any // the inputs of the list
	idField            string         // the member of a row with the id; "id" where empty
	want               map[string]any // what the row shows; nil for a row that is gone
}

func (a altered) deed() deed {
	var it string
	idField := cmp.Or(a.idField, "id")
	return deed{
		operation: a.operation,
		inputs: func(s *sandboxed) map[string]any {
			it = a.made(s)
			return plus(map[string]any{a.idInput: it}, a.in)
		},
		seen: func(s *sandboxed, _ map[string]any) string {
			if a.want == nil {
				return s.absent(a.list, a.filter, idField, it)
			}
			return s.among(a.list, a.filter, plus(a.want, map[string]any{idField: it}))
		},
		rows: func(s *sandboxed) int { return len(s.list(a.list, a.filter)) },
	}
}

func calendarAndGroupDeeds() []deed {
	calendar := edited("calendar", "calendarId", newCalendar())
	group := altered{
		idInput: "groupId", made: func(s *sandboxed) string { return s.make("calendar_group.create", newGroup()) },
		list: "calendar_group.list", filter: map[string]any{},
	}
	update, status, remove := group, group, group
	update.operation, update.in, update.want = "calendar_group.update", plus(newGroup(), map[string]any{"name": "Halls"}), map[string]any{"name": "Halls"}
	status.operation, status.in, status.want = "calendar_group.set_status", map[string]any{"isActive": false}, map[string]any{"isActive": false}
	remove.operation = "calendar_group.delete"
	return []deed{
		{
			operation: "calendar.create",
			inputs:    func(*sandboxed) map[string]any { return newCalendar() },
			seen:      listed("calendar.list", nil, map[string]any{"name": "Visits", "slotDuration": 45}),
			rows:      counted("calendar.list", nil),
		},
		calendar("update", map[string]any{"name": "Tea", "isActive": false}),
		calendar("delete", nil),
		{
			operation: "calendar_group.create",
			inputs:    func(*sandboxed) map[string]any { return newGroup() },
			seen:      listed("calendar_group.list", nil, newGroup()),
			rows:      counted("calendar_group.list", nil),
		},
		update.deed(), status.deed(), remove.deed(),
	}
}

func noticeDeeds() []deed {
	at := map[string]any{"calendarId": calendarID}
	notice := altered{idInput: "notificationId", made: makeNotice, in: at, list: "calendar_notification.list", filter: at, idField: "_id"}
	update, remove := notice, notice
	update.operation, update.in, update.want = "calendar_notification.update", plus(at, map[string]any{"subject": "Soon"}), map[string]any{"subject": "Soon"}
	remove.operation = "calendar_notification.delete"
	return []deed{
		{
			operation: "calendar_notification.create",
			inputs:    func(*sandboxed) map[string]any { return plus(at, map[string]any{"notifications": []any{newNotice()}}) },
			seen: func(s *sandboxed, _ map[string]any) string {
				return s.among("calendar_notification.list", at, map[string]any{"notificationType": "reminder", "channel": "email"})
			},
			rows: counted("calendar_notification.list", at),
		},
		update.deed(), remove.deed(),
	}
}

func roomDeeds() []deed {
	rooms := map[string]any{"resourceType": "rooms"}
	list := plus(rooms, map[string]any{"limit": 100})
	room := altered{idInput: "resourceId", made: makeRoom, in: rooms, list: "calendar_resource.list", filter: list, idField: "_id"}
	update, remove := room, room
	update.operation, update.in, update.want = "calendar_resource.update", plus(rooms, map[string]any{"capacity": 9}), map[string]any{"capacity": 9}
	remove.operation = "calendar_resource.delete"
	return []deed{
		{
			operation: "calendar_resource.create",
			inputs:    func(*sandboxed) map[string]any { return newRoom() },
			seen: func(s *sandboxed, answer map[string]any) string {
				return s.among("calendar_resource.list", list, map[string]any{"_id": answer["_id"], "name": "Attic", "capacity": 8})
			},
			rows: counted("calendar_resource.list", list),
		},
		update.deed(), remove.deed(),
	}
}

func appointmentDeeds() []deed {
	return []deed{
		{
			operation: "appointment.create",
			inputs:    func(s *sandboxed) map[string]any { return booking(s, nil) },
			seen: func(s *sandboxed, answer map[string]any) string {
				if missing := listed("calendar_event.list", nearby(), map[string]any{"startTime": monday, "contactId": contact(s)})(s, answer); missing != "" {
					return missing
				}
				free := s.slots()
				if slices.Contains(free, any(monday)) || !slices.Contains(free, any("2000-01-03T10:30:00-06:00")) {
					return fmt.Sprintf("the slot is still free: %v", free)
				}
				return ""
			},
			rows: func(s *sandboxed) int { return len(s.list("contact.appointment.list", of(s, nil))) },
		},
		onAppointment("appointment.update", func() map[string]any {
			return map[string]any{"startTime": mondayAt(11), "appointmentStatus": "confirmed"}
		},
			func(s *sandboxed, it string) string {
				return s.among("contact.appointment.list", of(s, nil), map[string]any{
					"id": it, "startTime": "2000-01-03T11:00:00-06:00", "endTime": "2000-01-03T11:30:00-06:00", "appointmentStatus": "confirmed",
				})
			}),
		onAppointment("calendar_event.delete", nil, func(s *sandboxed, it string) string {
			if missing := s.shows("appointment.get", map[string]any{"eventId": it}, map[string]any{"deleted": true}); missing != "" {
				return missing
			}
			return s.absent("calendar_event.list", nearby(), "id", it)
		}),
	}
}

// onAppointment is a write on a new appointment. in are its other inputs; nil without any.
func onAppointment(operation string, in func() map[string]any, seen func(s *sandboxed, it string) string) deed {
	var it string
	return deed{
		operation: operation,
		inputs: func(s *sandboxed) map[string]any {
			it = s.make("appointment.create", booking(s, nil))
			inputs := map[string]any{"eventId": it}
			if in != nil {
				inputs = plus(inputs, in())
			}
			return inputs
		},
		seen: func(s *sandboxed, _ map[string]any) string { return seen(s, it) },
	}
}

// slots are the free slots of the calendar in a bubble's first week.
func (s *sandboxed) slots() []any {
	s.t.Helper()
	var list []any
	for _, row := range s.list("calendar.free_slots", map[string]any{"calendarId": calendarID, "startDate": 946684800000, "endDate": 947289600000}) {
		list = append(list, row["value"])
	}
	return list
}

func blockDeeds() []deed {
	return []deed{
		{
			operation: "block_slot.create",
			inputs:    func(*sandboxed) map[string]any { return newBlock() },
			seen:      listed("blocked_slot.list", nearby(), map[string]any{"title": "Repairs", "startTime": monday}),
			rows:      counted("blocked_slot.list", nearby()),
		},
		altered{
			operation: "block_slot.update", idInput: "eventId", made: func(s *sandboxed) string { return s.make("block_slot.create", newBlock()) },
			in: map[string]any{"title": "Paint"}, list: "blocked_slot.list", filter: nearby(), want: map[string]any{"title": "Paint", "startTime": monday},
		}.deed(),
	}
}

func appointmentNoteDeeds() []deed {
	on := map[string]any{"appointmentId": "sandboxAppointment01"}
	list := plus(on, map[string]any{"limit": 20})
	note := altered{
		idInput: "noteId", in: on, list: "appointment_note.list", filter: list,
		made: func(s *sandboxed) string {
			return s.make("appointment_note.create", plus(on, map[string]any{"body": "Late."}))
		},
	}
	update, remove := note, note
	update.operation, update.in, update.want = "appointment_note.update", plus(on, map[string]any{"body": "Very late."}), map[string]any{"body": "Very late."}
	remove.operation = "appointment_note.delete"
	return []deed{
		{
			operation: "appointment_note.create",
			inputs:    func(*sandboxed) map[string]any { return plus(on, map[string]any{"body": "Late."}) },
			seen:      listed("appointment_note.list", list, map[string]any{"body": "Late."}),
			rows:      counted("appointment_note.list", list),
		},
		update.deed(), remove.deed(),
	}
}
