package project_test

// calendarCosts are the idle costs of calendars and what hangs on them. The sandbox has one
// of each at the start.
func calendarCosts() []idle {
	onCalendar := "calendarId: " + calendarID
	return []idle{
		{operation: "highlevel.calendar.list", rule: "1", want: map[string]int{"calendar.list": 1}},
		{operation: "highlevel.calendar.get", with: onCalendar, rule: "1", want: map[string]int{"calendar.get": 1}},
		{operation: "highlevel.calendar.free_slots", with: onCalendar, rule: "1", want: map[string]int{"calendar.free_slots": 1}},
		{operation: "highlevel.calendar_group.list", rule: "1", want: map[string]int{"calendar_group.list": 1}},
		{
			operation: "highlevel.calendar_notification.list", rule: "C, the calendars, and one for their list",
			fill: func(s *sandboxed) {
				for range 4 {
					s.make("calendar.create", newCalendar())
				}
			},
			want: map[string]int{"calendar_notification.list": 5, "calendar.list": 1},
		},
		{
			operation: "highlevel.calendar_notification.get", with: onCalendar + ", notificationId: n", rule: "1",
			want: map[string]int{"calendar_notification.get": 1},
		},
		{
			operation: "highlevel.calendar_resource.list", with: "resourceType: rooms", rule: "N/P, with one more for the end",
			want: map[string]int{"calendar_resource.list": 1 + 1},
		},
		{
			operation: "highlevel.calendar_resource.get", with: "resourceType: rooms, resourceId: r", rule: "1",
			want: map[string]int{"calendar_resource.get": 1},
		},
		{operation: "highlevel.calendar_event.list", with: onCalendar, rule: "1", want: map[string]int{"calendar_event.list": 1}},
		{operation: "highlevel.blocked_slot.list", with: onCalendar, rule: "1", want: map[string]int{"blocked_slot.list": 1}},
		{
			operation: "highlevel.appointment_note.list", with: "appointmentId: sandboxAppointment01", rule: "N/P",
			want: map[string]int{"appointment_note.list": 1},
		},
	}
}
