package triggers_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/triggers"
)

// TestNewest_GapIsReadByAWalkThatBeginsAfterIt leaves a gap while the walk over the whole
// list is past the top already.
func TestNewest_GapIsReadByAWalkThatBeginsAfterIt(t *testing.T) {
	t.Parallel()
	const known, added = 2000, 5600 // of which a walk from the top collects 5000
	s, f := filled(triggers.Newest{}, known)
	f.Size = 500
	mustPoll(t, f, s)
	s.Clock = s.Clock.Add(25 * time.Hour)
	for range 3 { // the walk from the top and half of the one over the whole list
		if _, err := f.Step(s, true); err != nil {
			t.Fatal(err)
		}
	}
	if f.State.Side == nil {
		t.Fatal("got no walk over the whole list in progress")
	}
	for i := range added {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprintf("new%d", i), "a", 0)
	}
	f.Due()
	mustPoll(t, f, s)
	if got := len(f.Changes); got != known+added {
		t.Errorf("got %d changes of %d records", got, known+added)
	}
}

// TestNewest_FirstWalkOfABusyListEnds lets two rows move to the top between any two pages,
// which pushes the last ones of a page onto the next.
func TestNewest_FirstWalkOfABusyListEnds(t *testing.T) {
	t.Parallel()
	s, f := filled(triggers.Newest{}, 30)
	s.Counted, f.Options.Offsets = true, true
	for i := range 100 {
		if _, err := f.Step(s, true); err != nil {
			t.Fatal(err)
		}
		if f.State.Baseline {
			return
		}
		for j := range 2 {
			s.Clock = s.Clock.Add(10 * time.Second)
			s.Put(fmt.Sprintf("r%d", (2*i+j)%30), strconv.Itoa(i), 0)
		}
	}
	t.Error("the first walk over the whole list did not end in 100 pages")
}

// TestNewest_ChangesComeOldestFirst reads several pages from the top.
func TestNewest_ChangesComeOldestFirst(t *testing.T) {
	t.Parallel()
	s, f := filled(triggers.Newest{}, 3)
	mustPoll(t, f, s)
	f.Changes = nil
	for i := range 7 {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprint("new", i), "a", 0)
	}
	mustPoll(t, f, s)
	for i, c := range f.Changes {
		if want := fmt.Sprint("new", i); c.Record != want {
			t.Errorf("change %d is of %s, want %s", i+1, c.Record, want)
		}
	}
	if len(f.Changes) != 7 {
		t.Errorf("got %d changes, want 7", len(f.Changes))
	}
}

// TestNewest_StopsByTheRowsAsTheyCame walks a list of whose rows a connector makes other
// records, often none: pages without a record neither hide the ground nor look repeated.
func TestNewest_StopsByTheRowsAsTheyCame(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
	w := &triggers.Walk{Since: at(10)}
	page := func(first, last int, next string) connectors.Page {
		return connectors.Page{First: at(first), Last: at(last), Next: next}
	}
	for _, tt := range []struct {
		pages []connectors.Page
		more  bool
	}{
		{[]connectors.Page{page(13, 12, "2")}, true},
		{[]connectors.Page{page(13, 12, "2"), page(12, 11, "3")}, true},
		{[]connectors.Page{page(13, 12, "2"), page(12, 9, "3")}, false},
		{[]connectors.Page{page(13, 9, "2")}, false},
		{[]connectors.Page{page(13, 12, "")}, false},
	} {
		if more, err := (triggers.Newest{}).More(w, tt.pages); err != nil || more != tt.more {
			t.Errorf("after %d pages down to %s: more is %t (%v), want %t", len(tt.pages), tt.pages[len(tt.pages)-1].Last, more, err, tt.more)
		}
	}
	joined := triggers.Join([]connectors.Page{page(13, 12, "2"), page(12, 9, "3")})
	in := triggers.Input{State: triggers.State{Baseline: true, Walk: &triggers.Walk{Since: at(10), Date: at(14)}}, Page: joined, Shape: &schema.Object{}, Now: at(14)}
	d, err := (triggers.Newest{}).Detect(in)
	if err != nil || !d.State.Watermark.Equal(at(13)) || d.State.Gap != 0 {
		t.Errorf("watermark %s, gap %d, %v; want %s and no gap", d.State.Watermark, d.State.Gap, err, at(13))
	}
	in.Page = page(9, 13, "")
	if _, err := (triggers.Newest{}).Detect(in); !errors.Is(err, triggers.ErrWalk) {
		t.Errorf("a page in the wrong order: %v, want an error of the walk", err)
	}
}
