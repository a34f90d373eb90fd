package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/dry"
	"github.com/pollux-automation/pollux/engine/sample"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// Scene is what a rehearsal is about: a record as it was and as it is.
type Scene struct {
	// Before is the record as last known; nil for a new one, and for one of which
	// only the id was known.
	Before map[string]any
	Record map[string]any
	// Known makes a record without Before one that is not new.
	Known bool
	// Gone makes the record vanish from its list; Before is how it was last.
	Gone bool
	// Answers are the services' answers to the calls of some steps, by step id. One that
	// is nil is that of a lookup which found nothing. Other calls are answered with a
	// value of the right shape.
	Answers map[string]any
	// Targets are what is read before the writes with only_if, by step id. One that is not
	// given has the right shape.
	Targets map[string]any
	// Account is the account that plays, of a recipe that watches several; empty means the
	// first one, or one that is made up where there is none.
	Account string
}

// Performance is what a recipe did in a rehearsal.
type Performance struct {
	// Verdict is the trigger's and the filter's decision.
	Verdict triggers.Verdict
	// Kind is what the change was taken for.
	Kind string
	// Run is nil when the recipe did not want the change.
	Run   *store.Run
	Steps []store.Step
	Calls []RehearsedCall
}

// RehearsedCall is a call that a recipe would have made.
type RehearsedCall struct {
	Step       string
	Connection string
	Operation  string // without the connector's name
	Input      map[string]any
	// Target is true where only what the step is about to write was read, for its only_if.
	Target bool
	// Request is what would have been sent, secrets replaced by stars.
	Request connectors.Request
}

// Rehearse carries out a recipe on one scene with the engine's own code: the same
// detection, decisions and runner, but with sessions that send nothing, and waits are over
// at once. The store of the options must be empty and is thrown away.
func Rehearse(ctx context.Context, o Options, r *recipes.Recipe, s Scene) (Performance, error) {
	copied := *r
	copied.Trigger.Start = recipes.Start{Mode: recipes.StartNow, Text: recipes.StartNow}
	copied.NeedsBodies = s.Before != nil
	copied.Trigger.Parents = recipes.Parents{IDs: []string{parentOf(o, r, s)}}
	o.cast(&copied, s.Account)
	o.Recipes = []*recipes.Recipe{&copied}
	stage := &stage{scene: s, at: time.Now().UTC().Truncate(time.Second)}
	o.Accounts = stage.accounts(o.Accounts)
	o.session = stage.session
	e, err := New(o)
	if err != nil {
		return Performance{}, err
	}
	stage.dress(e)
	for _, act := range stage.acts() {
		stage.act = act
		report, err := e.Once(ctx)
		if err != nil {
			return Performance{}, err
		}
		if len(report.Failures) > 0 {
			return Performance{}, report.Failures[0].Err
		}
	}
	return stage.result(ctx, e)
}

// cast gives a recipe that watches all accounts of a pattern the one that plays.
func (o *Options) cast(r *recipes.Recipe, name string) {
	source := r.Source()
	if !source.Pattern() {
		return
	}
	a, err := sample.Account(o.Accounts, r, name)
	if err != nil {
		a = &Account{Name: strings.NewReplacer("*", "any", "?", "x", "[", "", "]", "").Replace(source.Account)}
		if a.Connector, _ = o.Catalog.registry.Connector(source.Connector); a.Connector == nil {
			return
		}
		o.Accounts = append(slices.Clone(o.Accounts), a)
	}
	source.Account = a.Name
	r.Connections = maps.Clone(r.Connections)
	r.Connections[source.Name] = source
}

// parentOf is the parent of the scene's record, in lists that have parents: what the
// record says of it, or a made-up one.
func parentOf(o Options, r *recipes.Recipe, s Scene) string {
	for _, a := range o.Accounts {
		if !r.Source().Matches(a.Name) {
			continue
		}
		op, err := a.Shaped(r.Trigger.Operation, r.Trigger.With)
		if err != nil || op.Poll == nil || op.Poll.Parents == nil {
			continue
		}
		if id, ok := s.Record[op.Poll.Parents.Input].(string); ok && id != "" {
			return id
		}
	}
	return "parent"
}

// stage is the world that a rehearsal plays in.
type stage struct {
	scene Scene
	act   string // before, after, gone: which version of the record the source shows
	at    time.Time

	mu    sync.Mutex
	calls []RehearsedCall
}

// accounts replaces the sessions of accounts by ones that send nothing.
func (s *stage) accounts(list []*Account) []*Account {
	out := make([]*Account, len(list))
	for i, a := range list {
		dressed := *a
		dressed.Session = &stageSession{stage: s, real: a.Session}
		out[i] = &dressed
	}
	return out
}

// session tells the session of a step which step it belongs to.
func (s *stage) session(a *Account, step *recipes.Step) connectors.Session {
	session, _ := a.Session.(*stageSession)
	return &stageSession{stage: s, real: session.real, step: step}
}

