package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// told is a recipe that writes a letter for every change of a list: what happened, and
// the name that the record had or has.
func told(operation string, pairs ...string) string {
	return recipe(append(pairs, "crm.item.list", "crm."+operation, "start: now", "start: now\n  kinds: [created, updated, deleted]",
		"text: =record.name", `text: "${kind} ${record.name}"`)...)
}

// filled puts some items into the service and lets an hour pass.
func (b *bench) filled(n int) {
	for i := range n {
		b.service.put(fmt.Sprintf("r%02d", i), map[string]any{"name": fmt.Sprint("A", i)})
	}
	b.wait(time.Hour)
}

// later runs the recipes once more after a while.
func (b *bench) later(d time.Duration, texts ...string) {
	b.t.Helper()
	b.wait(d)
	b.once(texts...)
}

// feed returns the stored feed of an operation.
func (b *bench) feed(operation string) store.Feed {
	b.t.Helper()
	feeds, err := b.store.ListFeeds(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range feeds {
		if f.Operation == operation {
			return f
		}
	}
	b.t.Fatalf("there is no feed on %s", operation)
	return store.Feed{}
}

func TestDeletion_IsToldAfterTheSecondWalkThatMissesIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operation string
		every     time.Duration // between walks over the whole list
	}{{"item.all", time.Minute}, {"item.list", 25 * time.Hour}, {"item.newest", 25 * time.Hour}} {
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told(tt.operation)
				b.filled(7)
				b.once(text)
				b.service.remove("r03")
				b.later(tt.every, text)
				b.expect()
				b.later(tt.every, text)
				b.later(tt.every, text)
				b.expect("letter.put r03 deleted A3")
				b.service.put("r03", map[string]any{"name": "back"})
				b.later(tt.every, text)
				b.expect("letter.put r03 deleted A3", "letter.put r03 created back")
			})
		})
	}
}

func TestDeletion_IsToldAtOnceWhereAReadConfirmsIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.sure", "every: 1m}", "every: 1m}\n  deletes: {scan: 1h}")
		b.filled(7)
		b.once(text)
		b.service.remove("r03")
		b.later(2*time.Hour, text)
		b.expect("letter.put r03 deleted A3")
		if b.service.confirms != 1 {
			t.Errorf("%d reads to confirm one deletion, want 1", b.service.confirms)
		}
	})
}

// TestDeletion_OfARecordThatIsThereIsNotTold lets lists forget an item that a read by its
// id still finds.
func TestDeletion_OfARecordThatIsThereIsNotTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.sure", "every: 1m}", "every: 1m}\n  deletes: {scan: 1h}")
		b.filled(7)
		b.once(text)
		b.service.hidden = func(id string) bool { return id == "r03" }
		for range 4 {
			b.later(2*time.Hour, text)
		}
		b.expect()
	})
}

// TestDeletion_FromANarrowedListIsToldThoughTheRecordIsThere asks no read: the record may
// well be there, it is only no longer in the list that the recipe watches.
func TestDeletion_FromANarrowedListIsToldThoughTheRecordIsThere(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.sure", "every: 1m}", "every: 1m}\n  with: {query: x}\n  deletes: {scan: 1h}")
		b.filled(7)
		b.once(text)
		b.service.hidden = func(id string) bool { return id == "r03" }
		b.later(2*time.Hour, text)
		b.later(2*time.Hour, text)
		b.expect("letter.put r03 deleted A3")
	})
}

func TestDeletion_IsToldOnlyToRecipesThatWereThere(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		early := told("item.all")
		late := told("item.all", "id: letters", "id: late", "letter.put", "letter.fire")
		b.filled(7)
		b.once(early)
		b.service.remove("r03") // before the second recipe
		b.later(time.Minute, early, late)
		b.later(time.Minute, early, late)
		b.service.remove("r04")
		b.later(time.Minute, early, late)
		b.later(time.Minute, early, late)
		b.expect("letter.put r03 deleted A3", "letter.put r04 deleted A4", "letter.fire r04 deleted A4")
	})
}

func TestDeletion_WalkThatWasInterruptedProvesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.all")
		b.filled(7)
		b.once(text)
		b.service.remove("r03")
		for range 4 { // each walk fails after its first page and is resumed
			n := 0
			b.service.pageErr = func() error {
				if n++; n == 2 {
					return failure(connectors.Auth) // one that does not end the walk
				}
				return nil
			}
			b.later(time.Minute, text)
			b.service.pageErr = nil
			b.once(text)
		}
		b.later(time.Minute, text)
		b.later(time.Minute, text)
		b.expect("letter.put r03 deleted A3")
	})
}

