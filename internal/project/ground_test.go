package project_test

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/conformance"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// ground makes what operations need in a sandbox.
type ground struct {
	*sandboxed

	connector string
	stories   map[string]story
	deeds     map[string]deed
	sparse    bool   // lists need no pages
	made      string // the id of what the inputs of the moment began with
}

// newGround lays it for a connector.
func newGround(s *sandboxed, connector string) *ground {
	g := &ground{sandboxed: s, connector: connector, stories: allStories(), deeds: map[string]deed{}}
	for _, d := range deeds() {
		if account, key := owner(d.operation); account == connector {
			g.deeds[key] = d
		}
	}
	for _, a := range s.accounts {
		account := s.account(a.Name)
		account.Gate, account.Transport = budget.New(nil, 0), &testkit.Transport{Handler: s.handler()}
		session, err := a.Connector.Open(account)
		s.must(err)
		a.Session = session // one that never waits
	}
	return g
}

// quiet are the options of a sandbox that never asks anybody to wait.
func quiet() sandbox.Options {
	no := sandbox.Limit{Requests: -1}
	return sandbox.Options{Seed: 1, Contacts: 3, HighLevelLimit: no, HighLevelDaily: no, StibeeLimit: no, StaxLimit: no}
}

// inputs begins anew with what an operation needs, and returns the inputs that only this
// sandbox can know.
func (g *ground) inputs(op *connectors.Operation) map[string]any {
	g.renew(quiet())
	if d, ok := g.deeds[op.Key]; ok {
		return plus(d.inputs(g.sandboxed), g.known(op.Name()))
	}
	st := g.stories[op.Name()]
	id := ""
	if st.before != nil {
		id = st.before(g.sandboxed)
	}
	if st.create != nil {
		st.create(g.sandboxed, id)
	}
	g.made = id
	if op.List && !g.sparse {
		g.crowd(op.Key)
	}
	text := strings.NewReplacer("$id", id, "$contact", contact(g.sandboxed)).Replace(st.with)
	in := map[string]any{}
	g.must(yaml.Unmarshal([]byte("{"+text+"}"), &in))
	if op.Poll != nil && op.Poll.Parents != nil {
		in[op.Poll.Parents.Input] = g.parent(op.Poll.Parents.Input)
	}
	return plus(in, g.known(op.Name()))
}

// parent is the record of another list that has most of what hangs on such records.
func (g *ground) parent(input string) string {
	switch input {
	case "calendarId":
		return calendarID
	case "conversationId":
		return "sandboxConversation1"
	case "blogId":
		return "sandboxBlog000000001"
	case "emailId":
		return g.automatic()
	}
	return contact(g.sandboxed)
}

// crowd makes more records that a list shows, so that it has pages.
func (g *ground) crowd(operation string) {
	n := 2
	if operation == "message.export" {
		n = 12 // its smallest page has ten
	}
	for i := range n {
		if add := g.makers()[operation]; add != nil {
			add(strconv.Itoa(i + 1))
		}
	}
}

// makers are ways to make a record that a list shows, and that differs from the others by
// a word.
func (g *ground) makers() map[string]func(word string) {
	all := map[string]func(word string){}
	for _, some := range []map[string]func(word string){g.makersOfPeople(), g.makersOfSetup(), g.makersOfCalendars(), g.makersOfSales(), g.makersOfLists(), g.makersOfPayments()} {
		maps.Copy(all, some)
	}
	return all
}

// write carries out a write of the ground's connector.
func (g *ground) write(operation string, in map[string]any) {
	g.t.Helper()
	_, err := g.try(g.connector, operation, in)
	g.must(err)
}

func (g *ground) makersOfPeople() map[string]func(word string) {
	s := g.sandboxed
	user := func(word string) {
		g.write("user.create", plus(newUser(), map[string]any{"email": "uma" + word + "@example.com"}))
	}
	task := func(string) { makePart(s, "task", newTask()) }
	return map[string]func(word string){
		"contact.list_by_business": func(string) { s.world.AddContact(map[string]any{"businessId": "b1"}) },
		"contact.note.list":        func(string) { makePart(s, "note", newNote()) },
		"contact.task.list":        task,
		"task.search":              task,
		"business.list":            func(string) { g.write("business.create", newBusiness()) },
		"user.search":              user,
		"user.list_by_location":    user,
		"user.filter_by_email":     user,
	}
}

