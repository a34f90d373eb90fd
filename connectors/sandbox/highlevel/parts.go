package highlevel

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// note is a note on a contact. It has no time of its last update, so an edit shows in
// the text alone (spec file of 2026-06-19).
type note struct {
	ID        string `json:"id"`
	Body      string `json:"body"`
	BodyText  string `json:"bodyText"`
	Title     string `json:"title,omitempty"`
	Color     string `json:"color,omitempty"`
	Pinned    bool   `json:"pinned"`
	UserID    string `json:"userId,omitempty"`
	ContactID string `json:"contactId"`
	DateAdded string `json:"dateAdded"`
}

// task is a task of a contact. The service shows no times of a task. So a change can
// only be found by comparing (spec file of 2026-06-19).
type task struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Body       string `json:"body"`
	AssignedTo string `json:"assignedTo,omitempty"`
	DueDate    string `json:"dueDate"`
	Completed  bool   `json:"completed"`
	ContactID  string `json:"contactId"`
}

// The bodies of the calls for notes and tasks, as in the spec file of 2026-06-19. A
// task is created with its completed said outright; an update may leave everything
// out.
//
//nolint:gochecknoglobals // tables
var (
	noteFields     = map[string]service.Kind{"userId": service.String, "body": service.String, "title": service.String, "color": service.String, "pinned": service.Bool}
	newNoteShape   = &service.Shape{Fields: noteFields, Required: []string{"body"}}
	noteShape      = &service.Shape{Fields: noteFields}
	taskFields     = map[string]service.Kind{"title": service.String, "body": service.String, "dueDate": service.String, "completed": service.Bool, "assignedTo": service.String}
	newTaskShape   = &service.Shape{Fields: taskFields, Required: []string{"title", "dueDate", "completed"}}
	taskShape      = &service.Shape{Fields: taskFields}
	completedShape = &service.Shape{Fields: map[string]service.Kind{"completed": service.Bool}, Required: []string{"completed"}}
	emptyShape     = &service.Shape{}
	taskQueryShape = &service.Shape{Fields: map[string]service.Kind{
		"contactId": service.List, "completed": service.Bool, "assignedTo": service.List, "query": service.String,
		"limit": service.Number, "skip": service.Number, "businessId": service.String,
	}}
)

// with returns the contact of a path and the body of a request.
func (h *Location) with(c *service.Call, sh *service.Shape) (*search.Row, map[string]any, service.Answer) {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return nil, nil, refused
	}
	body, refused := wire.Read(c, sh)
	return found, body, refused
}

// write takes over what a body has. BodyText is the plain text of a body that may be
// HTML; the sandbox strips nothing.
func (n *note) write(body map[string]any) {
	wire.Set(body, "body", &n.Body)
	wire.Set(body, "title", &n.Title)
	wire.Set(body, "color", &n.Color)
	wire.Set(body, "userId", &n.UserID)
	if v, ok := body["pinned"].(bool); ok {
		n.Pinned = v
	}
	n.BodyText = n.Body
}

// addNote is a direct write: it shows in the list of notes at once, and does not
// move the contact's dateUpdated (unknown of the service).
func (h *Location) addNote(contactID string, body map[string]any) *note {
	n := &note{ID: h.site.World.Dice.ID(20), ContactID: contactID, DateAdded: wire.Stamp(h.site.World.Now())}
	n.write(body)
	h.notes[contactID] = append(h.notes[contactID], n)
	return n
}

// listNotes shows the newest first, as the service seems to (a guess). There are no
// pages.
func (h *Location) listNotes(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	newest := append([]*note{}, h.notes[found.ID]...)
	slices.Reverse(newest)
	return h.site.Say(http.StatusOK, map[string]any{"notes": service.Rows(c, newest)})
}

// createNote makes a second note of a second request: the service knows no
// idempotency key (spec file of 2026-06-19).
func (h *Location) createNote(c *service.Call) service.Answer {
	found, body, refused := h.with(c, newNoteShape)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusCreated, map[string]any{"note": h.addNote(found.ID, body)})
}

