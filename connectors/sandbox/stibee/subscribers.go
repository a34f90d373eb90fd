package stibee

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// The bounds of Stibee's subscriber operations (service docs, read 2026-09).
const (
	maxSubscriberPage = 1000
	maxBatch          = 1000
	maxDelete         = 100
	maxEmailLength    = 64
)

// goTime is the form of a subscriber's times: Go's own default text. It is not RFC
// 3339, and only this listing has it (OpenAPI file of 2026-05-15).
const goTime = "2006-01-02 15:04:05 -0700 MST"

// subscriberForm is what a subscriber in a body may have, besides some more.
func subscriberForm(more string) *wire.Form {
	return wire.NewForm("email fields:object marketingAllowed:boolean " + more)
}

// row is a subscriber as it is listed.
type row struct {
	Email        string         `json:"email"`
	Status       string         `json:"status"`
	Fields       map[string]any `json:"fields"`
	CreatedTime  string         `json:"createdTime"`
	ModifiedTime string         `json:"modifiedTime"`
}

// row shares the fields with the subscriber.
func (s *subscriber) row() row {
	return row{
		Email: s.email, Status: s.status, Fields: s.fields,
		CreatedTime: s.created.In(wire.Korea()).Format(goTime), ModifiedTime: s.modified.In(wire.Korea()).Format(goTime),
	}
}

// newSubscriber is a subscriber in a request. A pointer tells a consent that was
// refused from one that was not asked for.
type newSubscriber struct {
	Email            string         `json:"email"`
	Status           string         `json:"status"`
	MarketingAllowed *bool          `json:"marketingAllowed"`
	Fields           map[string]any `json:"fields"`
}

// check returns the code of what is wrong; empty means nothing is. Of the four
// statuses of a listing only two can be written (service docs, read 2026-09).
func (b *Workspace) check(n *newSubscriber) string {
	switch {
	case n.Email == "" || len(n.Email) > maxEmailLength || !service.PlausibleEmail(n.Email):
		return "List.InvalidEmail"
	case n.Status != "subscribed" && n.Status != "unsubscribed":
		return "Data.InvalidRequest"
	}
	return b.checkFields(n.Fields)
}

// checkFields returns a code as check does. One unknown key refuses the whole
// subscriber, and no operation lists the keys that a list has (service docs, read
// 2026-09).
func (b *Workspace) checkFields(fields map[string]any) string {
	for key, v := range fields {
		if !b.fields[key] {
			return "List.InvalidSubscriberVar"
		}
		switch v.(type) {
		case map[string]any, []any:
			return "List.InvalidData"
		}
	}
	return ""
}

// merge writes fields to a subscriber. Stibee keeps every value as a text. null
// empties a field and removes none. modifiedTime moves with each write, changed or
// not (a guess).
func (s *subscriber) merge(fields map[string]any, now time.Time) {
	after := make(map[string]any, len(s.fields)+len(fields))
	maps.Copy(after, s.fields)
	for key, v := range fields {
		if v == nil {
			v = ""
		}
		if _, isText := v.(string); !isText {
			v = fmt.Sprint(v)
		}
		after[key] = v
	}
	s.fields, s.modified = after, now
}

// save adds a subscriber or updates the one with the same address. An update
// leaves the status as it is: that a single add could bring back who has left is
// not documented.
func (l *mailingList) save(n *newSubscriber, now time.Time) (updated bool) {
	key := strings.ToLower(n.Email)
	s := l.subscribers[key]
	if s == nil {
		s = &subscriber{email: n.Email, status: n.Status, created: now}
		l.subscribers[key] = s
		l.order = append(l.order, s)
	} else {
		updated = true
	}
	s.merge(n.Fields, now)
	if n.MarketingAllowed != nil {
		agreed := map[bool]string{true: "Y"}[*n.MarketingAllowed]
		s.merge(map[string]any{"$ad_agreed": agreed}, now)
	}
	return updated
}

