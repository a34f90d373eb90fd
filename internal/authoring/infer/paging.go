package infer

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// Paging is how the list goes on, as a manifest says it.
type Paging struct {
	Style string // none, cursor, page, offset or next_link
	Input string // that takes the number, or the cursor
	From  string // where the cursor, the link or the total stands in the answer
	Total string
	First int
	Size  *Size
	// Next is what the next page is asked with; empty on a last page.
	Next string
}

// Size is the input that takes how many records are wanted.
type Size struct {
	Input string
	Max   int
}

// Poll is how changes are found.
type Poll struct {
	Strategy string // keyset, newest or snapshot
	By       string // for newest
	Since    string // for keyset, the input that takes the time
	Format   string // of Since
	With     map[string]string
}

// Limit is what the service allows.
type Limit struct {
	Requests       int
	Per            time.Duration
	Remaining, Max string
}

// leaf is a member of the answer besides the records.
type leaf struct {
	path, name string
	value      any
}

// leaves collects the members of an answer that are no records.
func (d *Draft) leaves(v any, path string, depth int) []leaf {
	object, ok := v.(map[string]any)
	if !ok || depth > 2 {
		return nil
	}
	var out []leaf
	for _, name := range sortedKeys(object) {
		at := strings.TrimPrefix(path+"."+name, ".")
		if at == d.List {
			continue
		}
		if _, nested := object[name].(map[string]any); nested {
			out = append(out, d.leaves(object[name], at, depth+1)...)
			continue
		}
		out = append(out, leaf{at, wording.Underscored(name), object[name]})
	}
	return out
}

// find returns the first leaf with one of some names, in the order of the names.
func find(all []leaf, names ...string) (leaf, bool) {
	for _, name := range names {
		for _, l := range all {
			if l.name == name || strings.HasSuffix(wording.Underscored(strings.ReplaceAll(l.path, ".", "_")), "_"+name) && strings.Contains(name, "_") {
				return l, true
			}
		}
	}
	return leaf{}, false
}

// cursors are the names of cursors in answers, and the inputs that take them.
func cursors() [][2]string {
	return [][2]string{
		{"next_cursor", "cursor"},
		{"next_page_token", "page_token"},
		{"next_token", "token"},
		{"cursor_next", "cursor"},
		{"after_cursor", "after"},
		{"end_cursor", "after"},
		{"starting_after", "starting_after"},
		{"continuation_token", "continuation_token"},
		{"cursor", "cursor"},
	}
}

// paging finds how the list goes on.
func (d *Draft) paging(s Sample, doc any) {
	all := d.leaves(doc, "", 0)
	query := s.URL.Query()
	d.Paging = Paging{Style: "none"}
	d.size(query, all)
	if total, ok := find(all, "total", "total_count", "total_results", "total_items"); ok {
		if _, number := total.value.(int); number {
			d.Paging.Total = total.path
		}
	}
	switch {
	case d.cursor(all, query):
	case d.link(all):
	case d.numbered(all, query):
	default:
		d.guess("paging", "nothing in the answer tells of a next page: if there are more than %d records, say how the list goes on", d.Records)
	}
	d.query(query)
}

// size finds the input that takes the size of a page.
func (d *Draft) size(query url.Values, all []leaf) {
	for _, name := range []string{"limit", "per_page", "page_size", "pageSize", "perPage", "pageLimit", "size", "count", "max_results", "maxResults"} {
		if n, err := strconv.Atoi(query.Get(name)); err == nil && n > 0 {
			d.Paging.Size = &Size{name, n}
			d.guess("size", "the sample was asked for %d; write the largest number that the service gives as max", n)
			return
		}
	}
	if l, ok := find(all, "per_page", "page_size", "limit"); ok {
		if n, number := l.value.(int); number && n > 0 {
			name := l.path[strings.LastIndexByte(l.path, '.')+1:]
			d.Paging.Size = &Size{name, n}
			d.guess("size", "the answer says %s: %d", l.path, n)
		}
	}
}

// cursor takes a cursor of the answer into the next request.
func (d *Draft) cursor(all []leaf, query url.Values) bool {
	for _, names := range cursors() {
		l, ok := find(all, names[0])
		text := fmt.Sprint(l.value)
		if !ok || strings.HasPrefix(text, "http") {
			continue
		}
		d.Paging.Style, d.Paging.From, d.Paging.Input = "cursor", l.path, like(l.path, names[1])
		if query.Has(d.Paging.Input) {
			query.Del(d.Paging.Input)
		}
		if l.value != nil && text != "" && l.value != false {
			d.Paging.Next = text
		}
		d.guess("paging", "the answer has %s; that the input is called %s is a guess", l.path, d.Paging.Input)
		return true
	}
	return false
}

