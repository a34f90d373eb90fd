package triggertest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/triggers"
)

// Laws runs every law against a strategy. It is what the test of a strategy calls;
// each law is a test of its own.
func Laws(t *testing.T, s triggers.Strategy) {
	t.Helper()
	for _, law := range []struct {
		name string
		run  func(*testing.T, triggers.Strategy)
	}{
		{"SamePageTwice", samePageTwice},
		{"AnyPageSplit", anyPageSplit},
		{"EqualTimesAcrossAPageBorder", equalTimes},
		{"SameInstantOnePollLater", sameInstant},
		{"LateInsideTheOverlap", lateInside},
		{"LateBehindAWatermarkThatRests", lateAtRest},
		{"LateOutsideTheOverlap", lateOutside},
		{"RowsMoveBetweenPages", movingRows},
		{"RestartAfterAnyCommit", restart},
		{"ChangeAndBack", changeAndBack},
		{"TouchIsNoChange", touch},
		{"FirstPollEmpty", firstPollEmpty},
		{"EmptyPageAfterAFullOne", emptyPage},
		{"DeletionIsFoundOnceAndComebackIsACreation", deletion},
		{"TimesCutToMinutes", cutTimes},
		{"ClocksThatDisagree", clocks},
		{"RandomHistories", randomHistories},
	} {
		t.Run(law.name, func(t *testing.T) {
			t.Parallel()
			law.run(t, s)
		})
	}
}

// moves reports whether a strategy is made for lists in any order, whose rows move
// while they are read.
func moves(s triggers.Strategy) bool {
	return s.Name() == connectors.Snapshot || s.Name() == connectors.FanOut
}

// mustPoll walks to the end of the list.
func mustPoll(t *testing.T, f *Feed, s *Service) {
	t.Helper()
	if err := f.Poll(s); err != nil {
		t.Fatalf("poll: %v", err)
	}
}

// mustHold settles the feed and asserts that nothing is lost or doubled.
func mustHold(t *testing.T, f *Feed, s *Service) {
	t.Helper()
	if err := f.Settle(s); err != nil {
		t.Fatalf("settle: %v", err)
	}
	for _, line := range f.Broken(s) {
		t.Error(line)
	}
}

// fill makes n records with different times, a second apart.
func fill(s *Service, n int) {
	for i := range n {
		s.Clock = s.Clock.Add(time.Second)
		s.Put(fmt.Sprintf("r%d", i), "a", 0)
	}
}

// samePageTwice loses every page once before it is committed, as a crash does: the
// second look must find the same.
func samePageTwice(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	fill(s, 10)
	for range 40 {
		if _, err := f.Step(s, false); err != nil {
			t.Fatalf("page that was lost: %v", err)
		}
		done, err := f.Step(s, true)
		if err != nil {
			t.Fatalf("page again: %v", err)
		}
		if done {
			break
		}
	}
	mustHold(t, f, s)
}

// anyPageSplit walks with pages of one row up to more than there are: where pages end
// must not matter.
func anyPageSplit(t *testing.T, st triggers.Strategy) {
	t.Helper()
	for size := 1; size <= 12; size++ {
		s, f := NewService(), NewFeed(st)
		f.Size = size
		fill(s, 11)
		mustPoll(t, f, s)
		s.Put("r3", "b", 0)
		s.Put("r7", "b", 0)
		mustHold(t, f, s)
		if got := len(f.Changes); got != 13 {
			t.Errorf("pages of %d: got %d changes, want 13", size, got)
		}
	}
}

// equalTimes has more records of one instant than fit on a page: a cursor of times
// alone would lose some or never end.
func equalTimes(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	for i := range 10 {
		s.Put(fmt.Sprintf("r%d", i), "a", 0) // all at the same instant
	}
	mustPoll(t, f, s)
	if got := len(f.Changes); got != 10 {
		t.Errorf("got %d changes of 10 records with one time", got)
	}
	mustHold(t, f, s)
}

// sameInstant brings a record with the time of the watermark after the poll that set
// it: the lower bound must be inclusive.
func sameInstant(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	s.Put("r1", "a", 0)
	mustPoll(t, f, s)
	s.Put("r2", "a", 0) // same time as r1, after the poll
	mustPoll(t, f, s)
	mustHold(t, f, s)
}

// lateInside lets the index show a record as late as the overlap allows, while
// another one moves the watermark on.
func lateInside(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	fill(s, 4)
	mustPoll(t, f, s)
	s.Put("late", "a", f.Options.Overlap) // shown when the overlap is just over
	for range 6 {
		s.Clock = s.Clock.Add(25 * time.Second)
		s.Put("r1", s.Clock.String(), 0)
		mustPoll(t, f, s)
	}
	mustHold(t, f, s)
}