func TestDeletion_WalksThatMissARecordMustFollowEachOther(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.all")
		b.filled(7)
		b.once(text)
		for range 3 {
			b.service.hidden = func(id string) bool { return id == "r03" }
			b.later(time.Minute, text)
			b.service.hidden = nil
			b.later(time.Minute, text)
		}
		b.expect()
	})
}

// TestDeletion_WalkThatFailedOnItsWayProvesNothing lets every walk over the whole list fail
// once, in one program.
func TestDeletion_WalkThatFailedOnItsWayProvesNothing(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.all"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told(operation, "every: 1m}", "every: 1m}\n  deletes: {scan: 1h}")
				b.filled(7)
				b.once(text)
				b.service.remove("r03")
				failed := false
				b.service.refuse = func(position string) error {
					if position != "3" {
						return nil
					}
					if failed = !failed; failed {
						return failure(connectors.Transient)
					}
					return nil
				}
				b.serve(b.engine(text), 6*time.Hour)
				b.expect()
				b.service.refuse = nil
				b.serve(b.engine(text), 3*time.Hour)
				b.expect("letter.put r03 deleted A3")
			})
		})
	}
}

// TestDeletion_ListWhoseRowsMoveProvesNothing lets a row come in at the front between two
// pages of every walk, which pushes one that was shown onto the next page.
func TestDeletion_ListWhoseRowsMoveProvesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := strings.Replace(told("item.all"), "kinds: [created, updated, deleted]", "kinds: [deleted]", 1)
		b.filled(7)
		b.once(text)
		b.service.hidden = func(id string) bool { return id == "r05" }
		for i := range 4 {
			n := 0
			b.service.pageErr = func() error { // the service is locked
				if n++; n == 2 {
					b.service.items[fmt.Sprint("a", i)] = map[string]any{"created": "2000-01-01T00:00:00Z", "updated": "2000-01-01T00:00:00Z"}
				}
				return nil
			}
			b.later(time.Minute, text)
		}
		b.expect()
		b.service.pageErr = nil
		b.later(time.Minute, text)
		b.later(time.Minute, text)
		b.expect("letter.put r05 deleted A5")
	})
}

func TestDeletion_OfHalfTheListIsRefused(t *testing.T) {
	t.Parallel()
	for _, left := range []int{0, 30} {
		t.Run(fmt.Sprint(left, " left"), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told("item.all")
				b.filled(60)
				b.once(text)
				b.service.hidden = func(id string) bool { return id != "new" && id >= fmt.Sprintf("r%02d", left) }
				b.service.put("new", map[string]any{"name": "N"})
				for range 3 {
					b.later(time.Minute, text)
				}
				b.expect("letter.put new created N") // creations are not refused
				refused := b.feed("item.all").State.Refused
				if refused == nil || refused.Missing != 60-left {
					t.Fatalf("got refusal %+v, want one of %d missing records", refused, 60-left)
				}
				b.service.hidden = nil // they come back: it was the list that was wrong
				b.later(time.Minute, text)
				if r := b.feed("item.all").State.Refused; r != nil {
					t.Errorf("got refusal %+v after all came back, want none", r)
				}
				b.expect("letter.put new created N")
			})
		})
	}
}

func TestDeletion_ThatAPersonAcceptsIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.all")
		b.filled(40)
		b.once(text)
		var want []string
		for i := 10; i < 40; i++ {
			b.service.remove(fmt.Sprintf("r%02d", i))
			want = append(want, fmt.Sprintf("letter.put r%02d deleted A%d", i, i))
		}
		b.later(time.Minute, text)
		f := b.feed("item.all")
		f.State.Accepted = true
		if _, err := b.store.CommitPoll(t.Context(), store.PollCommit{Feed: f}); err != nil {
			t.Fatal(err)
		}
		b.later(time.Minute, text)
		b.expect(want...)
		if f := b.feed("item.all"); f.State.Accepted || f.State.Refused != nil || f.State.Records != 10 {
			t.Errorf("got accepted %t, refused %v, %d records; want neither and 10", f.State.Accepted, f.State.Refused, f.State.Records)
		}
	})
}

