package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
	"github.com/pollux-automation/pollux/triggers"
)

// RunSealed runs the part of the suite that needs a key. open returns a new, empty store
// with one; the suite closes it.
func RunSealed(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store){
		"secrets are kept":       secretsAreKept,
		"runs live and end":      runLivesAndEnds,
		"runs are revised":       revisedRunLivesOn,
		"steps keep their order": stepsKeepTheirOrder,
		"values are copies":      valuesAreCopies,
		"forgets by age":         pruneForgetsByAge,
		"writes in parallel":     parallelWrites,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			test(t, s)
			CheckAndClose(t, s)
		})
	}
}

// revisedRunLivesOn: a run that is over goes back to the queue with all of its steps, also
// those of its end, loses those that are forgotten, and ends again.
func revisedRunLivesOn(t *testing.T, s store.Store) {
	ctx := t.Context()
	ids := commit(t, s, "f", "a", "b", "c").Runs
	step := func(id, output string) store.Step {
		return store.Step{ID: id, Status: "succeeded", StartedAt: sample.Noon, Output: json.RawMessage(output), Due: sample.Noon, Passed: true}
	}
	ok(t, "steps", s.SaveStep(ctx, store.StepSave{
		Run: ids[1], State: store.RunState{Status: store.Running},
		Steps: []store.Step{step("z", "1"), step("each", "2"), step("each[0]/x", "3"), step("each[1]/x", "4"), step("eachother", "5")},
	}))
	ok(t, "end", s.SaveStep(ctx, store.StepSave{
		Run: ids[1], State: store.RunState{Status: store.Failed, FinishedAt: sample.Noon}, Steps: []store.Step{step("a", "6"), step("z", "7")},
	}))
	want, _, err := s.LoadRun(ctx, ids[1])
	ok(t, "load", err)
	check := func(what string, steps ...store.Step) {
		t.Helper()
		got, gotSteps, err := s.LoadRun(ctx, ids[1])
		ok(t, what, err)
		same(t, what, want, got)
		same(t, what+": steps", steps, gotSteps)
	}
	entry := sample.AuditEntry("run.replay", string(ids[1]), 0)
	want.Version, want.Event.Record = "new", json.RawMessage(`{"now":"<3"}`)
	want.State = store.RunState{Status: store.Queued, Attempts: 3, Widened: ids[0]}
	ok(t, "back to the queue", s.Revise(ctx, store.Revision{
		Run: ids[1], Was: store.Failed, Version: "new", Event: &want.Event, Forget: []string{"each", "none"}, State: want.State, Audit: &entry,
	}))
	check("queued again", step("z", "7"), step("eachother", "5"), step("a", "6"))
	list, err := s.Waiting(ctx, "", 0)
	ok(t, "waiting", err)
	if len(list) != 3 || list[1].ID != ids[1] || list[1].Version != "new" {
		t.Errorf("waiting: got %+v, want %s between the others with its new version", list, ids[1])
	}
	ok(t, "a step more", s.SaveStep(ctx, store.StepSave{
		Run: ids[1], State: store.RunState{Status: store.Running}, Steps: []store.Step{step("new", "8"), step("eachother", "9")},
	}))
	want.State = store.RunState{Status: store.Dropped, Narrow: true, FinishedAt: sample.Noon}
	ok(t, "drop", s.Revise(ctx, store.Revision{
		Run: ids[1], Was: store.Running, Steps: []store.Step{step("last", "10"), step("z", "11")}, State: want.State,
	}))
	check("dropped", step("z", "11"), step("eachother", "9"), step("a", "6"), step("new", "8"), step("last", "10"))
	counts, err := s.CountRuns(ctx)
	ok(t, "count", err)
	same(t, "counts", map[store.Status]int{store.Queued: 2, store.Dropped: 1}, counts)
	list, err = s.Waiting(ctx, ids[0], 0)
	ok(t, "waiting", err)
	if len(list) != 1 || list[0].ID != ids[2] {
		t.Errorf("waiting: got %+v, want %s alone", list, ids[2])
	}
	trail, err := s.ListAudit(ctx, store.AuditFilter{})
	ok(t, "trail", err)
	entry.Seq = 1
	same(t, "trail", []store.AuditEntry{entry}, trail)
}

