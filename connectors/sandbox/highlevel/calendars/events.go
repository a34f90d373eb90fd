package calendars

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies and queries (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	bookingFields = `title meetingLocationType=custom|zoom|gmeet|phone|address|ms_teams|google meetingLocationId overrideLocationConfig:boolean
		appointmentStatus=new|confirmed|cancelled|showed|noshow|invalid assignedUserId description address ignoreDateRange:boolean toNotify:boolean
		ignoreFreeSlotValidation:boolean rrule endTime:time `
	newBookingForm = wire.NewForm(bookingFields + "calendarId! locationId! contactId! startTime!:time")
	bookingForm    = wire.NewForm(bookingFields + "calendarId startTime:time")

	// The documents demand a calendarId, and say that either it or assignedUserId can be
	// set, not both; so users report it too (highlevel-api-docs #23). That a new one must
	// have times is a guess.
	newBlockForm = wire.NewForm("title calendarId assignedUserId locationId! startTime!:time endTime!:time")
	blockForm    = wire.NewForm("title calendarId assignedUserId locationId! startTime:time endTime:time")
	eventsForm   = wire.NewForm("locationId! userId calendarId groupId startTime!:number endTime!:number")
)

// steering are the members of a booking that appointments do not show.
func steering() []string {
	return []string{"ignoreDateRange", "toNotify", "ignoreFreeSlotValidation", "overrideLocationConfig", "meetingLocationId"}
}

// eventRoutes are the routes of appointments and blocked slots. Only the list of a
// contact's is below the contact.
func (d *Desk) eventRoutes() []service.Route {
	const events = "/calendars/events"
	return []service.Route{
		service.At("GET", "/contacts/{contactId}/appointments", "contact.appointment.list", d.listOfContact),
		service.At("GET", events, "calendar_event.list", d.listEvents(&d.appointments)),
		service.At("GET", "/calendars/blocked-slots", "blocked_slot.list", d.listEvents(&d.blocks)),
		service.At("POST", events+"/appointments", "appointment.create", d.book),
		service.At("GET", events+"/appointments/{eventId}", "appointment.get", d.getAppointment),
		service.At("PUT", events+"/appointments/{eventId}", "appointment.update", d.updateAppointment),
		service.At("POST", events+"/block-slots", "block_slot.create", d.block),
		service.At("PUT", events+"/block-slots/{eventId}", "block_slot.update", d.updateBlock),
		service.At("DELETE", events+"/{eventId}", "calendar_event.delete", d.deleteEvent),
	}
}

// local writes a time in the location's zone, as start and end are (recorded answers of
// 2026-07).
func (d *Desk) local(text any) (time.Time, string) {
	t, err := time.Parse(time.RFC3339, service.Text(text))
	if err != nil {
		return time.Time{}, ""
	}
	return t, t.In(d.zone).Format(time.RFC3339)
}

// Book makes the first appointment: that of a contact, in two days' time.
func (d *Desk) Book(contact string) {
	day := d.site.World.Now().In(d.zone).AddDate(0, 0, 2)
	at := time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, d.zone)
	d.appointments.Add(d.timed(wire.Record{
		"id": AppointmentID, "locationId": d.site.ID, "contactId": contact, "calendarId": ID, "title": "Tour", "startTime": at.Format(time.RFC3339),
	}, wire.Record{"appointmentStatus": "confirmed"}))
	d.notesOf(AppointmentID).Add(wire.Record{
		"body": "Comes by train.", "userId": "", "contactId": contact, "createdBy": wire.Record{"id": "", "name": ""},
	})
}

// Forget drops the appointments of a contact that is gone.
func (d *Desk) Forget(contact string) {
	for _, a := range d.appointments.Where(func(a wire.Record) bool { return a["contactId"] == contact }) {
		id := service.Text(a["id"])
		d.appointments.Delete(id)
		delete(d.notes, id)
	}
}