func TestWindow_MovesOnWithoutDeleting(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.window")
		for i := range 3 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": fmt.Sprint("A", i)})
		}
		b.later(time.Minute, text)
		b.service.remove("r1")
		b.later(time.Minute, text)
		b.later(time.Minute, text)
		b.expect("letter.put r1 deleted A1")
		for range 4 {
			b.later(time.Hour, text) // the others fall out behind
		}
		b.expect("letter.put r1 deleted A1")
		if got := b.feed("item.window").State.Records; got != 0 {
			t.Errorf("the feed knows %d records, want none in its window", got)
		}
	})
}

func TestScope_TurnsChangesIntoEnteredChangedLeft(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := recipe("crm.item.list", "crm.item.all", "steps:", "scope: record.count != nil and record.count > 9\nsteps:",
			"text: =record.name", `text: "${kind} ${record.count}"`)
		b.service.put("in", map[string]any{"count": 10})
		b.service.put("out", map[string]any{"count": 1})
		b.later(time.Hour, text)
		for _, step := range []struct {
			id    string
			count int
		}{{"in", 11}, {"out", 2}, {"out", 12}, {"in", 3}, {"new", 4}, {"newer", 20}} {
			b.service.put(step.id, map[string]any{"count": step.count})
			b.later(time.Minute, text)
		}
		b.expect("letter.put in changed 11", "letter.put out entered 12", "letter.put in left 3", "letter.put newer entered 20")
		b.service.remove("out")
		b.service.remove("new") // it was never in
		for range 3 {
			b.later(time.Minute, text)
		}
		b.expect("letter.put in changed 11", "letter.put out entered 12", "letter.put in left 3", "letter.put newer entered 20", "letter.put out left 12")
	})
}

func TestScope_EditStartsAfresh(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		scoped := func(bound int) string {
			return recipe("crm.item.list", "crm.item.all", "steps:", fmt.Sprintf("scope: record.count != nil and record.count > %d\nsteps:", bound),
				"text: =record.name", `text: "${kind} ${record.count}"`)
		}
		b.service.put("r1", map[string]any{"count": 5})
		b.service.put("r2", map[string]any{"count": 50})
		b.later(time.Hour, scoped(9))
		b.later(time.Minute, scoped(3)) // r1 would enter; nobody is told
		if want := `"records":2,"would_enter":1,"would_leave":0`; !strings.Contains(b.log.String(), want) {
			t.Errorf("the log is\n%s\nwant %s in it", b.log.String(), want)
		}
		b.service.put("r1", map[string]any{"count": 6})
		b.service.put("r2", map[string]any{"count": 51})
		b.later(time.Minute, scoped(3))
		b.expect("letter.put r1 changed 6", "letter.put r2 changed 51")
	})
}

func TestFanOut_TellsOfNewChangedAndDeletedNotes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("note.list", "record.id, text: =record.name", `record.item, text: "${kind} ${record.text} of ${event.parent}"`)
		for i := range 5 {
			b.service.put(fmt.Sprint("p", i), map[string]any{"name": "A"})
			b.service.note(fmt.Sprint("p", i), "n1", "old")
		}
		b.later(time.Hour, text)
		b.expect()
		b.service.note("p1", "n2", "new")
		b.service.note("p2", "n1", "edited")
		b.service.note("p3", "n1", "")
		b.later(time.Minute, text)
		b.expect("letter.put p1 created new of p1", "letter.put p2 updated edited of p2")
		b.later(time.Minute, text)
		b.expect("letter.put p1 created new of p1", "letter.put p2 updated edited of p2", "letter.put p3 deleted old of p3")
		b.service.put("p9", map[string]any{"name": "late"})
		b.service.note("p9", "n1", "first")
		b.later(time.Minute, text)
		b.expect("letter.put p1 created new of p1", "letter.put p2 updated edited of p2", "letter.put p3 deleted old of p3", "letter.put p9 created first of p9")
	})
}

func TestFanOut_ParentThatIsDeletedWhileBeingReadIsNoError(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("note.list", "record.id, text: =record.name", `record.item, text: "${kind} ${record.text}"`)
		for i := range 5 {
			b.service.put(fmt.Sprint("p", i), map[string]any{"name": "A"})
			b.service.note(fmt.Sprint("p", i), "n1", "old")
		}
		b.later(time.Hour, text)
		b.service.remove("p2")
		b.service.note("p4", "n2", "new")
		for range 3 {
			b.wait(time.Minute)
			if r := b.once(text); len(r.Failures) > 0 {
				t.Fatalf("got failures %v, want none", r.Failures)
			}
		}
		b.expect("letter.put p4 created new", "letter.put p2 deleted old")
	})
}

