package highlevel

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// ErrUnknownContact is returned for the id of a contact that does not exist.
var ErrUnknownContact = errors.New("unknown contact")

// Handler returns the location's interface, to be reached at the root of an
// address.
func (h *Location) Handler() http.Handler { return h.service }

// SetLag changes how long a write stays invisible to searches, for the writes that
// follow.
func (h *Location) SetLag(lag time.Duration) {
	h.service.Lock()
	defer h.service.Unlock()
	h.lag = lag
}

// AddContact adds a contact with some fields and returns its id. Names are those of a
// contact's body ("firstName", "email", "tags"). Nothing is checked: neither the
// names, nor whether another contact has the same address.
func (h *Location) AddContact(fields map[string]any) string {
	h.service.Lock()
	defer h.service.Unlock()
	now := h.site.World.Now()
	return h.put("", merge(newFields(), loose(fields)), now, now).ID
}

// UpdateContact writes some fields of a contact. The error is [ErrUnknownContact]. It
// writes as a request does (see merge), but may name any field.
func (h *Location) UpdateContact(id string, fields map[string]any) error {
	h.service.Lock()
	defer h.service.Unlock()
	c := h.live[id]
	if c == nil {
		return fmt.Errorf("%w: %s", ErrUnknownContact, id)
	}
	h.change(c, loose(fields))
	return nil
}

// SetUpdated writes a contact again with an updated time of the caller's choice, for
// tests of late, equal and future times. The error is [ErrUnknownContact]. The fields
// and the added time stay as they are, so to a reader that compares contents it is no
// change.
func (h *Location) SetUpdated(id string, updated time.Time) error {
	h.service.Lock()
	defer h.service.Unlock()
	c := h.live[id]
	if c == nil {
		return fmt.Errorf("%w: %s", ErrUnknownContact, id)
	}
	h.put(id, c.Fields(), time.UnixMilli(c.Added), updated)
	return nil
}

// DeleteContact deletes a contact. The error is [ErrUnknownContact]. Its notes, tasks
// and campaigns go with it; searches show it until the lag is over.
func (h *Location) DeleteContact(id string) error {
	h.service.Lock()
	defer h.service.Unlock()
	c := h.live[id]
	if c == nil {
		return fmt.Errorf("%w: %s", ErrUnknownContact, id)
	}
	h.drop(c)
	return nil
}

// Contact returns the fields of a contact; ok is false for an unknown one.
func (h *Location) Contact(id string) (fields map[string]any, ok bool) {
	h.service.Lock()
	defer h.service.Unlock()
	c := h.live[id]
	if c == nil {
		return nil, false
	}
	return c.Fields(), true
}

// fieldsOf returns the fields of a contact; nil for an unknown one.
func (h *Location) fieldsOf(id string) map[string]any {
	c := h.live[id]
	if c == nil {
		return nil
	}
	return c.Fields()
}

// SetPipeline adds a pipeline with some stages, or gives the one with that id another name
// and other stages.
func (h *Location) SetPipeline(id, name string, stages ...string) {
	h.service.Lock()
	defer h.service.Unlock()
	h.opportunities.SetPipeline(id, name, stages...)
}

// DeletePipeline takes a pipeline away. Its opportunities stay.
func (h *Location) DeletePipeline(id string) {
	h.service.Lock()
	defer h.service.Unlock()
	h.opportunities.DeletePipeline(id)
}

// Contacts returns the ids of all contacts, sorted by their age of arrival only
// until the first one was deleted.
func (h *Location) Contacts() []string {
	h.service.Lock()
	defer h.service.Unlock()
	return append([]string(nil), h.order...)
}

// loose turns lists of strings, as Go code has them, into those of decoded JSON.
// Without that, merge would take a list of tags for no tags at all.
func loose(fields map[string]any) map[string]any {
	out := maps.Clone(fields)
	for key, v := range out {
		if list, ok := v.([]string); ok {
			elements := make([]any, len(list))
			for i, e := range list {
				elements[i] = e
			}
			out[key] = elements
		}
	}
	return out
}

// Populate makes the first contacts of a location, added over the year before now.
// person makes up the fields of each. It is called with the lock held and must not
// call the location back. Searches show the contacts at once, whatever the lag. The first
// contact has an appointment and an opportunity.
func (h *Location) Populate(n int, person func(i int) map[string]any) {
	h.service.Lock()
	defer h.service.Unlock()
	now := h.site.World.Now()
	step := 365 * 24 * time.Hour / time.Duration(max(n, 1))
	for i := range n {
		at := now.Add(-step * time.Duration(n-i))
		h.put("", merge(newFields(), person(i)), at, at)
	}
	if n > 0 {
		h.messages.Begin(h.order[0]) // the oldest has asked something of late
	}
	h.search.CatchUp(h.site.World.Now().Add(h.lag)) // what was there before is not late
	if n > 0 {
		h.calendars.Book(h.order[0])
		h.opportunities.Begin(h.order[0])
	}
}

// Size returns how many contacts, notes and tasks there are.
func (h *Location) Size() (contacts, notes, tasks int) {
	h.service.Lock()
	defer h.service.Unlock()
	for _, list := range h.notes {
		notes += len(list)
	}
	for _, list := range h.tasks {
		tasks += len(list)
	}
	return len(h.live), notes, tasks
}

// Pick returns a contact drawn by chance with its name; the id is empty when there
// are none.
func (h *Location) Pick() (id, name string) {
	h.service.Lock()
	defer h.service.Unlock()
	if len(h.order) == 0 {
		return "", ""
	}
	id = h.order[h.site.World.Dice.Below(len(h.order))]
	return id, service.Text(h.live[id].Fields()["contactName"])
}

// AddNote adds a note to a contact. The error is [ErrUnknownContact].
func (h *Location) AddNote(contactID, text string) error {
	h.service.Lock()
	defer h.service.Unlock()
	if h.live[contactID] == nil {
		return fmt.Errorf("%w: %s", ErrUnknownContact, contactID)
	}
	h.addNote(contactID, map[string]any{"body": text})
	return nil
}

// AddTask adds an open task to a contact. The error is [ErrUnknownContact].
func (h *Location) AddTask(contactID, title string, due time.Time) error {
	h.service.Lock()
	defer h.service.Unlock()
	if h.live[contactID] == nil {
		return fmt.Errorf("%w: %s", ErrUnknownContact, contactID)
	}
	h.addTask(contactID, map[string]any{"title": title, "dueDate": wire.Stamp(due), "completed": false})
	return nil
}

// Note is a note on a contact, as a test looks at it.
type Note struct {
	ID   string
	Body string
}

// Notes returns the notes on a contact, oldest first.
func (h *Location) Notes(contactID string) []Note {
	h.service.Lock()
	defer h.service.Unlock()
	var out []Note
	for _, n := range h.notes[contactID] {
		out = append(out, Note{ID: n.ID, Body: n.Body})
	}
	return out
}
