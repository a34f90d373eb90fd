package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
	"github.com/pollux-automation/pollux/triggers"
)

// feedStartsUnknown: asking for what is not there is no error where the answer can be
// empty, and SaveFeed makes no feed.
func feedStartsUnknown(t *testing.T, s store.Store) {
	ctx := t.Context()
	_, err := s.LoadFeed(ctx, "f")
	is(t, "load an unknown feed", err, store.ErrNotFound)
	is(t, "save an unknown feed", s.SaveFeed(ctx, "f", store.FeedStatus{}), store.ErrNotFound)
	entries, err := s.Entries(ctx, "f", []string{"a"})
	ok(t, "entries of an unknown feed", err)
	same(t, "entries of an unknown feed", map[string]triggers.Entry{}, entries)
	list, last, err := s.ScanEntries(ctx, "f", "", "", 10)
	ok(t, "scan of an unknown feed", err)
	same(t, "scan of an unknown feed", []store.Seen(nil), list)
	same(t, "last id of an empty scan", "", last)
}

// commitNumbersAndRevises: the store numbers feeds from 1, whatever number it is
// handed, and counts their commits.
func commitNumbersAndRevises(t *testing.T, s store.Store) {
	ctx := t.Context()
	want := sample.Feed("f")
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: want})
	ok(t, "first commit", err)
	want.Number, want.Revision = 1, 1
	same(t, "feed after the first commit", want, done.Feed)
	want = done.Feed
	want.State.Baseline, want.Number = true, 77 // a number is the store's to give
	done, err = s.CommitPoll(ctx, store.PollCommit{Feed: want})
	ok(t, "second commit", err)
	want.Number, want.Revision = 1, 2
	same(t, "feed after the second commit", want, done.Feed)
	loaded, err := s.LoadFeed(ctx, "f")
	ok(t, "load", err)
	same(t, "loaded feed", want, loaded)
	done, err = s.CommitPoll(ctx, store.PollCommit{Feed: sample.Feed("g")})
	ok(t, "commit of another feed", err)
	same(t, "number of another feed", uint32(2), done.Feed.Number)
	places := []store.Subscription{{Recipe: "a", Account: "x", Feed: "g"}, {Recipe: "b", Account: "x", Feed: "g"}}
	done, err = s.CommitPoll(ctx, store.PollCommit{Feed: done.Feed, Subscriptions: places})
	ok(t, "commit of two subscriptions", err)
	same(t, "their numbers", []uint32{1, 2}, done.Subscriptions)
	slices.Reverse(places)
	done, err = s.CommitPoll(ctx, store.PollCommit{Feed: done.Feed, Subscriptions: append(places, store.Subscription{Recipe: "c", Feed: "g"})})
	ok(t, "commit of them again, and of another one", err)
	same(t, "their numbers again, and a new one", []uint32{2, 1, 3}, done.Subscriptions)
}

// conflictWritesNothing: a commit at an old revision leaves no trace of its entries,
// runs and subscriptions. This is what keeps two pollers of one feed from doubling a
// record.
func conflictWritesNothing(t *testing.T, s store.Store) {
	ctx := t.Context()
	stale := commit(t, s, "f", "a").Feed
	commit(t, s, "f", "b")
	c := store.PollCommit{
		Feed: stale, Seen: []store.Seen{{ID: "c", Entry: sample.Entry(3)}}, Runs: []store.NewRun{sample.Run(1, "c")},
		Subscriptions: []store.Subscription{{Recipe: "other", Account: "acme", Feed: "f"}},
	}
	_, err := s.CommitPoll(ctx, c)
	is(t, "commit at an old revision", err, store.ErrConflict)
	c.Feed = sample.Feed("new")
	c.Feed.Revision = 5
	_, err = s.CommitPoll(ctx, c)
	is(t, "commit of a new feed at a revision", err, store.ErrConflict)
	entries, err := s.Entries(ctx, "f", []string{"c"})
	ok(t, "entries", err)
	same(t, "entries of the refused commit", map[string]triggers.Entry{}, entries)
	counts, err := s.CountRuns(ctx)
	ok(t, "count", err)
	same(t, "runs", map[store.Status]int{store.Queued: 2}, counts)
	subs, err := s.Subscriptions(ctx)
	ok(t, "subscriptions", err)
	same(t, "number of subscriptions", 1, len(subs))
	_, err = s.LoadFeed(ctx, "new")
	is(t, "feed of the refused commit", err, store.ErrNotFound)
}

