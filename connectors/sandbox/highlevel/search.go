package highlevel

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bounds of a contact search (service docs and third-party copies of them,
// read 2026-09).
const (
	maxPageLimit   = 500
	maxPagedRows   = 10_000 // page and pageLimit reach only so far; searchAfter goes on
	maxQueryLength = 75
)

// index is a list of contacts in the order of a time, then of the id. The id settles
// ties, so that searchAfter can stop between contacts of one instant.
type index struct {
	time func(*contact) int64
	list []*contact
}

// find returns where a time and id stand, or would stand.
func (x *index) find(ms int64, id string) (int, bool) {
	return slices.BinarySearchFunc(x.list, ms, func(c *contact, ms int64) int {
		if n := cmp.Compare(x.time(c), ms); n != 0 {
			return n
		}
		return strings.Compare(c.id, id)
	})
}

func (x *index) insert(c *contact) {
	i, _ := x.find(x.time(c), c.id)
	x.list = slices.Insert(x.list, i, c)
}

func (x *index) remove(c *contact) {
	if i, found := x.find(x.time(c), c.id); found {
		x.list = slices.Delete(x.list, i, i+1)
	}
}

// searchIndex is what searches see: it learns of a write only after the lag. The
// search of the service does so by a few seconds (third-party copies of the search's
// page, read 2026-09): a reader that follows the updated time meets records behind
// its cursor.
type searchIndex struct {
	shown              map[string]*contact
	byUpdated, byAdded index
	pending            []pendingWrite // in the order of the writes
}

// pendingWrite is a write that searches do not see yet; a nil contact is a
// deletion.
type pendingWrite struct {
	at      time.Time
	id      string
	contact *contact
}

func newSearchIndex() searchIndex {
	return searchIndex{
		shown:     map[string]*contact{},
		byUpdated: index{time: func(c *contact) int64 { return c.updated }},
		byAdded:   index{time: func(c *contact) int64 { return c.added }},
	}
}

// later queues a write. The order of the calls is that of the writes, also when the
// lag was made shorter in between.
func (x *searchIndex) later(at time.Time, id string, c *contact) {
	x.pending = append(x.pending, pendingWrite{at: at, id: id, contact: c})
}

// catchUp lets the index see what is old enough. A write never overtakes one before
// it. It is called at the start of each search, so the index needs no clock of its
// own.
func (x *searchIndex) catchUp(now time.Time) {
	done := 0
	for _, p := range x.pending {
		if p.at.After(now) {
			break
		}
		done++
		if former := x.shown[p.id]; former != nil {
			x.byUpdated.remove(former)
			x.byAdded.remove(former)
			delete(x.shown, p.id)
		}
		if p.contact != nil {
			x.shown[p.id] = p.contact
			x.byUpdated.insert(p.contact)
			x.byAdded.insert(p.contact)
		}
	}
	x.pending = slices.Delete(x.pending, 0, done)
}

// query is a contact search that was understood.
type query struct {
	order     *index
	field     string // that the order is by
	desc      bool
	low, high int64 // bounds of the field, inclusive
	rest      *filter
	words     string
	after     *searchAfter
	page      int
	limit     int
}

// searchAfter is the place in the order of the last row of the page before.
type searchAfter struct {
	ms int64
	id string
}

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

// searchContacts reads the index and not the contacts themselves, and so lags behind.
func (h *Location) searchContacts(c *service.Call) service.Answer {
	body, refused := read(c, searchShape)
	if refused.Status == 0 {
		refused = wrongLocation(service.Text(body["locationId"]))
	}
	if refused.Status != 0 {
		return refused
	}
	q, refused := h.parseQuery(body)
	if refused.Status != 0 {
		return refused
	}
	h.search.catchUp(c.Now)
	rows, total := q.run()
	return service.Answer{Status: http.StatusOK, Raw: q.encode(rows, total, h.traceID())}
}

// parseQuery reads the body of a search. The default order is newest added first.
func (h *Location) parseQuery(body map[string]any) (*query, service.Answer) {
	q := &query{order: &h.search.byAdded, field: "dateAdded", desc: true, low: minTime, high: maxTime}
	q.limit, q.page = whole(body["pageLimit"]), whole(body["page"])
	q.words = strings.ToLower(service.Text(body["query"]))
	switch {
	case q.limit < 1 || q.limit > maxPageLimit:
		return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("pageLimit must be from 1 to %d", maxPageLimit))
	case body["page"] != nil && q.page < 1:
		return nil, refuse(http.StatusUnprocessableEntity, "page must not be less than 1")
	case q.page*q.limit > maxPagedRows:
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("page and pageLimit reach %d rows at most, use searchAfter", maxPagedRows))
	case len(q.words) > maxQueryLength:
		return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("query must be shorter than or equal to %d characters", maxQueryLength))
	}
	if a := h.parseSort(q, body["sort"]); a.Status != 0 {
		return nil, a
	}
	if a := q.parseAfter(body["searchAfter"]); a.Status != 0 {
		return nil, a
	}
	f, err := parseFilters(body["filters"])
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	q.rest = q.takeBounds(f)
	return q, service.Answer{}
}

// parseSort knows the two times; the service sorts by other fields too, which
// nothing here needs.
func (h *Location) parseSort(q *query, v any) service.Answer {
	sorts, _ := v.([]any)
	if len(sorts) == 0 {
		return service.Answer{}
	}
	one, _ := sorts[0].(map[string]any)
	switch q.field = service.Text(one["field"]); q.field {
	case "dateUpdated":
		q.order = &h.search.byUpdated
	case "dateAdded":
		q.order = &h.search.byAdded
	default:
		return refuse(http.StatusBadRequest, fmt.Sprintf("Invalid sort field (%s) passed", q.field))
	}
	switch service.Text(one["direction"]) {
	case "asc":
		q.desc = false
	case "desc":
		q.desc = true
	default:
		return refuse(http.StatusBadRequest, "sort direction must be asc or desc")
	}
	if len(sorts) > 1 {
		return refuse(http.StatusBadRequest, "the sandbox sorts by one field")
	}
	return service.Answer{}
}

