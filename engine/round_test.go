package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// notes is told for the notes of items.
func notes(pairs ...string) string {
	return told("note.list", append([]string{"record.id, text: =record.name", `record.item, text: "${kind} ${record.text}"`}, pairs...)...)
}

// parents puts some items with a note each into the service and lets an hour pass.
func (b *bench) parents(n int) {
	for i := range n {
		b.service.put(fmt.Sprintf("p%02d", i), map[string]any{"name": "A", "count": i % 2})
		b.service.note(fmt.Sprintf("p%02d", i), "n1", "old")
	}
	b.wait(time.Hour)
}

func TestRound_RecipeStartsWhereTheFirstParentIsRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := notes("every: 1m}", "every: 1m}\n  parents: [p00, p03]")
		b.parents(5)
		b.bad(connectors.Invalid, func(id string) bool { return id == "p00" })
		b.once(text)
		b.service.note("p03", "n2", "new")
		b.later(time.Minute, text)
		b.expect("letter.put p03 created new")
	})
}

func TestRound_GoesOnBehindParentsThatAreRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(9)
		b.once(notes())
		b.bad(connectors.Invalid, func(id string) bool { return id < "p04" })
		b.service.note("p06", "n2", "new")
		for range 3 {
			b.later(time.Hour, notes())
		}
		b.expect("letter.put p06 created new")
	})
}

func TestRound_ChangedParentsThatAreRefusedDoNotStayFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(9)
		b.once(notes())
		b.bad(connectors.Invalid, func(id string) bool { return id < "p04" })
		for i := range 4 {
			b.service.put(fmt.Sprintf("p%02d", i), map[string]any{"name": "B"})
		}
		b.service.note("p06", "n2", "new")
		for range 3 {
			b.later(time.Hour, notes())
		}
		b.expect("letter.put p06 created new")
	})
}

func TestRound_GoesOnBehindAParentThatNeverAnswers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(9)
		b.once(notes())
		b.bad(connectors.Transient, func(id string) bool { return id == "p04" })
		b.service.note("p06", "n2", "new")
		b.serve(b.engine(notes()), 3*time.Hour)
		b.expect("letter.put p06 created new")
	})
}

// TestRound_PollThatFailsKeepsItsWay has a service that stops each poll before anything was
// found that would be stored.
func TestRound_PollThatFailsKeepsItsWay(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(100)
		b.once(notes())
		b.service.note("p99", "n2", "new")
		asked := 0
		b.service.badParent = func(string) error {
			if asked++; asked%31 == 0 {
				return failure(connectors.RateLimited)
			}
			return nil
		}
		b.serve(b.engine(notes()), 20*time.Minute)
		b.expect("letter.put p99 created new")
	})
}

func TestRound_GoesOnHoweverManyParentsChange(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(200)
		b.once(notes())
		b.service.note("p99", "n2", "new")
		go func() {
			for range 60 {
				for i := 100; i < 200; i++ {
					b.service.put(fmt.Sprintf("p%d", i), map[string]any{"name": time.Now().String()})
				}
				b.wait(20 * time.Second)
			}
		}()
		b.serve(b.engine(notes()), 20*time.Minute)
		b.expect("letter.put p99 created new")
	})
}

func TestRound_ChangedParentsThatNobodyWatchesDoNotStayFirst(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		text := notes("every: 1m}", "every: 1m}\n  parents: record.count == 1")
		const n = 500
		for i := range n {
			count := 0
			if i > 250 {
				count = 1
			}
			b.service.put(fmt.Sprintf("p%03d", i), map[string]any{"count": count})
			b.service.note(fmt.Sprintf("p%03d", i), "n1", "old")
		}
		b.wait(time.Hour)
		b.once(text)
		for i := range 250 {
			b.service.put(fmt.Sprintf("p%03d", i), map[string]any{"name": "B"})
		}
		b.later(time.Minute, text)
		b.service.note("p499", "n2", "new")
		b.service.put("p499", map[string]any{"name": "B"})
		b.serve(b.engine(text), 130*time.Second)
		b.expect("letter.put p499 created new")
	})
}

