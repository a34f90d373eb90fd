package mails

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// Log is what became of one copy of an e-mail.
type Log struct {
	ID int `json:"id"`
	// Subscriber is the address.
	Subscriber string `json:"subscriber"`
	// Action is P (delivered), F (soft bounce), A (hard bounce), D (unsubscribed),
	// O (opened) or C (clicked).
	Action string `json:"action"`
	// Value is the user agent of an opening, the address of a click.
	Value       string `json:"value"`
	Value2      string `json:"value2"`
	CreatedTime string `json:"createdTime"`
}

// Errors of [Box.Act].
var (
	ErrUnknownMail   = errors.New("there is no such e-mail")
	ErrNotDelivered  = errors.New("the e-mail was not delivered to that address")
	ErrUnknownAction = errors.New("want one of the actions F, A, D, O and C")
)

// ready refuses an e-mail that cannot be sent: only a draft with a subject, a sender, a
// content and somebody who gets it can.
func (b *Box) ready(c *service.Call) (*mail, service.Answer) {
	m, refused := b.open(c)
	switch {
	case refused.Status != 0:
		return nil, refused
	case m.Subject == "" || m.SenderEmail == "" || m.SenderName == "" || strings.TrimSpace(m.content) == "":
		return nil, wire.Refuse("Email.IncompleteEmail")
	case len(b.Lists.Subscribed(m.list, m.GroupIDs)) == 0:
		return nil, wire.Refuse("Email.EmptySubscriber")
	}
	return m, service.Answer{}
}

func (b *Box) send(c *service.Call) service.Answer {
	m, refused := b.ready(c)
	if refused.Status != 0 {
		return refused
	}
	m.status, m.began = sending, c.Now
	return wire.OK()
}

// reserve takes Korean time; one that is over is refused (OpenAPI file of 2026-05-15).
func (b *Box) reserve(c *service.Call) service.Answer {
	m, refused := b.ready(c)
	if refused.Status != 0 {
		return refused
	}
	due, err := time.ParseInLocation("20060102150405", c.URL.Query().Get("reserveTime"), wire.Korea())
	if err != nil || !due.After(c.Now) {
		return wire.Invalid("reserveTime must be a time to come, as YYYYMMDDhhmmss")
	}
	m.status, m.due = scheduled, due
	return wire.OK()
}

// cancel turns a scheduled e-mail into a draft.
func (b *Box) cancel(c *service.Call) service.Answer {
	m, refused := b.find(c)
	switch {
	case refused.Status != 0:
		return refused
	case m.status != scheduled:
		return wire.Refuse("Email.WrongStatus")
	}
	m.status, m.due = draft, time.Time{}
	return wire.OK()
}

// settle lets happen what has become due. A change of the status does not move the time of
// the last change; whether it does at the service is not documented.
func (b *Box) settle(now time.Time) {
	for _, m := range b.mails {
		if m.status == scheduled && !m.due.After(now) {
			m.status, m.began = sending, m.due
		}
		if m.status != sending || now.Before(m.began.Add(sendingTakes)) {
			continue
		}
		m.status, m.sent = sent, m.began.Add(sendingTakes)
		for _, address := range b.Lists.Subscribed(m.list, m.GroupIDs) {
			b.log(m, Log{Subscriber: address, Action: "P"}, m.sent)
		}
	}
}

// log writes down what became of a copy.
func (b *Box) log(m *mail, l Log, at time.Time) {
	b.logs++
	l.ID, l.CreatedTime = 5_000_000+b.logs, wire.Time(at)
	m.logs = append(m.logs, l)
}

// listLogs shows the oldest first, which is a guess.
func (b *Box) listLogs(c *service.Call) service.Answer {
	m, refused := b.find(c)
	if refused.Status != 0 {
		return refused
	}
	rows := make([]any, len(m.logs))
	for i, l := range m.logs {
		rows[i] = l
	}
	if c.Suffers(service.Unsorted) {
		slices.Reverse(rows)
	}
	return paged(c, rows, maxLogs)
}

// Act lets a subscriber, or its mail server, do something with an e-mail that was delivered.
// After a hard bounce (A) the subscriber is archived, after D unsubscribed. value is the
// user agent or the address that was clicked.
func (b *Box) Act(id int, address, action, value string) error {
	now := b.World.Now()
	b.settle(now)
	at := slices.IndexFunc(b.mails, func(m *mail) bool { return m.id == id })
	if at < 0 {
		return fmt.Errorf("%w: %d", ErrUnknownMail, id)
	}
	if !slices.Contains([]string{"F", "A", "D", "O", "C"}, action) {
		return fmt.Errorf("%w, got %q", ErrUnknownAction, action)
	}
	m := b.mails[at]
	got := func(l Log) bool { return l.Action == "P" && strings.EqualFold(l.Subscriber, address) }
	if !slices.ContainsFunc(m.logs, got) {
		return fmt.Errorf("%w: %s", ErrNotDelivered, address)
	}
	b.log(m, Log{Subscriber: address, Action: action, Value: value}, now)
	switch action {
	case "A":
		b.Lists.SetStatus(m.list, address, "archived")
	case "D":
		b.Lists.SetStatus(m.list, address, "unsubscribed")
	}
	return nil
}

// sendAutomatic accepts an address and values for the text, whatever they are called. An
// address that is not subscribed gets nothing, and nobody is told (help page, read
// 2026-09). The body of the answer is not documented.
func (b *Box) sendAutomatic(c *service.Call) service.Answer {
	b.settle(c.Now)
	at := slices.IndexFunc(b.mails, func(m *mail) bool { return m.auto != "" && m.auto == c.Vars["autoId"] })
	switch {
	case at < 0:
		return wire.Invalid("there is no such automatic e-mail")
	case len(c.Body) > autoBytes:
		return wire.Refuse("Data.TooLongData")
	}
	var body map[string]any
	if json.Unmarshal(c.Body, &body) != nil {
		return wire.Invalid("the body is no JSON object")
	}
	address, ok := body["subscriber"].(string)
	if !ok || address == "" {
		return wire.Invalid("subscriber must be a text")
	}
	m := b.mails[at]
	c.Target = c.Vars["autoId"] + "/" + address
	for _, known := range b.Lists.Subscribed(m.list, nil) {
		if strings.EqualFold(known, address) {
			b.log(m, Log{Subscriber: known, Action: "P"}, c.Now)
		}
	}
	return wire.OK()
}