// lateAtRest lets the index show a record late after polls that found nothing: until the
// overlap is over they must not count as proof that nothing is late.
func lateAtRest(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	f.Options.Reconcile = 0
	fill(s, 4)
	mustPoll(t, f, s)
	s.Clock = s.Clock.Add(time.Hour)
	s.Put("late", "a", f.Options.Overlap)
	s.Clock = s.Clock.Add(time.Second)
	s.Put("r1", "b", 0)
	for range 5 {
		mustPoll(t, f, s)
		s.Clock = s.Clock.Add(f.Options.Overlap / 4)
	}
	if got := len(f.Changes); got != 6 {
		t.Errorf("got %d changes, want 6", got)
	}
}

// lateOutside lets the index show a record after the overlap. A cursor cannot find
// it; the next walk over the whole list must.
func lateOutside(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	fill(s, 4)
	mustPoll(t, f, s)
	s.Put("late", "a", 3*time.Hour)
	s.Clock = s.Clock.Add(time.Minute)
	s.Put("r1", "b", 0)
	mustHold1 := func() {
		s.Clock = s.Clock.Add(f.Options.Reconcile)
		mustHold(t, f, s) // the walk over the whole list finds it
	}
	mustPoll(t, f, s)
	mustHold1()
}

// movingRows changes records between the pages of a walk, so that rows jump ahead of
// it or behind it. With the list shuffled too, pages by offset skip rows and repeat
// them; keyset is not made for such lists.
func movingRows(t *testing.T, st triggers.Strategy) {
	t.Helper()
	for _, shuffled := range []bool{false, moves(st)} {
		s, f := NewService(), NewFeed(st)
		s.Shuffled, f.Options.Offsets = shuffled, shuffled
		fill(s, 12)
		mustPoll(t, f, s)
		for i := range 40 {
			if _, err := f.Step(s, true); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			s.Clock = s.Clock.Add(700 * time.Millisecond)
			s.Put(fmt.Sprintf("r%d", i*5%12), fmt.Sprint("v", i), 0)
		}
		for f.Walking() {
			if _, err := f.Step(s, true); err != nil {
				t.Fatalf("rest of the walk: %v", err)
			}
		}
		mustHold(t, f, s)
	}
}

// restart crashes before each of the first commits in turn while records go on
// changing.
func restart(t *testing.T, st triggers.Strategy) {
	t.Helper()
	for crash := range 8 {
		s, f := NewService(), NewFeed(st)
		fill(s, 10)
		for i := range 8 {
			if _, err := f.Step(s, i != crash); err != nil {
				t.Fatalf("crash before commit %d: %v", crash, err)
			}
			s.Clock = s.Clock.Add(time.Second)
			s.Put(fmt.Sprintf("r%d", i), "b", 0)
		}
		for f.Walking() {
			if _, err := f.Step(s, true); err != nil {
				t.Fatalf("rest of the walk: %v", err)
			}
		}
		mustHold(t, f, s)
	}
}

// changeAndBack tells a value that comes again from one that never left: each time it
// is a change.
func changeAndBack(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	for _, value := range []string{"A", "B", "A", "B"} {
		s.Clock = s.Clock.Add(time.Minute)
		s.Put("r1", value, 0)
		mustPoll(t, f, s)
	}
	if got := len(f.Changes); got != 4 {
		t.Errorf("A, B, A, B gave %d changes, want 4", got)
	}
	mustHold(t, f, s)
}

// touch moves the updated time and nothing else, which is no change.
func touch(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	s.Put("r1", "a", 0)
	mustPoll(t, f, s)
	s.Clock = s.Clock.Add(time.Minute)
	s.Put("r1", "a", 0) // the updated time moves, nothing else
	mustHold(t, f, s)
	if got := len(f.Changes); got != 1 {
		t.Errorf("got %d changes, want 1", got)
	}
}

// firstPollEmpty begins with an empty list, from which no time can be learnt.
func firstPollEmpty(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	mustPoll(t, f, s)
	s.Put("r1", "a", 0)
	mustPoll(t, f, s)
	mustHold(t, f, s)
}

// emptyPage ends the list with a page without rows.
func emptyPage(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	s.Trailing = true
	fill(s, 9)
	mustPoll(t, f, s)
	s.Put("r3", "b", 0)
	mustHold(t, f, s)
}

