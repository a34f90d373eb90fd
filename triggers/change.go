package triggers

import "time"

// Kind tells what happened to a record.
type Kind string

// The kinds of change. The first three are found; a recipe with a scope is told the
// others instead.
const (
	Created Kind = "created"
	Updated Kind = "updated"
	Deleted Kind = "deleted"
	Entered Kind = "entered"
	Changed Kind = "changed"
	Left    Kind = "left"
)

// Change is a difference found between a record as it was last known and as it
// is now. It is immutable.
type Change struct {
	Kind   Kind
	Record string // the record's id
	// Parent is the id of the record that this one belongs to; empty for lists
	// without parents.
	Parent string
	// Revision is the record's counter after this change. It rises by one with
	// every change and is never derived from a hash or a time: a value that goes
	// A, B, A, B is four changes.
	Revision uint32
	// CreatedAt and UpdatedAt are the service's own times; zero when it has none.
	CreatedAt time.Time
	UpdatedAt time.Time
	// Before is the record as last known; nil when unknown or when the record is
	// new.
	Before map[string]any
	// BeforeKnown is false when the feed did not know the record's former body.
	// A created record has a known before: nothing.
	BeforeKnown bool
	// After is the record as it is now; on deletion the last known body.
	After map[string]any
	// Raw and RawBefore are After and Before as they were sent; RawBefore is nil
	// where Before is.
	Raw, RawBefore []byte
	// Fields are the names of the fields that changed, sorted; nil when before is
	// unknown, and on creation.
	Fields []string
}