// acts are the polls of the rehearsal. What is gone must be missed twice.
func (s *stage) acts() []string {
	if s.scene.Gone {
		return []string{"before", "gone", "gone"}
	}
	return []string{"before", "after"}
}

// dress makes the trigger's list one that is read whole: what a recipe says of a change does not depend on how it was
// found.
func (s *stage) dress(e *Engine) {
	for _, f := range e.plan().feeds {
		if f.Op.Poll.Parents != nil {
			continue // asked for the one parent of the scene, it is read whole already
		}
		op := *f.Op
		op.Poll = &connectors.Poll{Strategy: connectors.Snapshot}
		f.Op, f.Strategy = &op, triggers.Snapshot{}
		f.Settle()
	}
}

// page is the source as the current act shows it.
func (s *stage) page(op *connectors.Operation) (connectors.Page, error) {
	page := connectors.Page{Date: s.at, Total: -1}
	record, updated := s.scene.Before, s.at.Add(-time.Hour)
	if record == nil && s.scene.Known {
		record = map[string]any{op.Answer.ID: s.scene.Record[op.Answer.ID]}
	}
	if s.act == "gone" {
		page.Date = s.at.Add(2 * time.Hour)
		return page, nil
	}
	if s.act == "after" {
		record, updated = s.scene.Record, s.at.Add(time.Hour)
		page.Date = s.at.Add(2 * time.Hour)
	}
	if record == nil {
		return page, nil
	}
	raw, err := json.Marshal(record)
	if err != nil {
		return page, fmt.Errorf("record of the scene: %w", err)
	}
	id := fmt.Sprint(record[op.Answer.ID])
	if record[op.Answer.ID] == nil {
		id = "record"
	}
	r := connectors.Record{ID: id, Raw: raw}
	if op.Answer.Updated != "" {
		r.Updated = updated
	}
	page.Records = []connectors.Record{r}
	return page, nil
}

// result reads what the recipe did out of the rehearsal's own store.
func (s *stage) result(ctx context.Context, e *Engine) (Performance, error) {
	p := Performance{Calls: s.calls}
	for _, f := range e.plan().feeds {
		seen, _, err := e.store.ScanEntries(ctx, f.ID, "", "", 10)
		if err != nil {
			return p, err
		}
		for _, entry := range seen {
			if d, ok := entry.Entry.Decision(f.Subs[0].Record.Number); ok {
				p.Verdict = d.Verdict
			}
			p.Kind = string(kindOf(entry.Entry))
		}
	}
	runs, err := e.store.ListRuns(ctx, store.RunFilter{Limit: 1})
	if err != nil || len(runs) == 0 {
		return p, err
	}
	run, steps, err := e.store.LoadRun(ctx, runs[0].ID)
	if err != nil {
		return p, err
	}
	p.Run, p.Steps, p.Kind = &run, steps, run.Kind
	return p, nil
}

// kindOf is what was found, by the entry that it left.
func kindOf(e triggers.Entry) triggers.Kind {
	switch {
	case e.Deleted:
		return triggers.Deleted
	case e.Revision > 1:
		return triggers.Updated
	}
	return triggers.Created
}

// stageSession is a session that sends nothing.
type stageSession struct {
	stage *stage
	real  connectors.Session // makes previews; nil when there is no account
	step  *recipes.Step
}

// Page shows the scene's record.
func (s *stageSession) Page(_ context.Context, op *connectors.Operation, _ connectors.Query) (connectors.Page, error) {
	return s.stage.page(op)
}

// Call notes the call and answers with what the scene says, or with a value of
// the right shape.
func (s *stageSession) Call(_ context.Context, op *connectors.Operation, inputs map[string]any) (connectors.Answer, error) {
	request, err := s.Preview(op, inputs)
	if err != nil {
		return connectors.Answer{}, err
	}
	call := RehearsedCall{Operation: op.Key, Input: inputs, Request: request}
	var answer any
	nothing := false
	if s.step != nil {
		call.Step, call.Connection = s.step.ID, s.step.Connection
		answer, nothing = s.stage.scene.Answers[s.step.ID]
		nothing = nothing && answer == nil
		if call.Target = s.step.OnlyIf != nil && op.Key == s.step.Target; call.Target {
			answer, nothing = s.stage.scene.Targets[s.step.ID], false
		}
	}
	s.stage.mu.Lock()
	s.stage.calls = append(s.stage.calls, call)
	s.stage.mu.Unlock()
	if nothing {
		return connectors.Answer{Status: http.StatusOK}, nil
	}
	return connectors.Answer{Status: http.StatusOK, Value: dry.Answer(op, answer)}, nil
}

// Preview asks the real session, which sends nothing either.
func (s *stageSession) Preview(op *connectors.Operation, inputs map[string]any) (connectors.Request, error) {
	if s.real == nil {
		return connectors.Request{Method: op.Method, URL: op.Path, Body: inputs}, nil
	}
	return s.real.Preview(op, inputs)
}

// Check says that there is nothing to check.
func (s *stageSession) Check(context.Context) error {
	return errors.New("a rehearsal has no service to check")
}

// Close does nothing.
func (s *stageSession) Close() {}
