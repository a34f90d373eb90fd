package watch

import (
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Subscriber is a recipe on a feed. It belongs to the poller of the feed.
type Subscriber struct {
	Recipe  *recipes.Recipe
	Account string // of the trigger
	// Record is the subscription as it is stored or about to be.
	Record store.Subscription
	// Names are those of the fields that users have named; nil where the recipe needs none.
	Names mapping.Namer
	// accepted counts the runs of the poll in progress, for hold_over.
	accepted int
	// recent are the times of the latest runs of records that had more than one, for loops.
	recent map[string][]time.Time
	// served counts the known records that the walk in progress has offered it.
	served int
}

// Reset begins a poll.
func (s *Subscriber) Reset() { s.accepted = 0 }

// FromNow reports whether the recipe wants only what changes from now on.
func (s *Subscriber) FromNow() bool { return s.Record.Start == recipes.StartNow }

// Begin starts the subscription if it can start with a page: at is the service's time
// when the page was asked for, first tells that the page is the first of its walk, timed
// that the records carry the time of their update.
func (s *Subscriber) Begin(walk *triggers.Walk, at time.Time, first, timed bool) {
	switch {
	case s.Record.Started:
	case s.FromNow() && timed:
		s.Record.Started, s.Record.From = true, at
	case walk.Full && first:
		s.Record.Walk, s.served = walk.Number, 0
		s.Record.From = startTime(s.Record.Start)
	}
}

// startTime is the time that a start names; zero where it names none. The start that was
// stored counts, not the one that the recipe was given since.
func startTime(start string) time.Time {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// Finish starts the subscription if it waited for the walk that has ended. Where pages
// count rows, one can slip past a walk; slippery says so. There a recipe that was served
// records from the past takes another walk, until one has nothing more for it.
func (s *Subscriber) Finish(walk uint32, slippery bool) {
	if s.Record.Walk == walk && (!slippery || s.served == 0) {
		s.Record.Started = true
	}
}

// Learn notes that the recipe has seen the end of a complete walk over the whole list:
// what a later one misses was there while it watched.
func (s *Subscriber) Learn(walk *triggers.Walk) {
	if s.Record.Known == 0 && !s.Record.JoinedAt.After(walk.BeganAt) {
		s.Record.Known = walk.Number
	}
}

// Parent is a record whose list is read.
type Parent struct {
	ID string
	// Fields is the parent's record; nil when its body is not known.
	Fields map[string]any
	// Learn is true for the first look at a parent that was there before the feed.
	Learn bool
}

// Name is the parent's id; empty without a parent.
func (p *Parent) Name() string {
	if p == nil {
		return ""
	}
	return p.ID
}

// Wants reports whether the recipe watches the records of a parent. A parent whose
// record is not known is watched: losing a change would be worse.
func (s *Subscriber) Wants(p *Parent) (bool, error) {
	narrow := s.Recipe.Trigger.Parents
	switch {
	case len(narrow.IDs) > 0:
		return slices.Contains(narrow.IDs, p.ID), nil
	case narrow.Where != nil && p.Fields != nil:
		return narrow.Where.Match(&mapping.Scope{Record: p.Fields, Vars: s.Recipe.Vars, Named: s.Names})
	}
	return true, nil
}

// A record that has more runs of one recipe than mostRuns within loopSpan is taken for one
// that goes round in a circle.
const (
	mostRuns = 10
	loopSpan = 10 * time.Minute
)

// loops notes another run of a record and reports whether it has had too many of late.
func (s *Subscriber) loops(c *triggers.Change, now time.Time) bool {
	if s.recent == nil {
		s.recent = map[string][]time.Time{}
	}
	old := func(at time.Time) bool { return now.Sub(at) >= loopSpan }
	if len(s.recent) >= 1000 {
		for key, times := range s.recent {
			if old(times[len(times)-1]) {
				delete(s.recent, key)
			}
		}
	}
	key := triggers.Key(c.Parent, c.Record)
	times := slices.DeleteFunc(s.recent[key], old)
	if len(times) >= mostRuns {
		s.recent[key] = times
		return true
	}
	s.recent[key] = append(times, now)
	return false
}