// TestRound_OneMomentProvesNoDeletion lets a changed parent, which comes first and again in
// its place, leave out a note for the length of one poll.
func TestRound_OneMomentProvesNoDeletion(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(5)
		b.once(notes())
		b.service.put("p03", map[string]any{"name": "B"})
		b.service.note("p03", "n1", "")
		b.later(time.Minute, notes())
		b.service.note("p03", "n1", "old")
		b.later(time.Minute, notes())
		b.expect()
	})
}

// TestRound_CountsAMissingRecordOnce takes fewer records away than are refused, in a round
// of several polls, which looks for each of them twice.
func TestRound_CountsAMissingRecordOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(300)
		b.once(notes())
		var want []string
		for i := 200; i < 214; i++ {
			b.service.note(fmt.Sprintf("p%02d", i), "n1", "")
			b.service.put(fmt.Sprintf("p%02d", i), map[string]any{"name": "B"})
			want = append(want, fmt.Sprintf("letter.put p%02d deleted old", i))
		}
		b.serve(b.engine(notes()), 200*time.Second)
		b.expect(want...)
	})
}

func TestRound_AcceptedDeletionsOfDeletedParentsAreTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(40)
		b.once(notes())
		var want []string
		for i := range 30 {
			b.service.remove(fmt.Sprintf("p%02d", i))
			want = append(want, fmt.Sprintf("letter.put p%02d deleted old", i))
		}
		for _, operation := range []string{"item.list", "note.list"} {
			b.later(25*time.Hour, notes())
			b.later(25*time.Hour, notes())
			f := b.feed(operation)
			f.State.Accepted = true
			b.commit(f)
		}
		b.later(25*time.Hour, notes())
		b.expect(want...)
	})
}

func TestRound_NamedParentNeedNotBeInTheList(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		named := notes("every: 1m}", "every: 1m}\n  parents: [p03]")
		every := notes("id: letters", "id: every", "letter.put", "letter.fire")
		b.service.hidden = func(id string) bool { return id == "p03" }
		b.parents(5)
		b.once(named, every)
		b.service.note("p03", "n2", "new")
		b.later(time.Minute, named, every)
		b.expect("letter.put p03 created new", "letter.fire p03 created new")
	})
}

func TestRound_EditFromNamedParentsToAllTellsNothingOld(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		named := notes("every: 1m}", "every: 1m}\n  parents: [p03]")
		b.parents(5)
		b.once(named)
		b.later(time.Minute, named)
		b.later(time.Minute, notes())
		b.service.note("p01", "n2", "new")
		b.later(time.Minute, notes())
		b.expect("letter.put p01 created new")
	})
}

// TestRound_EmptyListsOfAllParentsAreNotBelieved empties all lists for hours: not even some
// of the notes may be told as deleted, round by round.
func TestRound_EmptyListsOfAllParentsAreNotBelieved(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(40)
		b.once(notes())
		b.bad(connectors.NotFound, func(string) bool { return true })
		for range 6 {
			b.later(time.Hour, notes())
		}
		b.bad(connectors.NotFound, func(id string) bool { return id < "p03" })
		for range 2 {
			b.expect()
			b.later(time.Hour, notes())
		}
		b.expect("letter.put p00 deleted old", "letter.put p01 deleted old", "letter.put p02 deleted old")
	})
}

// TestRound_PollThatGoesWellClearsTheError looks at the feed in the middle of a long round.
func TestRound_PollThatGoesWellClearsTheError(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.parents(400) // at one request a second, more than six polls
		b.once(notes())
		b.failFrom(1, connectors.Auth)
		b.later(time.Minute, notes())
		b.service.pageErr = nil
		b.serve(b.engine(notes()), 3*time.Minute)
		if f := b.feed("note.list"); f.Error != nil || f.State.Walk == nil {
			t.Errorf("got error %+v and walk %v, want no error in the middle of a round", f.Error, f.State.Walk)
		}
	})
}

// commit stores a feed as it is.
func (b *bench) commit(f store.Feed) {
	b.t.Helper()
	if _, err := b.store.CommitPoll(b.t.Context(), store.PollCommit{Feed: f}); err != nil {
		b.t.Fatal(err)
	}
}

// bad lets the lists of some parents fail.
func (b *bench) bad(kind connectors.Kind, parent func(id string) bool) {
	b.service.badParent = func(id string) error {
		if parent(id) {
			return failure(kind)
		}
		return nil
	}
}
