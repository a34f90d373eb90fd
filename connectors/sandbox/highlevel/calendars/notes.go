package calendars

import (
	"net/http"
	"strconv"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies and queries (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	noteForm  = wire.NewForm("body! userId")
	notesForm = wire.NewForm("limit!:number offset!:number")
)

// mostNotes is the largest page of notes (spec file of 2026-06-19).
const mostNotes = 20

func (d *Desk) noteRoutes() []service.Route {
	const all, one = "/calendars/appointments/{appointmentId}/notes", "/calendars/appointments/{appointmentId}/notes/{noteId}"
	return []service.Route{
		service.At("GET", all, "appointment_note.list", d.withNotes(d.listNotes)),
		service.At("POST", all, "appointment_note.create", d.withNotes(d.createNote)),
		service.At("PUT", one, "appointment_note.update", d.withNotes(d.updateNote)),
		service.At("DELETE", one, "appointment_note.delete", d.withNotes(func(c *service.Call, k *wire.Kind) service.Answer {
			return k.Deletes(wire.Record{"success": true})(c)
		})),
	}
}

// notesOf returns the notes of an appointment. They have no time of their last change.
func (d *Desk) notesOf(appointment string) *wire.Kind {
	if d.notes[appointment] == nil {
		d.notes[appointment] = &wire.Kind{Site: d.site, Title: "Note", Var: "noteId", Member: "note", Created: "dateAdded"}
	}
	return d.notes[appointment]
}

// withNotes finds the appointment that a path names; one that was deleted has its notes
// still (a guess).
func (d *Desk) withNotes(handle func(*service.Call, *wire.Kind) service.Answer) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		id := c.Vars["appointmentId"]
		if _, ok := d.appointments.Get(id); !ok {
			return wire.Refuse(http.StatusBadRequest, "Appointment not found")
		}
		return handle(c, d.notesOf(id))
	}
}

// listNotes shows the oldest first; the order is not documented.
func (d *Desk) listNotes(c *service.Call, k *wire.Kind) service.Answer {
	q, refused := notesForm.Query(c)
	if refused.Status != 0 {
		return refused
	}
	limit, err := strconv.Atoi(q["limit"])
	offset, errOffset := strconv.Atoi(q["offset"])
	if err != nil || errOffset != nil || limit < 1 || limit > mostNotes || offset < 0 {
		return wire.Refuse(http.StatusUnprocessableEntity, "limit must be from 1 to 20, offset not below 0")
	}
	all := service.Rows(c, k.All())
	part := wire.Part(c, all, offset, limit)
	return d.site.Say(http.StatusOK, map[string]any{"notes": part, "hasMore": offset+len(part) < len(all)})
}

func (d *Desk) createNote(c *service.Call, k *wire.Kind) service.Answer {
	appointment, _ := d.appointments.Get(c.Vars["appointmentId"])
	body, refused := noteForm.Read(c)
	if refused.Status != 0 {
		return refused
	}
	body["contactId"] = appointment["contactId"]
	author := wire.Record{"id": service.Text(body["userId"]), "name": ""}
	body["createdBy"] = author
	made := k.Add(body)
	c.Target = service.Text(made["id"])
	return k.Show(http.StatusCreated, made)
}

func (d *Desk) updateNote(c *service.Call, k *wire.Kind) service.Answer {
	return k.Updates(noteForm)(c)
}
