package triggers

import (
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// FanOut finds changes in lists that belong to the records of another list, one
// request or more for each of them: the notes of a contact. A walk is a round over all
// parents; within it the records of each parent are compared as a snapshot is.
type FanOut struct{ alone }

// Name returns "fan_out".
func (FanOut) Name() connectors.Strategy { return connectors.FanOut }

// Begin resumes the interrupted round or begins a new one. The order of the parents is
// that of their ids, so a round can be resumed however long it was away.
func (FanOut) Begin(s State, o Options, now time.Time) (State, bool) {
	if s.Walk != nil {
		return s.NextParent(s.Walk.Parent), true // the visit that was cut short begins anew
	}
	s.Walk = s.begin(o, time.Time{}, now)
	return s, true
}

// BeginSide begins nothing: every round is one over all parents.
func (FanOut) BeginSide(s State, _ Options, _ time.Time) (State, bool) { return s, false }

// Detect compares a page of one parent's records. It never ends the round:
// [State.EndRound] does.
func (FanOut) Detect(in Input) (Delta, error) {
	d, err := newDetector(in)
	if err != nil {
		return Delta{}, err
	}
	d.walk.Requests++
	for _, r := range in.Page.Records {
		if err := d.row(r); err != nil {
			return Delta{}, err
		}
	}
	return d.delta(in.Page.Next == ""), nil
}

// NextParent returns the state after the visit to a parent of the round.
func (s State) NextParent(parent string) State {
	w := *s.Walk
	if parent != w.Parent {
		w.Visited++
	}
	w.Parent, w.Position, w.Page = parent, "", connectors.Hash{}
	s.Walk = &w
	return s
}

// EndRound returns the state after a round over all parents that are watched. of is how
// many there are.
func (s State) EndRound(of int, now time.Time) State {
	w := s.Walk
	s.endFull(w)
	s.Round = &Round{Parents: w.Visited, Of: of, Requests: w.Requests, Took: now.Sub(w.BeganAt), EndedAt: now.UTC()}
	s.Walk = nil
	return s
}
