package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
)

// runsWaitInOrder: the queue gives unfinished runs in the order in which they were
// queued, page by page with every size, also after a run that has ended meanwhile.
func runsWaitInOrder(t *testing.T, s store.Store) {
	ctx := t.Context()
	var want []store.RunID
	for i := range 5 {
		want = append(want, commit(t, s, "f", fmt.Sprint("r", i)).Runs...)
	}
	ok(t, "finish one", s.SaveStep(ctx, store.StepSave{Run: want[1], State: store.RunState{Status: store.Succeeded}}))
	ok(t, "put one off", s.SaveStep(ctx, store.StepSave{Run: want[3], State: store.RunState{Status: store.Waiting, Due: sample.Noon}}))
	ok(t, "park one", s.SaveStep(ctx, store.StepSave{Run: want[2], State: store.RunState{Status: store.Parked, Reason: "auth"}}))
	done := want[1]
	want = append(want[:1:1], want[2:]...)
	for limit := range 6 {
		var got []store.RunID
		for after := store.RunID(""); ; {
			list, err := s.Waiting(ctx, after, limit)
			ok(t, "waiting", err)
			for _, q := range list {
				got, after = append(got, q.ID), q.ID
			}
			if len(list) == 0 || limit == 0 {
				break
			}
		}
		same(t, fmt.Sprintf("waiting with limit %d", limit), want, got)
	}
	list, err := s.Waiting(ctx, done, 2)
	ok(t, "waiting after a finished run", err)
	same(t, "waiting after a finished run", []store.QueuedRun{
		{ID: want[1], Recipe: "welcome", Version: "0123456789ab", Account: "acme", Lane: "welcome/acme/r2", Status: store.Parked, Reason: "auth"},
		{ID: want[2], Recipe: "welcome", Version: "0123456789ab", Account: "acme", Lane: "welcome/acme/r3", Status: store.Waiting, Due: sample.Noon},
	}, list)
	_, err = s.Waiting(ctx, "nonsense", 1)
	is(t, "waiting after nonsense", err, store.ErrNotFound)
}

// idsSort: ids sort as texts in the order of the queue, and an id of another store is
// unknown here, so that a run's id in a note at a service proves this run. Seventy
// runs pass the 32 digits of an id's last place twice.
func idsSort(t *testing.T, s store.Store) {
	var last store.RunID
	for i := range 70 {
		id := commit(t, s, "f", fmt.Sprint("r", i)).Runs[0]
		if id <= last || len(id) < len(last) || !strings.Contains(string(id), "-") {
			t.Errorf("run %d: got id %q after %q, want it to sort behind and be as long", i, id, last)
		}
		last = id
	}
	foreign := store.MakeRunID("zzzzz", last.Seq())
	if strings.HasPrefix(string(last), "zzzzz") {
		foreign = store.MakeRunID("aaaaa", last.Seq())
	}
	_, _, err := s.LoadRun(t.Context(), foreign)
	is(t, "load a run of another store", err, store.ErrNotFound)
	is(t, "save a run of another store", s.SaveStep(t.Context(), store.StepSave{Run: foreign, State: store.RunState{Status: store.Queued}}), store.ErrNotFound)
}

// runLivesAndEnds: a run goes from intent to outcome to its end, each read back in
// full, and takes no save after that.
func runLivesAndEnds(t *testing.T, s store.Store) {
	ctx := t.Context()
	id := commit(t, s, "f", "a").Runs[0]
	want := sample.Run(1, "a").Run
	want.ID, want.State = id, store.RunState{Status: store.Queued}
	check := func(what string, steps ...store.Step) {
		t.Helper()
		got, gotSteps, err := s.LoadRun(ctx, id)
		ok(t, what, err)
		same(t, what, want, got)
		same(t, what+": steps", steps, gotSteps)
	}
	check("queued run")
	step := store.Step{
		ID: "upsert", Status: "running", Attempts: 1, StartedAt: sample.Noon, Input: json.RawMessage(`{"email":"a@example.com"}`),
		Effect: &store.Effect{State: store.Sent, Operation: "stibee.subscriber.upsert", SentAt: sample.Noon, Sends: 1},
	}
	want.State = store.RunState{Status: store.Running, StartedAt: sample.Noon, Attempts: 1}
	ok(t, "intent", s.SaveStep(ctx, store.StepSave{Run: id, Steps: []store.Step{step}, State: want.State}))
	check("running run", step)
	step.Status, step.Output, step.FinishedAt = "succeeded", json.RawMessage(`"ok"`), sample.Noon.Add(time.Second)
	step.Effect = &store.Effect{State: store.Confirmed, Operation: "stibee.subscriber.upsert", SentAt: sample.Noon, Sends: 1}
	note := store.Step{ID: "note", Status: "skipped", StartedAt: sample.Noon}
	want.State = store.RunState{
		Status: store.Failed, StartedAt: sample.Noon, FinishedAt: sample.Noon.Add(time.Minute), Step: 2,
		Error: &store.Failure{Kind: "invalid", Message: "no", Step: "note"},
	}
	ok(t, "end", s.SaveStep(ctx, store.StepSave{Run: id, Steps: []store.Step{step, note}, State: want.State}))
	check("finished run", step, note)
	is(t, "save after the end", s.SaveStep(ctx, store.StepSave{Run: id, State: store.RunState{Status: store.Running}}), store.ErrNotFound)
	check("finished run, unchanged", step, note)
	list, err := s.Waiting(ctx, "", 0)
	ok(t, "waiting", err)
	same(t, "waiting after the end", 0, len(list))
	_, _, err = s.LoadRun(ctx, store.MakeRunID(string(id)[:5], 999))
	is(t, "load an unknown run", err, store.ErrNotFound)
}

