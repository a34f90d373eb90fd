package highlevel

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// appointment is an appointment of a contact. One that was deleted is kept: it can still
// be read by its id, and says so (recorded answers of 2026-07). It is replaced and never
// written to, because an answer on its way may hold it.
type appointment struct {
	ID         string `json:"id"`
	CalendarID string `json:"calendarId"`
	LocationID string `json:"locationId"`
	ContactID  string `json:"contactId"`
	Title      string `json:"title"`
	Status     string `json:"appointmentStatus"`
	AssignedTo string `json:"assignedUserId,omitempty"`
	Address    string `json:"address,omitempty"`
	StartTime  string `json:"startTime"`
	EndTime    string `json:"endTime,omitempty"`
	Added      string `json:"dateAdded"`
	Updated    string `json:"dateUpdated"`
	Deleted    bool   `json:"deleted,omitempty"`

	number int // in the order in which they were made
}

// The bodies of the calls for appointments, as in the spec file of 2026-06-19. What
// steers the booking is taken and has no effect: there are no slots here.
//
//nolint:gochecknoglobals // tables
var (
	appointmentFields = map[string]service.Kind{
		"title": service.String, "meetingLocationType": service.String, "meetingLocationId": service.String, "overrideLocationConfig": service.Bool,
		"appointmentStatus": service.String, "assignedUserId": service.String, "description": service.String, "address": service.String,
		"ignoreDateRange": service.Bool, "toNotify": service.Bool, "ignoreFreeSlotValidation": service.Bool, "rrule": service.String,
		"calendarId": service.String, "startTime": service.String, "endTime": service.String,
	}
	appointmentShape    = &service.Shape{Fields: appointmentFields}
	newAppointmentShape = &service.Shape{
		Fields:   withFields(appointmentFields, "locationId", "contactId"),
		Required: []string{"calendarId", "locationId", "contactId", "startTime"},
	}
	appointmentStatuses = []string{"", "new", "confirmed", "cancelled", "showed", "noshow", "invalid"}
)

// withFields returns the fields of a body and some texts more.
func withFields(fields map[string]service.Kind, texts ...string) map[string]service.Kind {
	all := maps.Clone(fields)
	for _, name := range texts {
		all[name] = service.String
	}
	return all
}

// appointmentRoutes are the routes of appointments. Only the list of a contact's is
// below the contact.
func (h *Location) appointmentRoutes() []service.Route {
	const events = "/calendars/events"
	return []service.Route{
		service.At("GET", "/contacts/{contactId}/appointments", "contact.appointment.list", h.listAppointments),
		service.At("POST", events+"/appointments", "appointment.create", h.createAppointment),
		service.At("GET", events+"/appointments/{eventId}", "appointment.get", h.getAppointment),
		service.At("PUT", events+"/appointments/{eventId}", "appointment.update", h.updateAppointment),
		service.At("DELETE", events+"/{eventId}", "calendar_event.delete", h.deleteAppointment),
	}
}

// write takes over what a body has and changes nothing when it refuses. Times are kept as
// they were written.
func (a *appointment) write(body map[string]any, now time.Time) service.Answer {
	for _, name := range []string{"startTime", "endTime"} {
		if at := service.Text(body[name]); at != "" {
			if _, err := time.Parse(time.RFC3339, at); err != nil {
				return wire.Refuse(http.StatusUnprocessableEntity, name+" must be a valid ISO 8601 date string")
			}
		}
	}
	if !slices.Contains(appointmentStatuses, service.Text(body["appointmentStatus"])) {
		return wire.Refuse(http.StatusUnprocessableEntity, "appointmentStatus must be a valid enum value")
	}
	wire.Set(body, "calendarId", &a.CalendarID)
	wire.Set(body, "title", &a.Title)
	wire.Set(body, "appointmentStatus", &a.Status)
	wire.Set(body, "assignedUserId", &a.AssignedTo)
	wire.Set(body, "address", &a.Address)
	wire.Set(body, "startTime", &a.StartTime)
	wire.Set(body, "endTime", &a.EndTime)
	a.Updated = wire.Stamp(now)
	return service.Answer{}
}

// createAppointment books without looking for a free slot, and leaves the contact's
// dateUpdated as it is (recorded answers of 2026-07).
func (h *Location) createAppointment(c *service.Call) service.Answer {
	body, refused := wire.Read(c, newAppointmentShape)
	if refused.Status == 0 {
		refused = h.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	who := service.Text(body["contactId"])
	if h.live[who] == nil {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+who)
	}
	a := &appointment{
		ID: h.site.World.Dice.ID(20), LocationID: h.site.ID, ContactID: who, Status: "new", Added: wire.Stamp(h.site.World.Now()),
		number: len(h.appointments),
	}
	if refused := a.write(body, h.site.World.Now()); refused.Status != 0 {
		return refused
	}
	h.appointments[a.ID] = a
	c.Target = a.ID
	return service.Answer{Status: http.StatusOK, Value: a}
}

// appointment returns the appointment that a path names.
func (h *Location) appointment(c *service.Call) (*appointment, service.Answer) {
	a := h.appointments[c.Vars["eventId"]]
	if a == nil {
		return nil, wire.Refuse(http.StatusBadRequest, "Appointment not found")
	}
	c.Target = a.ID
	return a, service.Answer{}
}

func (h *Location) getAppointment(c *service.Call) service.Answer {
	a, refused := h.appointment(c)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusOK, map[string]any{"appointment": a})
}

func (h *Location) updateAppointment(c *service.Call) service.Answer {
	a, refused := h.appointment(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, appointmentShape)
	if refused.Status != 0 {
		return refused
	}
	changed := *a
	if refused := changed.write(body, h.site.World.Now()); refused.Status != 0 {
		return refused
	}
	h.appointments[a.ID] = &changed
	return service.Answer{Status: http.StatusOK, Value: &changed}
}

// deleteAppointment takes the appointment off the lists and keeps it readable.
func (h *Location) deleteAppointment(c *service.Call) service.Answer {
	a, refused := h.appointment(c)
	if refused.Status != 0 {
		return refused
	}
	gone := *a
	gone.Deleted, gone.Updated = true, wire.Stamp(h.site.World.Now())
	h.appointments[a.ID] = &gone
	return h.site.Succeeded(http.StatusCreated)
}

// listAppointments shows the contact's in the order in which they were made; neither the
// service's order nor whether it shows deleted ones is documented. There are no pages.
func (h *Location) listAppointments(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	list := []*appointment{}
	for _, a := range h.appointments {
		if a.ContactID == found.ID && !a.Deleted {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *appointment) int { return cmp.Compare(a.number, b.number) })
	return h.site.Say(http.StatusOK, map[string]any{"events": service.Rows(c, list)})
}