// revisionIsGuarded: a revision of a run in another status, of one that is not there, or
// with what cannot be stored changes nothing, and the trail says nothing of it.
func revisionIsGuarded(t *testing.T, s store.Store) {
	ctx := t.Context()
	id := commit(t, s, "f", "a").Runs[0]
	state, entry := store.RunState{Status: store.Dropped}, sample.AuditEntry("run.drop", string(id), 0)
	for name, tc := range map[string]struct {
		revision store.Revision
		want     error
	}{
		"another status":    {store.Revision{Run: id, Was: store.Parked, State: state}, store.ErrConflict},
		"unknown run":       {store.Revision{Run: store.MakeRunID(string(id)[:5], 99), Was: store.Queued, State: state}, store.ErrNotFound},
		"run of another":    {store.Revision{Run: "nonsense", Was: store.Queued, State: state}, store.ErrNotFound},
		"no former status":  {store.Revision{Run: id, State: state}, store.ErrInvalid},
		"no status":         {store.Revision{Run: id, Was: store.Queued}, store.ErrInvalid},
		"event is no JSON":  {store.Revision{Run: id, Was: store.Queued, State: state, Event: &store.Event{Record: json.RawMessage("{")}}, store.ErrInvalid},
		"output is no JSON": {store.Revision{Run: id, Was: store.Queued, State: state, Steps: []store.Step{{ID: "s", Output: json.RawMessage("{")}}}, store.ErrInvalid},
		"step without id":   {store.Revision{Run: id, Was: store.Queued, State: state, Steps: []store.Step{{}}}, store.ErrInvalid},
	} {
		tc.revision.Audit = &entry
		is(t, name, s.Revise(ctx, tc.revision), tc.want)
	}
	is(t, "audit that says nothing", s.Revise(ctx, store.Revision{Run: id, Was: store.Queued, State: state, Audit: &store.AuditEntry{}}), store.ErrInvalid)
	got, _, err := s.LoadRun(ctx, id)
	ok(t, "load", err)
	same(t, "state", store.RunState{Status: store.Queued}, got.State)
	trail, err := s.ListAudit(ctx, store.AuditFilter{})
	ok(t, "trail", err)
	same(t, "trail", 0, len(trail))
}

// previousRunIsKnown: a run knows the last one of its subscription and record, also when
// decisions that made none came in between, and its decision forgets none.
func previousRunIsKnown(t *testing.T, s store.Store) {
	ctx := t.Context()
	f := join(t, s, sample.Feed("f"))
	join(t, s, sample.Feed("g")) // a second subscription
	f.State.Ordinals, f.State.Records = 1, 1
	e := sample.Entry(1)
	var runs []store.RunID
	var want []store.RunID
	for revision, verdict := range []triggers.Verdict{triggers.Accepted, triggers.Filtered, triggers.HeldForReview, triggers.NotWatched, triggers.FilterFailed} {
		e.Revision = uint32(revision + 1)
		c := store.PollCommit{Feed: f}
		for sub := range uint32(2) {
			former, _ := e.Decision(sub + 1)
			e.Decide(triggers.Decision{Subscription: sub + 1, Revision: e.Revision, Verdict: verdict, Run: former.Run})
			if store.MakesRun(verdict) {
				r := sample.Run(sub+1, "a")
				r.Run.Revision, r.Run.Event.Previous = e.Revision, "nonsense"
				c.Runs = append(c.Runs, r)
			}
		}
		c.Seen = []store.Seen{{ID: "a", Entry: e}}
		done, err := s.CommitPoll(ctx, c)
		ok(t, "commit", err)
		f = done.Feed
		for i := range done.Runs {
			previous := store.RunID("")
			if len(runs) >= 2 {
				previous = runs[len(runs)-2]
			}
			said := store.RunID("")
			if done.Previous != nil {
				said = done.Previous[i]
			}
			same(t, fmt.Sprintf("the commit says what was before run %d", len(runs)+1), previous, said)
			runs, want = append(runs, done.Runs[i]), append(want, previous)
		}
		entries, err := s.Entries(ctx, "f", []string{"a"})
		ok(t, "entries", err)
		e = entries["a"]
		for i, d := range e.Decisions {
			same(t, fmt.Sprintf("last run of subscription %d at revision %d", d.Subscription, e.Revision), runs[len(runs)-2+i].Seq(), d.Run)
		}
	}
	for i, id := range runs {
		r, _, err := s.LoadRun(ctx, id)
		ok(t, "load", err)
		same(t, fmt.Sprintf("run before run %d", i+1), want[i], r.Event.Previous)
	}
}

