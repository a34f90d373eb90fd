package stibee

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The key and the ids that a [Workspace] knows. They are no secrets.
const (
	// Key goes with every request, in the header AccessToken.
	Key        = "sandbox-stibee-key"
	ListID     = 104532
	VIPGroupID = 2071
)

// Options say what a workspace does.
type Options struct {
	// Limit replaces the service's own limit.
	Limit service.Limit
	// Fields are the keys of the fields that lists have; nil means name, phone and
	// a few more.
	Fields []string
}

// Workspace is one simulated workspace of Stibee. All methods are safe for concurrent
// use; the lock of its service guards everything but the service itself.
type Workspace struct {
	service *service.Service
	world   *service.World
	limits  limits
	fields  map[string]bool // keys that subscribers may have
	lists   map[int]*mailingList
	lastID  int // of lists and groups that were made
}

// mailingList is a list with its subscribers in the order in which they came. An
// address keeps its place in the order until it is deleted.
type mailingList struct {
	info        map[string]any
	subscribers map[string]*subscriber // by lower-cased address
	order       []*subscriber
	groups      map[int]*group
}

// subscriber is one address of a list. Stibee knows no other identity. Its fields are
// replaced as a whole, never written to, because an answer on its way may hold them.
// status is subscribed, unsubscribed or ready; created and modified are on the
// service's clock.
type subscriber struct {
	email             string
	status            string
	fields            map[string]any
	created, modified time.Time
}

// group is a named part of a list. The service never tells who belongs to it.
type group struct {
	id      int
	name    string
	created time.Time
	members map[string]bool // lower-cased addresses
}

// New returns a workspace with one list, which has one group and no subscribers.
func New(w *service.World, o Options) *Workspace {
	b := &Workspace{
		world: w, limits: newLimits(o.Limit),
		fields: map[string]bool{}, lists: map[int]*mailingList{}, lastID: 900_000,
	}
	keys := o.Fields
	if keys == nil {
		keys = []string{"name", "phone", "city", "company", "tags", "note", "source"}
	}
	// The consent to advertising is a field of every list (service docs, read
	// 2026-09).
	for _, key := range append(slices.Clone(keys), "$ad_agreed") {
		b.fields[key] = true
	}
	l := b.addList(ListID, map[string]any{
		"name": "Newsletter", "senderName": "Sandbox", "companyName": "Sandbox",
		"companyContact": "contact@example.com", "companyAddress": "1 Example Street",
	})
	l.groups[VIPGroupID] = &group{id: VIPGroupID, name: "VIP", created: w.Now(), members: map[string]bool{}}
	b.service = &service.Service{
		Name: "stibee", World: w, Admit: admit,
		Refuse: func(status int, message string) service.Answer { return failure(status, "Server", message) },
		Limit: func(c *service.Call) service.Answer {
			if !b.limits.take(c.Operation, c.Now) {
				// Status and body of a throttled call are not documented; 429 is a guess.
				return failure(http.StatusTooManyRequests, "TooManyRequests", "")
			}
			return service.Answer{}
		},
	}
	b.service.Routes = b.routes()
	return b
}

// Handler returns the workspace's interface, to be reached below /v2 of an address.
func (b *Workspace) Handler() http.Handler { return b.service }

// routes are the operations for lists, subscribers and groups; those for mails and
// senders are not simulated. There is none that gets a single subscriber (OpenAPI
// file of stibee/api-docs, commit of 2026-05-15).
func (b *Workspace) routes() []service.Route {
	const subscribers, groups = "/v2/lists/{listId}/subscribers", "/v2/lists/{listId}/groups"
	return []service.Route{
		service.At("GET", "/v2/auth-check", "auth.check", func(*service.Call) service.Answer { return ok() }),
		service.At("GET", "/v2/lists", "list.list", b.listLists),
		service.At("POST", "/v2/lists", "list.create", b.createList),
		service.At("GET", "/v2/lists/{listId}", "list.get", b.getList),
		service.At("PUT", "/v2/lists/{listId}", "list.update", b.updateList),
		service.At("DELETE", "/v2/lists/{listId}", "list.delete", b.deleteList),
		service.At("POST", "/v2/lists/{listId}/copy", "list.copy", b.copyList),
		service.At("GET", subscribers, "subscriber.list", b.listSubscribers),
		service.At("GET", subscribers+"/count", "subscriber.count", b.countSubscribers),
		service.At("POST", subscribers, "subscriber.add", b.addSubscriber),
		service.At("POST", subscribers+"/batch", "subscriber.batch_add", b.addBatch),
		service.At("POST", subscribers+"/double-optin", "subscriber.double_opt_in", b.doubleOptIn),
		service.At("PUT", subscribers+"/{email}", "subscriber.update", b.updateSubscriber),
		service.At("POST", subscribers+"/{email}/unsubscribe", "subscriber.unsubscribe", b.unsubscribe),
		service.At("DELETE", subscribers, "subscriber.delete", b.deleteSubscribers),
		service.At("GET", groups, "group.list", b.listGroups),
		service.At("POST", groups, "group.create", b.createGroup),
		service.At("PUT", groups+"/{groupId}", "group.update", b.updateGroup),
		service.At("DELETE", groups+"/{groupId}", "group.delete", b.deleteGroup),
		service.At("POST", groups+"/{groupId}/assign", "group.assign", b.assign),
		service.At("POST", groups+"/{groupId}/release", "group.release", b.release),
	}
}