func (g *ground) makersOfSetup() map[string]func(word string) {
	s := g.sandboxed
	kept := func(kind string, fields map[string]any) func(string) {
		return func(string) { s.keep(kind, maps.Clone(fields)) }
	}
	asked := func(path string, fields map[string]any) func(string) {
		return func(word string) { s.ask("POST", s.below(path), plus(fields, map[string]any{"name": "Other " + word})) }
	}
	association := func(word string) {
		g.write("association.create", plus(mentor(), map[string]any{"key": "mentor" + word}))
	}
	return map[string]func(word string){
		"custom_field.list":              asked("/customFields", map[string]any{"dataType": "NUMERICAL"}),
		"custom_value.list":              asked("/customValues", map[string]any{"value": "x"}),
		"tag.list":                       asked("/tags", map[string]any{}),
		"workflow.list":                  kept("workflow", map[string]any{"name": "Reminder", "status": "draft"}),
		"campaign.list":                  kept("campaign", map[string]any{"name": "Summer", "status": "draft"}),
		"snapshot.list":                  kept("snapshot", map[string]any{"name": "Gym", "type": "own"}),
		"blog.site.list":                 kept("blog", map[string]any{"name": "Recipes"}),
		"blog.author.list":               kept("blog_author", map[string]any{"name": "Bea"}),
		"blog.category.list":             kept("blog_category", map[string]any{"label": "Food"}),
		"blog.post.list":                 func(word string) { post(s, "hello-"+word) },
		"location.search":                func(string) { newLocation(s) },
		"association.list":               association,
		"association.list_by_object_key": association,
		"relation.list_by_record": func(word string) {
			g.write("relation.create", map[string]any{"associationId": g.made, "firstRecordId": contact(s), "secondRecordId": "course9" + word})
		},
	}
}

func (g *ground) makersOfCalendars() map[string]func(word string) {
	s := g.sandboxed
	appointment := func(word string) {
		g.write("appointment.create", booking(s, map[string]any{"startTime": "2027-03-0" + word + "T10:00:00Z", "ignoreFreeSlotValidation": true}))
	}
	near := func(word string) {
		g.write("appointment.create", booking(s, map[string]any{"startTime": "2000-01-03T1" + word + ":30:00-06:00"}))
	}
	return map[string]func(word string){
		"calendar.list": func(string) { g.write("calendar.create", newCalendar()) },
		"calendar_group.list": func(word string) {
			g.write("calendar_group.create", plus(newGroup(), map[string]any{"slug": "rooms" + word}))
		},
		"calendar_notification.list": func(string) { makeNotice(s) },
		"calendar_resource.list":     func(string) { makeRoom(s) },
		"calendar_event.list":        near,
		"contact.appointment.list":   appointment,
		"blocked_slot.list":          func(string) { g.write("block_slot.create", newBlock()) },
		"appointment_note.list": func(string) {
			g.write("appointment_note.create", map[string]any{"appointmentId": g.made, "body": "Late."})
		},
	}
}

func (g *ground) makersOfSales() map[string]func(word string) {
	s := g.sandboxed
	opportunity := func(word string) {
		who := s.world.AddContact(map[string]any{"firstName": "Ann"})
		g.write("opportunity.create", plus(newOpportunity(s), map[string]any{"name": "Party " + word, "contactId": who}))
	}
	message := func(string) { say(s) }
	return map[string]func(word string){
		"opportunity.search":        opportunity,
		"opportunity.search_legacy": opportunity,
		"pipeline.list":             func(word string) { s.world.SetPipeline("p2"+word, "Suppliers", "s1") },
		"conversation.search": func(word string) {
			who := s.world.AddContact(map[string]any{"firstName": "Cleo " + word})
			pass(time.Second) // its pages go on by the time of the last message
			s.ask("POST", "/conversations/", map[string]any{"locationId": s.at.LocationID, "contactId": who})
		},
		"conversation.message.list": message,
		"message.export":            message,
	}
}

// makersOfLists are those of Stibee.
func (g *ground) makersOfLists() map[string]func(word string) {
	return map[string]func(word string){
		"subscriber.list": func(word string) { g.subscribe("ben" + word + "@example.com") },
		"group.list": func(word string) {
			g.write("group.create", map[string]any{"listId": g.at.ListID, "name": "Others " + word})
		},
		"list.list": func(string) { g.write("list.create", newList()) },
		"sender.list": func(word string) {
			g.write("sender.add", map[string]any{"listId": g.at.ListID, "email": "ben" + word + "@example.com"})
		},
		"email.list": func(word string) { g.draft("News " + word) },
		"email.logs": func(string) { g.greet("ann@example.com") },
	}
}

