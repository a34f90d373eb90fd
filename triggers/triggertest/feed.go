package triggertest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	// beside is true while it is the turn of the walk over the whole list.
	beside bool
	// present notes what the walk with the number attended has shown; nil when it
	// proves nothing.
	present  *triggers.Presence
	attended uint32
	// Skew is how far our own clock is ahead of the service's.
	Skew time.Duration
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

// Step fetches and judges one page, or the pages that are judged together. With commit
// false everything is forgotten again, as after a crash before the commit. done tells
// that nothing is left to walk.
func (f *Feed) Step(s *Service, commit bool) (done bool, err error) {
	s.Newest = f.Strategy.Name() == connectors.Newest
	state, ok := f.begin(s)
	if !ok {
		f.beside = false
		return true, nil
	}
	walk, side := state.Walk, f.beside
	if side {
		walk = state.Side
	}
	f.attend(walk)
	f.restarted = !commit
	parent := f.parent(walk)
	page, err := f.fetch(s, walk, parent)
	if err != nil {
		return false, f.untrusted(err)
	}
	known := f.known(parent, page)
	delta, err := f.Strategy.Detect(triggers.Input{
		State: state, Page: page, Side: side, Parent: parent, Known: known, Shape: Shape(), Options: f.Options, Now: s.Clock.Add(f.Skew),
	})
	if err != nil {
		return false, f.untrusted(err)
	}
	if !commit {
		f.beside, f.present = false, nil
		return false, nil
	}
	f.keep(parent, page, known, delta)
	if delta.Done && parent != "" {
		return f.endParent(walk, parent), nil
	}
	if delta.Done {
		f.sweep(walk, state.Window, "")
		_, more := f.Strategy.BeginSide(f.State, f.Options, s.Clock.Add(f.Skew))
		f.beside = more
		return !more, nil
	}
	return false, nil
}

// attend begins to note which records a walk over the whole list shows. One that was
// interrupted proves nothing.
func (f *Feed) attend(w *triggers.Walk) {
	visit := f.Strategy.Name() == connectors.FanOut && w.Position == ""
	if w.Full && f.attended != w.Number || visit {
		f.attended, f.present = w.Number, &triggers.Presence{}
	}
	if w.Full && w.Resumed {
		f.present = nil
	}
}

// keep commits a page.
func (f *Feed) keep(parent string, page connectors.Page, known map[string]triggers.Entry, delta triggers.Delta) {
	f.State = delta.State
	maps.Copy(f.Seen, delta.Seen)
	f.Changes = append(f.Changes, delta.Changes...)
	if f.present == nil {
		return
	}
	f.present.Page(page.Total)
	for _, r := range page.Records {
		key := triggers.Key(parent, r.ID)
		e, ok := delta.Seen[key]
		if !ok {
			e = known[key]
		}
		f.present.Mark(e.Ordinal)
	}
}

// sweep looks for what a complete walk did not show, among the keys with a prefix.
func (f *Feed) sweep(w *triggers.Walk, before *triggers.Window, prefix string) {
	if f.present == nil || !w.Full || f.Options.Offsets && f.present.Moved() {
		return
	}
	sweep := triggers.Sweep{Walk: *w, Before: before, Present: f.present}
	for _, key := range slices.Sorted(maps.Keys(f.Seen)) {
		e := f.Seen[key]
		if !strings.HasPrefix(key, prefix) || sweep.Judge(e) != triggers.Missing {
			continue
		}
		next, gone := sweep.Settle(e, triggers.Unasked)
		if gone {
			_, id := triggers.SplitKey(key)
			var c triggers.Change
			c, next, _ = triggers.Gone(key, next, Shape(), fmt.Appendf(nil, `{"id":%q}`, id)) // the body was decoded before
			f.Changes = append(f.Changes, c)
			f.State.Records--
		}
		f.Seen[key] = next
	}
}

// parent is the one whose turn it is in a round; empty for lists without parents.
func (f *Feed) parent(w *triggers.Walk) string {
	if f.Strategy.Name() != connectors.FanOut {
		return ""
	}
	all := Parents()
	return all[slices.Index(all, w.Parent)+1]
}

// endParent ends the visit to a parent, and with the last one the round.
func (f *Feed) endParent(w *triggers.Walk, parent string) (done bool) {
	f.sweep(w, nil, triggers.ParentKeys(parent))
	f.State = f.State.NextParent(parent)
	if all := Parents(); parent == all[len(all)-1] {
		f.State = f.State.EndRound(len(all), w.BeganAt)
		return true
	}
	return false
}

