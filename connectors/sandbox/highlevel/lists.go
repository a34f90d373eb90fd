package highlevel

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The spec file of 2026-06-19 says nothing of this body; without locationId and
// pageLimit a 422 comes (highlevel-api-docs #31).
//
//nolint:gochecknoglobals // a table
var searchShape = &service.Shape{
	Fields: map[string]service.Kind{
		"locationId": service.String, "pageLimit": service.Number, "page": service.Number, "searchAfter": service.List,
		"query": service.String, "filters": service.List, "sort": service.List,
	},
	Required: []string{"locationId", "pageLimit"},
}

// contactWords are what the search for contacts calls things. A filter may name the fields
// of a body and some more.
//
//nolint:gochecknoglobals // a table
var contactWords = search.Words{
	Times: []search.Time{
		{Field: "dateAdded", Of: func(r *search.Row) int64 { return r.Added }},
		{Field: "dateUpdated", Of: func(r *search.Row) int64 { return r.Updated }},
	},
	Dates: []string{"dateOfBirth"},
	Member: func(field string) (string, bool) {
		more := []string{"id", "contactName", "companyName", "businessId", "type", "dateAdded", "dateUpdated"}
		return field, contactFields[field] != "" || slices.Contains(more, field)
	},
	Searched: []string{"contactName", "email", "phone", "companyName"},
	Limit:    "pageLimit", List: "contacts", Place: "searchAfter",
}

// searchContacts reads the index and not the contacts themselves, and so lags behind.
func (h *Location) searchContacts(c *service.Call) service.Answer {
	body, refused := wire.Read(c, searchShape)
	if refused.Status == 0 {
		refused = h.site.Foreign(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	c.Forget(service.Unsorted, body, "sort")
	c.Forget(service.Unfiltered, body, "filters", "query")
	c.Forget(service.Stuck, body, "searchAfter", "page")
	q, err := h.search.Parse(body)
	if no, ok := errors.AsType[*search.RefusalError](err); ok {
		return wire.Refuse(no.Status, no.Message)
	}
	h.search.CatchUp(c.Now)
	rows, total := q.Run(half(c))
	return service.Answer{Status: http.StatusOK, Raw: q.Encode(rows, total, h.site.TraceID())}
}

// listLegacy is the deprecated list, newest added first. As users report, it
// returns the first page again unless both startAfter and startAfterId are sent.
func (h *Location) listLegacy(c *service.Call) service.Answer {
	params := c.URL.Query()
	if a := h.site.Foreign(params.Get("locationId")); a.Status != 0 {
		return a
	}
	_, limit, refused := wire.SkipLimit("", params.Get("limit"), 20)
	if refused.Status != 0 {
		return refused
	}
	id := params.Get("startAfterId")
	ms, err := strconv.ParseInt(params.Get("startAfter"), 10, 64)
	if err != nil || c.Suffers(service.Stuck) {
		id = ""
	}
	h.search.CatchUp(c.Now)
	q := h.search.Added(c.Suffers(service.Unsorted), limit, params.Get("query"))
	q.After(ms, id)
	rows, total := q.Run(half(c))
	contacts := make([]json.RawMessage, 0, len(rows))
	meta := map[string]any{"total": total}
	for _, row := range rows {
		contacts = append(contacts, row.Doc)
		meta["startAfter"], meta["startAfterId"] = row.Added, row.ID
	}
	return h.site.Say(http.StatusOK, map[string]any{"contacts": contacts, "count": total, "meta": meta})
}

// half is how a search hides half of its rows when it is told to.
func half(c *service.Call) func([]*search.Row) []*search.Row {
	return func(all []*search.Row) []*search.Row { return service.Rows(c, all) }
}
