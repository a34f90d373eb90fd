// Package compared holds a store against memstore, operation by operation.
package compared

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/engine/store/storetest/sample"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/triggers"
)

// Durable is a store that can be closed and opened again with what it held. Open is
// called anew for each random history, also while one is shrunk; one goroutine calls
// both.
type Durable struct {
	// Open returns a new, empty store.
	Open func() (store.Store, error)
	// Reopen opens what was in the store that Open returned last, after a Close.
	Reopen func() (store.Store, error)
	// Keys are those of the store, for its model; nil for one without.
	Keys *seal.Keyring
}

// Run applies random operations to a store and to memstore, opens the store
// anew now and then, and wants the same answers all the time.
func Run(t *testing.T, d Durable) {
	t.Helper()
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		s, err := d.Open()
		if err != nil {
			rt.Fatalf("open: %v", err)
		}
		p := &pair{T: rt, ctx: ctx, durable: d, real: s, model: memstore.NewSealed(d.Keys)}
		defer func() {
			p.check()
			_ = p.real.Close()
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"commit":      p.commit,
			"save step":   p.saveStep,
			"revise":      p.revise,
			"desk":        p.desk,
			"secrets":     p.secrets,
			"save feed":   p.saveFeed,
			"save recipe": p.saveRecipe,
			"prune":       p.prune,
			"read run":    p.readRun,
			"read seen":   p.readSeen,
			"reopen":      p.reopen,
			"lists":       p.compareLists,
			"":            p.compareCounts,
		})
	})
}

// pair is a store and its model. The rapid.T inside is that of the operation under
// way: draws and failures must go to it.
type pair struct {
	*rapid.T
	ctx     context.Context //nolint:containedctx // it lives as long as one check
	durable Durable
	real    store.Store
	model   store.Store
	runs    [][2]store.RunID // ids in the store and in the model
}

// agree wants the same outcome of a call on both. Of errors only the kind must agree,
// since their texts may differ. An empty list equals none.
func (p *pair) agree(what string, realValue, modelValue any, realErr, modelErr error) {
	p.Helper()
	for _, kind := range []error{store.ErrNotFound, store.ErrConflict, store.ErrInvalid, store.ErrNoKey} {
		if errors.Is(realErr, kind) != errors.Is(modelErr, kind) {
			p.Fatalf("%s: got error %v, want as %v", what, realErr, modelErr)
		}
	}
	if (realErr == nil) != (modelErr == nil) {
		p.Fatalf("%s: got error %v, want %v", what, realErr, modelErr)
	}
	if diff := cmp.Diff(modelValue, realValue, cmpopts.EquateEmpty()); diff != "" {
		p.Fatalf("%s (-model +got):\n%s", what, diff)
	}
}

// feedID draws one of few feeds, so that they are met again, and some are not there
// yet.
func (p *pair) feedID() store.FeedID {
	return rapid.SampledFrom([]store.FeedID{"f", "g", "h"}).Draw(p.T, "feed")
}