// addSubscriber is add and upsert in one: updateEnabled, beside the subscriber and
// not inside it, tells them apart (OpenAPI file of 2026-05-15). Sent twice with it,
// it leaves one subscriber.
func (b *Workspace) addSubscriber(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct {
		Subscriber    newSubscriber
		UpdateEnabled bool
	}
	form := wire.NewForm("subscriber!:object updateEnabled:boolean").Of("subscriber", subscriberForm("status"))
	if refused := form.Read(c, &body); refused.Status != 0 {
		return refused
	}
	if code := b.check(&body.Subscriber); code != "" {
		return wire.Refuse(code)
	}
	c.Target += "/" + strings.ToLower(body.Subscriber.Email)
	if l.subscribers[strings.ToLower(body.Subscriber.Email)] != nil && !body.UpdateEnabled {
		return wire.Refuse("List.AlreadyExistEmail")
	}
	a := wire.OK()
	if l.save(&body.Subscriber, c.Now) {
		a.Status = http.StatusCreated // the service says 201 for an update, 200 for an add
	}
	return a
}

// addBatch takes each row by itself: a bad one lands in a list of failures, and the
// answer is 200 all the same (OpenAPI file of 2026-05-15).
func (b *Workspace) addBatch(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct {
		Subscribers   []newSubscriber
		UpdateEnabled bool
	}
	form := wire.NewForm("subscribers!:array updateEnabled:boolean").Of("subscribers", subscriberForm("status"))
	if refused := form.Read(c, &body); refused.Status != 0 {
		return refused
	}
	if len(body.Subscribers) > maxBatch {
		return wire.Refuse("List.TooManySubscribers")
	}
	result := map[string][]string{
		"createdSubscribers": nil, "updatedSubscribers": nil, "failAlreadyExists": nil, "failNoEmails": nil,
		"failInvalidEmails": nil, "failDuplicatedEmails": nil, "failInvalidFields": nil, "failInvalidSubscriberStatus": nil,
	}
	met := map[string]bool{}
	for i := range body.Subscribers {
		n := &body.Subscribers[i]
		fate := b.saveRow(l, n, c.Now, body.UpdateEnabled, met)
		result[fate] = append(result[fate], n.Email)
	}
	return wire.Say(result)
}

// saveRow saves one row of a batch and says into which part of the answer it
// belongs. met holds the addresses of earlier rows: of several rows with one address
// the first that can be saved counts.
func (b *Workspace) saveRow(l *mailingList, n *newSubscriber, now time.Time, update bool, met map[string]bool) string {
	key := strings.ToLower(n.Email)
	exists := l.subscribers[key] != nil
	code := b.check(n)
	switch {
	case n.Email == "":
		return "failNoEmails"
	case met[key]:
		return "failDuplicatedEmails"
	case code == "List.InvalidEmail":
		return "failInvalidEmails"
	case code == "Data.InvalidRequest":
		return "failInvalidSubscriberStatus"
	case code != "":
		return "failInvalidFields"
	case exists && !update:
		return "failAlreadyExists"
	}
	met[key] = true
	if l.save(n, now) {
		return "updatedSubscribers"
	}
	return "createdSubscribers"
}

// doubleOptIn adds a subscriber that waits for its own consent. That the status
// is then "ready" is a guess.
func (b *Workspace) doubleOptIn(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Subscriber newSubscriber }
	form := wire.NewForm("subscriber!:object").Of("subscriber", subscriberForm(""))
	if refused := form.Read(c, &body); refused.Status != 0 {
		return refused
	}
	body.Subscriber.Status = "subscribed"
	if code := b.check(&body.Subscriber); code != "" {
		return wire.Refuse(code)
	}
	key := strings.ToLower(body.Subscriber.Email)
	c.Target += "/" + key
	if l.subscribers[key] != nil {
		return wire.Refuse("List.AlreadyExistEmail")
	}
	l.save(&body.Subscriber, c.Now)
	l.subscribers[key].status = "ready"
	return wire.OK()
}

// subscriber returns the subscriber that a path names.
func (b *Workspace) subscriber(c *service.Call) (*subscriber, service.Answer) {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return nil, refused
	}
	key := strings.ToLower(c.Vars["email"])
	c.Target += "/" + key
	s := l.subscribers[key]
	if s == nil {
		return nil, wire.Refuse("List.NotExistEmail")
	}
	return s, service.Answer{}
}

