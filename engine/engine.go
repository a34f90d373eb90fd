package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

// Account is one named set of credentials, ready to be used.
type Account = poll.Account

// Options are what an engine is made of.
type Options struct {
	Store    store.Store
	Catalog  *Catalog
	Accounts []*Account
	Recipes  []*recipes.Recipe
	Log      zerolog.Logger
	Hooks    Hooks
	// Drain is how long running attempts may take after a stop; 0 means 30 s.
	Drain time.Duration
	// Runners is how many runs go on at once over all recipes; 0 means 64.
	Runners int
	// Requests counts what all sessions have sent, for reports; nil means nobody
	// counts.
	Requests func() int64
	// Pollers is how many feeds are polled at once; 0 means 16.
	Pollers int

	// session gives the session that a step calls with; nil means its account's own.
	session func(*Account, *recipes.Step) connectors.Session
}

// Engine polls feeds, finds changes and carries out runs.
type Engine struct {
	store    store.Store
	catalog  *Catalog
	bench    runs.Bench
	log      zerolog.Logger
	hooks    Hooks
	drain    time.Duration
	runners  int
	pollers  int
	requests func() int64

	poller *poll.Poller
	plan   *plan
	health runs.Health
	exec   *runs.Executor
	tally  tally
	fresh  *fresh
	// wake tells the dispatcher that runs were queued. It holds one signal, which
	// stands for any number of them; nobody closes it.
	wake chan struct{}
	// released tells the dispatcher that runs changed behind its back. It holds
	// one signal; nobody closes it.
	released chan struct{}
	// fatal takes the first error after which nothing can be trusted.
	fatal chan error

	// programs holds former versions of recipes that runs began with.
	mu       sync.Mutex
	programs map[runs.Key]*runs.Program
}

// New makes an engine. It starts nothing. The error says which recipe does not
// fit the accounts; recipes that were checked against the catalog always fit.
func New(o Options) (*Engine, error) {
	e := &Engine{
		store: o.Store, catalog: o.Catalog, log: o.Log, hooks: o.Hooks,
		drain: o.Drain, runners: o.Runners, pollers: o.Pollers, requests: o.Requests,
		bench: runs.Bench{Accounts: map[string]*Account{}, Session: o.session},
		wake:  make(chan struct{}, 1), released: make(chan struct{}, 1), fatal: make(chan error, 1),
		programs: map[runs.Key]*runs.Program{}, fresh: newFresh(),
	}
	if e.drain == 0 {
		e.drain = 30 * time.Second
	}
	if e.runners == 0 {
		e.runners = 64
	}
	if e.requests == nil {
		e.requests = func() int64 { return 0 }
	}
	if e.pollers == 0 {
		e.pollers = 16
	}
	for _, a := range o.Accounts {
		e.bench.Accounts[a.Name] = a
	}
	e.poller = &poll.Poller{Store: o.Store, Log: o.Log, At: e.passed, Told: e.committed, Pause: e.fresh.wait}
	e.exec = &runs.Executor{
		Store: o.Store, Log: o.Log, Health: &e.health, At: o.Hooks.At, Program: e.program, Fresh: e.fresh.take,
		Accepted: e.accepted, Ended: e.tally.ended, Fail: e.fail,
	}
	var err error
	e.plan, err = e.newPlan(o.Recipes)
	return e, err
}

// prepare stores what must be there before the first poll: the texts of the
// recipes and their places on the feeds.
func (e *Engine) prepare(ctx context.Context) error {
	if err := e.saveRecipes(ctx); err != nil {
		return err
	}
	known, err := e.store.Subscriptions(ctx)
	if err != nil {
		return fmt.Errorf("load subscriptions: %w", err)
	}
	for _, f := range e.plan.feeds {
		if err := e.reportScopes(ctx, f, known); err != nil {
			return fmt.Errorf("feed %s: %w", f.ID, err)
		}
		if err := e.poller.Subscribe(ctx, f, known); err != nil {
			return fmt.Errorf("feed %s: %w", f.ID, err)
		}
	}
	return e.requeue(ctx)
}