// commit commits a page with some new, changed and deleted records. The feed is read
// from the model, which agrees with the store or the history has failed already. Now
// and then a commit is stale, and must be refused by both.
func (p *pair) commit(rt *rapid.T) {
	p.T = rt
	id := p.feedID()
	f, err := p.model.LoadFeed(p.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		f = sample.Feed(id)
	}
	if rapid.IntRange(0, 9).Draw(rt, "stale") == 0 {
		f.Revision += 3
	}
	c := store.PollCommit{Feed: f}
	subs, _ := p.model.Subscriptions(p.ctx)
	// Ids with a byte 0 and beyond ASCII are where keys go wrong.
	for _, record := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "é", "a\x00"}), 0, 4, rapid.ID).Draw(rt, "records") {
		p.change(&c, record, subs)
	}
	if rapid.Bool().Draw(rt, "subscribe") {
		c.Subscriptions = append(c.Subscriptions, store.Subscription{
			Recipe: rapid.SampledFrom([]string{"r", "s"}).Draw(rt, "recipe"), Account: rapid.SampledFrom([]string{"", "acme"}).Draw(rt, "account"),
			Feed: id, Number: rapid.SampledFrom([]uint32{0, 0, 0, 1, 2}).Draw(rt, "number"), Accepted: rapid.Uint64Max(9).Draw(rt, "accepted"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(rt, "marks") {
		c.Parents = append(c.Parents, store.ParentMark{
			Feed: p.feedID(), Parent: rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "parent"),
			Visited: rapid.Bool().Draw(rt, "visited"), Due: rapid.Bool().Draw(rt, "due"),
		})
	}
	realDone, realErr := p.real.CommitPoll(p.ctx, c)
	modelDone, modelErr := p.model.CommitPoll(p.ctx, c)
	p.agree("commit", realDone.Feed, modelDone.Feed, realErr, modelErr)
	p.agree("runs of the commit", seqs(realDone.Runs), seqs(modelDone.Runs), nil, nil)
	for i := range realDone.Runs {
		p.runs = append(p.runs, [2]store.RunID{realDone.Runs[i], modelDone.Runs[i]})
	}
}

// change adds a record's next version to a commit, with a run for each subscription
// that takes it. It keeps the counts of the feed's state right, as a strategy would,
// or the check at the end would find them wrong. Some decisions make a run and some
// none.
func (p *pair) change(c *store.PollCommit, record string, subs []store.Subscription) {
	known, err := p.model.Entries(p.ctx, c.Feed.ID, []string{record})
	if err != nil {
		p.Fatalf("entries of the model: %v", err)
	}
	e, found := known[record]
	if !found {
		c.Feed.State.Ordinals++
		c.Feed.State.Records++
		e = sample.Entry(c.Feed.State.Ordinals)
	} else {
		e.Revision++
		if e.Deleted {
			e.Deleted = false
			c.Feed.State.Records++
		}
		if rapid.Bool().Draw(p.T, "delete") {
			e.Deleted = true
			c.Feed.State.Records--
		}
	}
	e.Body = rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(p.T, "body")
	for _, sub := range subs {
		verdict := rapid.SampledFrom([]triggers.Verdict{triggers.Accepted, triggers.Filtered, triggers.HeldForReview}).Draw(p.T, "verdict")
		former, _ := e.Decision(sub.Number)
		e.Decide(triggers.Decision{Subscription: sub.Number, Revision: e.Revision, Verdict: verdict, Run: former.Run})
		if verdict == triggers.Filtered {
			continue
		}
		r := sample.Run(sub.Number, record)
		r.Run.Revision = e.Revision
		r.Run.State.Status = rapid.SampledFrom([]store.Status{"", store.Queued, store.Held, store.Parked, store.Failed}).Draw(p.T, "status")
		c.Runs = append(c.Runs, r)
	}
	c.Seen = append(c.Seen, store.Seen{ID: record, Entry: e})
}

// seqs makes the ids of two stores comparable: each begins them with letters of its
// own.
func seqs(ids []store.RunID) []uint64 {
	var out []uint64
	for _, id := range ids {
		out = append(out, id.Seq())
	}
	return out
}

// anyRun returns a run's id in the store and in the model; now and then one that
// does not exist.
func (p *pair) anyRun() [2]store.RunID {
	i := rapid.IntRange(-1, len(p.runs)-1).Draw(p.T, "run")
	if i < 0 {
		return [2]store.RunID{"x", "x"}
	}
	return p.runs[i]
}

// saveStep saves steps and any status, also one that does not exist, to any run, also
// one that is over. Outputs and times are drawn, so that an old value shows.
func (p *pair) saveStep(rt *rapid.T) {
	p.T = rt
	ids := p.anyRun()
	save := store.StepSave{State: store.RunState{
		Status:   rapid.SampledFrom(append(store.Statuses(), "odd")).Draw(rt, "status"),
		Attempts: rapid.IntRange(0, 3).Draw(rt, "attempts"),
		Due:      sample.Noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "due")) * time.Minute),
		// Runs that are over end at different times, for pruning.
		FinishedAt: sample.Noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "finished")) * time.Minute),
	}}
	for _, id := range rapid.SliceOfN(rapid.SampledFrom([]string{"z", "a", "m", "b/1"}), 0, 3).Draw(rt, "steps") {
		save.Steps = append(save.Steps, store.Step{
			ID: id, Status: "succeeded", StartedAt: sample.Noon, Output: strconv.AppendInt(nil, int64(rapid.IntRange(0, 99).Draw(rt, "output")), 10),
		})
	}
	save.Run = ids[0]
	realErr := p.real.SaveStep(p.ctx, save)
	save.Run = ids[1]
	p.agree("save step", nil, nil, realErr, p.model.SaveStep(p.ctx, save))
}