// subscribe puts an address on the list that is there and returns it.
func (g *ground) subscribe(email string) string {
	g.t.Helper()
	g.write("subscriber.add", map[string]any{"listId": g.at.ListID, "email": email})
	return email
}

// newList is what a mailing list is made of.
func newList() map[string]any {
	return map[string]any{"name": "News", "senderName": "Ann", "companyName": "Ann & Co", "companyContact": "a@example.com", "companyAddress": "1 Example Street"}
}

// known are the inputs of what neither a deed nor a story tells enough of.
func (g *ground) known(operation string) map[string]any {
	if key, ok := strings.CutPrefix(operation, "stibee."); ok {
		return g.knownOfLists(key)
	}
	switch operation {
	case "stax.customer.find":
		return map[string]any{"email": "sandy.box@example.com"}
	case "stax.customer.find_by_name":
		return map[string]any{"firstname": "Sandy", "lastname": "Box"}
	case "highlevel.contact.find":
		return map[string]any{"email": g.mailOf(contact(g.sandboxed))}
	case "highlevel.user.filter_by_email":
		return map[string]any{"emails": "uma.day@example.com,uma1@example.com,uma2@example.com"}
	case "highlevel.contact.task.create":
		return map[string]any{"body": "Bring the papers."}
	}
	return map[string]any{}
}

// mailOf is the address of a contact.
func (g *ground) mailOf(id string) string {
	fields, _ := g.world.Contact(id)
	email, _ := fields["email"].(string)
	return email
}

// knownOfLists are the inputs of Stibee's operations.
func (g *ground) knownOfLists(operation string) map[string]any {
	in := map[string]any{}
	switch operation {
	case "subscriber.list", "subscriber.count", "group.list", "sender.list", "list.get":
		in["listId"] = g.at.ListID
	case "subscriber.find":
		g.join(oddly)
		in["listId"], in["email"] = g.at.ListID, oddly
	case "email.get", "email.content.get":
		in["emailId"] = g.draft("News")
	}
	return in
}

// readings are the reads that show what a write has done.
func (g *ground) readings(op *connectors.Operation, in map[string]any) []conformance.Reading {
	read := func(operation string, inputs map[string]any) []conformance.Reading {
		return []conformance.Reading{{Operation: operation, Inputs: inputs}}
	}
	switch op.Name() {
	case "highlevel.contact.upsert":
		return read("contact.search", nil)
	case "highlevel.contact.tag.bulk_update", "highlevel.contact.business.bulk_update":
		return read("contact.get", of(g.sandboxed, nil))
	case "highlevel.calendar_group.update", "highlevel.calendar_group.set_status", "highlevel.calendar_group.delete":
		return read("calendar_group.list", nil)
	case "highlevel.blog.post.update":
		return read("blog.post.list", map[string]any{"blogId": in["blogId"]})
	case "highlevel.relation.delete":
		return read("relation.list_by_record", map[string]any{"recordId": contact(g.sandboxed)})
	case "highlevel.appointment_note.update", "highlevel.appointment_note.delete":
		return read("appointment_note.list", map[string]any{"appointmentId": in["appointmentId"]})
	case "highlevel.block_slot.update":
		return read("blocked_slot.list", nearby())
	case "stax.item.update", "stax.item.delete":
		return read("item.list", nil)
	case "stax.webhook.delete":
		return read("webhook.list", nil)
	case "stibee.subscriber.upsert", "stibee.subscriber.batch_upsert", "stibee.subscriber.update", "stibee.subscriber.unsubscribe":
		return read("subscriber.list", map[string]any{"listId": in["listId"]})
	case "stibee.group.update", "stibee.group.delete":
		return read("group.list", map[string]any{"listId": in["listId"]})
	case "stibee.sender.delete":
		return read("sender.list", map[string]any{"listId": in["listId"]})
	case "stibee.email.tag.assign", "stibee.email.tag.release":
		return read("email.list", map[string]any{"tagIds": in["tagIds"]})
	}
	return nil
}

// shelf has one file under every reference.
type shelf struct{}

func (shelf) Keep(context.Context, connectors.File) (string, error) { return "file:kept", nil }
func (shelf) Check(string) error                                    { return nil }

func (shelf) Fetch(context.Context, string) (connectors.File, error) {
	return connectors.File{Type: "audio/x-wav", Title: "call.wav", Data: []byte("RIFF")}, nil
}
