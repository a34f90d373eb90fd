package search

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Contact is one version of a contact. It never changes; a write makes a new one. The
// index and answers on their way can therefore share it without a lock.
type Contact struct {
	ID             string
	Added, Updated int64  // milliseconds since 1970
	Doc            []byte // the JSON object as direct reads show it
}

// Fields decodes the contact.
func (c *Contact) Fields() map[string]any {
	var m map[string]any
	if json.Unmarshal(c.Doc, &m) != nil {
		return map[string]any{}
	}
	return m
}

// index is a list of contacts in the order of a time, then of the id. The id settles
// ties, so that searchAfter can stop between contacts of one instant.
type index struct {
	time func(*Contact) int64
	list []*Contact
}

// find returns where a time and id stand, or would stand.
func (x *index) find(ms int64, id string) (int, bool) {
	return slices.BinarySearchFunc(x.list, ms, func(c *Contact, ms int64) int {
		if n := cmp.Compare(x.time(c), ms); n != 0 {
			return n
		}
		return strings.Compare(c.ID, id)
	})
}

func (x *index) insert(c *Contact) {
	i, _ := x.find(x.time(c), c.ID)
	x.list = slices.Insert(x.list, i, c)
}

func (x *index) remove(c *Contact) {
	if i, found := x.find(x.time(c), c.ID); found {
		x.list = slices.Delete(x.list, i, i+1)
	}
}

// Index is what searches see: it learns of a write only after the lag. The
// search of the service does so by a few seconds (third-party copies of the search's
// page, read 2026-09): a reader that follows the updated time meets records behind
// its cursor.
type Index struct {
	written            func(field string) bool // whether bodies have the field
	shown              map[string]*Contact
	byUpdated, byAdded index
	pending            []pendingWrite // in the order of the writes
}

// pendingWrite is a write that searches do not see yet; a nil contact is a
// deletion.
type pendingWrite struct {
	at      time.Time
	id      string
	contact *Contact
}

// New returns an empty index. written tells which fields a contact's body may have:
// a filter may name them.
func New(written func(field string) bool) Index {
	return Index{
		written:   written,
		shown:     map[string]*Contact{},
		byUpdated: index{time: func(c *Contact) int64 { return c.Updated }},
		byAdded:   index{time: func(c *Contact) int64 { return c.Added }},
	}
}

// Later queues a write. The order of the calls is that of the writes, also when the
// lag was made shorter in between.
func (x *Index) Later(at time.Time, id string, c *Contact) {
	x.pending = append(x.pending, pendingWrite{at: at, id: id, contact: c})
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
