package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// Snapshot finds changes in a list that can only be read whole: every poll walks
// it from end to end and compares each record with its last fingerprint.
//
// Rows that move between pages while the list is read may be seen twice, which
// changes nothing, or not at all, which the next walk mends.
type Snapshot struct{}

// Name returns "snapshot".
func (Snapshot) Name() connectors.Strategy { return connectors.Snapshot }

// Begin resumes the interrupted walk or begins a new one over the whole list.
func (Snapshot) Begin(s State, o Options, now time.Time) State {
	if w := resume(s, o, now); w != nil {
		s.Walk = w
		return s
	}
	return begin(s, o, time.Time{}, now)
}

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
	if in.Page.Next != "" {
		return d.delta(false), nil
	}
	d.state.end()
	return d.delta(true), nil
}
