package triggertest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Service is a model of an outside service with one list of records.
type Service struct {
	// Clock is the service's own time; tests move it.
	Clock time.Time
	// Shuffled makes the list sort by a value that changes with every update and
	// page by offset, so that rows move between pages while a walk is under way.
	Shuffled bool
	// Newest makes the list sort by the time of update, newest first.
	Newest bool
	// Counted makes positions count rows, so that rows which come in push the others
	// onto the next page.
	Counted bool
	// NoDate makes answers carry no time of the service.
	NoDate bool
	// Trailing makes a list that fills its last page end with an empty one.
	Trailing bool
	// Round cuts the times of update down to multiples of it; 0 leaves them.
	Round time.Duration

	records []*record
}

// record is one thing with all its versions, oldest first.
type record struct {
	id       string
	created  time.Time
	versions []version
}

// version is one state of a record; updated is what the service says of it, visible
// when a list can know.
type version struct {
	number  int
	value   string
	gone    bool // the record was deleted
	updated time.Time
	visible time.Time // when the list begins to show it
}

// NewService returns an empty service.
func NewService() *Service {
	return &Service{Clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

// Shape is the schema of the service's records.
func Shape() *schema.Object {
	return &schema.Object{
		Key: "thing", ID: "id", Created: "created", Updated: "updated",
		Fields: []schema.Field{
			{Name: "id", Type: schema.String},
			{Name: "value", Type: schema.String},
			{Name: "version", Type: schema.Integer, Volatile: true},
			{Name: "created", Type: schema.Time, Volatile: true},
			{Name: "updated", Type: schema.Time},
		},
	}
}

// Put creates or changes a record at the service's time; the list shows it after
// the lag.
func (s *Service) Put(id, value string, lag time.Duration) {
	s.PutAt(id, value, s.Clock, lag)
}

// PutAt is Put with a time of update of its own choice.
func (s *Service) PutAt(id, value string, updated time.Time, lag time.Duration) {
	s.add(id, version{value: value, updated: updated}, lag)
}

// Delete takes a record away; the list leaves it out after the lag. A record that is
// not there stays so.
func (s *Service) Delete(id string, lag time.Duration) {
	if r := s.record(id); r != nil && !r.versions[len(r.versions)-1].gone {
		s.add(id, version{gone: true, updated: s.Clock}, lag)
	}
}

func (s *Service) add(id string, v version, lag time.Duration) {
	if s.Round > 0 {
		v.updated = v.updated.Truncate(s.Round)
	}
	r := s.record(id)
	if r == nil {
		r = &record{id: id, created: v.updated}
		s.records = append(s.records, r)
	}
	v.number, v.visible = len(r.versions)+1, s.Clock.Add(lag)
	if n := len(r.versions); n > 0 && v.visible.Before(r.versions[n-1].visible) {
		v.visible = r.versions[n-1].visible // an index shows versions in order
	}
	r.versions = append(r.versions, v)
}

// record returns a record by its id, nil for none.
func (s *Service) record(id string) *record {
	for _, r := range s.records {
		if r.id == id {
			return r
		}
	}
	return nil
}

// shown returns the newest version of a record that the list shows.
func (s *Service) shown(r *record) (version, bool) {
	for _, v := range slices.Backward(r.versions) {
		if !v.visible.After(s.Clock) {
			return v, !v.gone
		}
	}
	return version{}, false
}

// row is a record as the list shows it.
type row struct {
	record *record
	version
}

// Parents are the ids of the records that the records of the service belong to when it
// is asked by parent.
func Parents() []string { return []string{"p0", "p1", "p2"} }

// parent is the one that a record belongs to.
func (r *record) parent() string {
	sum := 0
	for _, c := range r.id {
		sum += int(c)
	}
	return Parents()[sum%len(Parents())]
}

// Page returns one page of the list, as a connector would. With a parent it is the list
// of that parent alone.
func (s *Service) Page(parent string, since time.Time, position string, size int) connectors.Page {
	rows := s.rows(since)
	if parent != "" {
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.record.parent() != parent })
	}
	from := 0
	if position != "" {
		from = s.offset(rows, position)
	}
	to := min(from+size, len(rows))
	page := connectors.Page{Total: len(rows), Date: s.Clock.Truncate(time.Second)}
	if s.NoDate {
		page.Date = time.Time{}
	}
	for _, r := range rows[min(from, to):to] {
		page.Records = append(page.Records, r.served())
	}
	if to < len(rows) || s.Trailing && to > from && (to-from) == size {
		page.Next = s.position(rows, to)
	}
	return page
}

// rows returns what the list shows now, in its order: by time and then id, or mixed
// up. since is inclusive; records that show a version from before it are left out,
// except in lists that cannot be asked from a time on.
func (s *Service) rows(since time.Time) []row {
	var rows []row
	for _, r := range s.records {
		if v, ok := s.shown(r); ok && (s.Newest || !v.updated.Before(since)) {
			rows = append(rows, row{r, v})
		}
	}
	slices.SortFunc(rows, s.compare)
	return rows
}

// compare is the order of the list.
func (s *Service) compare(a, b row) int {
	switch {
	case s.Shuffled:
		return cmp.Or(cmp.Compare(a.mixed(), b.mixed()), cmp.Compare(a.record.id, b.record.id))
	case s.Newest:
		return cmp.Or(b.updated.Compare(a.updated), cmp.Compare(b.record.id, a.record.id))
	}
	return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.record.id, b.record.id))
}

// mixed is a value to sort by that has nothing to do with time.
func (r row) mixed() int { return (r.number*7919 + len(r.record.id)*31) % 101 }

// position is opaque to the poller: an offset, or the sort values of the last row.
func (s *Service) position(rows []row, to int) string {
	if s.Shuffled || s.Counted {
		return strconv.Itoa(to)
	}
	last := rows[to-1]
	return strconv.FormatInt(last.updated.UnixNano(), 10) + " " + last.record.id
}

// offset finds the row at which a position stands: the first behind the row that it
// names, whether or not that is still there. In a list that counts it is a number of
// rows.
func (s *Service) offset(rows []row, position string) int {
	if s.Shuffled || s.Counted {
		n, _ := strconv.Atoi(position) // written by position
		return min(n, len(rows))
	}
	nano, id, _ := strings.Cut(position, " ")
	at, _ := strconv.ParseInt(nano, 10, 64) // written by position
	named := row{&record{id: id}, version{updated: time.Unix(0, at)}}
	for i, r := range rows {
		if s.compare(r, named) > 0 {
			return i
		}
	}
	return len(rows)
}

// served is the row as JSON.
func (r row) served() connectors.Record {
	raw := fmt.Sprintf(`{"id":%q,"value":%q,"version":%d,"created":%q,"updated":%q}`, r.record.id, r.value, r.number,
		r.record.created.Format(time.RFC3339Nano), r.updated.Format(time.RFC3339Nano))
	return connectors.Record{ID: r.record.id, Created: r.record.created, Updated: r.updated, At: r.updated, Raw: []byte(raw)}
}