// revise changes any run by hand, in the status that it is in or in another one.
func (p *pair) revise(rt *rapid.T) {
	p.T = rt
	ids := p.anyRun()
	current, _, _ := p.model.LoadRun(p.ctx, ids[1])
	rev := store.Revision{
		Was: current.State.Status, Version: rapid.SampledFrom([]string{"", "", "v2"}).Draw(rt, "version"),
		Forget: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "z", "m"}), 0, 2).Draw(rt, "forget"),
		State: store.RunState{
			Status: rapid.SampledFrom(store.Statuses()).Draw(rt, "status"), Narrow: rapid.Bool().Draw(rt, "narrow"),
			FinishedAt: sample.Noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "finished")) * time.Minute),
		},
	}
	if rapid.IntRange(0, 5).Draw(rt, "other status") == 0 {
		rev.Was = store.Parked
	}
	if rapid.Bool().Draw(rt, "new event") {
		rev.Event = &store.Event{Record: json.RawMessage(`{"revised":true}`), BeforeKnown: true}
	}
	if rapid.Bool().Draw(rt, "audited") {
		e := sample.AuditEntry("run.replay", "r", 0)
		rev.Audit = &e
	}
	for _, id := range rapid.SliceOfN(rapid.SampledFrom([]string{"z", "a", "n"}), 0, 2).Draw(rt, "steps") {
		rev.Steps = append(rev.Steps, store.Step{ID: id, Status: "succeeded", Passed: true, Due: sample.Noon})
	}
	rev.Run = ids[0]
	realErr := p.real.Revise(p.ctx, rev)
	rev.Run = ids[1]
	p.agree("revise", nil, nil, realErr, p.model.Revise(p.ctx, rev))
}

// desk uses trail, switches and budgets.
func (p *pair) desk(rt *rapid.T) {
	p.T = rt
	name := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "name")
	e := sample.AuditEntry(rapid.SampledFrom([]string{"run.drop", "reload", ""}).Draw(rt, "action"), name, rapid.IntRange(0, 5).Draw(rt, "hour"))
	sw := store.Switch{Kind: rapid.SampledFrom([]string{"recipe", "account", "odd"}).Draw(rt, "kind"), Name: name, Paused: rapid.Bool().Draw(rt, "paused"), At: sample.Noon}
	budgets := map[string]json.RawMessage{name: json.RawMessage(rapid.SampledFrom([]string{"", "1", `{ "a": 2 }`, "{"}).Draw(rt, "budget"))}
	switch rapid.IntRange(0, 3).Draw(rt, "what") {
	case 0:
		p.agree("audit", nil, nil, p.real.AddAudit(p.ctx, e), p.model.AddAudit(p.ctx, e))
	case 1:
		p.agree("switch", nil, nil, p.real.SetSwitch(p.ctx, sw, &e), p.model.SetSwitch(p.ctx, sw, &e))
	case 2:
		p.agree("budget", nil, nil, p.real.SaveBudgets(p.ctx, budgets), p.model.SaveBudgets(p.ctx, budgets))
	case 3:
		got, realErr := p.real.PruneAudit(p.ctx, e.At)
		want, modelErr := p.model.PruneAudit(p.ctx, e.At)
		p.agree("prune the trail", got, want, realErr, modelErr)
	}
	gotTrail, realErr := p.real.ListAudit(p.ctx, store.AuditFilter{Target: name, Limit: 3})
	wantTrail, modelErr := p.model.ListAudit(p.ctx, store.AuditFilter{Target: name, Limit: 3})
	p.agree("trail", gotTrail, wantTrail, realErr, modelErr)
	gotSwitches, realErr := p.real.Switches(p.ctx)
	wantSwitches, modelErr := p.model.Switches(p.ctx)
	p.agree("switches", gotSwitches, wantSwitches, realErr, modelErr)
	gotBudgets, realErr := p.real.Budgets(p.ctx)
	wantBudgets, modelErr := p.model.Budgets(p.ctx)
	p.agree("budgets", gotBudgets, wantBudgets, realErr, modelErr)
}