// stepsKeepTheirOrder: a step that is saved again stays where it was first, and does
// not move to another run.
func stepsKeepTheirOrder(t *testing.T, s store.Store) {
	ctx := t.Context()
	runs := commit(t, s, "f", "a", "b").Runs
	save := func(id store.RunID, steps ...string) {
		var list []store.Step
		for _, st := range steps {
			list = append(list, store.Step{ID: st, Status: "succeeded", StartedAt: sample.Noon})
		}
		ok(t, "save", s.SaveStep(ctx, store.StepSave{Run: id, Steps: list, State: store.RunState{Status: store.Running}}))
	}
	save(runs[0], "z", "m")
	save(runs[1], "q")
	save(runs[0], "m", "a", "z", "b")
	_, steps, err := s.LoadRun(ctx, runs[0])
	ok(t, "load", err)
	var got []string
	for _, st := range steps {
		got = append(got, st.ID)
	}
	same(t, "steps", []string{"z", "m", "a", "b"}, got)
}

// finalRunSkipsTheQueue: a run that failed before it began is history at once, a held
// one waits.
func finalRunSkipsTheQueue(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	failed, held := sample.Run(1, "a"), sample.Run(1, "b")
	failed.Run.State = store.RunState{Status: store.Failed, FinishedAt: sample.Noon, Error: &store.Failure{Kind: "invalid", Message: "filter"}}
	held.Run.State = store.RunState{Status: store.Held, Reason: "review"}
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Runs: []store.NewRun{failed, held}})
	ok(t, "commit", err)
	list, err := s.Waiting(ctx, "", 0)
	ok(t, "waiting", err)
	if len(list) != 1 || list[0].ID != done.Runs[1] || list[0].Status != store.Held {
		t.Errorf("waiting: got %v, want the held run %s alone", list, done.Runs[1])
	}
	got, _, err := s.LoadRun(ctx, done.Runs[0])
	ok(t, "load", err)
	same(t, "state of the failed run", failed.Run.State, got.State)
}

// recipesAreKept: the first text of a version is kept, even an empty one, and shares
// no memory with the caller.
func recipesAreKept(t *testing.T, s store.Store) {
	ctx := t.Context()
	_, err := s.LoadRecipe(ctx, "r", "v1")
	is(t, "load an unknown version", err, store.ErrNotFound)
	text := []byte("recipe: v1\n")
	ok(t, "save", s.SaveRecipe(ctx, "r", "v1", text))
	text[0] = 'X'
	ok(t, "save again", s.SaveRecipe(ctx, "r", "v1", text))
	ok(t, "save another version", s.SaveRecipe(ctx, "r", "v2", nil))
	got, err := s.LoadRecipe(ctx, "r", "v1")
	ok(t, "load", err)
	same(t, "text", "recipe: v1\n", string(got))
	got[0] = 'X'
	got, err = s.LoadRecipe(ctx, "r", "v1")
	ok(t, "load again", err)
	same(t, "text read again", "recipe: v1\n", string(got))
	got, err = s.LoadRecipe(ctx, "r", "v2")
	ok(t, "load an empty text", err)
	same(t, "empty text", 0, len(got))
}