// timed is an appointment after a write of a body: with an end, in the location's zone, and
// with its status in both spellings (recorded answers of 2026-07). A new end comes out of
// the length of a slot.
func (d *Desk) timed(former, body wire.Record) wire.Record {
	after := maps.Clone(former)
	maps.Copy(after, body)
	calendar, _ := d.calendars.Get(service.Text(after["calendarId"]))
	from, text := d.local(after["startTime"])
	after["startTime"] = text
	_, end := d.local(after["endTime"])
	if body["endTime"] == nil && (former["endTime"] == nil || body["startTime"] != nil) {
		end = from.Add(length(calendar, "slotDuration")).In(d.zone).Format(time.RFC3339)
	}
	after["endTime"] = end
	after["appoinmentStatus"] = after["appointmentStatus"]
	if calendar["groupId"] != nil {
		after["groupId"] = calendar["groupId"]
	}
	return after
}

// bookable refuses a time at which the calendar has no free slot, unless the body says that
// it does not matter (spec file of 2026-06-19).
func (d *Desk) bookable(body wire.Record) service.Answer {
	calendar, ok := d.calendars.Get(service.Text(body["calendarId"]))
	if !ok {
		return wire.Refuse(http.StatusBadRequest, "Calendar not found")
	}
	from, _ := d.local(body["startTime"])
	if body["ignoreFreeSlotValidation"] == true {
		return service.Answer{}
	}
	if len(d.slots(calendar, span{from, from})) == 0 {
		return wire.Refuse(http.StatusBadRequest, "The slot you have selected is no longer available.")
	}
	return service.Answer{}
}

// book answers 200 with the bare appointment and leaves the contact's dateUpdated as it is
// (recorded answers of 2026-07).
func (d *Desk) book(c *service.Call) service.Answer {
	body, refused := newBookingForm.Read(c)
	if refused.Status == 0 {
		refused = d.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	if who := service.Text(body["contactId"]); !d.site.Knows(who) {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+who)
	}
	if refused := d.bookable(body); refused.Status != 0 {
		return refused
	}
	made := d.appointments.Add(d.timed(wire.Record{"appointmentStatus": "new", "title": "", "isRecurring": body["rrule"] != nil}, body))
	c.Target = service.Text(made["id"])
	return d.appointments.Show(http.StatusOK, made)
}

// getAppointment has the appointment under a name of its own (recorded answers of 2026-07;
// documented as event). One that was deleted can still be read, and says so.
func (d *Desk) getAppointment(c *service.Call) service.Answer {
	found, refused := d.appointments.Find(c)
	if refused.Status != 0 {
		return refused
	}
	return d.site.Say(http.StatusOK, map[string]any{"appointment": found})
}

// updateAppointment looks for a free slot where the appointment moves.
func (d *Desk) updateAppointment(c *service.Call) service.Answer {
	found, body, refused := d.appointments.FindAndRead(c, bookingForm)
	if refused.Status != 0 {
		return refused
	}
	_, at := d.local(body["startTime"])
	if at != "" && at != found["startTime"] || body["calendarId"] != nil && body["calendarId"] != found["calendarId"] {
		moved := maps.Clone(found)
		maps.Copy(moved, body)
		if refused := d.bookable(moved); refused.Status != 0 {
			return refused
		}
	}
	return d.appointments.Show(http.StatusOK, d.appointments.Change(found, d.timed(found, body)))
}

// deleteEvent takes an appointment off the lists and keeps it readable (recorded answers
// of 2026-07). A blocked slot is gone.
func (d *Desk) deleteEvent(c *service.Call) service.Answer {
	if _, refused := wire.NewForm("").Read(c); refused.Status != 0 {
		return refused
	}
	if _, refused := d.blocks.Find(c); refused.Status == 0 {
		d.blocks.Delete(c.Target)
		return d.site.Succeeded(http.StatusCreated)
	}
	found, refused := d.appointments.Find(c)
	if refused.Status != 0 {
		return refused
	}
	d.appointments.Change(found, wire.Record{"deleted": true})
	return d.site.Succeeded(http.StatusCreated)
}

