package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// Snapshot finds changes in a list that can only be read whole: every poll walks
// it from end to end and compares each record with its last fingerprint. A single
// object is a list of one.
//
// Rows that move between pages while the list is read may be seen twice, which
// changes nothing, or not at all, which the next walk mends.
type Snapshot struct{ alone }

// Name returns "snapshot".
func (Snapshot) Name() connectors.Strategy { return connectors.Snapshot }

// Begin resumes the interrupted walk or begins a new one over the whole list.
func (Snapshot) Begin(s State, o Options, now time.Time) (State, bool) {
	if w := resume(s.Walk, o, now); w != nil {
		s.Walk = w
		return s, true
	}
	s.Walk = s.begin(o, time.Time{}, now)
	return s, true
}

// BeginSide begins nothing: every walk is one over the whole list.
func (Snapshot) BeginSide(s State, _ Options, _ time.Time) (State, bool) { return s, false }

// Detect compares a page.
func (Snapshot) Detect(in Input) (Delta, error) {
	d, err := newDetector(in)
	if err != nil {
		return Delta{}, err
	}
	for _, r := range in.Page.Records {
		if err := d.row(r); err != nil {
			return Delta{}, err
		}
	}
	done := in.Page.Next == ""
	if done {
		d.state.endFull(d.walk)
		d.state.Walk = nil
	}
	return d.delta(done), nil
}
