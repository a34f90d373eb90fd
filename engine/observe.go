package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
)

// Observer is told what a serving engine does, so that somebody can count it. All of its
// functions are set. They are called on the goroutines that do the work, several at once:
// they must be quick and must not wait.
type Observer struct {
	// Polled is told of every poll that ended, but not of those that a stop or a reload
	// has ended.
	Polled func(PollEnd)
	// Read is told how many records a page had, and how many of them were changes.
	Read func(records, changes int)
	// Ended is told when a run is over or parked, once that is stored.
	Ended func(RunEnd)
	// Wrote is told what became of an outside write, once that is stored: every try of one
	// that is tried again. The state is never Sent.
	Wrote func(store.EffectState)
}

// The outcomes of a poll that brought no error.
const (
	PollOK         = "ok"         // everything was read
	PollUnfinished = "unfinished" // the walk over the whole list goes on with the next poll
)

// PollEnd is how a poll ended.
type PollEnd struct {
	Account   string
	Connector string
	// Outcome is PollOK, PollUnfinished, or the kind of the error.
	Outcome string
	Took    time.Duration
}

// RunEnd is where a run came to rest.
type RunEnd struct {
	Recipe string
	// Loaded is false for a recipe that is not loaded any more.
	Loaded bool
	Status store.Status // Succeeded, Failed, Dropped or Parked
	// Took is the time from queued to the end; 0 for a run that was never begun, and for
	// one that is parked.
	Took time.Duration
}

// polled tells the observer how a poll ended.
func (e *Engine) polled(d *dueFeed, began time.Time, more bool, err error) {
	if err == nil && !more {
		e.visited.Store(d.feed.ID, began.UTC())
	}
	if e.observer == nil {
		return
	}
	end := PollEnd{Account: d.feed.Account.Name, Connector: d.feed.Account.Connector.Describe().Key, Outcome: PollOK, Took: time.Since(began)}
	switch {
	case err != nil:
		end.Outcome = retry.Failure(err, "").Kind
	case more:
		end.Outcome = PollUnfinished
	}
	e.observer.Polled(end)
}

// rested tells the observer that a run is over or parked. Whoever ends runs beside the
// executor calls it too, after the commit.
func (e *Engine) rested(recipe string, queued time.Time, s store.RunState) {
	if e.observer == nil || !s.Status.Final() && s.Status != store.Parked {
		return
	}
	end := RunEnd{Recipe: recipe, Loaded: e.recipe(recipe) != nil, Status: s.Status}
	if s.Status.Final() && !s.StartedAt.IsZero() && !queued.IsZero() {
		end.Took = max(0, s.FinishedAt.Sub(queued))
	}
	e.observer.Ended(end)
}

// witness is the store that runs are carried out on. It does what the store does, and
// tells the observer what was stored.
type witness struct {
	store.Store
	e *Engine

	mu    sync.Mutex
	begun map[store.RunID]*begun
}

// begun is what a witness must know of a run that was handed out.
type begun struct {
	recipe string
	queued time.Time
	// sent are the steps whose write was sent and has no outcome yet.
	sent map[string]struct{}
}

// fresh is [fresh.take] for the executor.
func (w *witness) fresh(id store.RunID) (runs.Fresh, bool) {
	f, ok := w.e.fresh.take(id)
	if ok {
		w.begin(f.Run, nil)
	}
	return f, ok
}

// LoadRun implements [store.Queue].
func (w *witness) LoadRun(ctx context.Context, id store.RunID) (store.Run, []store.Step, error) {
	run, steps, err := w.Store.LoadRun(ctx, id)
	if err == nil && !run.State.Status.Final() {
		run.ID = id
		w.begin(&run, steps)
	}
	return run, steps, err
}

// SaveStep implements [store.Queue].
func (w *witness) SaveStep(ctx context.Context, s store.StepSave) error {
	err := w.Store.SaveStep(ctx, s)
	if err == nil {
		w.saved(s)
	}
	return err
}

// begin remembers a run that is carried out from now on.
func (w *witness) begin(run *store.Run, steps []store.Step) {
	b := &begun{recipe: run.Recipe, queued: run.QueuedAt}
	for _, s := range steps {
		b.effect(s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[run.ID] = b
}

// effect notes what a step's effect has become, and reports whether that is an outcome.
func (b *begun) effect(s store.Step) bool {
	if s.Effect == nil {
		return false
	}
	if s.Effect.State != store.Sent {
		delete(b.sent, s.ID)
		return true
	}
	if b.sent == nil {
		b.sent = map[string]struct{}{}
	}
	b.sent[s.ID] = struct{}{}
	return false
}

// saved tells what a commit says of a run and its writes.
func (w *witness) saved(s store.StepSave) {
	var outcomes []store.EffectState
	w.mu.Lock()
	b, known := w.begun[s.Run]
	if !known {
		b = &begun{}
	}
	for _, step := range s.Steps {
		if b.effect(step) {
			outcomes = append(outcomes, step.Effect.State)
		}
	}
	if s.State.Status.Final() {
		delete(w.begun, s.Run)
	}
	w.mu.Unlock()
	for _, o := range outcomes {
		w.e.observer.Wrote(o)
	}
	if known {
		w.e.rested(b.recipe, b.queued, s.State)
	}
}

// over forgets a run that is not being carried out any more, unless a write of it has no
// outcome yet.
func (w *witness) over(id store.RunID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b, ok := w.begun[id]; ok && len(b.sent) == 0 {
		delete(w.begun, id)
	}
}

// open counts the writes without an outcome.
func (w *witness) open() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.begun {
		n += len(b.sent)
	}
	return n
}

// OpenEffects counts the outside writes that were noted as sent and have no outcome yet,
// of the runs that this engine has carried out or begun. Without an observer nobody
// counts, and it is 0.
func (e *Engine) OpenEffects() int {
	if e.witness == nil {
		return 0
	}
	return e.witness.open()
}

// Loaded is what an engine works with now.
type Loaded struct {
	Recipes []string // ids, in no order
	// Accounts has the key of the connector by the account's name.
	Accounts map[string]string
}

// Loaded says which recipes and accounts are loaded. It may be called at any time.
func (e *Engine) Loaded() Loaded {
	p := e.plan()
	l := Loaded{Accounts: make(map[string]string, len(p.bench.Accounts))}
	for id := range p.recipes {
		l.Recipes = append(l.Recipes, id)
	}
	for name, a := range p.bench.Accounts {
		l.Accounts[name] = a.Connector.Describe().Key
	}
	return l
}

// FeedTime says when a feed was last read.
type FeedTime struct {
	Account   string
	Connector string
	Operation string
	// Read is the start of the last poll that came to its end, in UTC; zero when there
	// was none.
	Read time.Time
}

// FeedTimes says of every feed when it was last read, in no order. It reads each feed
// from the store.
func (e *Engine) FeedTimes(ctx context.Context) ([]FeedTime, error) {
	var list []FeedTime
	for id, f := range e.plan().feeds {
		feed, err := e.store.LoadFeed(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		t := FeedTime{Account: f.Account.Name, Connector: f.Account.Connector.Describe().Key, Operation: f.Op.Key, Read: feed.LastPollAt}
		// Quiet polls are stored only now and then.
		if v, ok := e.visited.Load(id); ok {
			if read, _ := v.(time.Time); read.After(t.Read) {
				t.Read = read
			}
		}
		list = append(list, t)
	}
	return list, nil
}
