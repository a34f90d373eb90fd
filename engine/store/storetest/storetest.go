package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
	"github.com/pollux-automation/pollux/triggers"
)

// Run runs the suite. open returns a new, empty store; the suite closes it. Each test
// has a store of its own, and all of them run in parallel.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store){
		"feed/starts unknown":                   feedStartsUnknown,
		"feed/commit numbers and revises":       commitNumbersAndRevises,
		"feed/conflict writes nothing":          conflictWritesNothing,
		"feed/status is apart from the commits": statusIsApart,
		"feed/list is sorted":                   feedsAreSorted,
		"seen/entries of some records":          entriesOfSomeRecords,
		"seen/scan goes on where it stopped":    scanGoesOn,
		"seen/scan of a prefix":                 scanOfAPrefix,
		"seen/decisions learn their runs":       decisionsLearnTheirRuns,
		"parents/visited and due":               parentsVisitedAndDue,
		"seen/values are copies":                valuesAreCopies,
		"subscription/keeps its number":         subscriptionKeepsItsNumber,
		"queue/runs wait in order":              runsWaitInOrder,
		"queue/ids sort and belong to a store":  idsSort,
		"queue/a run lives and ends":            runLivesAndEnds,
		"queue/steps keep their order":          stepsKeepTheirOrder,
		"queue/a final run skips the queue":     finalRunSkipsTheQueue,
		"recipe/versions are kept":              recipesAreKept,
		"history/filters":                       historyFilters,
		"retention/forgets by age":              pruneForgetsByAge,
		"retention/slices go on":                pruneGoesOn,
		"retention/place is kept":               pruningIsKept,
		"retention/texts of recipes":            recipesArePruned,
		"invalid/is refused and harms nothing":  invalidIsRefused,
		"end/closed and canceled":               closedAndCanceled,
		"runs/revised ones live on":             revisedRunLivesOn,
		"runs/revisions are guarded":            revisionIsGuarded,
		"runs/know the one before":              previousRunIsKnown,
		"desk/audit trail is appended":          auditTrailIsAppended,
		"desk/switches are kept":                switchesAreKept,
		"desk/budgets are kept":                 budgetsAreKept,
		"desk/secrets need a key":               secretsNeedAKey,
		"files/are kept by run and name":        filesAreKept,
		"files/have limits":                     filesHaveLimits,
		"files/are swept with their runs":       filesAreSwept,
		"parallel/each write is answered":       parallelWrites,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			test(t, s)
			CheckAndClose(t, s)
		})
	}
}

// CheckAndClose closes a store after its own check found nothing. A store that the
// test has closed has no check any more, and closing it again must do nothing.
func CheckAndClose(t *testing.T, s store.Store) {
	t.Helper()
	findings, err := s.Check(t.Context())
	if err != nil && !errors.Is(err, store.ErrClosed) {
		t.Errorf("check: %v", err)
	}
	for _, f := range findings {
		t.Errorf("check: %s", f)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// same reports a difference. Nil and empty lists are the same: stores need not tell
// them apart.
func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// is wants an error. want is a sentinel, which may be wrapped.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// ok wants no error. It ends the test, for the rest of it would only fail in its
// wake.
func ok(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// commit stores records, each with a run of one subscription, in a feed that it loads
// before. Each is at its first revision, and the feed is joined if it is new.
func commit(t testing.TB, s store.Store, id store.FeedID, records ...string) store.Committed {
	t.Helper()
	ctx := t.Context()
	f, err := s.LoadFeed(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		f, err = sample.Feed(id), nil
	}
	ok(t, "load the feed", err)
	if f.Revision == 0 {
		f = join(t, s, f)
	}
	subs, err := s.Subscriptions(ctx)
	ok(t, "subscriptions", err)
	var number uint32
	for _, sub := range subs {
		if sub.Feed == id {
			number = sub.Number
		}
	}
	c := store.PollCommit{Feed: f}
	for _, record := range records {
		c.Feed.State.Ordinals++
		c.Feed.State.Records++
		e := sample.Entry(c.Feed.State.Ordinals)
		e.Decide(triggers.Decision{Subscription: number, Revision: 1, Verdict: triggers.Accepted})
		c.Seen = append(c.Seen, store.Seen{ID: record, Entry: e})
		r := sample.Run(number, record)
		r.Run.Feed = id
		c.Runs = append(c.Runs, r)
	}
	done, err := s.CommitPoll(ctx, c)
	ok(t, "commit", err)
	return done
}

// join stores a feed for the first time with one subscription. It returns the feed as
// stored, ready for the next commit.
func join(t testing.TB, s store.Store, f store.Feed) store.Feed {
	t.Helper()
	done, err := s.CommitPoll(t.Context(), store.PollCommit{
		Feed:          f,
		Subscriptions: []store.Subscription{{Recipe: "welcome-" + string(f.ID), Account: "acme", Feed: f.ID, Start: "now", JoinedAt: sample.Noon}},
	})
	ok(t, "first commit", err)
	return done.Feed
}