// admit asks for the key. Stibee refuses a wrong one with 400 like everything else,
// so the code alone tells it from a bad request (service docs, read 2026-09).
func admit(c *service.Call) service.Answer {
	if c.Header.Get("AccessToken") != Key {
		return failure(http.StatusBadRequest, "Authorization.NoToken", "")
	}
	return service.Answer{}
}

// failure makes an error as Stibee sends it. The documentation writes the codes with
// two prefixes; the sandbox uses that of the examples. A message is absent from many
// of its examples, so most refusals here have none.
func failure(status int, code, message string) service.Answer {
	v := map[string]any{"code": "stberror.Errors." + code, "httpStatusCode": status}
	if message != "" {
		v["message"] = message
	}
	return service.Answer{Status: status, Value: v}
}

// refuse is the failure of a request that was not carried out: 400, whatever the
// reason, also for what does not exist (service docs, read 2026-09).
func refuse(code string) service.Answer { return failure(http.StatusBadRequest, code, "") }

// ok is how Stibee says yes. The documentation says that JSON may come instead of the
// text; here it never does.
func ok() service.Answer { return service.Answer{Status: http.StatusOK, Text: "ok"} }

// read decodes a body; fields that Stibee does not know are ignored. A request
// without a body is refused, also where all its members are optional.
func read(c *service.Call, into any) service.Answer {
	if len(bytes.TrimSpace(c.Body)) == 0 || json.Unmarshal(c.Body, into) != nil {
		return refuse("Data.InvalidRequest")
	}
	return service.Answer{}
}

// list returns the list that a path names, and notes it as the target. A list that
// does not exist looks like one that belongs to somebody else: the documentation has
// no code for it (read 2026-09).
func (b *Workspace) list(c *service.Call) (*mailingList, service.Answer) {
	id, err := strconv.Atoi(c.Vars["listId"])
	if err != nil {
		return nil, refuse("Data.InvalidRequest")
	}
	l := b.lists[id]
	if l == nil {
		return nil, refuse("Authorization.PermissionDenied")
	}
	c.Target = c.Vars["listId"]
	return l, service.Answer{}
}

// addList makes an empty list. It takes the map over and adds the id.
func (b *Workspace) addList(id int, info map[string]any) *mailingList {
	info["id"] = id
	l := &mailingList{info: info, subscribers: map[string]*subscriber{}, groups: map[int]*group{}}
	b.lists[id] = l
	return l
}

// nextID numbers lists and groups from one sequence, so that no id of one is ever an
// id of the other.
func (b *Workspace) nextID() int {
	b.lastID++
	return b.lastID
}

// page reads offset and limit and cuts n things to the page's first and last. Without
// a limit a page has 20; a limit over the largest is refused with LimitExceeded,
// which is no throttling (service docs, read 2026-09).
func page(c *service.Call, n, largest int) (from, to int, refused service.Answer) {
	limit := 20
	q := c.URL.Query()
	for name, into := range map[string]*int{"offset": &from, "limit": &limit} {
		if v := q.Get(name); v != "" {
			i, err := strconv.Atoi(v)
			if err != nil || i < 0 {
				return 0, 0, refuse("Data.InvalidRequest")
			}
			*into = i
		}
	}
	if limit > largest {
		return 0, 0, refuse("Data.LimitExceeded")
	}
	from = min(c.Skips(from), n)
	return from, min(from+limit, n), service.Answer{}
}

// listLists answers with an array; whether the service does is not documented. They
// come by id, the highest first unless sortOrder is asc.
func (b *Workspace) listLists(c *service.Call) service.Answer {
	ids := make([]int, 0, len(b.lists))
	for id := range b.lists {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if c.URL.Query().Get("sortOrder") != "asc" || c.Suffers(service.Unsorted) {
		slices.Reverse(ids)
	}
	ids = service.Rows(c, ids)
	from, to, refused := page(c, len(ids), 100)
	if refused.Status != 0 {
		return refused
	}
	infos := []any{}
	for _, id := range ids[from:to] {
		infos = append(infos, maps.Clone(b.lists[id].info))
	}
	return service.Answer{Status: http.StatusOK, Value: infos}
}

// getList has no times: lists carry none (OpenAPI file of 2026-05-15).
func (b *Workspace) getList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	return service.Answer{Status: http.StatusOK, Value: maps.Clone(l.info)}
}

// listInfo are the fields of a list that can be written.
//
//nolint:gochecknoglobals // a table
var listInfo = []string{"name", "senderName", "companyName", "companyContact", "companyAddress"}

