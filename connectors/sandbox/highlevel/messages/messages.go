package messages

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// conversation is all that was said with one contact. It is replaced and never written to.
type conversation struct {
	id, contact, assigned string
	added, updated        time.Time
	last                  *message // nil while nothing was said
	manual                time.Time
	unread                any // a number of a body, or of the sandbox
	starred, deleted      bool
}

// message is one thing that was said. It is replaced and never written to.
type message struct {
	id, conversation, contact    string
	kind, direction, status      string // TYPE_SMS, inbound, delivered
	body, from, to               string
	source, provider             string
	attachments                  []any
	added, updated               time.Time
	scheduled                    time.Time // when it is sent; zero is at once
	email                        string    // the id of its e-mail; empty for others
	subject, content             string
	cc, bcc                      []any
	meta                         wire.Object
	replyTo, thread, appointment string
}

// Messages are the conversations of one location. The lock of its service guards them.
type Messages struct {
	// Contact returns the fields of a contact; nil for one that there is not.
	Contact func(id string) wire.Object

	site          *wire.Site
	conversations wire.Table[*conversation]
	messages      wire.Table[*message]
	recordings    wire.Objects // by the id of the message
	transcripts   wire.Objects
}

// New returns a location in which nothing was said yet.
func New(site *wire.Site) *Messages {
	return &Messages{
		site: site, recordings: wire.Objects{Site: site, Name: "Recording", Unplaced: true},
		transcripts: wire.Objects{Site: site, Name: "Transcription", Unplaced: true},
	}
}

// Kinds are the kinds of things that no call makes, by their names: the sound of a call
// and what was understood of it, each with the id of its message.
func (m *Messages) Kinds() map[string]*wire.Objects {
	return map[string]*wire.Objects{"recording": &m.recordings, "transcription": &m.transcripts}
}

// Begin lets a contact have asked something before the sandbox began.
func (m *Messages) Begin(contact string) {
	at := m.site.World.Now().Add(-time.Hour)
	c := &conversation{id: "sandboxConversation1", contact: contact, added: at, updated: at, unread: 0}
	m.conversations.Put(c.id, c)
	m.say(c, &message{
		id: "sandboxMessage000001", kind: "TYPE_SMS", direction: "inbound", status: "delivered", body: "Are you open today?", content: "text/plain",
		added: at, updated: at,
	})
}

// Forget removes what was said with a contact that goes.
func (m *Messages) Forget(contact string) {
	for _, c := range m.conversations.Where(func(c *conversation) bool { return c.contact == contact }) {
		for _, one := range m.of(c.id) {
			m.messages.Delete(one.id)
		}
		m.conversations.Delete(c.id)
	}
}

// Routes are the calls for all of it, those with literal segments first.
func (m *Messages) Routes() []service.Route {
	const path, messages, here = "/conversations", "/conversations/messages", "/conversations/locations/{locationId}/messages/{messageId}/transcription"
	return []service.Route{
		service.At("GET", path+"/search", "conversation.search", m.site.Local(m.search)),
		service.At("POST", path+"/providers/live-chat/typing", "livechat.typing", m.typing),
		service.At("GET", here, "message.transcription.get", m.site.Local(m.transcription)),
		service.At("GET", here+"/download", "message.transcription.download", m.site.Local(m.transcriptionFile)),
		service.At("GET", messages+"/export", "message.export", m.site.Local(m.export)),
		service.At("POST", messages+"/inbound", "message.add_inbound", m.addInbound),
		service.At("POST", messages+"/outbound", "message.add_outbound", m.addOutbound),
		service.At("POST", messages+"/upload", "message.attachment.upload", m.upload),
		service.At("GET", messages+"/email/{id}", "email.get", m.getEmail),
		service.At("DELETE", messages+"/email/{id}/schedule", "email.cancel", m.cancel),
		service.At("DELETE", messages+"/{id}/schedule", "message.cancel", m.cancel),
		service.At("PUT", messages+"/{id}/status", "message.update_status", m.updateStatus),
		service.At("PUT", messages+"/{id}/attachments", "message.attach", m.attach),
		service.At("GET", messages+"/{messageId}/locations/{locationId}/recording", "message.recording.get", m.site.Local(m.recording)),
		service.At("GET", messages+"/{id}", "message.get", m.getMessage),
		service.At("POST", messages, "message.send", m.send),
		service.At("GET", path+"/{id}/messages", "conversation.message.list", m.list),
		service.At("POST", path, "conversation.create", m.create),
		service.At("GET", path+"/{id}", "conversation.get", m.get),
		service.At("PUT", path+"/{id}", "conversation.update", m.update),
		service.At("DELETE", path+"/{id}", "conversation.delete", m.delete),
	}
}