// historyFilters: what a filter names must all agree, the newest comes first, the
// counts say the same, and a backup is not empty.
func historyFilters(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	var runs []store.NewRun
	for i := range 6 {
		r := sample.Run(1, fmt.Sprint("r", i%2))
		r.Run.Recipe, r.Run.Account = fmt.Sprint("recipe", i%3), fmt.Sprint("account", i/3)
		r.Run.QueuedAt = sample.Noon.Add(time.Duration(i) * time.Hour)
		r.Run.Lane = fmt.Sprint("lane", i%4)
		if i%3 == 0 {
			r.Run.State = store.RunState{Status: store.Queued, Reason: "later", Error: &store.Failure{Kind: []string{"auth", "transient"}[i/3]}}
		}
		runs = append(runs, r)
	}
	done, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Runs: runs})
	ok(t, "commit", err)
	ok(t, "finish", s.SaveStep(ctx, store.StepSave{Run: done.Runs[4], State: store.RunState{Status: store.Succeeded}}))
	for name, tc := range map[string]struct {
		filter store.RunFilter
		want   []int
	}{
		"all":     {store.RunFilter{}, []int{5, 4, 3, 2, 1, 0}},
		"limit":   {store.RunFilter{Limit: 2}, []int{5, 4}},
		"status":  {store.RunFilter{Status: store.Queued}, []int{5, 3, 2, 1, 0}},
		"ended":   {store.RunFilter{Status: store.Succeeded}, []int{4}},
		"recipe":  {store.RunFilter{Recipe: "recipe1"}, []int{4, 1}},
		"record":  {store.RunFilter{Record: "r0"}, []int{4, 2, 0}},
		"account": {store.RunFilter{Account: "account1"}, []int{5, 4, 3}},
		"since":   {store.RunFilter{Since: sample.Noon.Add(4 * time.Hour)}, []int{5, 4}},
		"until":   {store.RunFilter{Until: sample.Noon.Add(2 * time.Hour)}, []int{1, 0}},
		"lane":    {store.RunFilter{Lane: "lane1"}, []int{5, 1}},
		"kind":    {store.RunFilter{Kind: "transient"}, []int{3}},
		"reason":  {store.RunFilter{Reason: "later"}, []int{3, 0}},
		"after":   {store.RunFilter{After: done.Runs[3], Limit: 2}, []int{2, 1}},
		"behind":  {store.RunFilter{After: store.MakeRunID(string(done.Runs[0])[:5], 99), Limit: 1}, []int{5}},
		"oldest":  {store.RunFilter{After: done.Runs[0]}, nil},
		"several": {store.RunFilter{Record: "r0", Status: store.Queued, Limit: 1}, []int{2}},
		"nothing": {store.RunFilter{Recipe: "x"}, nil},
	} {
		list, err := s.ListRuns(ctx, tc.filter)
		ok(t, name, err)
		var got []int
		for _, r := range list {
			for i, id := range done.Runs {
				if id == r.ID {
					got = append(got, i)
				}
			}
		}
		same(t, "runs by "+name, tc.want, got)
	}
	_, err = s.ListRuns(ctx, store.RunFilter{After: "nonsense"})
	is(t, "list after nonsense", err, store.ErrNotFound)
	counts, err := s.CountRuns(ctx)
	ok(t, "count", err)
	same(t, "counts", map[store.Status]int{store.Queued: 5, store.Succeeded: 1}, counts)
	var backup bytes.Buffer
	ok(t, "backup", s.Backup(ctx, &backup))
	if backup.Len() == 0 {
		t.Error("backup: got nothing")
	}
}

