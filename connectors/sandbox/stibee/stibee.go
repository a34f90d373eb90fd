package stibee

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/mails"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// The key and the ids that a [Workspace] knows. They are no secrets.
const (
	// Key goes with every request, in the header AccessToken.
	Key        = "sandbox-stibee-key"
	ListID     = 104532
	VIPGroupID = 2071
	// Sender is an authorized sender of the list.
	Sender = "news@example.com"
	// AutoID is the end of the address of an automatic e-mail of the list.
	AutoID = "c2FuZGJveC1hdXRvbWF0aWM="
	// TagID is a tag of e-mails.
	TagID = 31
)

// Options say what a workspace does.
type Options struct {
	// Limit replaces the service's own limit.
	Limit service.Limit
	// Fields are the keys of the fields that lists have; nil means name, phone and
	// a few more.
	Fields []string
	// Plan is standard, pro or enterprise, what the documents call Standard, Pro and
	// Enterprise; empty means enterprise. What a plan does not have is refused.
	Plan string
	// MaxGroups is how many groups a list may have; 0 means any number.
	MaxGroups int
}

// Workspace is one simulated workspace of Stibee. All methods are safe for concurrent
// use; the lock of its service guards everything but the service itself.
type Workspace struct {
	service *service.Service
	world   *service.World
	limits  limits
	fields  map[string]bool // keys that subscribers may have
	lists   map[int]*mailingList
	mails   *mails.Box
	plan    string
	lastID  int // of lists, groups and e-mails that were made

	maxGroups int
}

// mailingList is a list with its subscribers in the order in which they came. An
// address keeps its place in the order until it is deleted.
type mailingList struct {
	info        map[string]any
	subscribers map[string]*subscriber // by lower-cased address
	order       []*subscriber
	groups      map[int]*group
	senders     map[string]sender // by lower-cased address
}

// subscriber is one address of a list. Stibee knows no other identity. Its fields are
// replaced as a whole, never written to, because an answer on its way may hold them.
// status is one of statusWords; created and modified are on the
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
		plan: cmp.Or(o.Plan, wire.Enterprise), maxGroups: cmp.Or(o.MaxGroups, math.MaxInt),
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
	l.senders[Sender] = sender{email: Sender, authorized: true}
	b.mails = mails.New(w, b, b.plan, mails.Automatic{List: ListID, Path: AutoID}, TagID)
	b.service = &service.Service{
		Name: "stibee", World: w, Admit: admit,
		Refuse: func(status int, message string) service.Answer { return wire.Failure(status, "Server", message) },
		Limit: func(c *service.Call) service.Answer {
			if !b.limits.take(c.Operation, c.Now) {
				// Status and body of a throttled call are not documented; 429 is a guess.
				return wire.Failure(http.StatusTooManyRequests, "TooManyRequests", "")
			}
			return service.Answer{}
		},
	}
	b.service.Routes = b.routes()
	return b
}

// Handler returns the workspace's interface, to be reached below /v2 of an address.
func (b *Workspace) Handler() http.Handler { return b.service }

// routes are the operations for lists, subscribers, groups, senders and e-mails. There is
// none that gets a single subscriber (OpenAPI file of stibee/api-docs, commit of
// 2026-05-15). Automatic e-mails have a host of their own; here it is the same one.
func (b *Workspace) routes() []service.Route {
	at := func(plan, method, path, operation string, handle func(*service.Call) service.Answer) service.Route {
		return service.At(method, path, operation, func(c *service.Call) service.Answer {
			if refused := wire.Lacks(b.plan, plan); refused.Status != 0 {
				return refused
			}
			return handle(c)
		})
	}
	const list = "/v2/lists/{listId}"
	const subscribers, groups, senders = list + "/subscribers", list + "/groups", list + "/senders"
	return slices.Concat(b.mails.Routes(), []service.Route{
		service.At("GET", "/v2/auth-check", "auth.check", func(*service.Call) service.Answer { return wire.OK() }),
		at(wire.Enterprise, "GET", "/v2/lists", "list.list", b.listLists),
		at(wire.Enterprise, "POST", "/v2/lists", "list.create", b.createList),
		at(wire.Enterprise, "GET", list, "list.get", b.getList),
		at(wire.Enterprise, "PUT", list, "list.update", b.updateList),
		at(wire.Enterprise, "DELETE", list, "list.delete", b.deleteList),
		at(wire.Enterprise, "POST", list+"/copy", "list.copy", b.copyList),
		at(wire.Standard, "GET", subscribers, "subscriber.list", b.listSubscribers),
		at(wire.Standard, "GET", subscribers+"/count", "subscriber.count", b.countSubscribers),
		at(wire.Standard, "POST", subscribers, "subscriber.add", b.addSubscriber),
		at(wire.Standard, "POST", subscribers+"/batch", "subscriber.batch_add", b.addBatch),
		at(wire.Standard, "POST", subscribers+"/double-optin", "subscriber.double_opt_in", b.doubleOptIn),
		at(wire.Standard, "PUT", subscribers+"/{email}", "subscriber.update", b.updateSubscriber),
		at(wire.Standard, "POST", subscribers+"/{email}/unsubscribe", "subscriber.unsubscribe", b.unsubscribe),
		at(wire.Standard, "DELETE", subscribers, "subscriber.delete", b.deleteSubscribers),
		at(wire.Pro, "GET", groups, "group.list", b.listGroups),
		at(wire.Pro, "POST", groups, "group.create", b.createGroup),
		at(wire.Pro, "PUT", groups+"/{groupId}", "group.update", b.updateGroup),
		at(wire.Pro, "DELETE", groups+"/{groupId}", "group.delete", b.deleteGroup),
		at(wire.Standard, "POST", groups+"/{groupId}/assign", "group.assign", b.assign),
		at(wire.Standard, "POST", groups+"/{groupId}/release", "group.release", b.release),
		at(wire.Enterprise, "GET", senders, "sender.list", b.listSenders),
		at(wire.Enterprise, "POST", senders, "sender.add", b.addSender),
		at(wire.Enterprise, "DELETE", senders+"/{email}", "sender.delete", b.deleteSender),
		at(wire.Enterprise, "POST", senders+"/{email}/verify", "sender.verify", b.verifySender),
	})
}

// admit asks for the key. Stibee refuses a wrong one with 400 like everything else,
// so the code alone tells it from a bad request (service docs, read 2026-09).
func admit(c *service.Call) service.Answer {
	if c.Header.Get("AccessToken") != Key {
		return wire.Failure(http.StatusBadRequest, "Authorization.NoToken", "")
	}
	return service.Answer{}
}

// list returns the list that a path names, and notes it as the target. A list that
// does not exist looks like one that belongs to somebody else: the documentation has
// no code for it (read 2026-09).
func (b *Workspace) list(c *service.Call) (*mailingList, service.Answer) {
	id, err := strconv.Atoi(c.Vars["listId"])
	if err != nil {
		return nil, wire.Invalid("the body lacks something")
	}
	l := b.lists[id]
	if l == nil {
		return nil, wire.Refuse("Authorization.PermissionDenied")
	}
	c.Target = c.Vars["listId"]
	return l, service.Answer{}
}
