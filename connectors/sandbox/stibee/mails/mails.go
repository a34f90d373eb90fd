package mails

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// The statuses of an e-mail (OpenAPI file of 2026-05-15; 22 is another way of sending).
const (
	draft     = 0
	scheduled = 1
	sending   = 21
	sent      = 3
)

// The types of an e-mail (help page of 2024).
const (
	normal    = 1
	automatic = 3
)

// sendingTakes is how long an e-mail is on its way. It is a guess, and short.
const sendingTakes = 10 * time.Second

// The ways in which times say "not yet" (OpenAPI file of 2026-05-15). Which of the two is
// used when is not documented; the sandbox writes the second for copies.
const (
	never     = "0001-01-01T00:00:00Z"
	neverToo  = "1990-01-01T00:00:00+09:00"
	maxPage   = 100
	maxLogs   = 1000
	autoBytes = 256 << 10
)

// Lists are the lists of the workspace, as its e-mails see them.
type Lists interface {
	// Has reports whether a list is there.
	Has(list int) bool
	// Knows reports whether a list has all of some groups, and an address as its sender.
	Knows(list int, groups []int, sender string) (groupsKnown, senderKnown bool)
	// Subscribed returns the addresses of a list that get its e-mails, those of some groups
	// where there are any.
	Subscribed(list int, groups []int) []string
	// SetStatus gives a subscriber another status; false for an unknown one.
	SetStatus(list int, address, status string) bool
	// NextID makes an id.
	NextID() int
}

// Box holds the e-mails of a workspace. The lock of the workspace's service guards it.
type Box struct {
	World *service.World
	Lists Lists
	// Plan is the plan of the workspace.
	Plan string

	mails []*mail // oldest first
	tags  map[int]bool
	logs  int // that were ever written
}

// mail is one e-mail.
type mail struct {
	id, list, kind, status int
	details
	content           string
	auto              string // the path of an automatic one
	created, modified time.Time
	due               time.Time // of a scheduled one
	began, sent       time.Time // of the sending
	tags              map[int]bool
	unsent            string // how it says that it was never sent
	logs              []Log
}

// details are what can be written of an e-mail.
type details struct {
	Subject     string `json:"subject"`
	SenderEmail string `json:"senderEmail"`
	SenderName  string `json:"senderName"`
	SegmentIDs  []int  `json:"segmentIds"`
	GroupIDs    []int  `json:"groupIds"`
}

// Automatic is an e-mail that goes to one subscriber at a time, when a call asks for it.
type Automatic struct {
	List int
	Path string // the end of its address
}

// New returns a box with an automatic e-mail and some tags, for which there is no call.
func New(w *service.World, lists Lists, plan string, auto Automatic, tags ...int) *Box {
	b := &Box{World: w, Lists: lists, Plan: plan, tags: map[int]bool{}}
	for _, id := range tags {
		b.tags[id] = true
	}
	m := b.add(auto.List, automatic, w.Now())
	m.details = details{Subject: "Welcome", SenderEmail: "news@example.com", SenderName: "Sandbox"}
	m.auto, m.status = auto.Path, sent
	return b
}

// Routes are the operations on e-mails. All but automatic e-mails need the plan Pro.
func (b *Box) Routes() []service.Route {
	at := func(method, path, operation string, handle func(*service.Call) service.Answer) service.Route {
		return service.At(method, path, operation, func(c *service.Call) service.Answer {
			if refused := wire.Lacks(b.Plan, wire.Pro); refused.Status != 0 {
				return refused
			}
			return handle(c)
		})
	}
	const one = "/v2/emails/{emailId}"
	return []service.Route{
		at("GET", "/v2/emails", "email.list", b.list),
		at("POST", "/v2/emails", "email.create", b.create),
		at("GET", one, "email.get", b.get),
		at("PUT", one, "email.update", b.update),
		at("DELETE", one, "email.delete", b.remove),
		at("POST", one+"/copy", "email.copy", b.copy),
		at("GET", one+"/content", "email.content.get", b.getContent),
		at("POST", one+"/content", "email.content.set", b.setContent),
		at("POST", one+"/send", "email.send", b.send),
		at("POST", one+"/reserve", "email.reserve", b.reserve),
		at("POST", one+"/cancel-reserve", "email.cancel_reserve", b.cancel),
		at("GET", one+"/logs", "email.logs", b.listLogs),
		at("POST", one+"/tags/assign", "email.tag.assign", func(c *service.Call) service.Answer { return b.tag(c, true) }),
		at("POST", one+"/tags/release", "email.tag.release", func(c *service.Call) service.Answer { return b.tag(c, false) }),
		service.At("POST", "/api/v1.0/auto/{autoId}", "auto.send", b.sendAutomatic),
	}
}

