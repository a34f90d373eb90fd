package triggers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// Entry is what a feed knows of one record: an element of its seen-set.
type Entry struct {
	// Revision counts the record's changes, from 1.
	Revision uint32
	// Ordinal is the record's number within its feed, from 1, never reused.
	Ordinal uint32
	// Walk is the number of the walk that wrote the entry.
	Walk uint32
	// Deleted is true for a record that was found to be gone.
	Deleted bool
	// Missing is the number of the first complete walk that did not show the record;
	// 0 when the last one did.
	Missing uint32
	// At is the time of the record that decides whether it lies in the feed's window;
	// zero for feeds without one. Millisecond precision is stored.
	At time.Time
	// UpdatedAt is the service's own time of the last version seen; zero when it
	// has none. Millisecond precision is stored.
	UpdatedAt time.Time
	// Rule is the rule under which the fingerprint was taken.
	Rule uint32
	// Fingerprint is taken over the normalised fields, Raw over the bytes sent.
	Fingerprint connectors.Hash
	Raw         connectors.Hash
	// Decisions are the last decision of each subscription about the record.
	Decisions []Decision
	// Body is the last version as JSON, as it was sent; nil unless the feed keeps
	// bodies.
	Body []byte
}

// Decision is what one subscription decided about one revision of a record.
type Decision struct {
	Subscription uint32 // the subscription's number
	Revision     uint32
	Verdict      Verdict
	Run          uint64 // sequence number of the last run that the subscription made for the record; 0 for none
}

// Verdict is the outcome of a decision.
type Verdict uint8

// The verdicts. The numbers are stored.
const (
	Accepted      Verdict = 1 // a run was queued
	BeforeStart   Verdict = 2 // older than the subscription's start
	WrongKind     Verdict = 3 // the trigger does not want this kind of change
	NotWatched    Verdict = 4 // no watched field changed
	Filtered      Verdict = 5 // the filter said no
	FilterFailed  Verdict = 6 // the filter could not be evaluated; a run was queued and failed
	HeldForReview Verdict = 7 // a run was queued as held
	OutOfScope    Verdict = 8 // neither the former version nor this one is in the scope
	OtherParent   Verdict = 9 // the recipe does not watch the records of this parent
)

// String returns the verdict as a person reads it.
func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "accepted"
	case BeforeStart:
		return "older than the start"
	case WrongKind:
		return "kind not wanted"
	case NotWatched:
		return "no watched field changed"
	case Filtered:
		return "filtered out"
	case FilterFailed:
		return "filter failed"
	case HeldForReview:
		return "held"
	case OutOfScope:
		return "out of scope"
	case OtherParent:
		return "parent not watched"
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// entryVersion is the first byte of every entry that is written. Version 1 had no
// optional parts.
const entryVersion = 2

// entryHead is the size of the fixed part: version, flags, revision, ordinal,
// walk, rule, updated time, fingerprint, raw hash, number of decisions.
const entryHead = 1 + 1 + 4 + 4 + 4 + 4 + 8 + 16 + 16 + 2

// decisionSize is the size of one stored decision.
const decisionSize = 4 + 4 + 1 + 8

// The flags of an entry. The optional parts stand between the head and the decisions,
// in this order.
const (
	flagDeleted = 1 << iota
	flagMissing // 4 bytes
	flagAt      // 8 bytes
)

// ErrEntry is returned for bytes that are not a stored entry of a known version.
var ErrEntry = errors.New("not a seen entry")

