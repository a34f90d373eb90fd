package highlevel

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/blogs"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/businesses"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/calendars"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/links"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/messages"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/opportunities"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/search"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/setup"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/users"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The credential, the location and its agency that a [Location] knows. They are no secrets.
const (
	Token      = "sandbox-highlevel-token"
	LocationID = "sandboxLocation00001"
	CompanyID  = wire.CompanyID
)

// Options say what a location does.
type Options struct {
	// ID and Token are the location's; empty means [LocationID] and [Token].
	ID, Token string
	// Admit says whether a token that is not the location's own may do an operation; nil
	// means that none may.
	Admit func(token, operation string) service.Answer
	// Lag is how long a write stays invisible to searches.
	Lag time.Duration
	// Limit replaces the service's own limit, Daily that of a day.
	Limit, Daily service.Limit
}

// Location is one simulated location of HighLevel. All methods are safe for
// concurrent use; the lock of its service guards everything but the service itself.
type Location struct {
	service *service.Service
	site    *wire.Site
	limits  limits
	token   string
	others  func(token, operation string) service.Answer // nil for none
	lag     time.Duration

	setup    *setup.Setup
	links    *links.Links
	blogs    *blogs.Blogs
	messages *messages.Messages

	live    map[string]*search.Row // by id, as direct reads see them
	byEmail map[string]string      // lower-cased address to id
	byPhone map[string]string
	search  search.Index
	order   []string       // ids of live contacts
	place   map[string]int // where an id stands in order

	// What hangs on contacts. A note or task is replaced and never written to,
	// because an answer on its way may hold it; the lists are copied for answers.
	notes     map[string][]*note // by contact
	tasks     map[string][]*task
	campaigns map[string]map[string]bool

	businesses    *businesses.Book
	calendars     *calendars.Desk
	opportunities *opportunities.Board
}

// New returns an empty location of a world.
func New(w *service.World, o Options) *Location {
	if o.ID == "" {
		o.ID = LocationID
	}
	if o.Token == "" {
		o.Token = Token
	}
	h := &Location{
		token: o.Token, others: o.Admit,
		site: &wire.Site{ID: o.ID, World: w}, limits: newLimits(o.Limit, o.Daily), lag: o.Lag,
		live: map[string]*search.Row{}, byEmail: map[string]string{}, byPhone: map[string]string{},
		search: search.New(contactWords), place: map[string]int{},
		notes: map[string][]*note{}, tasks: map[string][]*task{}, campaigns: map[string]map[string]bool{},
	}
	h.site.Knows = func(contact string) bool { return h.live[contact] != nil }
	h.setup, h.links, h.blogs = setup.New(h.site), links.New(h.site), blogs.New(h.site)
	h.messages = messages.New(h.site)
	h.messages.Contact = h.fieldsOf
	h.setup.Retag = h.renameTag
	h.businesses, h.calendars = businesses.New(h.site), calendars.New(h.site, zone())
	h.opportunities = opportunities.New(h.site, func() time.Duration { return h.lag }, h.fieldsOf)
	// The limit counts after the token was accepted: the service counts for each app
	// and location, which only the token tells.
	h.service = &service.Service{
		Name: "highlevel", World: w, Admit: h.admit, Refuse: wire.Refuse,
		Limit: func(c *service.Call) service.Answer {
			if !h.limits.take(c.Now, c.Head) {
				return wire.Refuse(http.StatusTooManyRequests, "Too Many Requests")
			}
			return service.Answer{}
		},
	}
	h.service.Routes = slices.Concat(
		h.contactRoutes(), h.setup.Routes(), h.links.Routes(), h.blogs.Routes(), h.messages.Routes(), h.partRoutes(), h.calendars.Routes(), h.opportunities.Routes(), h.businesses.Routes(), users.New(h.site).Routes(),
	)
	return h
}

// zoneName is the location's time zone.
const zoneName = "America/Chicago"

// zone is the location's time zone; the zones are part of the program.
func zone() *time.Location {
	where, err := time.LoadLocation(zoneName)
	if err != nil {
		return time.UTC
	}
	return where
}