// statusIsApart: saving the status leaves the revision, so a poll that is under way
// can still commit.
func statusIsApart(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := commit(t, s, "f", "a").Feed
	status := store.FeedStatus{NextPollAt: sample.Noon.Add(time.Hour), Failures: 3, Error: &store.Failure{Kind: "auth", Status: 401, Message: "no"}}
	ok(t, "save", s.SaveFeed(ctx, "f", status))
	want := f
	want.NextPollAt, want.Error, want.Failures = status.NextPollAt, status.Error, status.Failures
	got, err := s.LoadFeed(ctx, "f")
	ok(t, "load", err)
	same(t, "feed with a status", want, got)
	_, err = s.CommitPoll(ctx, store.PollCommit{Feed: f})
	ok(t, "commit at the revision from before the status", err)
}

// feedsAreSorted: listings do not depend on the order of the commits.
func feedsAreSorted(t *testing.T, s store.Store) {
	for _, id := range []store.FeedID{"b", "c", "a"} {
		commit(t, s, id)
	}
	list, err := s.ListFeeds(t.Context())
	ok(t, "list", err)
	var ids []store.FeedID
	for _, f := range list {
		ids = append(ids, f.ID)
	}
	same(t, "feeds", []store.FeedID{"a", "b", "c"}, ids)
}

// entriesOfSomeRecords: records of another feed, unknown ones and an empty id are
// left out of the answer.
func entriesOfSomeRecords(t *testing.T, s store.Store) {
	ctx := t.Context()
	commit(t, s, "f", "a", "b", "c")
	commit(t, s, "g", "d")
	got, err := s.Entries(ctx, "f", []string{"a", "c", "d", "x", ""})
	ok(t, "entries", err)
	for id, ordinal := range map[string]uint32{"a": 1, "c": 3} {
		want := sample.Entry(ordinal)
		want.Decisions = []triggers.Decision{{Subscription: 1, Revision: 1, Verdict: triggers.Accepted, Run: uint64(ordinal)}}
		same(t, "entry "+id, want, got[id])
	}
	same(t, "number of entries", 2, len(got))
	st, err := s.Stats(ctx)
	ok(t, "stats", err)
	same(t, "feeds, records, runs, waiting", []int{2, 4, 4, 4}, []int{st.Feeds, st.Records, st.Runs, st.Waiting})
}

// scanGoesOn: with every page size a scan gives each record of its feed once, in the
// order of the ids' bytes, and none of the feeds beside it.
func scanGoesOn(t *testing.T, s store.Store) {
	ctx := t.Context()
	commit(t, s, "e", "zz")
	commit(t, s, "f", "c", "a", "\U0010ffff", "b", "a\x00b", "é")
	commit(t, s, "g", "0")
	want := []string{"a", "a\x00b", "b", "c", "é", "\U0010ffff"}
	for limit := range len(want) + 2 {
		var got []string
		for after, pages := "", 0; ; pages++ {
			list, last, err := s.ScanEntries(ctx, "f", "", after, limit)
			ok(t, "scan", err)
			for _, seen := range list {
				got = append(got, seen.ID)
			}
			if last == "" || pages > len(want) {
				break
			}
			after = last
		}
		same(t, fmt.Sprintf("scan with limit %d", limit), want, got)
	}
}