// auditTrailIsAppended: entries come back newest first, numbered without gaps, and those
// of a commit that is refused are not there.
func auditTrailIsAppended(t *testing.T, s store.Store) {
	ctx := t.Context()
	var all []store.AuditEntry
	for i, action := range []string{"run.release", "run.drop", "feed.rewind", "reload"} {
		e := sample.AuditEntry(action, fmt.Sprint("t", i%2), i)
		ok(t, "add", s.AddAudit(ctx, e))
		e.Seq = uint64(i + 1)
		all = append([]store.AuditEntry{e}, all...)
	}
	e := sample.AuditEntry("feed.accept", "f", 4)
	f := sample.Feed("f")
	_, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Audit: &e})
	ok(t, "commit", err)
	refused := sample.AuditEntry("feed.accept", "refused", 5)
	_, err = s.CommitPoll(ctx, store.PollCommit{Feed: f, Audit: &refused})
	is(t, "commit again", err, store.ErrConflict)
	e.Details["was"] = "changed afterwards"
	e = sample.AuditEntry("feed.accept", "f", 4)
	e.Seq = 5
	all = append([]store.AuditEntry{e}, all...)
	for name, tc := range map[string]struct {
		filter store.AuditFilter
		want   []store.AuditEntry
	}{
		"all":     {store.AuditFilter{}, all},
		"limit":   {store.AuditFilter{Limit: 2}, all[:2]},
		"action":  {store.AuditFilter{Action: "run."}, all[3:]},
		"target":  {store.AuditFilter{Target: "t0"}, []store.AuditEntry{all[2], all[4]}},
		"since":   {store.AuditFilter{Since: sample.Noon.Add(3 * time.Hour)}, all[:2]},
		"until":   {store.AuditFilter{Until: sample.Noon.Add(time.Hour)}, all[4:]},
		"nothing": {store.AuditFilter{Action: "x"}, nil},
	} {
		got, err := s.ListAudit(ctx, tc.filter)
		ok(t, name, err)
		same(t, "entries by "+name, tc.want, got)
	}
	for name, e := range map[string]store.AuditEntry{
		"no time": {Actor: "program", Action: "reload"}, "no actor": {At: sample.Noon, Action: "reload"}, "no action": {At: sample.Noon, Actor: "program"},
		"too long": {At: sample.Noon, Actor: "program", Action: "reload", Details: map[string]string{"x": strings.Repeat("x", 1<<20)}},
	} {
		is(t, name, s.AddAudit(ctx, e), store.ErrInvalid)
	}
	n, err := s.PruneAudit(ctx, sample.Noon.Add(2*time.Hour))
	ok(t, "prune", err)
	same(t, "pruned", 2, n)
	got, err := s.ListAudit(ctx, store.AuditFilter{})
	ok(t, "list", err)
	same(t, "entries after pruning", all[:3], got)
	ok(t, "add", s.AddAudit(ctx, sample.AuditEntry("reload", "", 6)))
	got, err = s.ListAudit(ctx, store.AuditFilter{Limit: 1})
	ok(t, "list", err)
	same(t, "number after pruning", uint64(6), got[0].Seq)
}

// switchesAreKept: the last word on each counts.
func switchesAreKept(t *testing.T, s store.Store) {
	ctx := t.Context()
	one := store.Switch{Kind: store.SwitchRecipe, Name: "b", Paused: true, At: sample.Noon, By: "cli:ann", Reason: "a < b"}
	two := store.Switch{Kind: store.SwitchAccount, Name: "b", Paused: true, At: sample.Noon, By: "program"}
	entry := sample.AuditEntry("recipe.pause", "b", 0)
	ok(t, "set", s.SetSwitch(ctx, one, &entry))
	ok(t, "set", s.SetSwitch(ctx, two, nil))
	one.Paused, one.Reason = false, ""
	ok(t, "set again", s.SetSwitch(ctx, one, nil))
	got, err := s.Switches(ctx)
	ok(t, "switches", err)
	same(t, "switches", []store.Switch{two, one}, got)
	part := store.Switch{Kind: store.SwitchPart, Name: "b-1", At: sample.Noon, By: "program", Of: "b", ID: "1", Title: "North"}
	list := store.Switch{Kind: store.SwitchList, Name: "b", At: sample.Noon, By: "program", Reason: "refused"}
	ok(t, "set a part", s.SetSwitch(ctx, part, nil))
	ok(t, "set a list", s.SetSwitch(ctx, list, nil))
	got, err = s.Switches(ctx)
	ok(t, "switches", err)
	same(t, "switches with parts", []store.Switch{two, list, part, one}, got)
	is(t, "unknown kind", s.SetSwitch(ctx, store.Switch{Kind: "feed", Name: "f"}, &entry), store.ErrInvalid)
	is(t, "no name", s.SetSwitch(ctx, store.Switch{Kind: store.SwitchRecipe}, &entry), store.ErrInvalid)
	trail, err := s.ListAudit(ctx, store.AuditFilter{})
	ok(t, "trail", err)
	same(t, "trail", 1, len(trail))
}

