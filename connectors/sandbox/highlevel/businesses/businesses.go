package businesses

import (
	"net/http"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// ID is the business that is there at the start.
const ID = "sandboxBusiness00001"

// The bodies and queries (spec file of 2026-06-19).
//
//nolint:gochecknoglobals // tables
var (
	newForm  = wire.NewForm("name! locationId! phone email website address city postalCode state country description")
	form     = wire.NewForm("name phone email website address city postalCode state country description")
	listForm = wire.NewForm("locationId! limit skip")
)

// Book is the businesses of a location.
type Book struct {
	kind wire.Kind
}

// New returns the businesses of a location: one at the start.
func New(site *wire.Site) *Book {
	b := &Book{kind: wire.Kind{
		Site: site, Title: "Business", Var: "businessId", Created: "createdAt", Updated: "updatedAt",
		// Spelled like this in the answers to writes (spec file of 2026-06-19).
		Member: "buiseness",
	}}
	b.kind.Add(wire.Record{"id": ID, "locationId": site.ID, "name": "Sandbox & Co", "country": "US"})
	return b
}

// Has reports whether there is a business with an id.
func (b *Book) Has(id string) bool {
	_, ok := b.kind.Get(id)
	return ok
}

// Routes are the routes of businesses.
func (b *Book) Routes() []service.Route {
	const one = "/businesses/{businessId}"
	return []service.Route{
		service.At("GET", "/businesses", "business.list", b.list),
		service.At("POST", "/businesses", "business.create", succeeding(b.kind.Creates(newForm, http.StatusCreated, nil))),
		service.At("GET", one, "business.get", b.get),
		service.At("PUT", one, "business.update", succeeding(b.kind.Updates(form))),
		service.At("DELETE", one, "business.delete", b.kind.Deletes(wire.Record{"success": true})),
	}
}

// succeeding says so beside what a write answers.
func succeeding(handle func(*service.Call) service.Answer) func(*service.Call) service.Answer {
	return func(c *service.Call) service.Answer {
		a := handle(c)
		if members, ok := a.Value.(map[string]any); ok && a.Status < http.StatusBadRequest {
			members["success"] = true
		}
		return a
	}
}

// list has neither an order nor a filter. Its largest page is not documented, 100 is the
// usual one.
func (b *Book) list(c *service.Call) service.Answer {
	q, refused := b.kind.Site.Here(c, listForm, "locationId")
	if refused.Status != 0 {
		return refused
	}
	skip, limit, refused := wire.SkipLimit(q["skip"], q["limit"], 100)
	if refused.Status != 0 {
		return refused
	}
	return b.kind.Site.Say(http.StatusOK, map[string]any{"businesses": wire.Part(c, service.Rows(c, b.kind.All()), skip, limit)})
}

func (b *Book) get(c *service.Call) service.Answer {
	found, refused := b.kind.Find(c)
	if refused.Status != 0 {
		return refused
	}
	return b.kind.Site.Say(http.StatusOK, map[string]any{"business": found})
}