// deletion takes a record away, between polls and in the middle of one, and brings it
// back.
func deletion(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	fill(s, 9)
	mustPoll(t, f, s)
	s.Delete("r4", 0)
	if _, err := f.Step(s, true); err != nil {
		t.Fatal(err)
	}
	s.Delete("r5", 0)
	mustHold(t, f, s)
	deleted := 0
	for _, c := range f.Changes {
		if c.Kind == triggers.Deleted {
			deleted++
		}
	}
	if deleted != 2 {
		t.Errorf("got %d deletions, want 2", deleted)
	}
	s.Put("r4", "back", 0)
	mustHold(t, f, s)
	if last := f.Changes[len(f.Changes)-1]; last.Kind != triggers.Created || last.Record != "r4" {
		t.Errorf("the last change is %s of %s, want the creation of r4", last.Kind, last.Record)
	}
}

// cutTimes has a service that knows only the minute of an update.
func cutTimes(t *testing.T, st triggers.Strategy) {
	t.Helper()
	s, f := NewService(), NewFeed(st)
	s.Round = time.Minute
	mustPoll(t, f, s)
	for i := range 40 {
		s.Clock = s.Clock.Add(7 * time.Second)
		s.Put(fmt.Sprintf("r%d", i%4), fmt.Sprint("v", i), 0)
		if i%3 == 0 {
			mustPoll(t, f, s)
		}
	}
	mustHold(t, f, s)
}

// clocks has a service whose clock is far ahead of ours, or behind it.
func clocks(t *testing.T, st triggers.Strategy) {
	t.Helper()
	for _, skew := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		s, f := NewService(), NewFeed(st)
		f.Skew = skew
		fill(s, 9)
		mustPoll(t, f, s)
		for i := range 9 {
			s.Clock = s.Clock.Add(time.Minute)
			s.Put(fmt.Sprintf("r%d", i), "b", time.Duration(i%2)*time.Minute)
			mustPoll(t, f, s)
		}
		mustHold(t, f, s)
	}
}

// randomHistories lets records change, show up late and move while polls go on
// and lose pages, and asserts the promise at the end.
func randomHistories(t *testing.T, st triggers.Strategy) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		s, f := NewService(), NewFeed(st)
		f.Size = rapid.IntRange(1, 5).Draw(t, "page size")
		f.Options.Bodies = rapid.Bool().Draw(t, "bodies")
		s.NoDate = rapid.Bool().Draw(t, "no date")
		s.Shuffled = moves(st) && rapid.Bool().Draw(t, "shuffled")
		s.Counted = st.Name() == connectors.Newest && rapid.Bool().Draw(t, "counted")
		s.Trailing = rapid.Bool().Draw(t, "trailing")
		if !s.NoDate { // else our clock stands in for the service's
			f.Skew = rapid.SampledFrom([]time.Duration{0, -time.Hour, time.Hour}).Draw(t, "skew")
		}
		s.Round = time.Duration(rapid.IntRange(0, 1).Draw(t, "minutes")) * time.Minute
		f.Options.Offsets = s.Shuffled || s.Counted
		f.Patient = f.Options.Offsets // rows can move so far that a page comes twice
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			act(t, s, f)
		}
		for i := 0; f.Walking(); i++ {
			if _, err := f.Step(s, true); err != nil || i > 1000 {
				t.Fatalf("rest of the walk after %d pages: %v", i, err)
			}
		}
		if err := f.Settle(s); err != nil {
			t.Fatalf("settle: %v", err)
		}
		for _, line := range f.Broken(s) {
			t.Error(line)
		}
	})
}

// act is one random event. About half of them are pages, of which some are lost.
func act(t *rapid.T, s *Service, f *Feed) {
	id := fmt.Sprintf("r%d", rapid.IntRange(0, 8).Draw(t, "record"))
	switch rapid.IntRange(0, 8).Draw(t, "act") {
	case 0:
		s.Delete(id, 0)
	case 1:
		f.Due()
	case 2, 3:
		value := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "value")
		lag := rapid.Int64Range(0, int64(f.Options.Overlap)).Draw(t, "lag")
		s.Put(id, value, time.Duration(lag)*time.Duration(rapid.IntRange(0, 1).Draw(t, "late")))
	case 4:
		s.Clock = s.Clock.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Minute)).Draw(t, "pause")))
	default:
		if _, err := f.Step(s, rapid.IntRange(0, 2).Draw(t, "crash") != 0); err != nil {
			t.Fatalf("page: %v", err)
		}
	}
}
