package triggertest

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
)

// Feed is a poller in miniature: what it has committed survives, everything else can
// be lost at any time. State, Seen and Changes stand for what is on disk; a strategy
// sees nothing else of the former page. It is used by one goroutine.
type Feed struct {
	Strategy triggers.Strategy
	Options  triggers.Options
	Size     int // rows a page

	State   triggers.State
	Seen    map[string]triggers.Entry
	Changes []triggers.Change
	// Pages counts the pages that were fetched, Rows the rows on them.
	Pages, Rows int
	// Patient makes a list that cannot be trusted a poll to try again later, as
	// the engine does, and not an error.
	Patient bool
	// restarted is true when the memory of the walk was lost.
	restarted bool
	// Cause changes the pages before they are judged; may be nil.
	Cause func(connectors.Page) connectors.Page
}

// NewFeed returns a feed that has seen nothing.
func NewFeed(s triggers.Strategy) *Feed {
	return &Feed{
		Strategy: s, Size: 3, Seen: map[string]triggers.Entry{},
		Options: triggers.Options{Overlap: triggers.DefaultOverlap, Reconcile: triggers.DefaultReconcile},
	}
}

// Step fetches and judges one page. With commit false everything is forgotten
// again, as after a crash before the commit. done tells that the walk has ended.
func (f *Feed) Step(s *Service, commit bool) (done bool, err error) {
	state := f.State
	if state.Walk == nil || f.restarted {
		state = f.Strategy.Begin(f.State, f.Options, s.Clock)
	}
	f.restarted = !commit
	page := s.Page(state.Walk.Since, state.Walk.Position, f.Size)
	if f.Cause != nil {
		page = f.Cause(page)
	}
	f.Pages++
	f.Rows += len(page.Records)
	delta, err := f.Strategy.Detect(triggers.Input{
		State: state, Page: page, Known: f.known(page), Shape: Shape(), Options: f.Options, Now: s.Clock,
	})
	if errors.Is(err, triggers.ErrWalk) && f.Patient {
		f.State = triggers.Abandon(f.State)
		return false, nil
	}
	if err != nil || !commit {
		return false, err
	}
	f.State = delta.State
	maps.Copy(f.Seen, delta.Seen)
	f.Changes = append(f.Changes, delta.Changes...)
	return delta.Done, nil
}

// known returns the entries of a page's records, as the engine loads them for a
// strategy.
func (f *Feed) known(page connectors.Page) map[string]triggers.Entry {
	known := map[string]triggers.Entry{}
	for _, r := range page.Records {
		if e, ok := f.Seen[r.ID]; ok {
			known[r.ID] = e
		}
	}
	return known
}

// Poll walks to the end of the list. A strategy that walks in circles is an error
// after ten thousand pages.
func (f *Feed) Poll(s *Service) error {
	for range 10_000 {
		done, err := f.Step(s, true)
		if err != nil || done {
			return err
		}
	}
	return fmt.Errorf("the walk does not end after %d pages", f.Pages)
}

// Settle lets the service's index catch up and polls until nothing can be late.
func (f *Feed) Settle(s *Service) error {
	for range 3 {
		s.Clock = s.Clock.Add(f.Options.Overlap + time.Second)
		if err := f.Poll(s); err != nil {
			return err
		}
	}
	return nil
}

// Broken returns what is wrong with the changes the feed has found, measured by what
// the service went through: a lost, doubled, swapped or invented change. A change is
// a version whose value differs from the one told before; versions in between may be
// missed, since a poll only sees the last.
func (f *Feed) Broken(s *Service) []string {
	var broken []string
	by := map[string][]triggers.Change{}
	for _, c := range f.Changes {
		by[c.Record] = append(by[c.Record], c)
	}
	for _, r := range s.records {
		broken = append(broken, r.broken(by[r.id])...)
		delete(by, r.id)
	}
	for id := range by {
		broken = append(broken, "changes of a record that never was: "+id)
	}
	return broken
}

// broken judges the changes of one record. Versions must rise, revisions count from 1
// without a gap, only the first change is a creation, and the last one has the value
// that the record ended with.
func (r *record) broken(changes []triggers.Change) []string {
	var broken []string
	if len(changes) == 0 {
		return []string{r.id + ": lost, no change at all"}
	}
	last, value := 0, ""
	for i, c := range changes {
		number, _ := c.After["version"].(int)
		now, _ := c.After["value"].(string)
		switch {
		case c.Revision != uint32(i+1):
			broken = append(broken, fmt.Sprintf("%s: change %d has revision %d", r.id, i+1, c.Revision))
		case number <= last || number > len(r.versions):
			broken = append(broken, fmt.Sprintf("%s: version %d came after version %d", r.id, number, last))
		case i > 0 && now == value:
			broken = append(broken, fmt.Sprintf("%s: version %d is no change", r.id, number))
		case (i == 0) != (c.Kind == triggers.Created):
			broken = append(broken, fmt.Sprintf("%s: change %d is %s", r.id, i+1, c.Kind))
		}
		if before, _ := c.Before["value"].(string); c.Before != nil && before != value {
			broken = append(broken, fmt.Sprintf("%s: before is %q, was %q", r.id, before, value))
		}
		last, value = number, now
	}
	if end := r.versions[len(r.versions)-1].value; value != end {
		broken = append(broken, fmt.Sprintf("%s: lost, ends as %q, the service has %q", r.id, value, end))
	}
	return broken
}