func TestFanOut_NarrowedByIDsAndByTheParentsRecord(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		const by = `text: "${record.text}"`
		named := told("note.list", "record.id, text: =record.name", "record.item, "+by, "every: 1m}", "every: 1m}\n  parents: [p1]")
		where := told("note.list", "record.id, text: =record.name", "record.item, "+by, "every: 1m}", "every: 1m}\n  parents: record.count == 1",
			"id: letters", "id: where", "letter.put", "letter.fire")
		for i := range 5 {
			b.service.put(fmt.Sprint("p", i), map[string]any{"count": i % 2})
			b.service.note(fmt.Sprint("p", i), "n1", "old")
		}
		b.later(time.Hour, named, where)
		if got := b.service.reads; len(got) != 2 || got["p1"] == 0 || got["p3"] == 0 {
			t.Errorf("asked for the notes of %v, want p1 and p3 alone", got)
		}
		for i := range 5 {
			b.service.note(fmt.Sprint("p", i), "n2", fmt.Sprint("new ", i))
		}
		b.later(time.Minute, named, where)
		b.expect("letter.put p1 new 1", "letter.fire p1 new 1", "letter.fire p3 new 3")
		// A parent that joins the narrowing later brings what is new from then on.
		b.service.put("p2", map[string]any{"count": 1})
		b.later(time.Minute, named, where)
		b.service.note("p2", "n3", "newer")
		b.later(time.Minute, named, where)
		b.expect("letter.put p1 new 1", "letter.fire p1 new 1", "letter.fire p3 new 3", "letter.fire p2 newer")
	})
}

// TestFanOut_ChangedParentsGoFirst serves on a budget that lets a round take long.
func TestFanOut_ChangedParentsGoFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("note.list", "record.id, text: =record.name", `record.item, text: "${record.text}"`)
		const n = 400 // at one request a second, more than six polls
		for i := range n {
			b.service.put(fmt.Sprintf("p%03d", i), map[string]any{"name": "A"})
			b.service.note(fmt.Sprintf("p%03d", i), "n1", "old")
		}
		b.wait(time.Hour)
		b.once(text)
		b.wait(time.Minute)
		b.service.note("p399", "n2", "new")
		b.service.put("p399", map[string]any{"name": "B"}) // its own list tells of it
		b.service.reads = map[string]int{}
		b.serve(b.engine(text), 150*time.Second)
		b.expect("letter.put p399 new")
		if asked := len(b.service.reads); asked > 200 {
			t.Errorf("%d lists asked for in two and a half minutes, want about one a second", asked)
		}
	})
}

// TestOnce_ListThatLeadsBackToItselfIsAFailure shows one page for ever: the visit must
// end, and say so.
func TestOnce_ListThatLeadsBackToItselfIsAFailure(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(7)
		b.service.circle = true
		r := b.once(told("item.all"))
		if len(r.Failures) != 1 || !errors.Is(r.Failures[0].Err, triggers.ErrWalk) {
			t.Errorf("got failures %v, want one of a list that cannot be trusted", r.Failures)
		}
	})
}

// TestOnce_EndsWhereTheWholeListCannotBeRead has a list whose second page fails for good,
// while the poll from the watermark on goes well again and again: the visit must end.
func TestOnce_EndsWhereTheWholeListCannotBeRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.list", "every: 1m}", "every: 1m}\n  deletes: {scan: 1h}")
		b.filled(7)
		b.once(text)
		b.service.refuse = func(position string) error {
			if position == "" {
				return nil
			}
			return failure(connectors.Transient)
		}
		b.wait(2 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		r, err := b.engine(text).Once(ctx)
		if took := time.Since(began); err != nil || len(r.Failures) != 1 || took > 5*time.Minute {
			t.Errorf("got failures %v and %v after %s, want one within minutes", r.Failures, err, took)
		}
	})
}

// TestOnce_RowsWithoutTheTimeOfTheirUpdateAreTold reads a list that leaves out what the
// shape of its records promises.
func TestOnce_RowsWithoutTheTimeOfTheirUpdateAreTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.timeless = true
		text := told("item.all")
		b.filled(4)
		b.once(text)
		b.expect()
		b.service.put("r01", map[string]any{"name": "B"})
		b.service.put("new", map[string]any{"name": "N"})
		b.later(time.Minute, text)
		b.expect("letter.put r01 updated B", "letter.put new created N")
	})
}

