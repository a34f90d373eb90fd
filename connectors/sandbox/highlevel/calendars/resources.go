package calendars

import (
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

func (d *Desk) resourceRoutes() []service.Route {
	const all, one = "/calendars/resources/{resourceType}", "/calendars/resources/{resourceType}/{id}"
	return []service.Route{
		service.At("GET", all, "calendar_resource.list", typed(d.listResources)),
		service.At("POST", all, "calendar_resource.create", typed(d.createResource)),
		service.At("GET", one, "calendar_resource.get", d.ofType(d.resources.Read)),
		service.At("PUT", one, "calendar_resource.update", d.ofType(d.updateResource)),
		service.At("DELETE", one, "calendar_resource.delete", d.ofType(d.resources.Deletes(wire.Record{"success": true}))),
	}
}

// typed refuses a kind of resource that there is not.
func typed(handle func(*service.Call) service.Answer) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		if t := c.Vars["resourceType"]; t != "rooms" && t != "equipments" {
			return wire.Refuse(http.StatusUnprocessableEntity, "resourceType must be one of the following values: equipments, rooms")
		}
		return handle(c)
	}
}

// ofType refuses a resource of the other kind.
func (d *Desk) ofType(handle func(*service.Call) service.Answer) func(*service.Call) service.Answer {
	return typed(func(c *service.Call) service.Answer {
		if found, refused := d.resources.Find(c); refused.Status == 0 && found["resourceType"] != c.Vars["resourceType"] {
			return wire.Refuse(http.StatusBadRequest, "Resource not found")
		}
		return handle(c)
	})
}

// listResources answers with a bare list (spec file of 2026-06-19). The largest limit is
// not documented.
func (d *Desk) listResources(c *service.Call) service.Answer {
	q, refused := d.site.Here(c, resourcesForm, "locationId")
	if refused.Status != 0 {
		return refused
	}
	skip, limit, refused := wire.SkipLimit(q["skip"], q["limit"], 0)
	if refused.Status != 0 {
		return refused
	}
	all := d.resources.Where(func(r wire.Record) bool { return r["resourceType"] == c.Vars["resourceType"] })
	return service.Answer{Status: http.StatusOK, Value: wire.Part(c, service.Rows(c, all), skip, limit)}
}

// mapped refuses calendars that there are not, and a second calendar for equipment (spec
// file of 2026-06-19). That the service refuses these, and how, is a guess.
func (d *Desk) mapped(c *service.Call, body wire.Record) service.Answer {
	ids := service.Texts(body["calendarIds"])
	if c.Vars["resourceType"] == "equipments" && len(ids) > 1 {
		return wire.Refuse(http.StatusBadRequest, "An equipment can only be mapped with one calendar")
	}
	for _, id := range ids {
		if _, ok := d.calendars.Get(id); !ok {
			return wire.Refuse(http.StatusBadRequest, "Calendar not found")
		}
	}
	return service.Answer{}
}

func (d *Desk) createResource(c *service.Call) service.Answer {
	body, refused := newThingForm.Read(c)
	if refused.Status == 0 {
		refused = d.mapped(c, body)
	}
	if refused.Status != 0 {
		return refused
	}
	return d.resources.Creates(newThingForm, http.StatusCreated, wire.Record{"resourceType": c.Vars["resourceType"], "isActive": true})(c)
}

func (d *Desk) updateResource(c *service.Call) service.Answer {
	body, refused := resourceForm.Read(c)
	if refused.Status == 0 {
		refused = d.mapped(c, body)
	}
	if refused.Status != 0 {
		return refused
	}
	return d.resources.Updates(resourceForm)(c)
}