// secrets puts, removes and reads secrets; stores without a key refuse them alike.
func (p *pair) secrets(rt *rapid.T) {
	p.T = rt
	name := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "name")
	value := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(rt, "value")
	if rapid.Bool().Draw(rt, "remove") {
		p.agree("remove the secret", nil, nil, p.real.DeleteSecret(p.ctx, name, nil), p.model.DeleteSecret(p.ctx, name, nil))
	} else {
		p.agree("put the secret", nil, nil, p.real.PutSecret(p.ctx, name, value, nil), p.model.PutSecret(p.ctx, name, value, nil))
	}
	got, realErr := p.real.Secret(p.ctx, name)
	want, modelErr := p.model.Secret(p.ctx, name)
	p.agree("secret", got, want, realErr, modelErr)
	gotNames, realErr := p.real.SecretNames(p.ctx)
	wantNames, modelErr := p.model.SecretNames(p.ctx)
	p.agree("names of secrets", gotNames, wantNames, realErr, modelErr)
}

// saveFeed changes what stands beside the commits, also of a feed that is not there.
func (p *pair) saveFeed(rt *rapid.T) {
	p.T = rt
	id := p.feedID()
	status := store.FeedStatus{NextPollAt: sample.Noon, Failures: rapid.IntRange(0, 3).Draw(rt, "failures")}
	p.agree("save feed", nil, nil, p.real.SaveFeed(p.ctx, id, status), p.model.SaveFeed(p.ctx, id, status))
}

// saveRecipe saves one of two versions with any bytes; the first text of a version
// must stay.
func (p *pair) saveRecipe(rt *rapid.T) {
	p.T = rt
	version := rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "version")
	text := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(rt, "text")
	p.agree("save recipe", nil, nil, p.real.SaveRecipe(p.ctx, "r", version, text), p.model.SaveRecipe(p.ctx, "r", version, text))
	got, realErr := p.real.LoadRecipe(p.ctx, "r", version)
	want, modelErr := p.model.LoadRecipe(p.ctx, "r", version)
	p.agree("recipe", got, want, realErr, modelErr)
}

// prune forgets a part of the history. Runs end at a time that is drawn from few, or at
// none, so each rule meets some.
func (p *pair) prune(rt *rapid.T) {
	p.T = rt
	slice := store.PruneSlice{
		Now: sample.Noon.Add(6 * time.Minute), After: rapid.Uint64Max(uint64(len(p.runs))).Draw(rt, "after"), Limit: rapid.IntRange(0, 3).Draw(rt, "limit"),
		Other: store.Keep{
			Runs:     time.Duration(rapid.IntRange(0, 7).Draw(rt, "runs")) * time.Minute,
			Payloads: time.Duration(rapid.IntRange(0, 7).Draw(rt, "payloads")) * time.Minute,
		},
	}
	got, realErr := p.real.Prune(p.ctx, slice)
	want, modelErr := p.model.Prune(p.ctx, slice)
	p.agree("prune", got, want, realErr, modelErr)
	got.Runs, realErr = p.real.PruneRecipes(p.ctx, nil)
	want.Runs, modelErr = p.model.PruneRecipes(p.ctx, nil)
	p.agree("prune recipes", got, want, realErr, modelErr)
}

// readRun compares one run with its steps, and the queue behind it; a run that is
// over is still a place in the queue, and an unknown one an error of both.
func (p *pair) readRun(rt *rapid.T) {
	p.T = rt
	ids := p.anyRun()
	got, gotSteps, realErr := p.real.LoadRun(p.ctx, ids[0])
	want, wantSteps, modelErr := p.model.LoadRun(p.ctx, ids[1])
	plainRun(&got)
	plainRun(&want)
	p.agree("run", got, want, realErr, modelErr)
	p.agree("steps", gotSteps, wantSteps, nil, nil)
	limit := rapid.IntRange(0, 3).Draw(rt, "limit")
	gotList, realErr := p.real.Waiting(p.ctx, ids[0], limit)
	wantList, modelErr := p.model.Waiting(p.ctx, ids[1], limit)
	p.agree("waiting", plainQueue(gotList), plainQueue(wantList), realErr, modelErr)
}