// updateSubscriber writes fields alone and leaves the status. An unknown address is
// refused, never added (service docs, read 2026-09).
func (b *Workspace) updateSubscriber(c *service.Call) service.Answer {
	s, refused := b.subscriber(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Fields map[string]any }
	if refused := wire.NewForm("fields!:object").Read(c, &body); refused.Status != 0 {
		return refused
	}
	if code := b.checkFields(body.Fields); code != "" {
		return wire.Refuse(code)
	}
	s.merge(body.Fields, c.Now)
	return wire.OK()
}

// unsubscribe may be repeated and then changes nothing, not even the time (service
// docs, read 2026-09; the time is a guess). There is no operation that brings the
// address back.
func (b *Workspace) unsubscribe(c *service.Call) service.Answer {
	s, refused := b.subscriber(c)
	if refused.Status != 0 {
		return refused
	}
	if s.status != "unsubscribed" {
		s.status, s.modified = "unsubscribed", c.Now
	}
	return wire.OK()
}

// deleteSubscribers reads the addresses from the body of the DELETE. It is for good,
// takes the addresses out of all groups, and passes over unknown ones (a guess).
func (b *Workspace) deleteSubscribers(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Subscribers []string }
	if refused := wire.NewForm("subscribers!:texts").Read(c, &body); refused.Status != 0 {
		return refused
	}
	switch n := len(body.Subscribers); {
	case n == 0:
		return wire.Invalid("the body lacks something")
	case n > maxDelete:
		return wire.Refuse("List.LimitExceeded")
	}
	for _, email := range body.Subscribers {
		key := strings.ToLower(email)
		gone := l.subscribers[key]
		if gone == nil {
			continue
		}
		delete(l.subscribers, key)
		l.order = slices.DeleteFunc(l.order, func(s *subscriber) bool { return s == gone })
		for _, g := range l.groups {
			delete(g.members, key)
		}
	}
	return wire.OK()
}

// statusWords are the statuses that a listing can be narrowed to.
//
//nolint:gochecknoglobals // a table
var statusWords = []string{"subscribed", "unsubscribed", archived, "ready"}

// archived is the status of one whose mail server said that there is no such address (a
// guess).
const archived = "archived"

// chosen returns the subscribers with the statuses that a request asks for, all of
// them if it asks for none. The result may be the list's own order and must not be
// changed.
func (l *mailingList) chosen(statuses string) ([]*subscriber, service.Answer) {
	if statuses == "" {
		return l.order, service.Answer{}
	}
	want := strings.Split(statuses, ",")
	for _, word := range want {
		if !slices.Contains(statusWords, word) {
			return nil, wire.Invalid("statuses must be of " + strings.Join(statusWords, ", "))
		}
	}
	var out []*subscriber
	for _, s := range l.order {
		if slices.Contains(want, s.status) {
			out = append(out, s)
		}
	}
	return out, service.Answer{}
}

// listSubscribers lists in the order of arrival; the service's own order is not
// documented. There is no sort and no filter by time or address, so whoever looks for
// changes reads the whole list; a delete between two pages moves the rows behind it
// up (OpenAPI file of 2026-05-15).
func (b *Workspace) listSubscribers(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	statuses := c.URL.Query().Get("statuses")
	if c.Suffers(service.Unfiltered) {
		statuses = ""
	}
	chosen, refused := l.chosen(statuses)
	if refused.Status != 0 {
		return refused
	}
	chosen = service.Rows(c, chosen)
	from, to, refused := wire.Page(c, len(chosen), maxSubscriberPage)
	if refused.Status != 0 {
		return refused
	}
	rows := make([]row, 0, to-from)
	for _, s := range chosen[from:to] {
		rows = append(rows, s.row())
	}
	return wire.Say(rows)
}

// countSubscribers counts what listSubscribers lists. An equal count proves nothing:
// one may have come and another gone.
func (b *Workspace) countSubscribers(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	chosen, refused := l.chosen(c.URL.Query().Get("statuses"))
	if refused.Status != 0 {
		return refused
	}
	return wire.Say(map[string]any{"total": len(chosen)})
}
