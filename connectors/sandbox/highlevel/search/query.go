package search

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bounds of a search (service docs and third-party copies of them,
// read 2026-09).
const (
	maxPageLimit   = 500
	maxPagedRows   = 10_000 // page and pageLimit reach only so far; searchAfter goes on
	maxQueryLength = 75
)

// Query is a search that was understood.
type Query struct {
	order     *index
	field     string // that the order is by
	desc      bool
	low, high int64 // bounds of the field, inclusive
	rest      *filter
	only      func(fields map[string]any) bool // nil lets all pass
	words     string
	spoken    *Words
	after     *searchAfter
	page      int
	limit     int
}

// searchAfter is the place in the order of the last row of the page before.
type searchAfter struct {
	ms int64
	id string
}

// RefusalError is what the service answers to a search that it does not carry out.
type RefusalError struct {
	Status  int
	Message string
}

// Error returns the message.
func (r *RefusalError) Error() string { return r.Message }

func refusef(status int, format string, args ...any) error {
	return &RefusalError{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Added returns the search for all rows in the order of the first time, the newest first
// unless asc says otherwise.
func (x *Index) Added(asc bool, limit int, words string) *Query {
	q := x.usual()
	q.desc, q.limit, q.words = !asc, limit, strings.ToLower(words)
	return q
}

// usual is the search for all rows in the usual order.
func (x *Index) usual() *Query {
	return &Query{order: x.orders[0], field: x.words.Times[0].Field, desc: true, low: minTime, high: maxTime, spoken: &x.words}
}

// Only lets a search show only the rows whose fields pass.
func (q *Query) Only(wanted func(fields map[string]any) bool) { q.only = wanted }

// After begins the page behind the row with an id that stands at a time; an empty id
// begins it at the top.
func (q *Query) After(ms int64, id string) {
	if id != "" {
		q.after = &searchAfter{ms: ms, id: id}
	}
}

// Parse reads the body of a search. The default order is newest added first. The error
// is a [*RefusalError].
func (x *Index) Parse(body map[string]any) (*Query, error) {
	q := x.usual()
	q.limit, q.page = service.Whole(body[x.words.Limit]), service.Whole(body["page"])
	q.words = strings.ToLower(service.Text(body["query"]))
	switch {
	case q.limit < 1 || q.limit > maxPageLimit:
		return nil, refusef(http.StatusUnprocessableEntity, "%s must be from 1 to %d", x.words.Limit, maxPageLimit)
	case body["page"] != nil && q.page < 1:
		return nil, refusef(http.StatusUnprocessableEntity, "page must not be less than 1")
	case q.page*q.limit > maxPagedRows:
		return nil, refusef(http.StatusBadRequest, "page and %s reach %d rows at most, use searchAfter", x.words.Limit, maxPagedRows)
	case len(q.words) > maxQueryLength:
		return nil, refusef(http.StatusUnprocessableEntity, "query must be shorter than or equal to %d characters", maxQueryLength)
	}
	if err := x.parseSort(q, body["sort"]); err != nil {
		return nil, err
	}
	if err := q.parseAfter(body["searchAfter"]); err != nil {
		return nil, err
	}
	f, err := x.parseFilters(body["filters"])
	if err != nil {
		return nil, refusef(http.StatusBadRequest, "%s", err.Error())
	}
	q.rest = q.takeBounds(f)
	return q, nil
}

// parseSort knows the times; the service sorts by other fields too, which
// nothing here needs.
func (x *Index) parseSort(q *Query, v any) error {
	sorts, _ := v.([]any)
	if len(sorts) == 0 {
		return nil
	}
	one, _ := sorts[0].(map[string]any)
	q.field = service.Text(one["field"])
	at := slices.IndexFunc(x.words.Times, func(t Time) bool { return t.Field == q.field })
	if at < 0 {
		return refusef(http.StatusBadRequest, "Invalid sort field (%s) passed", q.field)
	}
	q.order = x.orders[at]
	switch service.Text(one["direction"]) {
	case "asc":
		q.desc = false
	case "desc":
		q.desc = true
	default:
		return refusef(http.StatusBadRequest, "sort direction must be asc or desc")
	}
	if len(sorts) > 1 {
		return refusef(http.StatusBadRequest, "the sandbox sorts by one field")
	}
	return nil
}

// parseAfter reads what a row of the page before had as its searchAfter. There is no
// cursor for a whole page (recorded answers of 2026-07).
func (q *Query) parseAfter(v any) error {
	values, _ := v.([]any)
	if len(values) == 0 {
		return nil
	}
	bad := refusef(http.StatusBadRequest, "searchAfter must be the value and the id of the last item")
	if len(values) != 2 {
		return bad
	}
	ms, ok := moment(values[0])
	id := service.Text(values[1])
	if !ok || id == "" {
		return bad
	}
	q.after = &searchAfter{ms: ms, id: id}
	return nil
}

// takeBounds uses the ranges over the field of the order to narrow the search,
// and returns what is left to test row by row.
func (q *Query) takeBounds(f *filter) *filter {
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

// Run returns the rows of the page and the number of all rows. The bounds of the
// order cost two binary searches; every other condition decodes each row between
// them.
func (q *Query) Run(shown func([]*Row) []*Row) (rows []*Row, total int) {
	from, _ := q.order.find(q.low, "")
	to := len(q.order.list)
	if q.high < maxTime {
		to, _ = q.order.find(q.high+1, "")
	}
	if from > to {
		return nil, 0
	}
	all := q.order.list[from:to]
	if q.rest != nil || q.words != "" || q.only != nil {
		all = q.sift(all)
	}
	all = shown(all)
	return q.cut(all), len(all)
}

// sift keeps the rows that pass the filters and contain the words.
func (q *Query) sift(all []*Row) []*Row {
	var kept []*Row
	for _, c := range all {
		fields := c.Fields()
		if (q.rest == nil || q.rest.match(fields)) && (q.words == "" || q.contains(fields)) && (q.only == nil || q.only(fields)) {
			kept = append(kept, c)
		}
	}
	return kept
}

// contains looks for the words, in lower case, in what names a row; the service's own
// choice of fields is not documented.
func (q *Query) contains(fields map[string]any) bool {
	for _, name := range q.spoken.Searched {
		if strings.Contains(strings.ToLower(service.Text(fields[name])), q.words) {
			return true
		}
	}
	return false
}

// cut returns the page out of all rows, in the order that was asked for. With
// searchAfter the page begins behind that place, whether or not the row is still
// there; it wins over a page number.
func (q *Query) cut(all []*Row) []*Row {
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

// Encode writes the page by hand: each row is the record's JSON with its place in
// the order added. So a page costs no decoding.
func (q *Query) Encode(rows []*Row, total int, trace string) []byte {
	size := 100
	for _, c := range rows {
		size += len(c.Doc) + 70
	}
	b := append(append(append(make([]byte, 0, size), `{"`...), q.spoken.List...), `":[`...)
	for i, c := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c.Doc[:len(c.Doc)-1]...)
		b = append(append(append(b, `,"`...), q.spoken.Place...), `":[`...)
		b = strconv.AppendInt(b, q.order.time(c), 10)
		b = append(b, `,"`...)
		b = append(b, c.ID...)
		b = append(b, `"]}`...)
	}
	b = append(b, `],"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	return append(append(append(b, `,"traceId":"`...), trace...), `"}`...)
}
