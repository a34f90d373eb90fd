package messages

import (
	"net/http"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The bodies of the writes, as in the spec file of 2026-06-19. It calls subType and
// direction objects; a recorded call has a text, so any value passes.
//
//nolint:gochecknoglobals // tables
var (
	newConversationShape = &service.Shape{
		Fields: map[string]service.Kind{"locationId": service.String, "contactId": service.String}, Required: []string{"locationId", "contactId"},
	}
	conversationShape = &service.Shape{
		Fields: map[string]service.Kind{
			"locationId": service.String, "unreadCount": service.Number, "starred": service.Bool, "feedback": service.Object,
		},
		Required: []string{"locationId"},
	}
	sendShape = &service.Shape{
		Fields: map[string]service.Kind{
			"type": service.String, "subType": service.Any, "contactId": service.String, "appointmentId": service.String, "attachments": service.List,
			"emailFrom": service.String, "emailCc": service.List, "emailBcc": service.List, "html": service.String, "message": service.String,
			"subject": service.String, "replyMessageId": service.String, "templateId": service.String, "threadId": service.String,
			"scheduledTimestamp": service.Number, "conversationProviderId": service.String, "emailTo": service.String, "customSubtypeId": service.String,
			"emailReplyMode": service.String, "fromNumber": service.String, "toNumber": service.String, "forward": service.Object, "status": service.String,
			"usesNativeSchedulingAi": service.Bool, "optimizationPeriod": service.String,
		},
		Required: []string{"type", "subType", "contactId", "status"},
	}
	statuses    = []string{"delivered", "failed", "pending", "read"}
	sendChoices = wire.Choices{
		"type": {"SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK"}, "status": statuses,
		"emailReplyMode": {"reply", "reply_all"}, "optimizationPeriod": {"24h", "48h", "72h"},
	}
	callShape    = &service.Shape{Fields: map[string]service.Kind{"to": service.String, "from": service.String, "status": service.String}}
	inboundShape = &service.Shape{
		Fields: map[string]service.Kind{
			"type": service.String, "attachments": service.List, "message": service.String, "conversationId": service.String, "contactId": service.String,
			"conversationProviderId": service.String, "html": service.String, "subject": service.String, "emailFrom": service.String, "emailTo": service.String,
			"emailCc": service.List, "emailBcc": service.List, "emailMessageId": service.String, "altId": service.String, "direction": service.Any,
			"date": service.String, "call": service.Object,
		},
		Required: []string{"type", "conversationId", "contactId", "conversationProviderId"},
	}
	inboundChoices = wire.Choices{
		"type": {
			"SMS", "RCS", "Email", "WhatsApp", "GMB", "IG", "FB", "Custom", "WebChat", "Live_Chat", "Call", "IVR_Call", "Campaign_Call", "Campaign_VoiceMail",
			"TIKTOK", "ALL_IN_ONE_CHAT", "FORM_SUBMISSION",
		},
		"direction": {"inbound", "outbound"},
	}
	outboundShape = &service.Shape{
		Fields: map[string]service.Kind{
			"type": service.String, "attachments": service.List, "conversationId": service.String, "conversationProviderId": service.String,
			"altId": service.String, "date": service.String, "call": service.Object,
		},
		Required: []string{"type", "conversationId", "conversationProviderId"},
	}
	statusShape = &service.Shape{
		Fields: map[string]service.Kind{
			"status": service.String, "error": service.Object, "emailMessageId": service.String, "recipients": service.List,
		},
		Required: []string{"status"},
	}
	errorShape = &service.Shape{
		Fields:   map[string]service.Kind{"code": service.String, "type": service.String, "message": service.String},
		Required: []string{"code", "type", "message"},
	}
	attachShape = &service.Shape{Fields: map[string]service.Kind{"attachments": service.List}, Required: []string{"attachments"}}
	typingShape = &service.Shape{
		Fields: map[string]service.Kind{
			"locationId": service.String, "isTyping": service.String, "visitorId": service.String, "conversationId": service.String,
		},
		Required: []string{"locationId", "isTyping", "visitorId", "conversationId"},
	}
)

// create refuses a second conversation with a contact (a guess).
func (m *Messages) create(c *service.Call) service.Answer {
	body, refused := m.site.ReadChosen(c, newConversationShape, nil)
	if refused.Status != 0 {
		return refused
	}
	contact := text(body, "contactId")
	if !m.site.Knows(contact) {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+contact)
	}
	if len(m.conversations.Where(func(one *conversation) bool { return one.contact == contact && !one.deleted })) > 0 {
		return wire.Refuse(http.StatusBadRequest, "Conversation already exists")
	}
	made := m.with(contact)
	c.Target = made.id
	return m.site.Say(http.StatusCreated, wire.Object{"success": true, "conversation": wire.Object{
		"id": made.id, "locationId": m.site.ID, "contactId": contact, "deleted": false, "dateAdded": wire.Stamp(made.added),
		"dateUpdated": wire.Stamp(made.updated), "lastMessageDate": wire.Stamp(made.lastDate()),
	}})
}