// note returns the note that a path names. An unknown one gets 400, as the spec file
// has no 404 here.
func (h *Location) note(c *service.Call) (int, service.Answer) {
	if _, refused := h.contact(c); refused.Status != 0 {
		return 0, refused
	}
	i := slices.IndexFunc(h.notes[c.Vars["contactId"]], func(n *note) bool { return n.ID == c.Vars["id"] })
	if i < 0 {
		return 0, wire.Refuse(http.StatusBadRequest, "Note not found")
	}
	return i, service.Answer{}
}

func (h *Location) getNote(c *service.Call) service.Answer {
	i, refused := h.note(c)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusOK, map[string]any{"note": h.notes[c.Vars["contactId"]][i]})
}

func (h *Location) updateNote(c *service.Call) service.Answer {
	i, refused := h.note(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, noteShape)
	if refused.Status != 0 {
		return refused
	}
	changed := *h.notes[c.Vars["contactId"]][i] // an answer that is being written may hold the former one
	changed.write(body)
	h.notes[c.Vars["contactId"]][i] = &changed
	return h.site.Say(http.StatusOK, map[string]any{"note": &changed})
}

// deleteNote leaves the contact's dateUpdated as it is (unknown of the service).
func (h *Location) deleteNote(c *service.Call) service.Answer {
	i, refused := h.note(c)
	if refused.Status != 0 {
		return refused
	}
	id := c.Vars["contactId"]
	h.notes[id] = slices.Delete(slices.Clone(h.notes[id]), i, i+1)
	return h.site.Succeeded(http.StatusOK)
}

// write takes over what a body has and changes nothing when it refuses. A due time is
// kept as it was written.
func (t *task) write(body map[string]any) service.Answer {
	if due := service.Text(body["dueDate"]); due != "" {
		if _, err := time.Parse(time.RFC3339, due); err != nil {
			return wire.Refuse(http.StatusUnprocessableEntity, "dueDate must be a valid ISO 8601 date string")
		}
	}
	wire.Set(body, "title", &t.Title)
	wire.Set(body, "body", &t.Body)
	wire.Set(body, "assignedTo", &t.AssignedTo)
	wire.Set(body, "dueDate", &t.DueDate)
	if v, ok := body["completed"].(bool); ok {
		t.Completed = v
	}
	return service.Answer{}
}

// addTask makes a task, which shows at once in the contact's list and does not move
// the contact's dateUpdated (unknown of the service).
func (h *Location) addTask(contactID string, body map[string]any) (*task, service.Answer) {
	t := &task{ID: h.site.World.Dice.ID(20), ContactID: contactID}
	if refused := t.write(body); refused.Status != 0 {
		return nil, refused
	}
	h.tasks[contactID] = append(h.tasks[contactID], t)
	return t, service.Answer{}
}

// listTasks shows the oldest first; the service's order is not documented. There are
// no pages.
func (h *Location) listTasks(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusOK, map[string]any{"tasks": service.Rows(c, append([]*task{}, h.tasks[found.ID]...))})
}

func (h *Location) createTask(c *service.Call) service.Answer {
	found, body, refused := h.with(c, newTaskShape)
	if refused.Status != 0 {
		return refused
	}
	made, refused := h.addTask(found.ID, body)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusCreated, map[string]any{"task": made})
}

// task returns the place of the task that a path names. An unknown one gets 400, as
// the spec file has no 404 here.
func (h *Location) task(c *service.Call) (int, service.Answer) {
	if _, refused := h.contact(c); refused.Status != 0 {
		return 0, refused
	}
	i := slices.IndexFunc(h.tasks[c.Vars["contactId"]], func(t *task) bool { return t.ID == c.Vars["taskId"] })
	if i < 0 {
		return 0, wire.Refuse(http.StatusBadRequest, "Task not found")
	}
	return i, service.Answer{}
}

func (h *Location) getTask(c *service.Call) service.Answer {
	i, refused := h.task(c)
	if refused.Status != 0 {
		return refused
	}
	return h.site.Say(http.StatusOK, map[string]any{"task": h.tasks[c.Vars["contactId"]][i]})
}

func (h *Location) updateTask(c *service.Call) service.Answer { return h.rewriteTask(c, taskShape) }
func (h *Location) completeTask(c *service.Call) service.Answer {
	return h.rewriteTask(c, completedShape)
}