// plainRun gives a run ids that do not tell the store.
func plainRun(r *store.Run) {
	for _, id := range []*store.RunID{&r.ID, &r.Event.Previous} {
		if *id != "" {
			*id = store.MakeRunID("-----", id.Seq())
		}
	}
}

// plainQueue gives runs ids that do not tell the store.
func plainQueue(list []store.QueuedRun) []store.QueuedRun {
	for i := range list {
		list[i].ID = store.MakeRunID("-----", list[i].ID.Seq())
	}
	return list
}

// readSeen compares a part of a feed's seen-set, beginning after ids that may not be
// there.
func (p *pair) readSeen(rt *rapid.T) {
	p.T = rt
	id, limit := p.feedID(), rapid.IntRange(0, 4).Draw(rt, "limit")
	after := rapid.SampledFrom([]string{"", "a", "b", "zz"}).Draw(rt, "after")
	prefix := rapid.SampledFrom([]string{"", "a", "b", "é"}).Draw(rt, "prefix")
	got, gotLast, realErr := p.real.ScanEntries(p.ctx, id, prefix, after, limit)
	want, wantLast, modelErr := p.model.ScanEntries(p.ctx, id, prefix, after, limit)
	p.agree("scan", got, want, realErr, modelErr)
	p.agree("last of the scan", gotLast, wantLast, nil, nil)
	parents := []string{"p", "q", "r", "never"}
	gotVisited, realErr := p.real.Visited(p.ctx, id, parents)
	wantVisited, modelErr := p.model.Visited(p.ctx, id, parents)
	p.agree("visited", gotVisited, wantVisited, realErr, modelErr)
	gotDue, realErr := p.real.DueParents(p.ctx, id, limit)
	wantDue, modelErr := p.model.DueParents(p.ctx, id, limit)
	p.agree("due", gotDue, wantDue, realErr, modelErr)
}

// reopen closes the store and opens what is on its disk, now and then; the model goes
// on. What was answered with success must be there.
func (p *pair) reopen(rt *rapid.T) {
	p.T = rt
	if rapid.IntRange(0, 4).Draw(rt, "whether") > 0 {
		return
	}
	p.check()
	if err := p.real.Close(); err != nil {
		p.Fatalf("close: %v", err)
	}
	s, err := p.durable.Reopen()
	if err != nil {
		p.Fatalf("reopen: %v", err)
	}
	p.real = s
}

// compareCounts is what is compared after every operation.
func (p *pair) compareCounts(rt *rapid.T) {
	p.T = rt
	gotCounts, realErr := p.real.CountRuns(p.ctx)
	wantCounts, modelErr := p.model.CountRuns(p.ctx)
	p.agree("counts", gotCounts, wantCounts, realErr, modelErr)
}

// compareLists compares the listings, which go through whole buckets; of runs only
// the newest that are queued.
func (p *pair) compareLists(rt *rapid.T) {
	p.T = rt
	gotFeeds, realErr := p.real.ListFeeds(p.ctx)
	wantFeeds, modelErr := p.model.ListFeeds(p.ctx)
	p.agree("feeds", gotFeeds, wantFeeds, realErr, modelErr)
	gotSubs, realErr := p.real.Subscriptions(p.ctx)
	wantSubs, modelErr := p.model.Subscriptions(p.ctx)
	p.agree("subscriptions", gotSubs, wantSubs, realErr, modelErr)
	filter := store.RunFilter{Status: store.Queued, Limit: 3}
	gotRuns, realErr := p.real.ListRuns(p.ctx, filter)
	wantRuns, modelErr := p.model.ListRuns(p.ctx, filter)
	for _, list := range [][]store.Run{gotRuns, wantRuns} {
		for i := range list {
			plainRun(&list[i])
		}
	}
	p.agree("runs", gotRuns, wantRuns, realErr, modelErr)
}

// check wants both to be in order.
func (p *pair) check() {
	for _, s := range []store.Store{p.real, p.model} {
		findings, err := s.Check(p.ctx)
		if err != nil || len(findings) > 0 {
			p.Fatalf("check of %T: %v %s", s, err, slices.Compact(findings))
		}
	}
}
