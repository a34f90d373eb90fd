package sandbox

import (
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// What the packages of the services define and users of a sandbox need.
type (
	// Limit is how many requests a service takes.
	Limit = service.Limit
	// Fault is one rule of misbehaviour.
	Fault = service.Fault
	// FaultKind names a way to misbehave.
	FaultKind = service.FaultKind
	// Write is one write that a service has carried out.
	Write = service.Write
	// Note is a note on a contact.
	Note = highlevel.Note
	// Subscriber is a subscriber of a list.
	Subscriber = stibee.Subscriber
)

// The ways to misbehave; see the package service for what each does.
const (
	RateLimited = service.RateLimited
	ServerError = service.ServerError
	Slow        = service.Slow
	Cut         = service.Cut
	Lost        = service.Lost
	Broken      = service.Broken
	Half        = service.Half
	Stuck       = service.Stuck
	Unsorted    = service.Unsorted
	Unfiltered  = service.Unfiltered
	Block       = service.Block
	Keyed       = service.Keyed
)

// StibeePlans are the plans that Stibee's workspace may have, the smallest first.
func StibeePlans() []string { return wire.Plans() }

// FaultKinds are all ways to misbehave.
func FaultKinds() []FaultKind { return service.FaultKinds() }

// ErrUnknownContact is returned for the id of a contact that does not exist.
var ErrUnknownContact = highlevel.ErrUnknownContact

// AddContact adds a contact with some fields and returns its id. Names are those
// of a contact's body ("firstName", "email", "tags").
func (s *Sandbox) AddContact(fields map[string]any) string { return s.highlevel.AddContact(fields) }

// UpdateContact writes some fields of a contact. The error is [ErrUnknownContact].
func (s *Sandbox) UpdateContact(id string, fields map[string]any) error {
	return s.highlevel.UpdateContact(id, fields)
}

// SetUpdated writes a contact again with an updated time of the caller's choice,
// for tests of late, equal and future times. The error is [ErrUnknownContact].
func (s *Sandbox) SetUpdated(id string, updated time.Time) error {
	return s.highlevel.SetUpdated(id, updated)
}

// DeleteContact deletes a contact. The error is [ErrUnknownContact].
func (s *Sandbox) DeleteContact(id string) error { return s.highlevel.DeleteContact(id) }

// Contact returns the fields of a contact; ok is false for an unknown one.
func (s *Sandbox) Contact(id string) (fields map[string]any, ok bool) { return s.highlevel.Contact(id) }

// Contacts returns the ids of all contacts, in the order in which they came until
// the first one was deleted.
func (s *Sandbox) Contacts() []string { return s.highlevel.Contacts() }

// Notes returns the notes on a contact, oldest first.
func (s *Sandbox) Notes(contactID string) []Note { return s.highlevel.Notes(contactID) }

// SetPipeline adds a pipeline with some stages to HighLevel, or gives the one with that id
// another name and other stages. No operation of the service writes pipelines.
func (s *Sandbox) SetPipeline(id, name string, stages ...string) {
	s.highlevel.SetPipeline(id, name, stages...)
}

// DeletePipeline takes a pipeline of HighLevel away. Its opportunities stay.
func (s *Sandbox) DeletePipeline(id string) { s.highlevel.DeletePipeline(id) }

// Subscribers returns the subscribers of a list in the order in which they came.
// An unknown list has none.
func (s *Sandbox) Subscribers(list string) []Subscriber { return s.stibee.Subscribers(list) }

// ArchiveSubscriber takes a subscriber of Stibee out as the service does after a hard
// bounce. The error says that the list does not have it.
func (s *Sandbox) ArchiveSubscriber(list, email string) error { return s.stibee.Archive(list, email) }

// ActOnEmail lets a subscriber of Stibee, or its mail server, do something with an e-mail
// that was delivered: F is a soft bounce, A a hard one, D an unsubscription, O an opening
// and C a click. value is the user agent or the address that was clicked. The error says
// what cannot be.
func (s *Sandbox) ActOnEmail(id int, email, action, value string) error {
	return s.stibee.Act(id, email, action, value)
}

// KeepThing writes a thing that people make in HighLevel's web app, because no call makes
// it: kind is "workflow", "campaign", "snapshot", "company", "blog", "blog_author",
// "blog_category", "blog_post", or what hangs on a message and has its id: "recording" (with
// a text as its sound) and "transcription" (text, a line for each sentence). Fields with the
// id of one that is there change it; others make a new one. It returns the id.
func (s *Sandbox) KeepThing(kind string, fields map[string]any) (id string, err error) {
	return s.highlevel.Keep(kind, fields)
}

// DiscardThing removes what [Sandbox.KeepThing] wrote, or what was there at the start.
func (s *Sandbox) DiscardThing(kind, id string) error { return s.highlevel.Discard(kind, id) }