// budgetsAreKept: those that are given replace theirs, the others stay.
func budgetsAreKept(t *testing.T, s store.Store) {
	ctx := t.Context()
	ok(t, "save", s.SaveBudgets(ctx, map[string]json.RawMessage{"acme": json.RawMessage(`{"left": 3}`), "host": json.RawMessage(`[1]`), "old": json.RawMessage(`1`)}))
	ok(t, "save again", s.SaveBudgets(ctx, map[string]json.RawMessage{"acme": json.RawMessage(`{"left":2}`), "old": nil}))
	ok(t, "save none", s.SaveBudgets(ctx, nil))
	is(t, "save what is no JSON", s.SaveBudgets(ctx, map[string]json.RawMessage{"host": json.RawMessage(`2`), "acme": json.RawMessage(`{`)}), store.ErrInvalid)
	is(t, "save without a name", s.SaveBudgets(ctx, map[string]json.RawMessage{"": json.RawMessage(`2`)}), store.ErrInvalid)
	got, err := s.Budgets(ctx)
	ok(t, "budgets", err)
	same(t, "budgets", map[string]json.RawMessage{"acme": json.RawMessage(`{"left":2}`), "host": json.RawMessage(`[1]`)}, got)
}

// secretsNeedAKey: without a key no secret is taken.
func secretsNeedAKey(t *testing.T, s store.Store) {
	ctx := t.Context()
	entry := sample.AuditEntry("secret.set", "token", 0)
	is(t, "put", s.PutSecret(ctx, "token", []byte("x"), &entry), store.ErrNoKey)
	_, err := s.Secret(ctx, "token")
	is(t, "get", err, store.ErrNotFound)
	is(t, "delete", s.DeleteSecret(ctx, "token", &entry), store.ErrNotFound)
	names, err := s.SecretNames(ctx)
	ok(t, "names", err)
	same(t, "names", 0, len(names))
	trail, err := s.ListAudit(ctx, store.AuditFilter{})
	ok(t, "trail", err)
	same(t, "trail", 0, len(trail))
}

// secretsAreKept: the last value counts, and shares no memory with the caller.
func secretsAreKept(t *testing.T, s store.Store) {
	ctx := t.Context()
	set, gone := sample.AuditEntry("secret.set", "token", 0), sample.AuditEntry("secret.remove", "other", 1)
	ok(t, "put", s.PutSecret(ctx, "token", []byte("first"), nil))
	value := []byte("second")
	ok(t, "put again", s.PutSecret(ctx, "token", value, &set))
	value[0] = 'X'
	ok(t, "put another", s.PutSecret(ctx, "other", []byte("third"), nil))
	got, err := s.Secret(ctx, "token")
	ok(t, "get", err)
	same(t, "secret", "second", string(got))
	names, err := s.SecretNames(ctx)
	ok(t, "names", err)
	same(t, "names", []string{"other", "token"}, names)
	ok(t, "delete", s.DeleteSecret(ctx, "other", &gone))
	_, err = s.Secret(ctx, "other")
	is(t, "get what is gone", err, store.ErrNotFound)
	is(t, "put nothing", s.PutSecret(ctx, "token", nil, nil), store.ErrInvalid)
	is(t, "put without a name", s.PutSecret(ctx, "", []byte("x"), nil), store.ErrInvalid)
	is(t, "put too much", s.PutSecret(ctx, "token", make([]byte, store.MaxSecretBytes+1), nil), store.ErrInvalid)
	trail, err := s.ListAudit(ctx, store.AuditFilter{Action: "secret."})
	ok(t, "trail", err)
	set.Seq, gone.Seq = 1, 2
	same(t, "trail", []store.AuditEntry{gone, set}, trail)
}
