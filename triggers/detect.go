package triggers

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// detector compares the rows of one page with what is known. All strategies
// share it; they differ in how a walk begins, what they check and how it ends.
type detector struct {
	in      Input
	state   State
	walk    *Walk // the one in state that the page belongs to
	seen    map[string]Entry
	changes []Change
	rule    uint32
	buffer  []byte // for fingerprints
}

// newDetector takes the page into the walk.
func newDetector(in Input) (*detector, error) {
	d := &detector{in: in, state: in.State, seen: make(map[string]Entry), rule: in.Shape.Rule()}
	walk := in.State.Walk
	if in.Side {
		walk = in.State.Side
	}
	w := *walk // the input's walk stays as it is
	d.walk = &w
	if in.Side {
		d.state.Side = d.walk
	} else {
		d.state.Walk = d.walk
	}
	if err := w.turn(in.Page, in.Now); err != nil {
		return nil, err
	}
	if !in.Options.Bodies { // what changes now loses its body
		w.Bodies, d.state.Bodies = false, false
		if d.state.Side != nil && !in.Side {
			other := *d.state.Side
			other.Bodies = false
			d.state.Side = &other
		}
	}
	return d, nil
}

// endSide ends the walk over the whole list.
func (d *detector) endSide(done bool) {
	if done {
		d.state.endFull(d.walk)
		d.state.Side = nil
	}
}

func (d *detector) delta(done bool) Delta {
	return Delta{State: d.state, Seen: d.seen, Changes: d.changes, Done: done}
}

// key is the name of a record's entry.
func (d *detector) key(id string) string { return Key(d.in.Parent, id) }

// entry returns what is known of a record, what this page has shown included.
func (d *detector) entry(id string) (Entry, bool) {
	key := d.key(id)
	if e, ok := d.seen[key]; ok {
		return e, true
	}
	e, ok := d.in.Known[key]
	return e, ok
}

// row compares one record with its entry.
func (d *detector) row(r connectors.Record) error {
	if r.ID == "" {
		return walkErrorf("row %d has no id", d.walk.Rows)
	}
	r.Updated = r.Updated.Truncate(time.Millisecond) // the precision of entries
	raw := r.RawHash()
	e, known := d.entry(r.ID)
	if known && !e.Deleted {
		if e.Raw == raw {
			d.refresh(r, e)
			return nil
		}
		if r.Updated.Before(e.UpdatedAt) && !d.impossible(e.UpdatedAt) {
			d.state.Stale++
			return nil
		}
	}
	fields, err := d.in.Shape.Decode(r.Raw)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	next := d.next(r, e, raw, d.fingerprint(fields))
	if !known || e.Deleted {
		d.created(r, fields, next)
		return nil
	}
	return d.updated(r, fields, next, e)
}

// clockSlack is how far the clocks of one service may be apart.
const clockSlack = time.Minute

// impossible reports whether a stored time lies in the service's future. Nothing
// changed then: a row with an earlier time is its correction, not an older version.
func (d *detector) impossible(t time.Time) bool {
	now := d.in.Page.Date
	if now.IsZero() {
		now = d.in.Now
	}
	return t.After(now.Add(clockSlack))
}

// next returns the entry that the record will have, the revision not yet raised.
func (d *detector) next(r connectors.Record, e Entry, raw, content connectors.Hash) Entry {
	e.Walk = d.walk.Number
	e.Missing = 0
	e.Rule = d.rule
	e.UpdatedAt = r.Updated.UTC()
	e.At = d.at(r)
	e.Raw = raw
	e.Fingerprint = content
	e.Decisions = slices.Clone(e.Decisions)
	e.Body = nil
	if d.in.Options.Bodies {
		e.Body = r.Raw
	}
	return e
}

// at is the time that decides whether a record lies in a window.
func (d *detector) at(r connectors.Record) time.Time {
	if d.walk.Window == nil {
		return time.Time{}
	}
	return r.At.UTC()
}

// refresh gives an unchanged record what its entry lacks: its body, and the word that
// it is still there.
func (d *detector) refresh(r connectors.Record, e Entry) {
	bare := d.in.Options.Bodies && e.Body == nil
	if !bare && e.Missing == 0 {
		return
	}
	if bare {
		e.Body = r.Raw
	}
	e.Missing = 0
	d.seen[d.key(r.ID)] = e
}

// late notes how late a change showed up: it is older than the last complete walk
// that should have seen it.
func (d *detector) late(r connectors.Record) {
	if d.state.Baseline && !r.Updated.IsZero() && r.Updated.Before(d.in.State.SeenAt) {
		d.state.Late.note(d.in.State.SeenAt.Sub(r.Updated))
	}
}

// created notes a record that is new to the feed, or back after it was gone.
func (d *detector) created(r connectors.Record, fields map[string]any, next Entry) {
	if next.Ordinal == 0 {
		d.state.Ordinals++
		next.Ordinal = d.state.Ordinals
	}
	d.state.Records++
	next.Deleted = false
	next.Revision++
	d.seen[d.key(r.ID)] = next
	d.late(r)
	d.changes = append(d.changes, Change{
		Kind: Created, Record: r.ID, Parent: d.in.Parent, Revision: next.Revision,
		CreatedAt: r.Created, UpdatedAt: r.Updated,
		BeforeKnown: true, After: fields, Raw: r.Raw,
	})
}

// updated notes a known record whose bytes differ, as a change or as learnt.
func (d *detector) updated(r connectors.Record, fields map[string]any, next, old Entry) error {
	before, err := d.before(old)
	if err != nil {
		return fmt.Errorf("last known body of record %s: %w", r.ID, err)
	}
	if !d.differs(next, old, before) {
		d.seen[d.key(r.ID)] = next
		return nil
	}
	next.Revision++
	d.seen[d.key(r.ID)] = next
	d.late(r)
	c := Change{
		Kind: Updated, Record: r.ID, Parent: d.in.Parent, Revision: next.Revision,
		CreatedAt: r.Created, UpdatedAt: r.Updated, After: fields, Raw: r.Raw,
	}
	if before != nil {
		c.Before, c.RawBefore, c.BeforeKnown = before, old.Body, true
		c.Fields = d.in.Shape.Changed(before, fields)
	}
	d.changes = append(d.changes, c)
	return nil
}

// before decodes the body of an entry; nil when it has none.
func (d *detector) before(e Entry) (map[string]any, error) {
	if e.Body == nil {
		return nil, nil //nolint:nilnil // no body is no error
	}
	return d.in.Shape.Decode(e.Body)
}

// differs reports whether two versions of a record differ in what counts. Under
// another rule fingerprints cannot be compared: the stored body decides if there
// is one, else the service's own time, else the record is learnt anew.
func (d *detector) differs(next, old Entry, before map[string]any) bool {
	if old.Rule == next.Rule {
		return old.Fingerprint != next.Fingerprint
	}
	if before != nil {
		return d.fingerprint(before) != next.Fingerprint
	}
	if next.UpdatedAt.IsZero() {
		d.state.Relearnt++
		return false
	}
	return next.UpdatedAt.After(old.UpdatedAt)
}

// fingerprint hashes what counts of a record.
func (d *detector) fingerprint(fields map[string]any) connectors.Hash {
	d.buffer = d.in.Shape.AppendComparable(d.buffer[:0], fields)
	sum := sha256.Sum256(d.buffer)
	return connectors.Hash(sum[:16])
}