// add makes an empty e-mail.
func (b *Box) add(list, kind int, now time.Time) *mail {
	m := &mail{id: b.Lists.NextID(), list: list, kind: kind, created: now, modified: now, tags: map[int]bool{}, unsent: never}
	b.mails = append(b.mails, m)
	return m
}

// row is an e-mail as answers show it. Its tags do not show.
func (m *mail) row() map[string]any {
	at := m.unsent
	if !m.sent.IsZero() {
		at = wire.Time(m.sent)
	}
	var groups any // null where there are none, unlike the segments
	if len(m.GroupIDs) > 0 {
		groups = slices.Clone(m.GroupIDs)
	}
	return map[string]any{
		"id": m.id, "status": m.status, "listId": m.list, "type": m.kind, "subType": 0, "subject": m.Subject,
		"senderEmail": m.SenderEmail, "senderName": m.SenderName, "segmentIds": append([]int{}, m.SegmentIDs...), "groupIds": groups,
		"permanentLink": "https://example.com/p/" + strconv.Itoa(m.id),
		"sentTime":      at, "createdTime": wire.Time(m.created), "modifiedTime": wire.Time(m.modified),
	}
}

// find returns the e-mail that a path names. How the service refuses an unknown one is not
// documented; it looks like one that belongs to somebody else.
func (b *Box) find(c *service.Call) (*mail, service.Answer) {
	b.settle(c.Now)
	id, err := strconv.Atoi(c.Vars["emailId"])
	if err != nil {
		return nil, wire.Invalid("the id of an e-mail is a number")
	}
	for _, m := range b.mails {
		if m.id == id {
			c.Target = c.Vars["emailId"]
			return m, service.Answer{}
		}
	}
	return nil, wire.Refuse("Authorization.PermissionDenied")
}

// open returns the e-mail that a path names, if it is a draft of a normal one: no other can
// be changed or sent.
func (b *Box) open(c *service.Call) (*mail, service.Answer) {
	m, refused := b.find(c)
	switch {
	case refused.Status != 0:
		return nil, refused
	case m.kind != normal:
		return nil, wire.Refuse("Email.NotEmailTypeNomal") // the service's own spelling
	case m.status != draft:
		return nil, wire.Refuse("Email.WrongStatus")
	}
	return m, service.Answer{}
}

// numbers reads a parameter with whole numbers and commas between them.
func numbers(text string) ([]int, bool) {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false
		}
		list = append(list, n)
	}
	return list, len(list) > 0
}

// list shows the newest first, which is a guess. Two filters narrow it; an e-mail fits with
// any of the tags (a guess).
func (b *Box) list(c *service.Call) service.Answer {
	b.settle(c.Now)
	var tags []int
	q := c.URL.Query()
	if text := q.Get("tagIds"); text != "" {
		some, fine := numbers(text)
		if !fine {
			return wire.Invalid("tagIds must be numbers")
		}
		tags = some
	}
	list := 0
	if text := q.Get("listId"); text != "" && !c.Suffers(service.Unfiltered) {
		var err error
		if list, err = strconv.Atoi(text); err != nil {
			return wire.Invalid("listId must be a number")
		}
	}
	var rows []any
	for _, m := range b.mails {
		if (list == 0 || m.list == list) && (tags == nil || slices.ContainsFunc(tags, func(id int) bool { return m.tags[id] })) {
			rows = append(rows, m.row())
		}
	}
	if !c.Suffers(service.Unsorted) {
		slices.Reverse(rows)
	}
	return paged(c, rows, maxPage)
}

// paged is one page of a list that counts its rows. Its limit is at least 1 (OpenAPI file
// of 2026-05-15).
func paged(c *service.Call, rows []any, largest int) service.Answer {
	rows = service.Rows(c, rows)
	if c.URL.Query().Get("limit") == "0" {
		return wire.Invalid("limit must be a number from 1")
	}
	from, to, refused := wire.Page(c, len(rows), largest)
	if refused.Status != 0 {
		return refused
	}
	return wire.Say(map[string]any{
		"items": append([]any{}, rows[from:to]...), "total": len(rows), "offset": from, "limit": to - from,
	})
}

// written is the body of a new or changed e-mail.
type written struct {
	details

	ListID *int `json:"listId"`
}

