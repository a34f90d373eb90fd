package messages

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// kinds are the words of bodies for the kinds of messages, with the words and the numbers
// of answers. The numbers are a guess beyond the first three.
//
//nolint:gochecknoglobals // a table
var kinds = map[string]struct {
	word   string
	number int
}{
	"Call": {"TYPE_CALL", 1}, "SMS": {"TYPE_SMS", 2}, "Email": {"TYPE_EMAIL", 3}, "WebChat": {"TYPE_WEBCHAT", 5}, "Campaign_Call": {"TYPE_CAMPAIGN_CALL", 8},
	"Campaign_VoiceMail": {"TYPE_CAMPAIGN_VOICEMAIL", 10}, "FB": {"TYPE_FACEBOOK", 11}, "GMB": {"TYPE_GMB", 15}, "IG": {"TYPE_INSTAGRAM", 18},
	"WhatsApp": {"TYPE_WHATSAPP", 19}, "Custom": {"TYPE_CUSTOM_SMS", 20}, "IVR_Call": {"TYPE_IVR_CALL", 24}, "Live_Chat": {"TYPE_LIVE_CHAT", 29},
	"ALL_IN_ONE_CHAT": {"TYPE_LIVE_CHAT", 29}, "RCS": {"TYPE_RCS", 38}, "TIKTOK": {"TYPE_TIKTOK", 40}, "FORM_SUBMISSION": {"TYPE_FORM_SUBMISSION", 43},
}

// numberOf is the number of a kind of message.
func numberOf(word string) int {
	for _, k := range kinds {
		if k.word == word {
			return k.number
		}
	}
	return 0
}

// number is a count as bodies have it.
func number(v any) json.Number {
	if n, ok := v.(int); ok {
		return json.Number(strconv.Itoa(n))
	}
	n, _ := v.(json.Number)
	return n
}

// lastDate is the time by which conversations are sorted. One without messages has that of
// its creation.
func (c *conversation) lastDate() time.Time {
	if c.last == nil {
		return c.added
	}
	return c.last.added
}

// lastType is TYPE_NO_SHOW while nothing was said (recorded answers of 2026-07).
func (c *conversation) lastType() string {
	if c.last == nil {
		return "TYPE_NO_SHOW"
	}
	return c.last.kind
}

// channel says through what a conversation runs: its word in the search, and its number
// in the single conversation.
func (c *conversation) channel() (word string, number int) {
	switch c.lastType() {
	case "TYPE_EMAIL":
		return "TYPE_EMAIL", 2
	case "TYPE_FACEBOOK":
		return "TYPE_FB_MESSENGER", 3
	}
	return "TYPE_PHONE", 1
}

// row is a conversation in the search. Its times are numbers and two of them are missing
// from the spec file (recorded answers of 2026-07).
func (m *Messages) row(c *conversation) wire.Object {
	word, _ := c.channel()
	row := wire.Object{
		"id": c.id, "locationId": m.site.ID, "contactId": c.contact, "type": word, "lastMessageType": c.lastType(), "lastMessageBody": "",
		"lastMessageDate": c.lastDate().UnixMilli(), "unreadCount": c.unread, "starred": c.starred, "inbox": true, "deleted": c.deleted, "followers": []any{},
		"dateAdded": c.added.UnixMilli(), "dateUpdated": c.updated.UnixMilli(),
	}
	if c.last != nil {
		row["lastMessageBody"], row["lastMessageDirection"] = c.last.body, c.last.direction
	}
	if !c.manual.IsZero() {
		row["lastManualMessageDate"] = c.manual.UnixMilli()
	}
	who := m.Contact(c.contact)
	row["fullName"], row["contactName"] = who["contactName"], who["contactName"]
	row["email"], row["phone"], row["tags"] = who["email"], who["phone"], who["tags"]
	return row
}

// single is a conversation that is read by its id: its kind is a number, and its time is
// written as {seconds, nanoseconds} (recorded answers of 2026-07).
func (m *Messages) single(c *conversation) wire.Object {
	_, kind := c.channel()
	return wire.Object{
		"id": c.id, "locationId": m.site.ID, "contactId": c.contact, "type": kind, "unreadCount": c.unread, "starred": c.starred, "inbox": true,
		"deleted": c.deleted, "lastMessageDate": wire.Object{"seconds": c.lastDate().Unix(), "nanoseconds": c.lastDate().Nanosecond()},
	}
}

// show is a message as the lists and the single message have it. E-mails have no body
// there (highlevel-api-docs #40).
func (m *Messages) show(one *message) wire.Object {
	row := wire.Object{
		"id": one.id, "locationId": m.site.ID, "contactId": one.contact, "conversationId": one.conversation, "type": numberOf(one.kind), "messageType": one.kind,
		"direction": one.direction, "status": one.status, "contentType": one.content, "attachments": append([]any{}, one.attachments...),
		"dateAdded": wire.Stamp(one.added), "dateUpdated": wire.Stamp(one.updated),
	}
	for name, text := range map[string]string{"from": one.from, "to": one.to, "source": one.source, "conversationProviderId": one.provider} {
		if text != "" {
			row[name] = text
		}
	}
	if one.meta != nil {
		row["meta"] = one.meta
	}
	if one.email == "" {
		row["body"] = one.body
	} else {
		row["meta"] = wire.Object{"email": wire.Object{"messageIds": []string{one.email}}}
	}
	return row
}

// mail is the e-mail of a message, with its body.
func (m *Messages) mail(one *message) wire.Object {
	row := wire.Object{
		"id": one.email, "threadId": one.thread, "locationId": m.site.ID, "contactId": one.contact, "conversationId": one.conversation,
		"subject": one.subject, "body": one.body, "direction": one.direction, "status": one.status, "contentType": one.content,
		"attachments": append([]any{}, one.attachments...), "from": one.from, "to": []string{one.to}, "cc": append([]any{}, one.cc...), "bcc": append([]any{}, one.bcc...),
		"dateAdded": wire.Stamp(one.added),
	}
	for name, text := range map[string]string{"replyToMessageId": one.replyTo, "source": one.source, "conversationProviderId": one.provider} {
		if text != "" {
			row[name] = text
		}
	}
	return row
}

// all shows some messages.
func (m *Messages) all(list []*message) []wire.Object {
	rows := make([]wire.Object, len(list))
	for i, one := range list {
		rows[i] = m.show(one)
	}
	return rows
}

// list is what a body has under a name, if it is a list.
func list(body wire.Object, name string) []any {
	l, _ := body[name].([]any)
	return l
}

// text is what a body has under a name, if it is a text.
func text(body wire.Object, name string) string { return service.Text(body[name]) }