// parseAfter reads what a row of the page before had as its searchAfter. There is no
// cursor for a whole page (recorded answers of 2026-07).
func (q *query) parseAfter(v any) service.Answer {
	values, _ := v.([]any)
	if len(values) == 0 {
		return service.Answer{}
	}
	bad := refuse(http.StatusBadRequest, "searchAfter must be the value and the id of the last item")
	if len(values) != 2 {
		return bad
	}
	ms, ok := moment(values[0])
	id := service.Text(values[1])
	if !ok || id == "" {
		return bad
	}
	q.after = &searchAfter{ms: ms, id: id}
	return service.Answer{}
}

// takeBounds uses the ranges over the field of the order to narrow the search,
// and returns what is left to test row by row.
func (q *query) takeBounds(f *filter) *filter {
	if f == nil || f.any {
		return f
	}
	rest := &filter{}
	for _, part := range f.parts {
		if part.field == q.field && part.operator == "range" {
			q.low, q.high = max(q.low, part.low), min(q.high, part.high)
			continue
		}
		rest.parts = append(rest.parts, part)
	}
	if len(rest.parts) == 0 {
		return nil
	}
	return rest
}

// run returns the rows of the page and the number of all rows. The bounds of the
// order cost two binary searches; every other condition decodes each row between
// them.
func (q *query) run() (rows []*contact, total int) {
	from, _ := q.order.find(q.low, "")
	to := len(q.order.list)
	if q.high < maxTime {
		to, _ = q.order.find(q.high+1, "")
	}
	if from > to {
		return nil, 0
	}
	all := q.order.list[from:to]
	if q.rest != nil || q.words != "" {
		all = q.sift(all)
	}
	return q.cut(all), len(all)
}

// sift keeps the rows that pass the filters and contain the words.
func (q *query) sift(all []*contact) []*contact {
	var kept []*contact
	for _, c := range all {
		fields := c.fields()
		if (q.rest == nil || q.rest.match(fields)) && (q.words == "" || containsWords(fields, q.words)) {
			kept = append(kept, c)
		}
	}
	return kept
}

// containsWords looks for the words, in lower case, in what names a contact; the
// service's own choice of fields is not documented.
func containsWords(fields map[string]any, words string) bool {
	for _, name := range []string{"contactName", "email", "phone", "companyName"} {
		if strings.Contains(strings.ToLower(service.Text(fields[name])), words) {
			return true
		}
	}
	return false
}

// cut returns the page out of all rows, in the order that was asked for. With
// searchAfter the page begins behind that place, whether or not the contact is still
// there; it wins over a page number.
func (q *query) cut(all []*contact) []*contact {
	part := index{time: q.order.time, list: all}
	first := 0 // of the page, counted in the direction of the order
	if q.after != nil {
		i, found := part.find(q.after.ms, q.after.id)
		switch {
		case q.desc:
			first = len(all) - i
		case found:
			first = i + 1
		default:
			first = i
		}
	} else if q.page > 1 {
		first = (q.page - 1) * q.limit
	}
	first = min(first, len(all))
	last := min(first+q.limit, len(all))
	if !q.desc {
		return all[first:last]
	}
	rows := slices.Clone(all[len(all)-last : len(all)-first])
	slices.Reverse(rows)
	return rows
}

// encode writes the page by hand: each row is the contact's JSON with its place in
// the order added. So a page costs no decoding.
func (q *query) encode(rows []*contact, total int, trace string) []byte {
	size := 100
	for _, c := range rows {
		size += len(c.doc) + 70
	}
	b := append(make([]byte, 0, size), `{"contacts":[`...)
	for i, c := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c.doc[:len(c.doc)-1]...)
		b = append(b, `,"searchAfter":[`...)
		b = strconv.AppendInt(b, q.order.time(c), 10)
		b = append(b, `,"`...)
		b = append(b, c.id...)
		b = append(b, `"]}`...)
	}
	b = append(b, `],"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	return append(append(append(b, `,"traceId":"`...), trace...), `"}`...)
}

// listLegacy is the deprecated list, newest added first. As users report, it
// returns the first page again unless both startAfter and startAfterId are sent.
func (h *Location) listLegacy(c *service.Call) service.Answer {
	params := c.URL.Query()
	if a := wrongLocation(params.Get("locationId")); a.Status != 0 {
		return a
	}
	_, limit, refused := skipLimit("", params.Get("limit"), 20)
	if refused.Status != 0 {
		return refused
	}
	q := &query{order: &h.search.byAdded, desc: true, low: minTime, high: maxTime, limit: limit, words: strings.ToLower(params.Get("query"))}
	if ms, err := strconv.ParseInt(params.Get("startAfter"), 10, 64); err == nil && params.Get("startAfterId") != "" {
		q.after = &searchAfter{ms: ms, id: params.Get("startAfterId")}
	}
	h.search.catchUp(c.Now)
	rows, total := q.run()
	contacts := make([]json.RawMessage, 0, len(rows))
	meta := map[string]any{"total": total}
	for _, row := range rows {
		contacts = append(contacts, row.doc)
		meta["startAfter"], meta["startAfterId"] = row.added, row.id
	}
	return h.say(http.StatusOK, map[string]any{"contacts": contacts, "count": total, "meta": meta})
}