// createForm and updateForm say what such a body has. The schema requires four members of
// a new one; that a changed one may have only what changes is a guess.
func createForm() *wire.Form {
	return wire.NewForm("subject! senderEmail! senderName! listId!:number segmentIds:numbers groupIds:numbers")
}

func updateForm() *wire.Form {
	return wire.NewForm("subject senderEmail senderName listId:number segmentIds:numbers groupIds:numbers")
}

// fits refuses what a list does not have. The sandbox has no segments, so every one
// belongs to somebody else.
func (b *Box) fits(list int, d *details) service.Answer {
	if !b.Lists.Has(list) || len(d.SegmentIDs) > 0 {
		return wire.Refuse("Authorization.PermissionDenied")
	}
	switch groups, sender := b.Lists.Knows(list, d.GroupIDs, d.SenderEmail); {
	case !groups:
		return wire.Refuse("List.NoSuchGroup")
	case !sender:
		return wire.Refuse("Authorization.PermissionDenied")
	}
	return service.Answer{}
}

func (b *Box) create(c *service.Call) service.Answer {
	var body written
	if refused := createForm().Read(c, &body); refused.Status != 0 {
		return refused
	}
	if refused := b.fits(*body.ListID, &body.details); refused.Status != 0 {
		return refused
	}
	m := b.add(*body.ListID, normal, c.Now)
	m.details = body.details
	c.Target = strconv.Itoa(m.id)
	return wire.Say(map[string]any{"id": m.id})
}

func (b *Box) get(c *service.Call) service.Answer {
	m, refused := b.find(c)
	if refused.Status != 0 {
		return refused
	}
	return wire.Say(m.row())
}

// update writes the members that a body has.
func (b *Box) update(c *service.Call) service.Answer {
	m, refused := b.open(c)
	if refused.Status != 0 {
		return refused
	}
	body := written{details: m.details}
	body.SegmentIDs, body.GroupIDs = slices.Clone(m.SegmentIDs), slices.Clone(m.GroupIDs) // decoding writes into them
	if refused := updateForm().Read(c, &body); refused.Status != 0 {
		return refused
	}
	list := m.list
	if body.ListID != nil {
		list = *body.ListID
	}
	if refused := b.fits(list, &body.details); refused.Status != 0 {
		return refused
	}
	m.list, m.details, m.modified = list, body.details, c.Now
	return wire.OK()
}

func (b *Box) remove(c *service.Call) service.Answer {
	m, refused := b.open(c)
	if refused.Status != 0 {
		return refused
	}
	b.mails = slices.DeleteFunc(b.mails, func(other *mail) bool { return other == m })
	return wire.OK()
}

// copy makes a draft with the same details and content out of a normal e-mail.
func (b *Box) copy(c *service.Call) service.Answer {
	m, refused := b.find(c)
	switch {
	case refused.Status != 0:
		return refused
	case m.kind != normal:
		return wire.Refuse("Email.NotEmailTypeNomal")
	}
	twin := b.add(m.list, normal, c.Now)
	twin.details, twin.content, twin.unsent = m.details, m.content, neverToo
	return wire.Say(map[string]any{"id": twin.id})
}

func (b *Box) getContent(c *service.Call) service.Answer {
	m, refused := b.find(c)
	if refused.Status != 0 {
		return refused
	}
	return service.Answer{Status: http.StatusOK, Raw: []byte(m.content), Type: "text/html; charset=utf-8"}
}

// setContent takes the body as it is, if it says that it is HTML.
func (b *Box) setContent(c *service.Call) service.Answer {
	m, refused := b.open(c)
	if refused.Status != 0 {
		return refused
	}
	kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	if kind != "text/html" || len(c.Body) == 0 {
		return wire.Invalid("the body is no text/html")
	}
	m.content, m.modified = string(c.Body), c.Now
	return wire.OK()
}

// tag puts tags on an e-mail or takes them off; both may be repeated.
func (b *Box) tag(c *service.Call, on bool) service.Answer {
	m, refused := b.find(c)
	if refused.Status != 0 {
		return refused
	}
	ids, fine := numbers(c.URL.Query().Get("tagIds"))
	if !fine || slices.ContainsFunc(ids, func(id int) bool { return !b.tags[id] }) {
		return wire.Invalid("tagIds must be numbers of tags")
	}
	for _, id := range ids {
		if on {
			m.tags[id] = true
		} else {
			delete(m.tags, id)
		}
	}
	return wire.OK()
}
