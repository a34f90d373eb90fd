package triggers

import (
	"fmt"
	"time"
)

// The bounds of [Refuses].
const (
	// DefaultRefuseOver is the part of the known records of which no more may be
	// missing at once.
	DefaultRefuseOver = 0.05
	// refuseFrom is how many records must be missing before a part of them counts: of
	// few records many can go in a day.
	refuseFrom = 20
)

// Refuses reports whether so many records are missing at once that the list is not to
// be believed: from 20 on, more than a part of those known, or all of them.
func Refuses(missing, records int, over float64) bool {
	return missing >= refuseFrom && (missing >= records || float64(missing) > over*float64(records))
}

// Absence is what follows from a complete walk that did not show a record.
type Absence int

// The kinds of absence.
const (
	// Unproven absences prove nothing: the record came while the walk went on, or is
	// gone already.
	Unproven Absence = iota
	// Missing records should have been shown.
	Missing
	// Passed records lie behind the window, or did before it moved: the list would not
	// show them.
	Passed
)

// Absent says what it means that a complete walk did not show a record. before is the
// window of the complete walk before it.
func Absent(e Entry, w *Walk, before *Window) Absence {
	switch {
	case e.Deleted || e.Ordinal > w.Ordinals:
		return Unproven
	case w.Window == nil || e.At.IsZero():
		return Missing
	case !w.Window.Contains(e.At):
		return Passed
	case before == nil || !before.Contains(e.At):
		return Unproven // it lay outside when it was last looked for
	}
	return Missing
}

// Sweep judges what a complete walk over the whole list did not show.
type Sweep struct {
	Walk    Walk
	Before  *Window // of the complete walk before it
	Present *Presence
	// Accepted is true when a person has said that what is missing is gone.
	Accepted bool
}

// Judge says what it means that the walk did not show a record; a record that it did
// show is Unproven.
func (s *Sweep) Judge(e Entry) Absence {
	if s.Present.Has(e.Ordinal) {
		return Unproven
	}
	return Absent(e, &s.Walk, s.Before)
}

// Proof is what a read by its id has said of a missing record.
type Proof int

// The proofs.
const (
	Unasked Proof = iota // there is no such read, or it could not be made
	There
	NotThere
)

// Settle returns the entry of a missing record as it is then, and whether the record
// counts as gone: when a read did not find it, when a person said so, or when an earlier
// complete walk missed it too and no read found it.
func (s *Sweep) Settle(e Entry, p Proof) (next Entry, gone bool) {
	switch {
	case p == There:
		e.Missing = 0
		return e, false
	case p == NotThere, s.Accepted, e.Missing != 0:
		if e.Missing == 0 {
			e.Missing = s.Walk.Number
		}
		return e, true
	}
	e.Missing = s.Walk.Number
	return e, false
}

// Gone returns the change that a record is gone, with its entry as it is then. bare is
// the record as JSON for one whose last body is not known.
func Gone(key string, e Entry, shape Shape, bare []byte) (Change, Entry, error) {
	parent, id := SplitKey(key)
	c := Change{Kind: Deleted, Record: id, Parent: parent, UpdatedAt: e.UpdatedAt, Raw: bare}
	if e.Body != nil {
		c.Raw, c.RawBefore, c.BeforeKnown = e.Body, e.Body, true
	}
	var err error
	if c.After, err = shape.Decode(c.Raw); err != nil {
		return c, e, fmt.Errorf("last known body of record %s: %w", id, err)
	}
	if c.BeforeKnown {
		c.Before = c.After
	}
	e.Revision++
	e.Deleted = true
	c.Revision = e.Revision
	return c, e, nil
}

// Forget returns the entry of a record that its window has passed by: it is not known
// any more, and nobody is told.
func Forget(e Entry) Entry {
	e.Deleted, e.Missing, e.At = true, 0, time.Time{}
	return e
}
