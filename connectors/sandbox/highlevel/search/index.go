package search

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Row is one version of a record. It never changes; a write makes a new one. The
// index and answers on their way can therefore share it without a lock.
type Row struct {
	ID             string
	Added, Updated int64   // milliseconds since 1970
	Others         []int64 // further times that searches sort by
	Doc            []byte  // the JSON object as searches show it
}

// Words are what a search calls things.
type Words struct {
	// Times are what a search sorts by. The first is that of the usual order, newest first.
	Times []Time
	// Dates are further fields whose values are times: a filter may ask for ranges of
	// them.
	Dates []string
	// Member returns the member of a row that a filter on a field looks at; ok is false
	// for a field that no filter may name.
	Member func(field string) (member string, ok bool)
	// Searched are the members that free text is looked for in.
	Searched []string
	// Limit is the member of a body with the size of a page, List that of an answer with
	// the rows, and Place that of a row with its place in the order.
	Limit, List, Place string
}

// Time is a time that a search sorts by.
type Time struct {
	Field string
	Of    func(*Row) int64
}

// Fields decodes the row.
func (c *Row) Fields() map[string]any {
	var m map[string]any
	if json.Unmarshal(c.Doc, &m) != nil {
		return map[string]any{}
	}
	return m
}

// index is a list of rows in the order of a time, then of the id. The id settles
// ties, so that searchAfter can stop between rows of one instant.
type index struct {
	time func(*Row) int64
	list []*Row
}

// find returns where a time and id stand, or would stand.
func (x *index) find(ms int64, id string) (int, bool) {
	return slices.BinarySearchFunc(x.list, ms, func(c *Row, ms int64) int {
		if n := cmp.Compare(x.time(c), ms); n != 0 {
			return n
		}
		return strings.Compare(c.ID, id)
	})
}

func (x *index) insert(c *Row) {
	i, _ := x.find(x.time(c), c.ID)
	x.list = slices.Insert(x.list, i, c)
}

func (x *index) remove(c *Row) {
	if i, found := x.find(x.time(c), c.ID); found {
		x.list = slices.Delete(x.list, i, i+1)
	}
}

// Index is what searches see: it learns of a write only after the lag. The
// search of the service does so by a few seconds (third-party copies of the search's
// page, read 2026-09): a reader that follows the updated time meets records behind
// its cursor.
type Index struct {
	words   Words
	shown   map[string]*Row
	orders  []*index       // by the times of the words
	pending []pendingWrite // in the order of the writes
}

// pendingWrite is a write that searches do not see yet; a nil row is a
// deletion.
type pendingWrite struct {
	at  time.Time
	id  string
	row *Row
}

// New returns an empty index of a search with its words.
func New(words Words) Index {
	x := Index{words: words, shown: map[string]*Row{}}
	for _, t := range words.Times {
		x.orders = append(x.orders, &index{time: t.Of})
	}
	return x
}

// Later queues a write. The order of the calls is that of the writes, also when the
// lag was made shorter in between.
func (x *Index) Later(at time.Time, id string, c *Row) {
	x.pending = append(x.pending, pendingWrite{at: at, id: id, row: c})
}

// CatchUp lets the index see what is old enough. A write never overtakes one before
// it. It is called at the start of each search, so the index needs no clock of its
// own.
func (x *Index) CatchUp(now time.Time) {
	done := 0
	for _, p := range x.pending {
		if p.at.After(now) {
			break
		}
		done++
		former := x.shown[p.id]
		for _, order := range x.orders {
			if former != nil {
				order.remove(former)
			}
			if p.row != nil {
				order.insert(p.row)
			}
		}
		delete(x.shown, p.id)
		if p.row != nil {
			x.shown[p.id] = p.row
		}
	}
	x.pending = slices.Delete(x.pending, 0, done)
}
