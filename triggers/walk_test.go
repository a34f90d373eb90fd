package triggers_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
	"github.com/pollux-automation/pollux/triggers/triggertest"
)

// filled returns a service with some records and a feed on it that has seen none.
func filled(st triggers.Strategy, records int) (*triggertest.Service, *triggertest.Feed) {
	s, f := triggertest.NewService(), triggertest.NewFeed(st)
	for i := range records {
		s.Clock = s.Clock.Add(time.Minute)
		s.Put(fmt.Sprintf("r%d", i), "a", 0)
	}
	s.Clock = s.Clock.Add(time.Minute)
	return s, f
}

func mustPoll(t *testing.T, f *triggertest.Feed, s *triggertest.Service) {
	t.Helper()
	if err := f.Poll(s); err != nil {
		t.Fatal(err)
	}
}

func TestWalk_ByOffsetRestartsAfterALongPauseOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		reading, away time.Duration
		goesOn        bool
	}{
		{"short pause in a short walk", time.Second, time.Minute, true},
		{"short pause in a walk of hours", 2 * time.Hour, time.Minute, true},
		{"long pause", time.Second, 11 * time.Minute, false},
		{"clock set back by a day", time.Second, -24 * time.Hour, false},
		{"clock corrected by seconds", time.Second, -5 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, f := filled(triggers.Snapshot{}, 12)
			f.Options.Offsets = true
			for range 2 {
				s.Clock = s.Clock.Add(tt.reading)
				if _, err := f.Step(s, true); err != nil {
					t.Fatal(err)
				}
			}
			resumed, _ := f.Strategy.Begin(f.State, f.Options, s.Clock.Add(tt.away))
			next := resumed.Walk
			if got := next.Number == f.State.Walk.Number; got != tt.goesOn || next.Resumed != tt.goesOn {
				t.Errorf("the walk goes on: got %t, resumed %t; want %t", got, next.Resumed, tt.goesOn)
			}
		})
	}
}

func TestKeyset_ClockSetBackBringsTheFullWalkForward(t *testing.T) {
	t.Parallel()
	s, f := filled(triggers.Keyset{}, 3)
	mustPoll(t, f, s)
	if _, due := f.Strategy.BeginSide(f.State, f.Options, s.Clock.Add(time.Hour)); due {
		t.Errorf("an hour later: got a walk over the whole list, want none")
	}
	if _, due := f.Strategy.BeginSide(f.State, f.Options, s.Clock.AddDate(-1, 0, 0)); !due {
		t.Errorf("a year earlier: got no walk over the whole list")
	}
}

// TestKeyset_CorrectedRowOfTheFutureIsAChange gives a record an update time that
// cannot be, and corrects it: its later changes must not count as old versions.
func TestKeyset_CorrectedRowOfTheFutureIsAChange(t *testing.T) {
	t.Parallel()
	s, f := filled(triggers.Keyset{}, 3)
	s.PutAt("r1", "wrong", time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), 0)
	mustPoll(t, f, s)
	s.Clock = s.Clock.Add(time.Hour)
	s.Put("r1", "right", 0)
	mustPoll(t, f, s)
	for _, line := range f.Broken(s) {
		t.Error(line)
	}
}

func TestKeyset_BodiesCountAsKnownOnlyIfEveryRecordHasOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		live func(*testing.T, *triggertest.Service, *triggertest.Feed)
	}{
		{"wanted, unwanted and wanted again", func(t *testing.T, s *triggertest.Service, f *triggertest.Feed) {
			t.Helper()
			f.Options.Bodies = true
			mustPoll(t, f, s)
			f.Options.Bodies = false
			s.Put("r1", "b", 0) // this one loses its body
			s.Clock = s.Clock.Add(time.Hour)
			s.Put("r2", "b", 0)
			mustPoll(t, f, s)
			f.Options.Bodies = true
		}},
		{"wanted in the middle of the first walk", func(t *testing.T, s *triggertest.Service, f *triggertest.Feed) {
			t.Helper()
			if _, err := f.Step(s, true); err != nil {
				t.Fatal(err)
			}
			f.Options.Bodies = true
			mustPoll(t, f, s)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, f := filled(triggers.Keyset{}, 9)
			tt.live(t, s, f)
			mustPoll(t, f, s)
			s.Clock = s.Clock.Add(time.Minute)
			for i := range 9 {
				s.Put(fmt.Sprintf("r%d", i), "c", 0)
			}
			found := len(f.Changes)
			mustPoll(t, f, s)
			for _, c := range f.Changes[found:] {
				if !c.BeforeKnown {
					t.Errorf("%s: got a change without its before", c.Record)
				}
			}
		})
	}
}

// TestGround_OfAServiceWithoutATimeIsNotOurs polls one that does not tell its time, by a
// clock that is ahead of it.
func TestGround_OfAServiceWithoutATimeIsNotOurs(t *testing.T) {
	t.Parallel()
	for _, st := range []triggers.Strategy{triggers.Keyset{}, triggers.Newest{}} {
		s, f := filled(st, 3)
		s.NoDate, f.Skew, f.Options.Reconcile = true, time.Hour, 0
		mustPoll(t, f, s)
		s.Put("r1", "b", 0)
		mustPoll(t, f, s)
		if got := len(f.Changes); got != 4 {
			t.Errorf("%s: got %d changes, want 4", st.Name(), got)
		}
	}
}

// TestDetect_RecordTwiceOnAPage shows a record that changed while the page was made.
func TestDetect_RecordTwiceOnAPage(t *testing.T) {
	t.Parallel()
	s, f := filled(triggers.Snapshot{}, 1)
	f.Cause = func(p connectors.Page) connectors.Page {
		r := p.Records[0]
		r.Raw = bytes.Replace(r.Raw, []byte(`"a"`), []byte(`"b"`), 1)
		p.Records = append(p.Records, r)
		return p
	}
	mustPoll(t, f, s)
	if len(f.Changes) != 2 || f.Changes[0].Revision != 1 || f.Changes[1].Revision != 2 || f.State.Records != 1 {
		t.Errorf("got changes %+v of %d records, want revisions 1 and 2 of one", f.Changes, f.State.Records)
	}
}
