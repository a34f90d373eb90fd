package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/prune"
	"github.com/pollux-automation/pollux/engine/retry"
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
	// Budgets are those of the accounts; nil means that nothing is known of them.
	Budgets Budgets
	// Disk says how large the disk of the store is and how much of it is free; nil, or a
	// size of 0, means that nobody knows.
	Disk func() (size, free int64)
	// Observer is told what the engine does while it serves; nil means nobody wants to
	// know. A reload keeps the first one.
	Observer *Observer

	// session gives the session that a step calls with; nil means its account's own.
	session func(*Account, *recipes.Step) connectors.Session
}

// Budgets are what is left of the requests that accounts and hosts may make. They are
// safe for concurrent use.
type Budgets interface {
	// Budgets returns them as they are to be stored, RestoreBudgets takes over stored ones
	// and returns what it could make nothing of, in words for the log.
	Budgets() map[string]json.RawMessage
	RestoreBudgets(stored map[string]json.RawMessage) []string
	// Stretch says how much longer than usual the polls of an account have to wait so that
	// a quota lasts, from 1 on, and why.
	Stretch(account string) (factor float64, why string)
}

// Engine polls feeds, finds changes and carries out runs.
type Engine struct {
	store    store.Store
	log      zerolog.Logger
	hooks    Hooks
	drain    time.Duration
	runners  int
	pollers  int
	requests func() int64
	disk     func() (size, free int64)
	session  func(*Account, *recipes.Step) connectors.Session

	poller *poll.Poller
	// current is what the loaded recipes ask for; a reload replaces it.
	current atomic.Pointer[plan]
	health  retry.Health
	rests   rests
	space   space
	exec    *runs.Executor
	pruner  *prune.Pruner
	tally   tally
	fresh   *fresh
	// observer is nil when nobody wants to know what happens.
	observer *Observer
	// visited has the last visit of each feed, by its id.
	visited sync.Map
	// wake tells the dispatcher that runs were queued. It holds one signal, which
	// stands for any number of them; nobody closes it.
	wake chan struct{}
	// released tells the dispatcher that runs changed behind its back. It holds
	// one signal; nobody closes it.
	released chan struct{}
	// holds, reloads and hints are wishes to the scheduler, edits to the dispatcher. They have no
	// room: whoever asks waits until the engine serves. Nobody closes them.
	holds   chan hold
	reloads chan reload
	edits   chan edit
	hints   chan hinting
	// The pings are answered by closing what they bring.
	pingScheduler, pingDispatcher chan chan struct{}
	// reloaded tells the dispatcher that recipes changed. It holds one signal; nobody
	// closes it.
	reloaded chan struct{}
	// resumed tells the scheduler that accounts may go on. It holds one signal; nobody
	// closes it.
	resumed chan struct{}
	// ended is closed when the engine hears no more wishes.
	ended chan struct{}
	// fatal takes the first error after which nothing can be trusted.
	fatal chan error

	// programs holds former versions of recipes that runs began with.
	mu       sync.Mutex
	programs map[program.Key]*program.Program
}