// AppendBinary appends the entry's stored form: a fixed head, the optional parts, the
// decisions, and the body as the rest.
func (e *Entry) AppendBinary(b []byte) ([]byte, error) {
	if len(e.Decisions) > 1<<16-1 {
		return nil, fmt.Errorf("%d decisions on one record: %w", len(e.Decisions), ErrEntry)
	}
	var flags byte
	if e.Deleted {
		flags |= flagDeleted
	}
	if e.Missing != 0 {
		flags |= flagMissing
	}
	if !e.At.IsZero() {
		flags |= flagAt
	}
	b = append(b, entryVersion, flags)
	b = binary.BigEndian.AppendUint32(b, e.Revision)
	b = binary.BigEndian.AppendUint32(b, e.Ordinal)
	b = binary.BigEndian.AppendUint32(b, e.Walk)
	b = binary.BigEndian.AppendUint32(b, e.Rule)
	b = binary.BigEndian.AppendUint64(b, millis(e.UpdatedAt))
	b = append(b, e.Fingerprint[:]...)
	b = append(b, e.Raw[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Decisions))) //nolint:gosec // bounded above
	if e.Missing != 0 {
		b = binary.BigEndian.AppendUint32(b, e.Missing)
	}
	if !e.At.IsZero() {
		b = binary.BigEndian.AppendUint64(b, millis(e.At))
	}
	for _, d := range e.Decisions {
		b = binary.BigEndian.AppendUint32(b, d.Subscription)
		b = binary.BigEndian.AppendUint32(b, d.Revision)
		b = append(b, byte(d.Verdict))
		b = binary.BigEndian.AppendUint64(b, d.Run)
	}
	return append(b, e.Body...), nil
}

// UnmarshalBinary reads what AppendBinary wrote. The entry keeps no reference to
// the argument. The error wraps [ErrEntry].
func (e *Entry) UnmarshalBinary(b []byte) error {
	if len(b) < entryHead {
		return fmt.Errorf("%d bytes, want at least %d: %w", len(b), entryHead, ErrEntry)
	}
	if b[0] != entryVersion && b[0] != 1 {
		return fmt.Errorf("version %d, want 1 or %d: %w", b[0], entryVersion, ErrEntry)
	}
	*e = Entry{
		Deleted:   b[1]&flagDeleted != 0,
		Revision:  binary.BigEndian.Uint32(b[2:]),
		Ordinal:   binary.BigEndian.Uint32(b[6:]),
		Walk:      binary.BigEndian.Uint32(b[10:]),
		Rule:      binary.BigEndian.Uint32(b[14:]),
		UpdatedAt: fromMillis(binary.BigEndian.Uint64(b[18:])),
	}
	copy(e.Fingerprint[:], b[26:])
	copy(e.Raw[:], b[42:])
	n, flags := int(binary.BigEndian.Uint16(b[58:])), b[1]
	b = b[entryHead:]
	if flags&flagMissing != 0 {
		if len(b) < 4 {
			return fmt.Errorf("cut short: %w", ErrEntry)
		}
		e.Missing, b = binary.BigEndian.Uint32(b), b[4:]
	}
	if flags&flagAt != 0 {
		if len(b) < 8 {
			return fmt.Errorf("cut short: %w", ErrEntry)
		}
		e.At, b = fromMillis(binary.BigEndian.Uint64(b)), b[8:]
	}
	if len(b) < n*decisionSize {
		return fmt.Errorf("cut short in %d decisions: %w", n, ErrEntry)
	}
	for range n {
		e.Decisions = append(e.Decisions, Decision{
			Subscription: binary.BigEndian.Uint32(b),
			Revision:     binary.BigEndian.Uint32(b[4:]),
			Verdict:      Verdict(b[8]),
			Run:          binary.BigEndian.Uint64(b[9:]),
		})
		b = b[decisionSize:]
	}
	if len(b) > 0 {
		e.Body = append([]byte(nil), b...)
	}
	return nil
}

// Decide notes a subscription's decision, in place of its former one.
func (e *Entry) Decide(d Decision) {
	for i := range e.Decisions {
		if e.Decisions[i].Subscription == d.Subscription {
			e.Decisions[i] = d
			return
		}
	}
	e.Decisions = append(e.Decisions, d)
}

// Decision returns the last decision of a subscription about the record.
func (e *Entry) Decision(subscription uint32) (Decision, bool) {
	for _, d := range e.Decisions {
		if d.Subscription == subscription {
			return d, true
		}
	}
	return Decision{}, false
}

// millis stores a time as milliseconds since 1970, 0 for none.
func millis(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixMilli())
}

func fromMillis(ms uint64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC() //nolint:gosec // written from int64
}