// like writes a name in the way that another one is written.
func like(other, name string) string {
	last := other[strings.LastIndexByte(other, '.')+1:]
	if strings.Contains(last, "_") || strings.ToLower(last) == last {
		return name
	}
	words := strings.Split(name, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

// link follows an address in the answer.
func (d *Draft) link(all []leaf) bool {
	for _, l := range all {
		text, _ := l.value.(string)
		if slices.Contains([]string{"next", "next_url", "next_page", "next_page_url", "next_link", "next_href", "odata_next_link"}, l.name) && strings.Contains(text, "?") {
			d.Paging.Style, d.Paging.From, d.Paging.Next = "next_link", l.path, text
			d.guess("paging", "%s is the address of the next page", l.path)
			return true
		}
	}
	return false
}

// numbered counts pages or records.
func (d *Draft) numbered(all []leaf, query url.Values) bool {
	for _, name := range []string{"page", "pageNumber", "page_number", "p"} {
		l, said := find(all, wording.Underscored(name), "current_page")
		_, number := l.value.(int)
		if !query.Has(name) && (!said || !number || name != "page") {
			continue
		}
		d.Paging.Style, d.Paging.Input, d.Paging.First = "page", name, 1
		if query.Get(name) == "0" || number && l.value == 0 {
			d.Paging.First = 0
		}
		d.Paging.Next = strconv.Itoa(d.Paging.First + 1)
		d.guess("paging", "the list is read by the number of the page, from %d on", d.Paging.First)
		query.Del(name)
		return true
	}
	for _, name := range []string{"offset", "skip", "start"} {
		_, said := find(all, name)
		if !query.Has(name) && !said {
			continue
		}
		d.Paging.Style, d.Paging.Input, d.Paging.Next = "offset", name, strconv.Itoa(d.Records)
		d.guess("paging", "the list is read by the number of records before the page")
		query.Del(name)
		return true
	}
	return false
}

// query keeps what was asked for besides paging, for later.
func (d *Draft) query(query url.Values) {
	d.Query = map[string]string{}
	for name := range query {
		if d.Paging.Size == nil || name != d.Paging.Size.Input {
			d.Query[name] = query.Get(name)
		}
	}
}

// sinceNames are inputs that take the time from which on changes are wanted.
func sinceNames() []string {
	return []string{"updated_since", "updated_after", "updated_from", "modified_since", "modified_after", "updatedSince", "updatedAfter", "modifiedSince", "since", "changed_since", "updated_min", "updated_at_min"}
}

// poll chooses how changes are found: by time only where the sample shows that it can be.
func (d *Draft) poll(_ url.Values, rows []map[string]any) {
	d.Poll = Poll{Strategy: "snapshot"}
	rising, falling := order(rows, d.Updated)
	for _, name := range sinceNames() {
		value, asked := d.Query[name]
		format := formatOf(value)
		if !asked || d.Updated == "" || format == "" {
			continue
		}
		if !rising {
			d.guess("strategy", "%s was asked for, but the records are not sorted by %s, oldest first: ask for that order too, and the list can be walked by time", name, d.Updated)
			return
		}
		delete(d.Query, name)
		d.Poll = Poll{Strategy: "keyset", Since: name, Format: format, With: d.Query}
		d.guess("strategy", "the list was asked for from a time on (%s), and came sorted by %s, oldest first", name, d.Updated)
		d.Query = map[string]string{}
		return
	}
	if falling && len(rows) >= 5 && d.Paging.Style != "none" {
		d.Poll = Poll{Strategy: "newest", By: d.Updated}
		d.guess("strategy", "the %d records came sorted by %s, newest first; that the service always does so is a guess", len(rows), d.Updated)
		return
	}
	d.guess("strategy", "nothing shows that the list can be sorted by the time of the last update and asked from a time on, so it is read whole at every poll")
}

// order reports whether records are sorted by a time, and how. Fewer than two different
// times tell nothing.
func order(rows []map[string]any, field string) (rising, falling bool) {
	if field == "" || len(rows) < 2 {
		return false, false
	}
	rising, falling = true, true
	different := false
	for i := 1; i < len(rows); i++ {
		a, errA := time.Parse(time.RFC3339, fmt.Sprint(rows[i-1][field]))
		b, errB := time.Parse(time.RFC3339, fmt.Sprint(rows[i][field]))
		if errA != nil || errB != nil {
			return false, false
		}
		different = different || !a.Equal(b)
		rising, falling = rising && !b.Before(a), falling && !b.After(a)
	}
	return rising && different, falling && different
}

// formatOf is the format of a time in a query; empty for no time.
func formatOf(value string) string {
	if _, err := time.Parse(time.RFC3339, value); err == nil {
		return "rfc3339"
	}
	if _, err := strconv.ParseInt(value, 10, 64); err != nil {
		return ""
	}
	switch len(value) {
	case len("1700000000"):
		return "epoch_s"
	case len("1700000000000"):
		return "epoch_ms"
	}
	return ""
}

// limits reads what the service says it allows.
func (d *Draft) limits(h http.Header) {
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-", "X-Rate-Limit-"} {
		limit, remaining := prefix+"Limit", prefix+"Remaining"
		n, err := strconv.Atoi(strings.TrimSpace(strings.Split(h.Get(limit), ",")[0]))
		if err != nil || n < 1 || h.Get(remaining) == "" {
			continue
		}
		d.Limit = &Limit{Requests: n, Per: time.Minute, Remaining: remaining, Max: limit}
		d.guess("limits", "the answer says %s: %d; that it counts by the minute is a guess, so look it up", limit, n)
		return
	}
	d.guess("limits", "the answer does not say what the service allows: look it up, and write it under limits")
}
