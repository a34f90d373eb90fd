package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
)

// elsewhere moves a recipe to another feed on the same list.
func elsewhere(text string) string {
	return recipe("poll: crm.item.list", "poll: crm.item.list\n  with: {query: x}", "start: now", "start: "+text)
}

func TestSubscribe_EditThatMovesTheFeedLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.service.put("old", map[string]any{"name": "A"})
		b.wait(time.Hour)
		b.once(recipe())
		b.service.putLate("late", map[string]any{"name": "shows up after the edit"}, 30*time.Second)
		b.wait(time.Second)
		b.service.put("r1", map[string]any{"name": "before the edit"})
		b.wait(2 * time.Second)
		b.once(recipe())
		b.service.put("r2", map[string]any{"name": "during the edit"})
		b.wait(2 * time.Second)
		b.once(elsewhere("now"))
		b.service.put("r3", map[string]any{"name": "after the edit"})
		b.wait(2 * time.Second)
		b.once(elsewhere("now"))
		b.wait(time.Minute)
		b.once(elsewhere("now"))
		b.once(recipe()) // taken back
		b.expect("letter.put late shows up after the edit", "letter.put r1 before the edit", "letter.put r2 during the edit", "letter.put r3 after the edit")
	})
}

// TestSubscribe_EditsFasterThanTheBaseline moves a recipe on and back before the
// new feed has read its list once.
func TestSubscribe_EditsFasterThanTheBaseline(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 10 {
			b.service.put(fmt.Sprint("old", i), map[string]any{"name": "A"})
		}
		b.wait(time.Hour)
		b.once(recipe())
		b.service.put("r1", map[string]any{"name": "A"})
		b.wait(2 * time.Second)
		b.once(recipe())
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 1 {
				return failure(connectors.Invalid)
			}
			return nil
		}
		b.once(elsewhere("now"))
		b.service.pageErr = nil
		b.service.put("r2", map[string]any{"name": "A"})
		b.wait(2 * time.Second)
		b.once(recipe())
		b.expect("letter.put r1 A", "letter.put r2 A")
	})
}

func TestSubscribe_EditBeforeTheStartWasObeyedKeepsIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		var want []string
		for i := range 10 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
			want = append(want, fmt.Sprintf("letter.put r%d A", i))
		}
		b.wait(time.Hour)
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 1 {
				return failure(connectors.Invalid)
			}
			return nil
		}
		b.once(recipe("start: now", "start: all"))
		b.service.pageErr = nil
		b.once(elsewhere("all"))
		b.expect(want...)
	})
}

// TestSubscribe_RecipeThatWasAwayDuringItsWalkMissesNoChange takes a recipe away in
// the middle of its walk over the past, and gives it back after a change.
func TestSubscribe_RecipeThatWasAwayDuringItsWalkMissesNoChange(t *testing.T) {
	t.Parallel()
	all := recipe("start: now", "start: all", "id: letters", "id: everything", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		for i := range 6 {
			b.service.put(fmt.Sprint("r", i), map[string]any{"name": "A"})
		}
		b.wait(time.Hour)
		b.once(recipe())
		n := 0
		b.service.pageErr = func() error {
			if n++; n > 2 { // after one for what is new and one of the past
				return failure(connectors.Invalid)
			}
			return nil
		}
		b.once(recipe(), all) // half of the past
		b.service.pageErr = nil
		b.service.put("r0", map[string]any{"name": "B"})
		b.wait(time.Second)
		b.once(recipe())
		b.once(recipe(), all)
		b.expect("letter.put r0 B", "letter.fire r0 A", "letter.fire r0 B", "letter.fire r1 A", "letter.fire r2 A",
			"letter.fire r3 A", "letter.fire r4 A", "letter.fire r5 A")
	})
}

// failFrom makes pages fail from the nth one on.
func (b *bench) failFrom(n int, kind connectors.Kind) {
	i := 0
	b.service.pageErr = func() error {
		if i++; i >= n {
			return failure(kind)
		}
		return nil
	}
}