// New makes an engine. It starts nothing. The error says which recipe does not
// fit the accounts; recipes that were checked against the catalog always fit.
func New(o Options) (*Engine, error) {
	e := &Engine{
		store: o.Store, log: o.Log, hooks: o.Hooks,
		drain: o.Drain, runners: o.Runners, pollers: o.Pollers, requests: o.Requests, session: o.session, disk: o.Disk,
		wake: make(chan struct{}, 1), released: make(chan struct{}, 1), fatal: make(chan error, 1),
		holds: make(chan hold), reloads: make(chan reload), edits: make(chan edit), hints: make(chan hinting), pingScheduler: make(chan chan struct{}), pingDispatcher: make(chan chan struct{}), ended: make(chan struct{}), reloaded: make(chan struct{}, 1), resumed: make(chan struct{}, 1),
		programs: map[program.Key]*program.Program{}, fresh: newFresh(), observer: o.Observer,
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
	e.poller = &poll.Poller{Store: o.Store, Log: o.Log, At: e.passed, Told: e.committed, Pause: e.fresh.wait, Rests: e.rests.recipe}
	e.pruner = &prune.Pruner{Store: o.Store, Log: o.Log, Rules: func() (map[string]store.Keep, []store.RecipeVersion) { return e.plan().keeps() }}
	e.exec = &runs.Executor{
		Store: o.Store, Log: o.Log, Rests: e.restUntil, Health: &e.health, At: o.Hooks.At, Program: e.program, Fresh: e.fresh.take,
		Accepted: e.accepted, Ended: e.tally.ended, Saved: e.saved, Fail: e.fail,
	}
	first, err := newPlan(o, nil)
	e.current.Store(first)
	return e, err
}

// plan returns what the loaded recipes ask for now.
func (e *Engine) plan() *plan { return e.current.Load() }

// prepare stores what must be there before the first poll: the texts of the
// recipes and their places on the feeds.
func (e *Engine) prepare(ctx context.Context, p *plan) error {
	if err := e.saveRecipes(ctx, p); err != nil {
		return err
	}
	known, err := e.store.Subscriptions(ctx)
	if err != nil {
		return fmt.Errorf("load subscriptions: %w", err)
	}
	places := poll.PlacesOf(known)
	for _, f := range p.feeds {
		if err := e.poller.Subscribe(ctx, f, places); err != nil {
			return fmt.Errorf("feed %s: %w", f.ID, err)
		}
	}
	return nil
}

// begin prepares the first plan.
func (e *Engine) begin(ctx context.Context) error {
	list, err := e.compare(ctx, e.plan())
	if err != nil {
		return err
	}
	if err := e.readSwitches(ctx); err != nil {
		return err
	}
	if err := e.readBudgets(ctx); err != nil {
		return err
	}
	if err := e.prepare(ctx, e.plan()); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(edit RecipeEdit) bool { return edit.Kind == Removed }) // long ago
	e.report(ctx, list)
	return e.requeue(ctx)
}

// saveRecipes keeps the texts of all recipes. They are saved side by side, so that
// the store can take many in one commit.
func (e *Engine) saveRecipes(ctx context.Context, p *plan) error {
	var group sync.WaitGroup
	slots := make(chan struct{}, 64)
	errs := make(chan error, len(p.recipes))
	for _, r := range p.recipes {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := e.store.SaveRecipe(ctx, r.ID, r.Version, r.Text); err != nil {
				errs <- fmt.Errorf("save recipe %s: %w", r.ID, err)
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs // nil when there is none
}

// program returns a version of a recipe: the loaded one, or an earlier one from
// the store for runs that began with it.
func (e *Engine) program(ctx context.Context, key program.Key) (*program.Program, error) {
	p := e.plan()
	if prog, ok := p.programs[key]; ok {
		return prog, nil
	}
	e.mu.Lock()
	prog, ok := e.programs[key]
	e.mu.Unlock()
	if ok {
		return prog, nil
	}
	prog, err := e.former(ctx, p, key)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan() == p { // else its accounts may be others now
		e.programs[key] = prog
	}
	return prog, nil
}

// former makes an earlier version of a recipe ready to run.
func (e *Engine) former(ctx context.Context, p *plan, key program.Key) (*program.Program, error) {
	text, err := e.store.LoadRecipe(ctx, key.Recipe, key.Version)
	if err != nil {
		return nil, fmt.Errorf("load version %s of recipe %s: %w", key.Version, key.Recipe, err)
	}
	var findings diag.List
	r := recipes.Parse(key.Recipe+"@"+key.Version, text, p.catalog, &findings)
	if r == nil || findings.HasErrors() {
		return nil, fmt.Errorf("version %s of recipe %s does not fit any more: %s", key.Version, key.Recipe, firstError(&findings))
	}
	return p.bench.Compile(r, key.Account)
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
	if err := e.begin(ctx); err != nil {
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
	group.Go(func() { e.pruner.Run(take) })
	group.Go(func() { e.tend(take) })
	group.Go(func() {
		select {
		case err := <-e.fatal:
			stop(err)
			end()
		case <-take.Done():
		}
	})
	<-take.Done()
	close(e.ended)
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

// nudge sends a signal to who waits at a channel with room for one. One that waits there
// already stands for this one too.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// signal wakes the dispatcher.
func (e *Engine) signal() {
	nudge(e.wake)
}