// contactRoutes has the routes with literal segments before those that would match
// them with a variable.
func (h *Location) contactRoutes() []service.Route {
	return []service.Route{
		service.At("POST", "/contacts/search", "contact.search", h.searchContacts).Reading(),
		service.At("GET", "/contacts/search/duplicate", "contact.find_duplicate", h.findDuplicate),
		service.At("GET", "/contacts/business/{businessId}", "contact.list_by_business", h.listByBusiness),
		service.At("POST", "/contacts/bulk/tags/update/{type}", "contact.tag.bulk_update", h.bulkTags),
		service.At("POST", "/contacts/bulk/business", "contact.business.bulk_update", h.bulkBusiness),
		service.At("POST", "/contacts/upsert", "contact.upsert", h.upsertContact),
		service.At("GET", "/contacts", "contact.list_legacy", h.listLegacy),
		service.At("POST", "/contacts", "contact.create", h.createContact),
		service.At("GET", "/contacts/{contactId}", "contact.get", h.getContact),
		service.At("PUT", "/contacts/{contactId}", "contact.update", h.updateContact),
		service.At("DELETE", "/contacts/{contactId}", "contact.delete", h.deleteContact),
		service.At("POST", "/contacts/{contactId}/tags", "contact.tag.add", h.addTags),
		service.At("DELETE", "/contacts/{contactId}/tags", "contact.tag.remove", h.removeTags),
		service.At("POST", "/contacts/{contactId}/followers", "contact.follower.add", h.follow),
		service.At("DELETE", "/contacts/{contactId}/followers", "contact.follower.remove", h.unfollow),
	}
}

// partRoutes are the routes of what hangs on a contact.
func (h *Location) partRoutes() []service.Route {
	const tasks, notes, campaigns = "/contacts/{contactId}/tasks", "/contacts/{contactId}/notes", "/contacts/{contactId}/campaigns"
	return []service.Route{
		service.At("GET", tasks, "contact.task.list", h.listTasks),
		service.At("POST", tasks, "contact.task.create", h.createTask),
		service.At("GET", tasks+"/{taskId}", "contact.task.get", h.getTask),
		service.At("PUT", tasks+"/{taskId}", "contact.task.update", h.updateTask),
		service.At("PUT", tasks+"/{taskId}/completed", "contact.task.complete", h.completeTask),
		service.At("DELETE", tasks+"/{taskId}", "contact.task.delete", h.deleteTask),
		service.At("POST", "/locations/{locationId}/tasks/search", "task.search", h.searchTasks).Reading(),
		service.At("GET", notes, "contact.note.list", h.listNotes),
		service.At("POST", notes, "contact.note.create", h.createNote),
		service.At("GET", notes+"/{id}", "contact.note.get", h.getNote),
		service.At("PUT", notes+"/{id}", "contact.note.update", h.updateNote),
		service.At("DELETE", notes+"/{id}", "contact.note.delete", h.deleteNote),
		service.At("DELETE", campaigns+"/removeAll", "contact.campaign.remove_all", h.leaveCampaigns),
		service.At("DELETE", campaigns+"/remove-all", "contact.campaign.remove_all", h.leaveCampaigns),
		service.At("POST", campaigns+"/{campaignId}", "contact.campaign.add", h.joinCampaign),
		service.At("DELETE", campaigns+"/{campaignId}", "contact.campaign.remove", h.leaveCampaign),
	}
}

// admit checks what every request needs: the token and the version header. The texts
// of the refusals are as third parties report them. 2021-07-28 is the version of the
// contacts' calls, 2021-04-15 that of conversations, and v3 came on 2026-06-11 with
// nearly the same paths (service docs, read 2026-09).
func (h *Location) admit(c *service.Call) service.Answer {
	token, bearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	switch {
	case bearer && token == h.token:
	case bearer && h.others != nil && strings.HasPrefix(token, "access-"):
		if a := h.others(token, c.Operation); a.Status != 0 {
			return a
		}
	default:
		return wire.Refuse(http.StatusUnauthorized, "Invalid Private Integration token")
	}
	switch c.Header.Get("Version") {
	case "2021-07-28", "2021-04-15":
		return inDates(c)
	case "v3":
		return inThree(c)
	case "":
		return wire.Refuse(http.StatusUnauthorized, "version header was not found.")
	}
	return wire.Refuse(http.StatusUnauthorized, "version header is invalid.")
}