// untrusted gives up the walk as the engine does when the list cannot be trusted.
func (f *Feed) untrusted(err error) error {
	if !errors.Is(err, triggers.ErrWalk) || !f.Patient {
		return err
	}
	f.State = triggers.Abandon(f.State, f.beside)
	f.beside = false
	return nil
}

// begin returns the state with the walk whose turn it is: the live one first, then the
// one beside it.
func (f *Feed) begin(s *Service) (triggers.State, bool) {
	if !f.beside {
		if f.State.Walk != nil && !f.restarted {
			return f.State, true
		}
		if state, ok := f.Strategy.Begin(f.State, f.Options, s.Clock.Add(f.Skew)); ok {
			return state, true
		}
		f.beside = true
	}
	if f.State.Side != nil && !f.restarted {
		return f.State, true
	}
	return f.Strategy.BeginSide(f.State, f.Options, s.Clock.Add(f.Skew))
}

// fetch returns the next page of a walk, or those that are judged together as one.
func (f *Feed) fetch(s *Service, walk *triggers.Walk, parent string) (connectors.Page, error) {
	var pages []connectors.Page
	position := walk.Position
	for {
		page := s.Page(parent, walk.Since, position, f.Size)
		if f.Cause != nil {
			page = f.Cause(page)
		}
		f.Pages++
		f.Rows += len(page.Records)
		pages = append(pages, page)
		more, err := f.Strategy.More(walk, pages)
		if err != nil {
			return connectors.Page{}, err
		}
		if !more {
			return triggers.Join(pages), nil
		}
		position = page.Next
	}
}

// Due makes the next step one of the live walk, as when the feed is due while a walk
// over the whole list goes on.
func (f *Feed) Due() { f.beside = false }

// Walking reports whether a walk is under way.
func (f *Feed) Walking() bool { return f.State.Walk != nil || f.State.Side != nil }

// known returns the entries of a page's records, as the engine loads them for a
// strategy.
func (f *Feed) known(parent string, page connectors.Page) map[string]triggers.Entry {
	known := map[string]triggers.Entry{}
	for _, r := range page.Records {
		key := triggers.Key(parent, r.ID)
		if e, ok := f.Seen[key]; ok {
			known[key] = e
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

// Settle lets the service's index catch up and polls until nothing can be late, then
// reads the whole list twice, until no deletion can be unproven.
func (f *Feed) Settle(s *Service) error {
	for i := range 5 {
		s.Clock = s.Clock.Add(f.Options.Overlap + time.Second)
		if i > 2 {
			s.Clock = s.Clock.Add(f.Options.Reconcile)
		}
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

// telling is what the changes of a record have told so far.
type telling struct {
	*record
	last   int    // version
	value  string // of it
	there  bool
	broken []string
}

func (t *telling) say(format string, args ...any) {
	t.broken = append(t.broken, t.id+": "+fmt.Sprintf(format, args...))
}

// broken judges the changes of one record. Versions must rise, revisions count from 1
// without a gap, a change is a creation just when nothing was there before, and the last
// one has the value that the record ended with.
func (r *record) broken(changes []triggers.Change) []string {
	t := &telling{record: r}
	for i, c := range changes {
		if c.Revision != uint32(i+1) {
			t.say("change %d has revision %d", i+1, c.Revision)
		}
		if c.Kind == triggers.Deleted {
			if !t.there || !r.wentAfter(t.last) {
				t.say("change %d is a deletion that never was", i+1)
			}
			t.there = false
			continue
		}
		t.tell(i+1, c)
	}
	end := r.versions[len(r.versions)-1]
	switch {
	case end.gone && t.there:
		t.say("its deletion was lost")
	case !end.gone && !t.there:
		t.say("lost, %d changes and it is not there", len(changes))
	case !end.gone && t.value != end.value:
		t.say("lost, ends as %q, the service has %q", t.value, end.value)
	}
	return t.broken
}

// tell judges a change that shows the record.
func (t *telling) tell(n int, c triggers.Change) {
	number, _ := c.After["version"].(int)
	now, _ := c.After["value"].(string)
	switch {
	case number <= t.last && (t.there || number < t.last) || number > len(t.versions):
		t.say("version %d came after version %d", number, t.last)
	case t.there && now == t.value:
		t.say("version %d is no change", number)
	case t.there == (c.Kind == triggers.Created):
		t.say("change %d is %s", n, c.Kind)
	}
	if before, _ := c.Before["value"].(string); c.Before != nil && before != t.value {
		t.say("before is %q, was %q", before, t.value)
	}
	t.last, t.value, t.there = number, now, true
}

// wentAfter reports whether the record was deleted after a version.
func (r *record) wentAfter(number int) bool {
	return slices.ContainsFunc(r.versions[number:], func(v version) bool { return v.gone })
}