// rewriteTask carries out both updates; they differ in what their bodies may have.
func (h *Location) rewriteTask(c *service.Call, sh *service.Shape) service.Answer {
	i, refused := h.task(c)
	if refused.Status != 0 {
		return refused
	}
	body, refused := wire.Read(c, sh)
	if refused.Status != 0 {
		return refused
	}
	changed := *h.tasks[c.Vars["contactId"]][i]
	if refused := changed.write(body); refused.Status != 0 {
		return refused
	}
	h.tasks[c.Vars["contactId"]][i] = &changed
	return h.site.Say(http.StatusOK, map[string]any{"task": &changed})
}

func (h *Location) deleteTask(c *service.Call) service.Answer {
	i, refused := h.task(c)
	if refused.Status != 0 {
		return refused
	}
	id := c.Vars["contactId"]
	h.tasks[id] = slices.Delete(slices.Clone(h.tasks[id]), i, i+1)
	return h.site.Succeeded(http.StatusOK)
}

// searchTasks lists the tasks of the location in no order of interest: by contact.
// The service has no sort and no filter on times here. Without a limit it takes 25,
// and the largest is a guess.
func (h *Location) searchTasks(c *service.Call) service.Answer {
	if a := h.site.Foreign(c.Vars["locationId"]); a.Status != 0 {
		return a
	}
	body, refused := wire.Read(c, taskQueryShape)
	if refused.Status != 0 {
		return refused
	}
	limit, skip := 25, service.Whole(body["skip"])
	if body["limit"] != nil {
		limit = service.Whole(body["limit"])
	}
	if limit < 1 || limit > 100 || skip < 0 {
		return wire.Refuse(http.StatusUnprocessableEntity, "limit must be from 1 to 100, skip not below 0")
	}
	all := []*task{}
	for _, id := range slices.Sorted(maps.Keys(h.tasks)) {
		for _, t := range h.tasks[id] {
			if t.wanted(body) {
				all = append(all, t)
			}
		}
	}
	all = service.Rows(c, all)
	return h.site.Say(http.StatusOK, map[string]any{"tasks": wire.Part(c, all, skip, limit)})
}

// wanted reports whether a search lets the task pass; members that it does not have
// let all pass. That a query looks at title and body is a guess.
func (t *task) wanted(body map[string]any) bool {
	if contacts := service.Texts(body["contactId"]); len(contacts) > 0 && !slices.Contains(contacts, t.ContactID) {
		return false
	}
	if users := service.Texts(body["assignedTo"]); len(users) > 0 && !slices.Contains(users, t.AssignedTo) {
		return false
	}
	if done, ok := body["completed"].(bool); ok && done != t.Completed {
		return false
	}
	return service.ContainsFold(t.Title+" "+t.Body, service.Text(body["query"]))
}

// joinCampaign can be repeated; whether the service begins a campaign anew then is
// not documented. An unknown campaign is refused like an unknown workflow (a guess).
func (h *Location) joinCampaign(c *service.Call) service.Answer {
	found, _, refused := h.with(c, emptyShape)
	if refused.Status != 0 {
		return refused
	}
	if refused := h.setup.Campaign(c); refused.Status != 0 {
		return refused
	}
	if h.campaigns[found.ID] == nil {
		h.campaigns[found.ID] = map[string]bool{}
	}
	h.campaigns[found.ID][c.Vars["campaignId"]] = true
	return h.site.Succeeded(http.StatusCreated)
}

// leaveCampaign says yes also to a contact that is in no such campaign (a guess).
func (h *Location) leaveCampaign(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	if refused := h.setup.Campaign(c); refused.Status != 0 {
		return refused
	}
	delete(h.campaigns[found.ID], c.Vars["campaignId"])
	return h.site.Succeeded(http.StatusOK)
}

func (h *Location) leaveCampaigns(c *service.Call) service.Answer {
	found, refused := h.contact(c)
	if refused.Status != 0 {
		return refused
	}
	delete(h.campaigns, found.ID)
	return h.site.Succeeded(http.StatusOK)
}