// TestSubscribe_TwoWatchesOnOneFeed lets two recipes look at different fields of one list.
func TestSubscribe_TwoWatchesOnOneFeed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		name := told("item.list", "every: 1m}", "every: 1m}\n  watch: [name]")
		count := told("item.list", "every: 1m}", "every: 1m}\n  watch: [count]", "id: letters", "id: counts", "letter.put", "letter.fire")
		b.filled(4)
		b.once(name, count)
		b.service.put("r01", map[string]any{"name": "B"})
		b.later(time.Minute, name, count)
		b.service.put("r01", map[string]any{"count": 2})
		b.later(time.Minute, name, count)
		b.service.put("r01", map[string]any{"email": "x@example.com"})
		b.later(time.Minute, name, count)
		b.expect("letter.put r01 updated B", "letter.fire r01 updated B")
	})
}

// TestSubscribe_RepublishedRecipeGetsNothingTwice edits a recipe again and again while
// records change.
func TestSubscribe_RepublishedRecipeGetsNothingTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(4)
		var want []string
		for i := range 5 {
			text := told("item.list", "id: letters", fmt.Sprintf("id: letters\nname: version %d", i))
			b.later(time.Minute, text)
			b.once(text)
			b.service.put("r01", map[string]any{"name": fmt.Sprint("B", i)})
			if i < 4 {
				want = append(want, fmt.Sprintf("letter.put r01 updated B%d", i))
			}
		}
		b.expect(want...)
	})
}

// TestPoll_CredentialThatIsRefusedInTheMiddleOfAWalk loses nothing: the walk goes on once
// the credential is accepted again.
func TestPoll_CredentialThatIsRefusedInTheMiddleOfAWalk(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.all", "item.newest"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told(operation)
				b.filled(10)
				b.once(text)
				var want []string
				for i := range 10 {
					b.service.put(fmt.Sprintf("r%02d", i), map[string]any{"name": fmt.Sprint("B", i)})
					want = append(want, fmt.Sprintf("letter.put r%02d updated B%d", i, i))
				}
				b.wait(time.Minute)
				n := 0
				b.service.pageErr = func() error {
					if n++; n > 2 && n < 6 {
						return failure(connectors.Auth)
					}
					return nil
				}
				b.serve(b.engine(text), time.Hour)
				b.expect(want...)
			})
		})
	}
}

// TestFanOut_EveryRoundAsksEachParentOnce counts the requests of rounds in which little
// happens.
func TestFanOut_EveryRoundAsksEachParentOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("note.list", "record.id, text: =record.name", "record.item, text: =record.text")
		for i := range 7 {
			b.service.put(fmt.Sprint("p", i), map[string]any{"name": "A"})
		}
		b.wait(time.Hour)
		for round := range 4 {
			b.service.reads = map[string]int{}
			b.once(text)
			for id, n := range b.service.reads {
				if n > 1 {
					t.Errorf("round %d asked for the notes of %s %d times, want once", round, id, n)
				}
			}
			b.wait(time.Minute)
			b.service.put("p3", map[string]any{"name": fmt.Sprint("B", round)}) // it goes first, and not again
			b.wait(time.Minute)
		}
	})
}

// TestFanOut_RoundGoesOnAfterAnError interrupts a round again and again: no parent is
// asked twice, as if the budget of the service were used up.
func TestFanOut_RoundGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("note.list", "record.id, text: =record.name", "record.item, text: =record.text")
		b.filled(20)
		b.once(text)
		b.service.reads = map[string]int{}
		n := 0
		b.service.pageErr = func() error {
			if n++; n%5 == 0 {
				return &connectors.Error{Kind: connectors.RateLimited, Op: "fake", RetryAfter: 10 * time.Second, Err: errors.New("enough")}
			}
			return nil
		}
		b.later(time.Minute, text)
		if len(b.service.reads) != 20 {
			t.Errorf("the round asked for the notes of %d items, want 20", len(b.service.reads))
		}
		for id, n := range b.service.reads {
			if n > 1 {
				t.Errorf("the round asked for the notes of %s %d times, want once", id, n)
			}
		}
	})
}