// scanOfAPrefix: only keys that begin with it, wherever the scan begins.
func scanOfAPrefix(t *testing.T, s store.Store) {
	ctx := t.Context()
	commit(t, s, "f", "p\x1fa", "p\x1fb", "q\x1fa", "p", "a")
	for _, tt := range []struct {
		after string
		want  []string
	}{{"", []string{"p\x1fa", "p\x1fb"}}, {"a", []string{"p\x1fa", "p\x1fb"}}, {"p\x1fa", []string{"p\x1fb"}}, {"q", nil}} {
		list, last, err := s.ScanEntries(ctx, "f", "p\x1f", tt.after, 0)
		ok(t, "scan", err)
		var got []string
		for _, seen := range list {
			got = append(got, seen.ID)
		}
		same(t, "scan after "+tt.after, tt.want, got)
		same(t, "end of the scan", "", last)
	}
}

// parentsVisitedAndDue: a mark settles what was due, visited or not, unless it makes it due
// again; marks of a feed that is not there go nowhere.
func parentsVisitedAndDue(t *testing.T, s store.Store) {
	ctx := t.Context()
	mark := func(marks ...store.ParentMark) {
		f, err := s.LoadFeed(ctx, "f")
		if errors.Is(err, store.ErrNotFound) {
			f, err = sample.Feed("f"), nil
		}
		ok(t, "load", err)
		_, err = s.CommitPoll(ctx, store.PollCommit{Feed: f, Parents: marks})
		ok(t, "commit", err)
	}
	mark()
	mark(store.ParentMark{Feed: "f", Parent: "p", Due: true}, store.ParentMark{Feed: "f", Parent: "q", Due: true}, store.ParentMark{Feed: "none", Parent: "p", Due: true})
	mark(store.ParentMark{Feed: "f", Parent: "p", Visited: true}, store.ParentMark{Feed: "f", Parent: "r", Visited: true, Due: true})
	visited, err := s.Visited(ctx, "f", []string{"p", "q", "r"})
	ok(t, "visited", err)
	same(t, "visited", map[string]bool{"p": true, "r": true}, visited)
	due, err := s.DueParents(ctx, "f", 10)
	ok(t, "due", err)
	same(t, "due", []string{"q", "r"}, due)
	due, err = s.DueParents(ctx, "f", 1)
	ok(t, "due", err)
	same(t, "one that is due", []string{"q"}, due)
	mark(store.ParentMark{Feed: "f", Parent: "q"})
	due, err = s.DueParents(ctx, "f", 10)
	ok(t, "due", err)
	same(t, "due after a mark that says nothing", []string{"r"}, due)
	visited, err = s.Visited(ctx, "f", []string{"q"})
	ok(t, "visited", err)
	same(t, "visited after a mark that says nothing", map[string]bool{}, visited)
	due, err = s.DueParents(ctx, "none", 10)
	ok(t, "due of a feed that is not there", err)
	same(t, "due of a feed that is not there", []string(nil), due)
}

// decisionsLearnTheirRuns: a decision gets the number of the run with its
// subscription, record and revision, whatever the order of the runs; decisions that
// make none get none, and the caller's own stay.
func decisionsLearnTheirRuns(t *testing.T, s store.Store) {
	ctx := t.Context()
	join(t, s, sample.Feed("f"))
	join(t, s, sample.Feed("g")) // a second subscription
	f, err := s.LoadFeed(ctx, "f")
	ok(t, "load", err)
	f.State.Ordinals, f.State.Records = 2, 2
	a, b := sample.Entry(1), sample.Entry(2)
	a.Revision = 2
	a.Decisions = []triggers.Decision{
		{Subscription: 1, Revision: 2, Verdict: triggers.Accepted},
		{Subscription: 2, Revision: 2, Verdict: triggers.Filtered},
	}
	b.Decisions = []triggers.Decision{
		{Subscription: 2, Revision: 1, Verdict: triggers.HeldForReview},
		{Subscription: 1, Revision: 1, Verdict: triggers.FilterFailed},
	}
	runs := []store.NewRun{sample.Run(2, "b"), sample.Run(1, "a"), sample.Run(1, "b")}
	runs[1].Run.Revision = 2
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Seen: []store.Seen{{ID: "a", Entry: a}, {ID: "b", Entry: b}}, Runs: runs})
	ok(t, "commit", err)
	same(t, "decisions handed in stay as they were", uint64(0), a.Decisions[0].Run)
	got, err := s.Entries(ctx, "f", []string{"a", "b"})
	ok(t, "entries", err)
	a.Decisions[0].Run, b.Decisions[0].Run, b.Decisions[1].Run = done.Runs[1].Seq(), done.Runs[0].Seq(), done.Runs[2].Seq()
	same(t, "entries", map[string]triggers.Entry{"a": a, "b": b}, got)
}