// of are the messages of a conversation, oldest first.
func (m *Messages) of(id string) []*message {
	return m.messages.Where(func(one *message) bool { return one.conversation == id })
}

// say adds a message to a conversation, which shows it as its last one.
func (m *Messages) say(c *conversation, one *message) {
	if one.id == "" {
		one.id = m.site.World.Dice.ID(20)
	}
	one.conversation, one.contact = c.id, c.contact
	m.messages.Put(one.id, one)
	changed := *c
	changed.updated = m.site.World.Now()
	if changed.last == nil || !one.added.Before(changed.last.added) {
		changed.last = one
	}
	if one.direction == "inbound" {
		changed.unread = service.Whole(number(changed.unread)) + 1
	} else {
		changed.manual = one.added
	}
	m.conversations.Put(c.id, &changed)
}

// with returns the conversation with a contact, and begins one where nothing was said yet.
// That there is one for each contact is how the service's app shows them.
func (m *Messages) with(contact string) *conversation {
	found := m.conversations.Where(func(c *conversation) bool { return c.contact == contact && !c.deleted })
	if len(found) > 0 {
		return found[0]
	}
	now := m.site.World.Now()
	c := &conversation{id: m.site.World.Dice.ID(20), contact: contact, added: now, updated: now, unread: 0}
	m.conversations.Put(c.id, c)
	return c
}

// settle lets go out what was to be sent by now.
func (m *Messages) settle(now time.Time) {
	for _, one := range m.messages.Where(func(one *message) bool { return one.status == "scheduled" && !now.Before(one.scheduled) }) {
		sent := *one
		sent.status, sent.updated = "sent", one.scheduled
		m.replace(&sent)
	}
}

// replace puts a changed message in the place of the former one.
func (m *Messages) replace(one *message) {
	m.messages.Put(one.id, one)
	if c, ok := m.conversations.Get(one.conversation); ok && c.last != nil && c.last.id == one.id {
		changed := *c
		changed.last = one
		m.conversations.Put(c.id, &changed)
	}
}

// conversation returns the one that a path or a body names, and marks it as the target.
func (m *Messages) conversation(c *service.Call, id string) (*conversation, service.Answer) {
	m.settle(c.Now)
	found, ok := m.conversations.Get(id)
	if !ok {
		return nil, wire.Refuse(http.StatusBadRequest, "Conversation not found for id: "+id)
	}
	c.Target = id
	return found, service.Answer{}
}

// message returns the one that a path names, by its id or by that of its e-mail, and marks
// it as the target.
func (m *Messages) message(c *service.Call, id string) (*message, service.Answer) {
	m.settle(c.Now)
	found, ok := m.messages.Get(id)
	if !ok {
		all := m.messages.Where(func(one *message) bool { return id != "" && one.email == id })
		if len(all) == 0 {
			return nil, wire.Refuse(http.StatusBadRequest, "Message not found for id: "+id)
		}
		found = all[0]
	}
	c.Target = found.id
	return found, service.Answer{}
}

// newest sorts messages by a time, the latest first; the ids settle ties.
func newest(list []*message, by func(*message) time.Time) {
	slices.SortStableFunc(list, func(a, b *message) int {
		if d := by(b).Compare(by(a)); d != 0 {
			return d
		}
		return cmp.Compare(b.id, a.id)
	})
}