// TestPoll_ChangesAreToldWhileTheListIsLearnt reads a list that takes ten minutes.
func TestPoll_ChangesAreToldWhileTheListIsLearnt(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.newest"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				b.filled(60)
				b.service.size, b.service.pageDelay = 1, 10*time.Second
				time.AfterFunc(30*time.Second, func() { b.service.put("new", map[string]any{"name": "N"}) })
				b.serve(b.engine(told(operation)), 3*time.Minute)
				b.expect("letter.put new created N")
				if b.feed(operation).State.Baseline {
					t.Error("the whole list was read in three minutes, want it to take ten")
				}
			})
		})
	}
}

// TestPoll_FeedThatSomebodyElseHasMovedIsReadAgain moves the feed while a page is in memory.
func TestPoll_FeedThatSomebodyElseHasMovedIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"item.list", "item.all", "item.newest"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				text := told(operation)
				b.filled(4)
				b.once(text)
				b.service.put("r01", map[string]any{"name": "B"})
				b.wait(time.Minute)
				moved := false
				b.hooks.At = func(p engine.Point) {
					if p == engine.PageFetched && !moved {
						moved = true
						b.commit(b.feed(operation))
					}
				}
				if r := b.once(text); len(r.Failures) > 0 || !moved {
					t.Errorf("got failures %v, feed moved %t; want none and true", r.Failures, moved)
				}
				b.expect("letter.put r01 updated B")
			})
		})
	}
}

// TestSubscribe_RowThatSlipsPastAWalkIsServedByTheNext moves a row over a page border
// while a recipe that wants the past is served.
func TestSubscribe_RowThatSlipsPastAWalkIsServedByTheNext(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		live := told("item.all")
		past := told("item.all", "start: now", "start: all", "id: letters", "id: past", "letter.put", "letter.fire")
		b.filled(9)
		b.once(live)
		b.wait(time.Minute)
		n := 0
		b.service.pageErr = func() error {
			if n++; n == 2 { // the first page was read: the rest moves up by one
				delete(b.service.items, "r00")
				b.service.items["r99"] = map[string]any{"id": "r99", "name": "A99", "created": "2000-01-01T00:30:00Z", "updated": "2000-01-01T00:30:00Z"}
			}
			return nil
		}
		b.once(live, past)
		b.service.pageErr = nil
		b.later(time.Minute, live, past)
		var fired int
		for _, s := range b.service.sent() {
			if strings.HasPrefix(s, "letter.fire r03 ") {
				fired++
			}
		}
		if fired != 1 {
			t.Errorf("the row that slipped past was told %d times to the recipe that wants the past, want once", fired)
		}
	})
}

// TestFeed_AnotherFieldThatTellsRecordsApartIsAnError edits a connector in its place: records
// that were known by one field are told apart by another one.
func TestFeed_AnotherFieldThatTellsRecordsApartIsAnError(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := told("item.all", "record.id, text: =record.name", "record.email, text: kept")
		b.service.timeless = true
		for i := range 5 {
			b.service.put(fmt.Sprint("p", i), map[string]any{"name": "A", "email": fmt.Sprint("a", i, "@example.com")})
		}
		b.later(time.Hour, text)
		b.service.tells = "email"
		b.wait(time.Hour)
		r := b.once(text)
		if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Err.Error(), `tells its records apart by "email" and did so by "id"`) {
			t.Errorf("got failures %v, want one that names both fields", r.Failures)
		}
		b.expect()
		b.service.tells = ""
		b.service.put("p1", map[string]any{"name": "B"})
		b.wait(time.Hour)
		if r := b.once(text); len(r.Failures) > 0 || r.Changes != 1 {
			t.Errorf("got %+v, want the one change once the field is back", r)
		}
	})
}

// TestFeed_AnotherStrategyGoesOn edits a connector in its place: changes are found in another
// way than before, and none is lost.
func TestFeed_AnotherStrategyGoesOn(t *testing.T) {
	t.Parallel()
	for _, reconcile := range []string{"24h", "off"} {
		bubble(t, func(t *testing.T, b *bench) {
			text := told("item.list", "every: 1m}", "every: 1m}\n  reconcile: "+reconcile)
			b.service.way = connectors.Snapshot
			b.filled(5)
			b.once(told("item.list"))
			b.service.way = connectors.Keyset
			b.service.put("r01", map[string]any{"name": "B"})
			b.later(time.Hour, text)
			b.expect("letter.put r01 updated B")
			b.service.put("r02", map[string]any{"name": "C"})
			b.later(time.Hour, text)
			b.expect("letter.put r01 updated B", "letter.put r02 updated C")
		})
	}
}