// valuesAreCopies: writing to what was handed in, or to what came out, changes
// nothing in the store.
func valuesAreCopies(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	f.State.Ordinals, f.State.Records = 1, 1
	e, r := sample.Entry(1), sample.Run(1, "a")
	e.Decisions = []triggers.Decision{{Subscription: 1, Revision: 1, Verdict: triggers.NotWatched}}
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Seen: []store.Seen{{ID: "a", Entry: e}}, Runs: []store.NewRun{r}})
	ok(t, "commit", err)
	f.Inputs[2], e.Body[2], e.Decisions[0].Verdict, r.Run.Event.Record[2], r.Run.Event.Fields[0] = 'X', 'X', 99, 'X', "X"
	read := func() (store.Feed, triggers.Entry, store.Run) {
		entries, err := s.Entries(ctx, "f", []string{"a"})
		ok(t, "entries", err)
		loaded, _, err := s.LoadRun(ctx, done.Runs[0])
		ok(t, "load the run", err)
		lf, err := s.LoadFeed(ctx, "f")
		ok(t, "load the feed", err)
		return lf, entries["a"], loaded
	}
	gotFeed, gotEntry, gotRun := read()
	want := sample.Entry(1)
	want.Decisions = []triggers.Decision{{Subscription: 1, Revision: 1, Verdict: triggers.NotWatched}}
	same(t, "entry", want, gotEntry)
	same(t, "event", sample.Run(1, "a").Run.Event, gotRun.Event)
	same(t, "inputs", sample.Feed("f").Inputs, gotFeed.Inputs)
	gotFeed.Inputs[2], gotEntry.Body[2], gotEntry.Decisions[0].Run, gotRun.Event.Record[2] = 'X', 'X', 99, 'X'
	_, again, runAgain := read()
	same(t, "entry read again", want, again)
	same(t, "event read again", sample.Run(1, "a").Run.Event, runAgain.Event)
}

// subscriptionKeepsItsNumber: entries name subscriptions by number, so it stays the
// same through all saves and nobody can claim another's.
func subscriptionKeepsItsNumber(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := sample.Feed("f")
	save := func(subs ...store.Subscription) error {
		done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Subscriptions: subs})
		if err == nil {
			f = done.Feed
		}
		return err
	}
	list := func() []store.Subscription {
		subs, err := s.Subscriptions(ctx)
		ok(t, "subscriptions", err)
		return subs
	}
	b := store.Subscription{Recipe: "b", Account: "acme", Feed: "f", Start: "now", JoinedAt: sample.Noon}
	a2 := store.Subscription{Recipe: "a", Account: "two", Feed: "f", Start: "all", JoinedAt: sample.Noon}
	a1 := store.Subscription{Recipe: "a", Account: "one", Feed: "f", Start: "all", JoinedAt: sample.Noon}
	ok(t, "save", save(b, a2, a1))
	b.Number, a2.Number, a1.Number = 1, 2, 3
	same(t, "sorted by recipe and account", []store.Subscription{a1, a2, b}, list())
	b.Started, b.Accepted, b.From = true, 5, sample.Noon
	ok(t, "save again", save(b))
	a1.Number, a1.Rejected = 0, 9
	ok(t, "save without its number", save(a1))
	a1.Number = 3
	same(t, "after the saves", []store.Subscription{a1, a2, b}, list())
	b.Number = 3
	is(t, "save with another's number", save(b), store.ErrConflict)
	is(t, "save of a new one with a number", save(store.Subscription{Recipe: "c", Account: "acme", Number: 9}), store.ErrConflict)
	same(t, "after the conflicts", 3, len(list()))
}
