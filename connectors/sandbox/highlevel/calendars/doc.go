// Package calendars is the calendars of a simulated location of HighLevel, and what hangs
// on them: groups, notifications, resources, free slots, appointments, and blocked slots.
package calendars