// TestSubscribe_RecipeThatWasAwayWhileItsWalkWentOn takes a recipe away in the middle of its
// walk over the past, which goes on without it and is not over when it comes back.
func TestSubscribe_RecipeThatWasAwayWhileItsWalkWentOn(t *testing.T) {
	t.Parallel()
	all := recipe("start: now", "start: all", "id: letters", "id: everything", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(12)
		b.once(recipe())
		b.failFrom(3, connectors.Auth) // one live, one side page
		b.once(recipe(), all)
		b.failFrom(3, connectors.Auth) // live, one side page
		b.once(recipe())
		b.service.pageErr = nil
		b.once(recipe(), all)
		var want []string
		for i := range 12 {
			want = append(want, fmt.Sprintf("letter.fire r%02d A%d", i, i))
		}
		b.expect(want...)
	})
}

// TestSubscribe_StartThatWasStoredCounts edits a start before it was obeyed: it must not
// become one that takes everything.
func TestSubscribe_StartThatWasStoredCounts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(6)
		at := time.Now().UTC().Format(time.RFC3339)
		b.failFrom(1, connectors.Invalid)
		b.once(recipe("start: now", "start: "+at))
		b.service.pageErr = nil
		b.once(recipe())
		b.expect()
	})
}

// TestSubscribe_FirstWordOfARecordIsItsCreation changes a record between two pages of the
// walk that serves a recipe the past.
func TestSubscribe_FirstWordOfARecordIsItsCreation(t *testing.T) {
	t.Parallel()
	all := recipe("start: now", "start: all\n  kinds: [created]", "id: letters", "id: everything", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(9)
		b.once(recipe())
		b.failFrom(3, connectors.Auth)
		b.once(recipe(), all)
		b.service.pageErr = nil
		b.service.put("r08", map[string]any{"name": "B"})
		b.wait(time.Second)
		b.once(recipe(), all)
		want := []string{"letter.put r08 B", "letter.fire r08 B"}
		for i := range 8 {
			want = append(want, fmt.Sprintf("letter.fire r%02d A%d", i, i))
		}
		b.expect(want...)
	})
}

// TestSubscribe_WholeSecondsHideNothing makes records in the second in which a recipe starts,
// at a service whose times have whole seconds: which of them came before the start nobody can
// tell, so they make runs.
func TestSubscribe_WholeSecondsHideNothing(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"item.list", "item.newest"} {
		bubble(t, func(t *testing.T, b *bench) {
			b.service.coarse = true
			b.service.put("old", map[string]any{"name": "A"})
			b.wait(time.Hour + 400*time.Millisecond)
			text := recipe("crm.item.list", "crm."+list, "start: now", "start: now\n  kinds: [created]")
			b.once(text)
			b.service.put("r1", map[string]any{"name": "in the second of the start"})
			b.wait(3 * time.Second)
			b.service.put("r2", map[string]any{"name": "later"})
			b.wait(time.Second)
			b.once(text)
			b.once(text)
			b.expect("letter.put r1 in the second of the start", "letter.put r2 later")
		})
	}
}

// TestSubscribe_MoveToAFeedThatIsAhead moves a recipe to a feed of others that has seen a
// change which the recipe was not told of.
func TestSubscribe_MoveToAFeedThatIsAhead(t *testing.T) {
	t.Parallel()
	other := recipe("poll: crm.item.list", "poll: crm.item.list\n  with: {query: x}", "id: letters", "id: other", "letter.put", "letter.fire")
	bubble(t, func(t *testing.T, b *bench) {
		b.filled(4)
		b.once(recipe(), other)
		b.service.put("r2", map[string]any{"name": "B"})
		b.wait(2 * time.Second)
		b.once(other) // letters is not there for a moment
		b.wait(time.Hour)
		b.once(elsewhere("now"), other)
		b.expect("letter.fire r2 B", "letter.put r2 B")
	})
}