// get answers with a bare conversation (recorded answers of 2026-07).
func (m *Messages) get(c *service.Call) service.Answer {
	found, refused := m.conversation(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	return m.site.Say(http.StatusOK, m.single(found))
}

// update moves dateUpdated, and not the time of the last message (recorded answers of
// 2026-07).
func (m *Messages) update(c *service.Call) service.Answer {
	found, refused := m.conversation(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	body, refused := m.site.ReadChosen(c, conversationShape, nil)
	if refused.Status != 0 {
		return refused
	}
	changed := *found
	changed.updated = m.site.World.Now()
	if v, ok := body["unreadCount"]; ok && v != nil {
		if service.Whole(v) < 0 {
			return wire.Refuse(http.StatusUnprocessableEntity, "unreadCount must not be less than 0")
		}
		changed.unread = v
	}
	if v, ok := body["starred"].(bool); ok {
		changed.starred = v
	}
	m.conversations.Put(changed.id, &changed)
	return m.site.Say(http.StatusOK, wire.Object{"success": true, "conversation": m.row(&changed)})
}

// delete takes a conversation off the search. It can still be read, and says that it is
// deleted: there is a member for it; the rest is a guess.
func (m *Messages) delete(c *service.Call) service.Answer {
	found, refused := m.conversation(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	gone := *found
	gone.deleted, gone.updated = true, m.site.World.Now()
	m.conversations.Put(gone.id, &gone)
	return m.site.Say(http.StatusOK, wire.Object{"success": true})
}

// send takes a message without looking whether there is something in it, and has it as it
// was sent at once, with the status of the body; what is scheduled waits for its time.
func (m *Messages) send(c *service.Call) service.Answer {
	body, refused := m.site.ReadChosen(c, sendShape, sendChoices)
	if refused.Status != 0 {
		return refused
	}
	contact := text(body, "contactId")
	who := m.Contact(contact)
	if who == nil {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+contact)
	}
	now := m.site.World.Now()
	one := &message{
		kind: kinds[text(body, "type")].word, direction: "outbound", status: text(body, "status"), body: text(body, "message"), content: "text/plain",
		from: text(body, "fromNumber"), to: text(body, "toNumber"), source: "api", provider: text(body, "conversationProviderId"),
		attachments: list(body, "attachments"), added: now, updated: now, appointment: text(body, "appointmentId"),
	}
	if at := service.Whole(body["scheduledTimestamp"]); at > 0 {
		if one.scheduled = time.Unix(int64(at), 0); one.scheduled.After(now) {
			one.status = "scheduled"
		}
	}
	if text(body, "type") == "Email" {
		m.asMail(one, body)
		if one.to == "" {
			one.to = text(who, "email")
		}
	}
	m.say(m.with(contact), one)
	c.Target = one.id
	return m.accepted(one)
}

// asMail makes an e-mail of a message.
func (m *Messages) asMail(one *message, body wire.Object) {
	one.email, one.subject, one.from, one.to = m.site.World.Dice.ID(20), text(body, "subject"), text(body, "emailFrom"), text(body, "emailTo")
	one.cc, one.bcc, one.replyTo = list(body, "emailCc"), list(body, "emailBcc"), text(body, "replyMessageId")
	if html := text(body, "html"); html != "" {
		one.body, one.content = html, "text/html"
	}
	if one.thread = text(body, "threadId"); one.thread == "" {
		one.thread = one.email
	}
}

// accepted is the answer to what was sent.
func (m *Messages) accepted(one *message) service.Answer {
	answer := wire.Object{"conversationId": one.conversation, "messageId": one.id, "msg": "Message queued successfully.", "status": one.status}
	if one.email != "" {
		answer["emailMessageId"] = one.email
	}
	return m.site.Say(http.StatusOK, answer)
}

// addInbound notes what a contact said elsewhere. Without a direction the contact said it,
// although the file has outbound as the usual one.
func (m *Messages) addInbound(c *service.Call) service.Answer {
	body, refused := m.site.ReadChosen(c, inboundShape, inboundChoices)
	if refused.Status != 0 {
		return refused
	}
	if !m.site.Knows(text(body, "contactId")) {
		return wire.Refuse(http.StatusBadRequest, "Contact not found for id: "+text(body, "contactId"))
	}
	direction := "inbound"
	if text(body, "direction") != "" {
		direction = text(body, "direction")
	}
	return m.note(c, body, direction)
}

// addOutbound notes a call that was made elsewhere.
func (m *Messages) addOutbound(c *service.Call) service.Answer {
	body, refused := m.site.ReadChosen(c, outboundShape, wire.Choices{"type": {"Call"}})
	if refused.Status != 0 {
		return refused
	}
	return m.note(c, body, "outbound")
}

// note adds a message that was said elsewhere.
func (m *Messages) note(c *service.Call, body wire.Object, direction string) service.Answer {
	in, refused := m.conversation(c, text(body, "conversationId"))
	if refused.Status == 0 {
		refused = wire.RefuseAll(wire.Inside(body, "call", callShape))
	}
	if refused.Status != 0 {
		return refused
	}
	now := m.site.World.Now()
	one := &message{
		kind: kinds[text(body, "type")].word, direction: direction, status: "delivered", body: text(body, "message"), content: "text/plain",
		provider: text(body, "conversationProviderId"), attachments: list(body, "attachments"), added: now, updated: now,
	}
	if date := text(body, "date"); date != "" {
		at, err := time.Parse(time.RFC3339, date)
		if err != nil {
			return wire.Refuse(http.StatusUnprocessableEntity, "date must be a valid ISO 8601 date string")
		}
		one.added = at
	}
	if call, ok := body["call"].(map[string]any); ok {
		one.from, one.to, one.meta = text(call, "from"), text(call, "to"), wire.Object{"callStatus": call["status"]}
	}
	if text(body, "type") == "Email" {
		m.asMail(one, body)
	}
	m.say(in, one)
	c.Target = one.id
	answer := wire.Object{
		"success": true, "conversationId": in.id, "messageId": one.id, "message": "Message added", "contactId": in.contact, "dateAdded": wire.Stamp(one.added),
	}
	if one.email != "" {
		answer["emailMessageId"] = one.email
	}
	return m.site.Say(http.StatusOK, answer)
}

// updateStatus is meant for apps that deliver messages themselves; here it changes any.
func (m *Messages) updateStatus(c *service.Call) service.Answer {
	found, refused := m.message(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	body, refused := m.site.ReadChosen(c, statusShape, wire.Choices{"status": statuses})
	if refused.Status == 0 {
		refused = wire.RefuseAll(wire.Inside(body, "error", errorShape))
	}
	if refused.Status != 0 {
		return refused
	}
	changed := *found
	changed.status, changed.updated = text(body, "status"), m.site.World.Now()
	m.replace(&changed)
	return m.accepted(&changed)
}

// attach adds files to those that a message has.
func (m *Messages) attach(c *service.Call) service.Answer {
	found, refused := m.message(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	body, refused := m.site.ReadChosen(c, attachShape, nil)
	if refused.Status != 0 {
		return refused
	}
	changed := *found
	changed.attachments = append(append([]any{}, found.attachments...), list(body, "attachments")...)
	changed.updated = m.site.World.Now()
	m.replace(&changed)
	return m.site.Say(http.StatusOK, wire.Object{"success": true})
}

// cancel takes back what was not sent yet. A refusal comes with status 200 and says 404
// inside (spec file of 2026-06-19).
func (m *Messages) cancel(c *service.Call) service.Answer {
	found, refused := m.message(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	if found.status != "scheduled" {
		return m.site.Say(http.StatusOK, wire.Object{"status": http.StatusNotFound, "message": "Failed to cancel the scheduled message"})
	}
	m.messages.Delete(found.id)
	if in, ok := m.conversations.Get(found.conversation); ok && in.last != nil && in.last.id == found.id {
		changed := *in
		changed.last = nil
		if rest := m.of(in.id); len(rest) > 0 {
			newest(rest, func(one *message) time.Time { return one.added })
			changed.last = rest[0]
		}
		m.conversations.Put(in.id, &changed)
	}
	return m.site.Say(http.StatusOK, wire.Object{"status": http.StatusOK, "message": "The scheduled message is cancelled"})
}

// typing shows for a moment that somebody types, and leaves nothing.
func (m *Messages) typing(c *service.Call) service.Answer {
	body, refused := m.site.ReadChosen(c, typingShape, nil)
	if refused.Status == 0 {
		_, refused = m.conversation(c, text(body, "conversationId"))
	}
	if refused.Status != 0 {
		return refused
	}
	return m.site.Say(http.StatusCreated, wire.Object{"success": true})
}
