package opportunities

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The members of an opportunity that a search looks at, by the names that the search has
// for them (third-party copies of the search's page, read 2026-09).
//
//nolint:gochecknoglobals // tables
var (
	members = map[string]string{
		"id": "id", "name": "name", "status": "status", "source": "source", "pipeline_id": "pipelineId", "pipeline_stage_id": "pipelineStageId",
		"contact_id": "contactId", "assigned_to": "assignedTo", "monetary_value": "monetaryValue", "lost_reason_id": "lostReasonId", "followers": "followers",
		"date_added": "createdAt", "date_updated": "updatedAt", "last_status_change_date": "lastStatusChangeAt", "last_stage_change_date": "lastStageChangeAt",
	}

	// The documents require all but filters and sort, of which they are silent; an empty
	// query and an empty searchAfter are taken (recorded calls of 2026-07).
	searchForm = wire.NewForm(`locationId! query limit!:number page!:number searchAfter!:array additionalDetails!:object filters:array sort:array`).
			Each("additionalDetails", wire.NewForm("notes!:boolean tasks!:boolean calendarEvents!:boolean unReadConversations!:boolean"))
	legacyForm = wire.NewForm(`q location_id! pipeline_id pipeline_stage_id contact_id status=open|won|lost|abandoned|all assigned_to campaignId id
		order=added_asc|added_desc endDate startAfter startAfterId date country page:number limit:number getTasks:boolean getNotes:boolean
		getCalendarEvents:boolean`)
)

// words are what the search for opportunities calls things.
func words() search.Words {
	return search.Words{
		Times: []search.Time{
			{Field: "date_added", Of: func(r *search.Row) int64 { return r.Added }},
			{Field: "date_updated", Of: func(r *search.Row) int64 { return r.Updated }},
			{Field: "last_status_change_date", Of: func(r *search.Row) int64 { return r.Others[0] }},
			{Field: "last_stage_change_date", Of: func(r *search.Row) int64 { return r.Others[1] }},
		},
		Member:   func(field string) (string, bool) { m, ok := members[field]; return m, ok },
		Searched: []string{"name"},
		Limit:    "limit", List: "opportunities", Place: "sort",
	}
}

// row is an opportunity as searches see it.
func row(o wire.Record) *search.Row {
	at := func(member string) int64 {
		t, err := time.Parse(time.RFC3339, service.Text(o[member]))
		if err != nil {
			return 0
		}
		return t.UnixMilli()
	}
	return &search.Row{
		ID: service.Text(o["id"]), Added: at("createdAt"), Updated: at("updatedAt"),
		Others: []int64{at("lastStatusChangeAt"), at("lastStageChangeAt")}, Doc: service.Encode(o),
	}
}

// search reads the index, and so lags behind. It answers 201 (recorded answers of 2026-07;
// documented as 200).
func (b *Board) search(c *service.Call) service.Answer {
	body, refused := searchForm.Read(c)
	if refused.Status == 0 {
		refused = b.site.Foreign(service.Text(body["locationId"]))
	}
	if _, ok := body["query"].(string); !ok && refused.Status == 0 {
		refused = wire.Refuse(http.StatusUnprocessableEntity, "query must be string")
	}
	if refused.Status != 0 {
		return refused
	}
	c.Forget(service.Unsorted, body, "sort")
	c.Forget(service.Unfiltered, body, "filters", "query")
	c.Forget(service.Stuck, body, "searchAfter", "page")
	q, err := b.index.Parse(body)
	if no, ok := errors.AsType[*search.RefusalError](err); ok {
		return wire.Refuse(no.Status, no.Message)
	}
	b.index.CatchUp(c.Now)
	rows, total := q.Run(half(c))
	return service.Answer{Status: http.StatusCreated, Raw: q.Encode(rows, total, b.site.TraceID())}
}

// half is how a search hides half of its rows when it is told to.
func half(c *service.Call) func([]*search.Row) []*search.Row {
	return func(all []*search.Row) []*search.Row { return service.Rows(c, all) }
}

// searchLegacy is the older search, the newest first unless it is told otherwise. It wants
// both values of its cursor and ignores its filters by date, as users report (2026-04). That
// it shows opportunities of every status when none is named is a guess, and so is that it
// lags like the other.
func (b *Board) searchLegacy(c *service.Call) service.Answer {
	p, refused := b.site.Here(c, legacyForm, "location_id")
	if refused.Status != 0 {
		return refused
	}
	_, limit, refused := wire.SkipLimit("", p["limit"], 20)
	if refused.Status != 0 {
		return refused
	}
	ms, err := strconv.ParseInt(p["startAfter"], 10, 64)
	id := p["startAfterId"]
	if err != nil || c.Suffers(service.Stuck) {
		id = ""
	}
	asc := p["order"] == "added_asc"
	b.index.CatchUp(c.Now)
	q := b.index.Added(asc != c.Suffers(service.Unsorted), limit, p["q"])
	if !c.Suffers(service.Unfiltered) {
		q.Only(func(o map[string]any) bool { return wanted(o, p) })
	}
	q.After(ms, id)
	rows, total := q.Run(half(c))
	list, meta := make([]json.RawMessage, 0, len(rows)), map[string]any{"total": total, "nextPageUrl": nil}
	for _, r := range rows {
		list = append(list, r.Doc)
		meta["startAfter"], meta["startAfterId"] = r.Added, r.ID
	}
	return b.site.Say(http.StatusOK, map[string]any{"opportunities": list, "meta": meta, "aggregations": map[string]any{}})
}

// wanted reports whether the older search lets an opportunity pass.
func wanted(o map[string]any, p map[string]string) bool {
	if p["status"] == "all" {
		o["status"] = "all"
	}
	names := []string{"id", "status", "pipeline_id", "pipeline_stage_id", "contact_id", "assigned_to"}
	return !slices.ContainsFunc(names, func(name string) bool { return p[name] != "" && o[members[name]] != p[name] })
}