// createList wants all five members, as the documentation does (read 2026-09).
func (b *Workspace) createList(c *service.Call) service.Answer {
	var body map[string]any
	if refused := read(c, &body); refused.Status != 0 {
		return refused
	}
	info := map[string]any{}
	for _, name := range listInfo {
		if info[name] = body[name]; service.Text(body[name]) == "" {
			return refuse("Data.InvalidRequest")
		}
	}
	id := b.nextID()
	b.addList(id, info)
	c.Target = strconv.Itoa(id)
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"id": id}}
}

// updateList takes the members that are sent and not empty. The schema requires all
// five, the text beside it says to send what changes; the sandbox follows the text
// (read 2026-09).
func (b *Workspace) updateList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body map[string]any
	if refused := read(c, &body); refused.Status != 0 {
		return refused
	}
	for _, name := range listInfo {
		if v := service.Text(body[name]); v != "" {
			l.info[name] = v
		}
	}
	return ok()
}

// deleteList deletes the subscribers and groups with the list.
func (b *Workspace) deleteList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	delete(b.lists, l.info["id"].(int)) //nolint:forcetypeassert // set in addList alone
	return ok()
}

// copyList copies what describes the list; that neither subscribers nor groups come
// along is a guess.
func (b *Workspace) copyList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	info := map[string]any{}
	for _, name := range listInfo {
		info[name] = l.info[name]
	}
	id := b.nextID()
	b.addList(id, info)
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"id": id}}
}

// group returns the group that a path names. A group of another list is as unknown as
// one that never was.
func (b *Workspace) group(c *service.Call) (*mailingList, *group, service.Answer) {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return nil, nil, refused
	}
	id, err := strconv.Atoi(c.Vars["groupId"])
	if err != nil || l.groups[id] == nil {
		return nil, nil, refuse("List.NoSuchGroup")
	}
	return l, l.groups[id], service.Answer{}
}

// sortedGroups returns the groups by id, which is the order in which they were made.
func (l *mailingList) sortedGroups() []*group {
	groups := make([]*group, 0, len(l.groups))
	for _, g := range l.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int { return a.id - b.id })
	return groups
}

// listGroups has times in RFC 3339, unlike the list of subscribers (OpenAPI file of
// 2026-05-15).
func (b *Workspace) listGroups(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	groups := l.sortedGroups()
	if c.URL.Query().Get("sortBy") == "name" {
		slices.SortStableFunc(groups, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	}
	if c.URL.Query().Get("sortOrder") == "desc" || c.Suffers(service.Unsorted) {
		slices.Reverse(groups)
	}
	groups = service.Rows(c, groups)
	from, to, refused := page(c, len(groups), 100)
	if refused.Status != 0 {
		return refused
	}
	rows := []any{}
	for _, g := range groups[from:to] {
		rows = append(rows, map[string]any{"id": g.id, "name": g.name, "createdTime": g.created.In(korea()).Format(time.RFC3339)})
	}
	return service.Answer{Status: http.StatusOK, Value: rows}
}

// groupName reads the name of a group that no other group of the list has.
func groupName(c *service.Call, l *mailingList) (string, service.Answer) {
	var body struct{ Name string }
	if refused := read(c, &body); refused.Status != 0 {
		return "", refused
	}
	if body.Name == "" {
		return "", refuse("Data.InvalidRequest")
	}
	for _, g := range l.groups {
		if g.name == body.Name {
			return "", refuse("List.AlreadyExistGroup")
		}
	}
	return body.Name, service.Answer{}
}

// createGroup takes any number of groups; the service stops at the plan's (service
// docs, read 2026-09).
func (b *Workspace) createGroup(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	name, refused := groupName(c, l)
	if refused.Status != 0 {
		return refused
	}
	id := b.nextID()
	l.groups[id] = &group{id: id, name: name, created: c.Now, members: map[string]bool{}}
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"id": id}}
}

// updateGroup refuses the name that the group has already, like that of any other
// group (a guess).
func (b *Workspace) updateGroup(c *service.Call) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	name, refused := groupName(c, l)
	if refused.Status != 0 {
		return refused
	}
	g.name = name
	return ok()
}

// deleteGroup leaves the members of the group subscribed.
func (b *Workspace) deleteGroup(c *service.Call) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	delete(l.groups, g.id)
	return ok()
}

func (b *Workspace) assign(c *service.Call) service.Answer  { return b.member(c, true) }
func (b *Workspace) release(c *service.Call) service.Answer { return b.member(c, false) }

// member puts an address into a group or takes it out; both may be repeated. Only an
// assignment needs a subscriber that exists. The documentation says all three (read
// 2026-09).
func (b *Workspace) member(c *service.Call, in bool) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Subscriber string }
	if refused := read(c, &body); refused.Status != 0 {
		return refused
	}
	key := strings.ToLower(body.Subscriber)
	if key == "" {
		return refuse("Data.InvalidRequest")
	}
	c.Target += "/" + key
	if !in {
		delete(g.members, key)
		return ok()
	}
	if l.subscribers[key] == nil {
		return refuse("List.NotExistEmail")
	}
	g.members[key] = true
	return ok()
}

// korea is the zone of the times that Stibee shows. The zone is fixed and needs no
// database: Korea has no summer time.
func korea() *time.Location { return time.FixedZone("KST", 9*60*60) }
