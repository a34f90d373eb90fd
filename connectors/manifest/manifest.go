package manifest

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Manifest is a connector as its folder describes it. It is read-only after
// [Read] and may be shared.
type Manifest struct {
	Key     string
	Title   string
	Docs    string
	BaseURL string // without a slash at its end
	// Headers are sent with every request.
	Headers map[string]string
	// VersionHeader names the header that carries an operation's version; empty
	// when the service has none.
	VersionHeader string
	Auth          []auth.Method
	Settings      []schema.Field
	Limits        []connectors.Limit
	Errors        Errors
	Check         Check
	Objects       []*schema.Object
	Operations    []*Operation
	Notes         []string
}

// Check is the call that shows whether a credential works.
type Check struct {
	Operation string
	With      map[string]any // inputs that the settings do not fill
}

// Errors says what the service's errors look like.
type Errors struct {
	// Code and Message are paths inside an error's body; the first that leads to
	// a value counts.
	Code    []string
	Message []string
	// Rules give errors their kind; the first that fits counts.
	Rules []Rule
}

// Rule gives an error its kind.
type Rule struct {
	Status int    // 0 fits every status
	Code   string // fits a code that is or ends in it, after a dot; empty fits every code
	Kind   connectors.Kind
	Hint   string // one sentence for the operator; may be empty
}

// Operation is what it takes to send an operation's request and to read its
// answer.
type Operation struct {
	// Spec is the part that everybody may see.
	Spec *connectors.Operation
	// At says where each input of Spec goes: a name in the query or among the
	// headers, or a place in the body (names with dots between them, "." for the
	// whole body).
	At map[string]string
	// Fixed is sent with every request.
	Fixed Fixed
	// Answer says where the answer's value stands.
	Answer Answer
	Paging Paging
	// Poll is nil for operations that cannot be polled.
	Poll *Poll
	// Rules are asked before those of the whole connector.
	Rules []Rule
	// Timeout bounds the whole call; 0 means the usual time.
	Timeout time.Duration
}

// Fixed is the part of a request that no input changes, unless one goes to the
// same place.
type Fixed struct {
	Body    any // nil without one
	HasBody bool
	Query   map[string]string
	Headers map[string]string
}

// Answer says where the value of an answer stands.
type Answer struct {
	// Paths lead to the list or the object, first come first; "." is the whole
	// answer. Empty means that the answer's content is of no interest.
	Paths []string
	// Optional is true when the value may be missing: then it is nil.
	Optional bool
}

// Style is a way of reading a list page by page.
type Style string

// The styles of paging.
const (
	NoPaging Style = "none"
	Cursor   Style = "cursor"    // values of the last answer go into the next request
	Numbered Style = "page"      // the number of the page
	Offset   Style = "offset"    // the number of records before the page
	NextLink Style = "next_link" // the answer holds the query of the next request
)

// Paging says how a list is read page by page.
type Paging struct {
	Style Style
	// SizeInput takes the number of records wanted; empty when it is not asked
	// for. Size is used when nobody asks for a number, MaxSize is the most that
	// the service gives.
	SizeInput string
	Size      int
	MaxSize   int
	// Carry says which inputs of the next request come from where; only Cursor.
	Carry []Carry
	// Input takes the number of the page or of the records; First is the number
	// of the first page. Only Numbered and Offset.
	Input string
	First int
	// Link leads to the address of the next page; only NextLink.
	Link []string
	// Last tells the last page from the others.
	Last LastPage
	// Total leads to the number of records in the whole list; may be empty.
	Total []string
}

// LastPage is a rule that tells the last page of a list.
type LastPage string

// The rules for the last page. With each of them a page whose answer holds no
// position for the next one is the last.
const (
	ShortIsLast  LastPage = "short"   // fewer records than asked for
	EmptyIsLast  LastPage = "empty"   // no record
	NoNextIsLast LastPage = "no_next" // only the missing position tells
)

// Carry takes a value from an answer into the next request.
type Carry struct {
	Input string
	// Last is true for a path inside the last record of the page, false for one
	// inside the whole answer.
	Last bool
	Path string
}

// Poll says how the list is asked for changes.
type Poll struct {
	// With are inputs that only polling sets, e.g. the sort order.
	With  map[string]any
	Since *Since // nil unless the strategy is keyset
}

// TimeFormat is a way to write a time into a request.
type TimeFormat string

// The formats of times in requests.
const (
	EpochMillis  TimeFormat = "epoch_ms"
	EpochSeconds TimeFormat = "epoch_s"
	RFC3339      TimeFormat = "rfc3339"
)

// SincePlaceholder stands for the time inside [Since.Value].
const SincePlaceholder = "$since"

// Since says how the lower bound of the updated time goes into a request.
type Since struct {
	Input  string
	Format TimeFormat
	// Value is what the input gets, with [SincePlaceholder] where the time goes.
	// A list is put behind the one that the input holds already.
	Value any
}

// Operation returns the operation with that key.
func (m *Manifest) Operation(key string) (*Operation, bool) {
	for _, o := range m.Operations {
		if o.Spec.Key == key {
			return o, true
		}
	}
	return nil, false
}

// Object returns the object with that key, nil without one.
func (m *Manifest) Object(key string) *schema.Object {
	for _, o := range m.Objects {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// Description returns what the connector says about itself. It is made anew with
// every call but shares its parts with the manifest.
func (m *Manifest) Description() *connectors.Description {
	d := &connectors.Description{
		Key: m.Key, Title: m.Title, Docs: m.Docs, BaseURL: m.BaseURL,
		Auth: m.Auth, Settings: m.Settings, Limits: m.Limits, Objects: m.Objects,
		CheckWith: m.Check.Operation, Notes: m.Notes,
	}
	for _, o := range m.Operations {
		d.Operations = append(d.Operations, o.Spec)
	}
	return d
}
