package stax

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// record is one thing. Its fields are replaced as a whole, never written to, because an
// answer on its way may hold them.
type record struct {
	id                        string
	fields                    map[string]any
	created, updated, deleted time.Time // deleted is zero for what is there
}

// table holds the records of a kind in the order in which they came.
type table struct {
	byID  map[string]*record
	order []*record
}

// add adds a record that has what is given over what every new one has.
func (t *table) add(id string, now time.Time, fields, blank map[string]any) *record {
	maps.Copy(blank, fields)
	r := &record{id: id, fields: blank, created: now, updated: now}
	t.byID[id] = r
	t.order = append(t.order, r)
	return r
}

// live returns the record that a path names, nil for one that is deleted or never was, and
// notes it as the target.
func (t *table) live(c *service.Call) *record {
	r := t.byID[c.Vars["id"]]
	if r == nil || !r.deleted.IsZero() {
		return nil
	}
	c.Target = r.id
	return r
}

// has reports whether an id of a body is that of a record that is there.
func (t *table) has(v any) bool {
	r := t.byID[service.Text(v)]
	return r != nil && r.deleted.IsZero()
}

// write writes some fields. A write that changes nothing leaves the time of the last change
// (a guess).
func (r *record) write(now time.Time, fields map[string]any) {
	next := maps.Clone(r.fields)
	maps.Copy(next, fields)
	if !reflect.DeepEqual(next, r.fields) {
		r.fields, r.updated = next, now
	}
}

// remove deletes softly: that moves updated_at too, as the example of a deleted webhook
// shows it.
func (r *record) remove(now time.Time) {
	r.deleted, r.updated = now, now
	if _, states := r.fields["status"]; states {
		r.write(now, map[string]any{"status": "DELETED"})
	}
}

// render shows a record with its times.
func (r *record) render() map[string]any {
	v := maps.Clone(r.fields)
	v["id"], v["created_at"], v["updated_at"], v["deleted_at"] = r.id, stamp(r.created), stamp(r.updated), nil
	if !r.deleted.IsZero() {
		v["deleted_at"] = stamp(r.deleted)
	}
	return v
}

// stamp writes a time as the service does: UTC, without a zone, in whole seconds.
func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

// question is what a list can be asked.
type question struct {
	size    string // what the page size is called
	usual   int    // records of a page
	sorts   []string
	filters map[string]func(r *record, value string) bool
}

// list answers with a page of what is there. Parameters that are not known are refused,
// which is stricter than the service is known to be.
func (t *table) list(c *service.Call, q question) service.Answer {
	asked := c.URL.Query()
	page, per, refused := q.check(asked)
	if refused.Status != 0 {
		return refused
	}
	var rows []*record
	for _, r := range t.order {
		if r.deleted.IsZero() && (c.Suffers(service.Unfiltered) || q.fits(r, asked)) {
			rows = append(rows, r)
		}
	}
	q.sort(rows, asked, c.Suffers(service.Unsorted))
	rows = service.Rows(c, rows)
	from := min(c.Skips((page-1)*per), len(rows))
	to := min(from+per, len(rows))
	return ok(envelope(c, rows[from:to], page, per, len(rows)))
}

// check reads page and size and refuses what a list cannot be asked.
func (q question) check(asked url.Values) (page, per int, refused service.Answer) {
	page, per = 1, q.usual
	bad := map[string][]string{}
	for name := range asked {
		if message := q.wrong(name, asked.Get(name)); message != "" {
			bad[name] = []string{message}
		}
	}
	if len(bad) > 0 {
		return 0, 0, wrong(bad)
	}
	if n, err := strconv.Atoi(asked.Get("page")); err == nil {
		page = n
	}
	if n, err := strconv.Atoi(asked.Get(q.size)); err == nil {
		per = min(n, 100) // the largest is not documented
	}
	return page, per, service.Answer{}
}

// wrong says what is wrong with a parameter; empty if nothing is.
func (q question) wrong(name, value string) string {
	switch name {
	case "page", q.size:
		if n, err := strconv.Atoi(value); err != nil || n < 1 {
			return "The " + words(name) + " must be at least 1."
		}
		return ""
	case "sort":
		if !slices.Contains(q.sorts, value) {
			return "The selected sort is invalid."
		}
		return ""
	case "order":
		if len(q.sorts) == 0 || value != "ASC" && value != "DESC" {
			return "The selected order is invalid."
		}
		return ""
	}
	if _, known := q.filters[name]; !known {
		return "The " + words(name) + " is not known."
	}
	return ""
}

// fits reports whether a record is among what is asked for.
func (q question) fits(r *record, asked url.Values) bool {
	for name, fit := range q.filters {
		if v := asked.Get(name); v != "" && !fit(r, v) {
			return false
		}
	}
	return true
}

// sort orders rows as asked, the newest first if nothing is said: documented for schedules,
// seen for customers, and a guess for the rest. unsorted turns the order round.
func (q question) sort(rows []*record, asked url.Values, unsorted bool) {
	by := cmp.Or(asked.Get("sort"), "created_at")
	slices.SortStableFunc(rows, func(a, b *record) int { return compare(a, b, by) })
	if (asked.Get("order") != "ASC") != unsorted {
		slices.Reverse(rows)
	}
}

func compare(a, b *record, by string) int {
	switch by {
	case "created_at":
		return a.created.Truncate(time.Second).Compare(b.created.Truncate(time.Second))
	case "updated_at":
		return a.updated.Truncate(time.Second).Compare(b.updated.Truncate(time.Second))
	}
	x, y := a.fields[by], b.fields[by]
	if m, isNumber := x.(int); isNumber {
		n, _ := y.(int)
		return cmp.Compare(m, n)
	}
	return cmp.Compare(service.Text(x), service.Text(y))
}

// envelope is a page as Laravel writes it. The links in it have a doubled slash and another
// scheme, as the official client's fixture has them; nobody should follow them.
func envelope(c *service.Call, rows []*record, page, per, total int) map[string]any {
	data := make([]any, 0, len(rows))
	for _, r := range rows {
		data = append(data, r.render())
	}
	last := max((total+per-1)/per, 1)
	path := "http://" + c.Host + "/" + c.URL.Path
	link := func(n int) any {
		if n < 1 || n > last {
			return nil
		}
		return fmt.Sprintf("%s?page=%d", path, n)
	}
	v := map[string]any{
		"current_page": page, "data": data, "first_page_url": link(1), "from": nil, "last_page": last, "last_page_url": link(last),
		"next_page_url": link(page + 1), "path": path, "per_page": per, "prev_page_url": link(page - 1), "to": nil, "total": total,
	}
	if len(rows) > 0 {
		v["from"], v["to"] = (page-1)*per+1, (page-1)*per+len(rows)
	}
	return v
}

// same is a filter by a whole value, whatever the case; whether the service looks for parts
// is not documented.
func same(name string) func(*record, string) bool {
	return func(r *record, value string) bool { return strings.EqualFold(service.Text(r.fields[name]), value) }
}

// anywhere is a filter by a word in some fields, or the id.
func anywhere(names ...string) func(*record, string) bool {
	return func(r *record, word string) bool {
		return r.id == word || slices.ContainsFunc(names, func(name string) bool { return service.ContainsFold(service.Text(r.fields[name]), word) })
	}
}

// words is the name of a field in a message.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
