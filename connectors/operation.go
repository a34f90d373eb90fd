package connectors

import (
	"time"

	"github.com/pollux-automation/pollux/connectors/schema"
)

// OperationKind tells whether an operation changes something at the service.
type OperationKind string

// The kinds of operations.
const (
	Read  OperationKind = "read"
	Write OperationKind = "write"
)

// Operation is something a connector can do when asked.
type Operation struct {
	Connector   string // key of the connector it belongs to
	Key         string // "contact.note.create"
	Title       string // the name under which the service or the catalog knows it
	Description string
	Kind        OperationKind
	Method      string
	Path        string
	Version     string   // the service's API version; may be empty
	Scopes      []string // rights that the credential needs
	// Token is the audience of the token that the operation needs, as the connector names
	// it; empty means the account's usual one. It matters where one sign-in has several.
	Token  string
	Inputs []Input
	// Answer is the object that the operation returns or lists; nil when the
	// answer has no described shape.
	Answer *schema.Object
	// List is true when the answer is a list that is read page by page.
	List bool
	// Split is true for a list of whose rows the connector makes other records: a page may
	// hold more of them than were asked for, or none.
	Split bool
	// Poll tells how changes in the list are found; nil when it cannot be polled.
	Poll *Poll
	// Repeat tells whether a write may be sent twice; empty for reads.
	Repeat Repeat
	// Find tells how a lost write is looked up; nil unless Repeat is RepeatFind.
	Find *Find
	// Idempotency tells where a write takes a key by which the service knows a
	// repetition; nil when it takes none. The engine gives the id of the effect with
	// [WithKey] on every attempt; recipes cannot set it.
	Idempotency *Idempotency
	// Target is the read that shows what a write is about to change; nil when there
	// is none.
	Target *Target
	// Composed tells of which operations this one is made; nil for those with a request of
	// their own.
	Composed *Composed
	// Danger tells what cannot be undone; empty for most operations.
	Danger Danger
	// Deprecated says what to use instead; empty when the operation is current.
	Deprecated string
	// Notes tell what is uncertain or surprising, as the manifest states it.
	Notes []string
	// Form is what the connector itself knows of an operation that its inputs gave its form
	// ([Shaper]). Nobody else looks inside; nil for all others.
	Form any
}

// Composed is what an operation is made of, by the keys of other operations: a read, and
// for a write exactly one write after it. A read that is composed walks a list until a
// record fits; without one its answer is nil.
type Composed struct {
	Read string
	// Found and Absent are the writes for a record that the read has shown, and for none;
	// empty where there is no such write.
	Found, Absent string
	// Append is true for a write that adds an entry to a text of the record.
	Append bool
	// Looks is true for a write that can be carried out anew once the service had time to
	// show what a lost one has made: then its own read finds that, and the write for what is
	// there is safe to repeat.
	Looks bool
}

// Name returns the operation's full name, "highlevel.contact.update".
func (o *Operation) Name() string { return o.Connector + "." + o.Key }

// Input is one value that an operation takes.
type Input struct {
	schema.Field
	// In is where the value goes: path, query, header or body; empty for one that is only
	// compared, by a [Composed] operation.
	In string
	// Setting names the account setting that fills the input when a recipe does
	// not give it; empty means none.
	Setting string
	// Paging is true for inputs that only paging, polling or the engine fill; recipes
	// cannot set them.
	Paging bool
	// File is true for an input that takes the reference to a file ([Files]); the service
	// gets the file itself.
	File bool
	// Whole is true for an input that is all of its place: the whole path, the whole body,
	// or an object whose members are values of the query or headers.
	Whole bool
	// Shapes is true for an input that gives the operation its form and is not sent
	// ([Shaper]). Recipes give it as a constant.
	Shapes bool
}

// Idempotency is where a write takes its key: either an input or a header.
type Idempotency struct {
	Input  string
	Header string
}

// Target is a read of the one record that a write is about to change.
type Target struct {
	Operation string
	// With maps inputs of the read to inputs of the write, by name.
	With map[string]string
}

// Strategy names a way of finding changes; the package triggers has the code.
type Strategy string

// The strategies that a manifest may declare.
const (
	// Keyset is for lists that sort and filter by the time of the last update.
	Keyset Strategy = "keyset"
	// Newest is for lists that are sorted by a time, newest first, and cannot be
	// asked from a time on.
	Newest Strategy = "newest"
	// Snapshot is for lists that must be read whole and compared, and for single
	// objects.
	Snapshot Strategy = "snapshot"
	// FanOut is for lists that must be asked for once for every record of another
	// list.
	FanOut Strategy = "fan_out"
)

// Poll tells how changes in a list are found.
type Poll struct {
	Strategy Strategy
	// Overlap is how late the service may show a change; the watermark is asked
	// again by so much. 0 means the engine's default.
	Overlap time.Duration
	// PageSize is how many records a poll asks for at once.
	PageSize int
	// Offsets is true for lists that page by counting rows, where a position is
	// worth nothing once rows have come or gone.
	Offsets bool
	// By is the field of a record that holds the time of [Record.At]: the one by
	// which a list of the strategy Newest is sorted, or that lies in the Window.
	// Empty for lists that have neither.
	By string
	// Window is set for lists that only show what lies in a window of time.
	Window *Window
	// Parents tells whose records a list of the strategy FanOut is asked for; nil
	// for all others.
	Parents *Parents
	// Confirm tells how to learn whether a record that a list does not show any
	// more is gone; nil means that a second walk must tell.
	Confirm *Confirm
	// Instead is the key of an operation to watch where the service does not keep what
	// this one needs of it, e.g. the order; empty for none. Errors name it.
	Instead string
}

// Window is a piece of time that moves with the clock.
type Window struct {
	Back, Ahead time.Duration // from now
}

// Parents tells where the records come from that a list belongs to.
type Parents struct {
	// Operation is the key of a list of the same connector; it can be polled.
	Operation string
	// Input is the input that takes the id of a record of that list. Recipes
	// cannot set it.
	Input string
}

// Confirm is a read of one record by its id. A record is gone if the read finds
// none.
type Confirm struct {
	Operation string // a read of the same connector that answers one object
	Input     string // its input that takes the id
}

// Repeat tells what may be done when it is unknown whether a write arrived.
type Repeat string

// The repeat rules.
const (
	// RepeatSafe writes leave one effect however often they are sent.
	RepeatSafe Repeat = "safe"
	// RepeatFind writes can be looked up; they are sent again only if the lookup
	// shows that they did not arrive.
	RepeatFind Repeat = "find"
	// RepeatNever writes are parked for a person when they may have arrived.
	RepeatNever Repeat = "never"
)

// Find tells how to learn whether a write that lost its answer was carried out.
type Find struct {
	// Operation is the key of a read of the same connector that lists what the
	// write would have made.
	Operation string
	// With maps inputs of the read to inputs of the write, by name.
	With map[string]string
	// Match is the input of the write whose text must come back in a field of
	// the same name. A record proves the write only if that text contains the
	// run's id, or if the record was created after the intent.
	Match string
	// Settle is how long after the intent a lookup can be trusted.
	Settle time.Duration
}