// reportScopes says what edits of scopes mean for the records that are known.
func (e *Engine) reportScopes(ctx context.Context, f *poll.Feed, known []store.Subscription) error {
	for _, s := range f.Subs {
		i := slices.IndexFunc(known, func(k store.Subscription) bool {
			return k.Recipe == s.Recipe.ID && k.Account == s.Account && k.Feed == f.ID
		})
		if s.Recipe.Scope == nil || i < 0 || known[i].Version == "" || known[i].Version == s.Recipe.Version {
			continue
		}
		before, err := e.program(ctx, runs.Key{Recipe: s.Recipe.ID, Version: known[i].Version})
		if err != nil {
			continue // the version before fits no more, or is gone: there is nothing to compare with
		}
		old := before.Recipe
		if old.Scope != nil && old.Scope.String() == s.Recipe.Scope.String() && reflect.DeepEqual(old.Vars, s.Recipe.Vars) {
			continue
		}
		edit, err := e.poller.CompareScopes(ctx, f, old, s.Recipe, s.Account)
		if err != nil {
			return err
		}
		e.log.Info().Str("component", "poller").Str("recipe", s.Recipe.ID).Str("trigger", string(f.ID)).Int("records", edit.Records).
			Int("would_enter", edit.Enter).Int("would_leave", edit.Leave).Int("unclear", edit.Unclear).Msg("scope edited, it starts afresh")
	}
	return nil
}

// saveRecipes keeps the texts of all recipes. They are saved side by side, so that
// the store can take many in one commit.
func (e *Engine) saveRecipes(ctx context.Context) error {
	var group sync.WaitGroup
	slots := make(chan struct{}, 64)
	errs := make(chan error, len(e.plan.programs))
	for key, p := range e.plan.programs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := e.store.SaveRecipe(ctx, key.Recipe, key.Version, p.Recipe.Text); err != nil {
				errs <- fmt.Errorf("save recipe %s: %w", key.Recipe, err)
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs // nil when there is none
}

// program returns a version of a recipe: the loaded one, or an earlier one from
// the store for runs that began with it.
func (e *Engine) program(ctx context.Context, key runs.Key) (*runs.Program, error) {
	if p, ok := e.plan.programs[key]; ok {
		return p, nil
	}
	e.mu.Lock()
	p, ok := e.programs[key]
	e.mu.Unlock()
	if ok {
		return p, nil
	}
	text, err := e.store.LoadRecipe(ctx, key.Recipe, key.Version)
	if err != nil {
		return nil, fmt.Errorf("load version %s of recipe %s: %w", key.Version, key.Recipe, err)
	}
	var findings diag.List
	r := recipes.Parse(key.Recipe+"@"+key.Version, text, e.catalog, &findings)
	if r == nil || findings.HasErrors() {
		return nil, fmt.Errorf("version %s of recipe %s does not fit any more: %s", key.Version, key.Recipe, firstError(&findings))
	}
	if p, err = e.bench.Compile(r); err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.programs[key] = p
	e.mu.Unlock()
	return p, nil
}

func firstError(l *diag.List) string {
	for _, f := range l.Sorted() {
		if f.Severity == diag.Error {
			return f.Message
		}
	}
	return "unknown"
}

// Run serves until ctx ends, then stops taking work, lets running attempts
// finish until the drain time is over, and returns after the last goroutine has
// ended. A store that cannot be trusted any more ends it with an error.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.prepare(ctx); err != nil {
		return err
	}
	take, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()

	var group sync.WaitGroup
	group.Go(func() {
		if err := e.schedule(take, work); err != nil {
			stop(err)
		}
	})
	d := newDispatcher(e)
	group.Go(func() {
		if err := d.run(take, work, nil); err != nil {
			stop(err)
		}
	})
	group.Go(func() { e.pruneOn(take) })
	group.Go(func() {
		select {
		case err := <-e.fatal:
			stop(err)
			end()
		case <-take.Done():
		}
	})
	<-take.Done()
	e.log.Info().Dur("drain_ms", e.drain).Msg("stopping")
	hard := time.AfterFunc(e.drain, end)
	defer hard.Stop()
	group.Wait()
	if cause := context.Cause(take); !errors.Is(cause, context.Canceled) && ctx.Err() == nil {
		return cause
	}
	select {
	case err := <-e.fatal: // it came while the rest was drained
		return err
	default:
		return nil
	}
}

// fail reports an error after which nothing can be trusted.
func (e *Engine) fail(err error) {
	select {
	case e.fatal <- err:
	default: // one is enough
	}
}

// signal wakes the dispatcher.
func (e *Engine) signal() {
	select {
	case e.wake <- struct{}{}:
	default: // a signal waits already
	}
}