// oneOwner refuses a blocked slot that belongs to both a calendar and a user, or to none.
func (d *Desk) oneOwner(body wire.Record) service.Answer {
	calendar, user := service.Text(body["calendarId"]), service.Text(body["assignedUserId"])
	if (calendar == "") == (user == "") {
		return wire.Refuse(http.StatusUnprocessableEntity, "Either calendarId or assignedUserId can be set, not both")
	}
	if _, ok := d.calendars.Get(calendar); calendar != "" && !ok {
		return wire.Refuse(http.StatusBadRequest, "Calendar not found")
	}
	return service.Answer{}
}

func (d *Desk) block(c *service.Call) service.Answer {
	body, refused := newBlockForm.Read(c)
	if refused.Status == 0 {
		refused = d.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status == 0 {
		refused = d.oneOwner(body)
	}
	if refused.Status != 0 {
		return refused
	}
	made := d.blocks.Add(d.inZone(wire.Record{"title": ""}, body))
	c.Target = service.Text(made["id"])
	return d.blocks.Show(http.StatusCreated, made)
}

// updateBlock answers 201 (spec file of 2026-06-19).
func (d *Desk) updateBlock(c *service.Call) service.Answer {
	found, body, refused := d.blocks.FindAndRead(c, blockForm)
	if refused.Status != 0 {
		return refused
	}
	if body["calendarId"] != nil || body["assignedUserId"] != nil {
		if refused := d.oneOwner(body); refused.Status != 0 {
			return refused
		}
	}
	return d.blocks.Show(http.StatusCreated, d.blocks.Change(found, d.inZone(nil, body)))
}

// inZone returns fields and a body whose times are in the location's zone.
func (d *Desk) inZone(fields, body wire.Record) wire.Record {
	all := wire.Record{}
	maps.Copy(all, fields)
	maps.Copy(all, body)
	for _, name := range []string{"startTime", "endTime"} {
		if _, text := d.local(all[name]); text != "" {
			all[name] = text
		}
	}
	return all
}

// listEvents lists what begins within a window, of a calendar, a user or a group, one of
// which must be named; in the order of the times of start, with neither pages nor a filter
// by update (spec file of 2026-06-19). Whether it shows what was deleted is not documented;
// here it does not. That a group stands for all of its calendars is a guess.
func (d *Desk) listEvents(k *wire.Kind) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		q, refused := d.site.Here(c, eventsForm, "locationId")
		if refused.Status != 0 {
			return refused
		}
		if q["calendarId"] == "" && q["userId"] == "" && q["groupId"] == "" {
			return wire.Refuse(http.StatusUnprocessableEntity, "Either of userId, calendarId or groupId is required")
		}
		within, refused := window(q["startTime"], q["endTime"])
		if refused.Status != 0 {
			return refused
		}
		list := k.Where(func(e wire.Record) bool {
			from, _ := d.local(e["startTime"])
			return e["deleted"] != true && (c.Suffers(service.Unfiltered) || d.belongs(e, q) && !from.Before(within.from) && !from.After(within.to))
		})
		slices.SortStableFunc(list, func(a, b wire.Record) int {
			from, _ := d.local(a["startTime"])
			other, _ := d.local(b["startTime"])
			return from.Compare(other)
		})
		return d.site.Say(http.StatusOK, map[string]any{"events": service.Rows(c, list)})
	}
}

// belongs reports whether an event is one of what a list is asked for.
func (d *Desk) belongs(e wire.Record, q map[string]string) bool {
	calendar, _ := d.calendars.Get(service.Text(e["calendarId"]))
	return (q["calendarId"] == "" || e["calendarId"] == q["calendarId"]) &&
		(q["userId"] == "" || e["assignedUserId"] == q["userId"]) &&
		(q["groupId"] == "" || calendar["groupId"] == q["groupId"])
}

// listOfContact shows the contact's in the order in which they were made; neither the
// service's order nor whether it shows deleted ones is documented. There are no pages.
func (d *Desk) listOfContact(c *service.Call) service.Answer {
	who := c.Vars["contactId"]
	if !d.site.Knows(who) {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+who)
	}
	list := d.appointments.Where(func(a wire.Record) bool { return a["contactId"] == who && a["deleted"] != true })
	return d.site.Say(http.StatusOK, map[string]any{"events": service.Rows(c, list)})
}
