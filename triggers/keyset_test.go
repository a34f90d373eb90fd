package triggers_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
	"github.com/pollux-automation/pollux/triggers/triggertest"
)

func TestKeyset_QuietListCostsOneSmallRequest(t *testing.T) {
	t.Parallel()
	s, f := triggertest.NewService(), triggertest.NewFeed(triggers.Keyset{})
	f.Size = 100
	for i := range 250 {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprintf("r%d", i), "a", 0)
	}
	if err := f.Settle(s); err != nil {
		t.Fatal(err)
	}
	pages, rows := f.Pages, f.Rows
	for range 10 {
		s.Clock = s.Clock.Add(time.Minute)
		if err := f.Poll(s); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.Pages - pages; got != 10 {
		t.Errorf("10 quiet polls made %d requests, want 10", got)
	}
	if got := f.Rows - rows; got > 10 {
		t.Errorf("10 quiet polls read %d rows, want at most the newest one each time", got)
	}
}

func TestKeyset_RowOfTheFutureDoesNotBlindTheFeed(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} { // it is there before the first poll, or comes later
		s, f := filled(triggers.Keyset{}, 1)
		f.Options.Reconcile = 0
		if !first {
			mustPoll(t, f, s)
		}
		s.PutAt("future", "a", time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), 0)
		mustPoll(t, f, s)
		if f.State.Watermark.After(s.Clock) {
			t.Errorf("there at first %t: watermark %s is later than the service's clock %s", first, f.State.Watermark, s.Clock)
		}
		s.Clock = s.Clock.Add(time.Hour)
		s.Put("r1", "a", 0)
		mustPoll(t, f, s)
		if len(f.Changes) != 3 {
			t.Errorf("there at first %t: got %d changes, want 3", first, len(f.Changes))
		}
	}
}

func TestKeyset_ChangeBehindTheBackOfALongWalkIsFound(t *testing.T) {
	t.Parallel()
	s, f := triggertest.NewService(), triggertest.NewFeed(triggers.Keyset{})
	for i := range 9 {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprintf("r%d", i), "a", 0)
	}
	if _, err := f.Step(s, true); err != nil {
		t.Fatal(err)
	}
	// The walk has passed this instant; the record shows up there, a little late,
	// and the walk takes an hour to end.
	s.PutAt("behind", "a", s.Clock.Add(-8*time.Second), 0)
	for f.Walking() {
		s.Clock = s.Clock.Add(20 * time.Minute)
		s.Put("busy", s.Clock.String(), 0)
		if _, err := f.Step(s, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Settle(s); err != nil {
		t.Fatal(err)
	}
	for _, line := range f.Broken(s) {
		t.Error(line)
	}
}

func TestKeyset_RefusesAListThatIgnoresWhatWasAsked(t *testing.T) {
	t.Parallel()
	old := connectors.Record{ID: "old", Raw: []byte(`{"id":"old"}`), Updated: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		name  string
		cause func(connectors.Page) connectors.Page
	}{
		{"sort ignored", func(p connectors.Page) connectors.Page {
			slices.Reverse(p.Records)
			return p
		}},
		{"filter ignored", func(p connectors.Page) connectors.Page {
			p.Records = append([]connectors.Record{old}, p.Records...)
			return p
		}},
		{"row without a time", func(p connectors.Page) connectors.Page {
			p.Records[0].Updated = time.Time{}
			return p
		}},
		{"row without an id", func(p connectors.Page) connectors.Page {
			p.Records[0].ID = ""
			return p
		}},
		{"page leads to itself", func(p connectors.Page) connectors.Page {
			p.Next = "again"
			return p
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, f := triggertest.NewService(), triggertest.NewFeed(triggers.Keyset{})
			s.Put("r1", "a", 0)
			s.Clock = s.Clock.Add(time.Minute)
			s.Put("r2", "a", 0)
			if err := f.Poll(s); err != nil {
				t.Fatal(err)
			}
			before := f.State
			f.Cause = tt.cause
			_, err := f.Step(s, true)
			if tt.name == "page leads to itself" && err == nil {
				_, err = f.Step(s, true)
			}
			if !errors.Is(err, triggers.ErrWalk) {
				t.Fatalf("got error %v, want one that wraps ErrWalk", err)
			}
			if !f.State.Watermark.Equal(before.Watermark) {
				t.Errorf("the watermark moved from %s to %s", before.Watermark, f.State.Watermark)
			}
			f.Cause = nil
			f.State = triggers.Abandon(f.State, false)
			if err := f.Settle(s); err != nil {
				t.Fatalf("poll after the service is well again: %v", err)
			}
			for _, line := range f.Broken(s) {
				t.Error(line)
			}
		})
	}
}

func TestKeyset_RepeatedFirstPageEndsThePoll(t *testing.T) {
	t.Parallel()
	s, f := triggertest.NewService(), triggertest.NewFeed(triggers.Keyset{})
	for i := range 9 {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprintf("r%d", i), "a", 0)
	}
	first := s.Page("", time.Time{}, "", 3)
	n := 0
	f.Cause = func(connectors.Page) connectors.Page {
		n++
		p := first
		p.Next = fmt.Sprint("position ", n)
		return p
	}
	if err := f.Poll(s); !errors.Is(err, triggers.ErrWalk) {
		t.Fatalf("got error %v, want one that wraps ErrWalk", err)
	}
	if f.Pages != 2 {
		t.Errorf("read %d pages before noticing, want 2", f.Pages)
	}
}

func TestKeyset_OlderVersionOfAKnownRecordIsIgnored(t *testing.T) {
	t.Parallel()
	s, f := triggertest.NewService(), triggertest.NewFeed(triggers.Keyset{})
	s.Put("r1", "new", 0)
	if err := f.Poll(s); err != nil {
		t.Fatal(err)
	}
	stale := s.Page("", time.Time{}, "", 3)
	stale.Records[0].Raw = []byte(`{"id":"r1","value":"old","version":1}`)
	stale.Records[0].Updated = stale.Records[0].Updated.Add(-time.Second)
	f.Cause = func(connectors.Page) connectors.Page { return stale }
	if err := f.Poll(s); err != nil {
		t.Fatal(err)
	}
	if len(f.Changes) != 1 || f.State.Stale != 1 {
		t.Errorf("got %d changes and %d stale rows, want 1 and 1", len(f.Changes), f.State.Stale)
	}
}