// invalidIsRefused: whatever cannot be stored is refused whole, and the store is as
// before.
func invalidIsRefused(t *testing.T, s store.Store) {
	ctx := t.Context()
	done := commit(t, s, "f", "a")
	long := strings.Repeat("x", store.MaxIDBytes+1)
	broken := func(change func(c *store.PollCommit)) store.PollCommit {
		c := store.PollCommit{Feed: done.Feed, Seen: []store.Seen{{ID: "b", Entry: sample.Entry(2)}}, Runs: []store.NewRun{sample.Run(1, "b")}}
		change(&c)
		return c
	}
	for name, c := range map[string]store.PollCommit{
		"feed without id":        broken(func(c *store.PollCommit) { c.Feed.ID = "" }),
		"feed with a long id":    broken(func(c *store.PollCommit) { c.Feed.ID = store.FeedID(long) }),
		"record without id":      broken(func(c *store.PollCommit) { c.Seen[0].ID = "" }),
		"record with a long id":  broken(func(c *store.PollCommit) { c.Seen[0].ID = long }),
		"run without record":     broken(func(c *store.PollCommit) { c.Runs[0].Run.Record = "" }),
		"run of no known status": broken(func(c *store.PollCommit) { c.Runs[0].Run.State.Status = "odd" }),
		"event that is no JSON":  broken(func(c *store.PollCommit) { c.Runs[0].Run.Event.Record = json.RawMessage("{") }),
		"inputs that are none":   broken(func(c *store.PollCommit) { c.Feed.Inputs = json.RawMessage("{") }),
		"recipe with a byte 0":   broken(func(c *store.PollCommit) { c.Subscriptions = []store.Subscription{{Recipe: "a\x00b"}} }),
	} {
		_, err := s.CommitPoll(ctx, c)
		is(t, name, err, store.ErrInvalid)
	}
	for name, save := range map[string]store.StepSave{
		"no status":          {Run: done.Runs[0]},
		"unknown status":     {Run: done.Runs[0], State: store.RunState{Status: "odd"}},
		"step without id":    {Run: done.Runs[0], State: store.RunState{Status: store.Running}, Steps: []store.Step{{}}},
		"output is not JSON": {Run: done.Runs[0], State: store.RunState{Status: store.Running}, Steps: []store.Step{{ID: "s", Output: json.RawMessage("{")}}},
	} {
		is(t, name, s.SaveStep(ctx, save), store.ErrInvalid)
	}
	counts, err := s.CountRuns(ctx)
	ok(t, "count", err)
	same(t, "runs", map[store.Status]int{store.Queued: 1}, counts)
	f, err := s.LoadFeed(ctx, "f")
	ok(t, "load", err)
	same(t, "feed", done.Feed, f)
}

// closedAndCanceled: a context that ended and a store that was closed refuse reads
// and writes, with errors that can be told apart.
func closedAndCanceled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.CommitPoll(ctx, store.PollCommit{Feed: sample.Feed("f")})
	is(t, "commit with a canceled context", err, context.Canceled)
	_, err = s.ListFeeds(ctx)
	is(t, "list with a canceled context", err, context.Canceled)
	CheckAndClose(t, s)
	ctx = t.Context()
	_, err = s.CommitPoll(ctx, store.PollCommit{Feed: sample.Feed("f")})
	is(t, "commit after close", err, store.ErrClosed)
	_, err = s.ListFeeds(ctx)
	is(t, "list after close", err, store.ErrClosed)
	_, err = s.Waiting(ctx, "", 1)
	is(t, "waiting after close", err, store.ErrClosed)
	is(t, "save a recipe after close", s.SaveRecipe(ctx, "r", "v", nil), store.ErrClosed)
}

// parallelWrites has many callers write at once: some commit to one feed and must
// retry on conflicts, others finish runs. Each caller's writes must be answered with
// its own outcome, also where the store commits several at once; the revision at the
// end counts the commits that succeeded.
func parallelWrites(t *testing.T, s store.Store) {
	const callers, each = 8, 20
	ctx := t.Context()
	join(t, s, sample.Feed("f"))
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for i := range each {
				record := fmt.Sprintf("%d-%d", caller, i)
				id, err := commitAgain(ctx, s, record)
				if err == nil {
					err = s.SaveStep(ctx, store.StepSave{
						Run: id, Steps: []store.Step{{ID: "s", Status: "succeeded", Output: json.RawMessage(`"` + record + `"`)}},
						State: store.RunState{Status: store.Succeeded},
					})
				}
				if err != nil {
					t.Errorf("record %s: %v", record, err)
				}
			}
		})
	}
	group.Wait()
	list, err := s.ListRuns(ctx, store.RunFilter{Status: store.Succeeded})
	ok(t, "list", err)
	same(t, "finished runs", callers*each, len(list))
	f, err := s.LoadFeed(ctx, "f")
	ok(t, "load", err)
	same(t, "revision", uint64(callers*each+1), f.Revision)
}

// commitAgain commits one record with a run, again after each conflict. Some caller
// succeeds in each round, so it ends.
func commitAgain(ctx context.Context, s store.Store, record string) (store.RunID, error) {
	for {
		f, err := s.LoadFeed(ctx, "f")
		if err != nil {
			return "", err
		}
		f.State.Ordinals++
		f.State.Records++
		c := store.PollCommit{Feed: f, Seen: []store.Seen{{ID: record, Entry: sample.Entry(f.State.Ordinals)}}, Runs: []store.NewRun{sample.Run(1, record)}}
		done, err := s.CommitPoll(ctx, c)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return "", err
		}
		return done.Runs[0], nil
	}
}
