package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/engine/retry"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

const (
	// inHandMost is how many runs of one recipe the dispatcher keeps in memory;
	// the rest stays in the store until there is room.
	inHandMost = 2000
	// scanStep is how many runs are read from the store at once.
	scanStep = 1000
	// inFlightMost bounds the runs that were started and are not over, those
	// included that gave their worker back and wait for the store.
	inFlightMost = 512
	// sweepEvery is how often the store is looked through for runs of which no
	// signal told.
	sweepEvery = time.Minute
	// longestWait is the longest that a run waits for its due time: as long as the
	// longest window of a budget. A stored time further ahead was written before the
	// clock was set back.
	longestWait = 24 * time.Hour
	// patience is how long "run --once" waits for a run that goes on later.
	patience = time.Minute
)

// dispatcher hands out runs: in order within a lane, in parallel across lanes,
// with turns between recipes. All fields belong to the goroutine of run.
type dispatcher struct {
	e        *Engine
	lanes    map[string]*lane
	backlogs map[string]*backlog
	turns    []*backlog // recipes with something to start, in the order of their next turn
	waits    waitHeap
	scanned  store.RunID // runs up to here are in memory, over, or left behind
	flying   int         // runs that were started and are not over
	busy     int         // runs that hold a worker
	recalled bool        // parked runs may go on
	// notes come from executing runs. There is room for two of every run in
	// flight, so that nobody waits; nobody closes it.
	notes chan note
	// tasks hands runs to workers that are idle; the dispatcher closes it.
	tasks   chan task
	workers sync.WaitGroup
}

// task is a run to execute: the head of a lane.
type task struct {
	lane   *lane
	run    store.RunID
	behind []store.RunID // the runs that wait behind it
}

// note is what an executing run tells the dispatcher.
type note struct {
	lane  *lane
	over  bool // false: only the worker is free again
	state store.RunState
}

func newDispatcher(e *Engine) *dispatcher {
	return &dispatcher{
		e: e, lanes: map[string]*lane{}, backlogs: map[string]*backlog{},
		notes: make(chan note, 2*inFlightMost), tasks: make(chan task),
	}
}

// run hands out runs until take ends, or until nothing is left to do after last
// was closed; nil means that it serves until it is stopped. It returns when the last
// run it started is over.
func (d *dispatcher) run(take, work context.Context, last <-chan struct{}) error {
	defer d.workers.Wait()
	defer close(d.tasks)
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	looking := true
	for {
		if take.Err() == nil {
			if looking {
				if err := d.look(take); err != nil && take.Err() == nil {
					return fmt.Errorf("read the queue: %w", err)
				}
			}
			d.start(work)
		}
		if d.done(take, last) {
			return nil
		}
		looking = d.sleep(take, timer, sweep.C, last)
	}
}

// sleep waits until there may be something to do, and reports whether the store
// must be looked through.
func (d *dispatcher) sleep(take context.Context, timer *time.Timer, sweep <-chan time.Time, last <-chan struct{}) bool {
	var stopped, ended <-chan struct{}
	wake, released, edits, reloaded := d.e.wake, d.e.released, d.e.edits, d.e.reloaded
	if take.Err() == nil {
		stopped, ended = take.Done(), last
		if last != nil && isClosed(last) {
			ended = nil
		}
	} else {
		wake, released, sweep, edits, reloaded = nil, nil, nil, nil, nil
	}
	d.alarm(take, timer)
	select {
	case <-stopped:
	case <-ended:
	case <-wake:
		return true
	case <-released:
		d.recalled = true
		return true
	case <-sweep:
		return true
	case <-reloaded:
		d.refresh()
		return true
	case w := <-edits:
		w.do(d.running)
		d.e.fresh.clear()
		d.forget()
		close(w.done)
		return true
	case pong := <-d.e.pingDispatcher:
		close(pong)
	case n := <-d.notes:
		d.take(n)
		for len(d.notes) > 0 {
			d.take(<-d.notes)
		}
	case <-timer.C:
	}
	return false
}

// alarm sets the timer to the next due time.
func (d *dispatcher) alarm(take context.Context, timer *time.Timer) {
	if len(d.waits) > 0 && take.Err() == nil {
		timer.Reset(max(time.Until(d.waits[0].due), 0))
	} else {
		timer.Stop()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// done reports whether the dispatcher can end.
func (d *dispatcher) done(take context.Context, last <-chan struct{}) bool {
	if d.flying > 0 || len(d.notes) > 0 {
		return false
	}
	if take.Err() != nil {
		return true
	}
	if last == nil || !isClosed(last) || len(d.e.wake) > 0 || len(d.e.released) > 0 {
		return false
	}
	for _, b := range d.backlogs {
		if (len(b.ready) > 0 || b.hungry()) && !d.e.rests.recipe(b.recipe) {
			return false
		}
	}
	return len(d.waits) == 0 || time.Until(d.waits[0].due) > patience
}

// head decides what becomes of a lane by the state of its first run.
func (d *dispatcher) head(l *lane, s store.RunState) {
	switch s.Status {
	case store.Waiting:
		// A recipe can have any number of runs that let time pass.
		d.waits.wait(l, s.Due, s.Reason == runs.ReasonWaits)
	case store.Parked, store.Held:
		if d.passes(l.backlog.recipe, s) {
			d.next(l)
			return
		}
		l.backlog.inHand -= len(l.runs)
		l.runs, l.state = nil, laneBlocked
	default:
		d.ready(l)
	}
}

// ready puts a lane in the line of its recipe, and the recipe in the line for a
// turn.
func (d *dispatcher) ready(l *lane) {
	l.state = laneReady
	l.backlog.ready = append(l.backlog.ready, l)
	d.turn(l.backlog)
}

// turn puts a recipe in the line for a turn, unless it stands there or has
// nothing to start.
func (d *dispatcher) turn(b *backlog) {
	if !b.inLine && len(b.ready) > 0 && b.busy < b.workers && !d.e.rests.recipe(b.recipe) {
		b.inLine = true
		d.turns = append(d.turns, b)
	}
}

// passes reports whether a run in a state lets the ones behind it pass. One that was
// parked because of a credential goes on by itself, so they wait for it.
func (d *dispatcher) passes(recipe string, s store.RunState) bool {
	if s.Status != store.Parked && s.Status != store.Held || s.Reason == retry.ReasonAuth {
		return false
	}
	r := d.e.recipe(recipe)
	return r != nil && r.Order.WhenParked == recipes.GoOn
}

// next removes the head of a lane; the run behind it becomes ready.
func (d *dispatcher) next(l *lane) {
	l.runs = l.runs[1:]
	l.backlog.inHand--
	if len(l.runs) == 0 {
		delete(d.lanes, l.key)
		return
	}
	d.ready(l)
}

// backlog returns the backlog of a recipe.
func (d *dispatcher) backlog(recipe string) *backlog {
	b, ok := d.backlogs[recipe]
	if !ok {
		b = &backlog{recipe: recipe}
		b.set(d.e.recipe(recipe))
		d.backlogs[recipe] = b
	}
	return b
}

// set takes over what a recipe says; nil stands for one that is gone.
func (b *backlog) set(r *recipes.Recipe) {
	b.workers = defaultWorkers
	if r != nil && r.Order.Workers > 0 {
		b.workers = r.Order.Workers
	}
}

// refresh takes over what recipes say that were loaded again.
func (d *dispatcher) refresh() {
	for _, b := range d.backlogs {
		b.set(d.e.recipe(b.recipe))
	}
	d.forget()
}

// running reports whether a run of a lane is being carried out.
func (d *dispatcher) running(lane string, run store.RunID) bool {
	l, ok := d.lanes[lane]
	return ok && l.state == laneRunning && l.runs[0] == run
}

// defaultWorkers is how many runs of a recipe go on at once when neither says.
const defaultWorkers = 4

// recipe returns a loaded recipe by its id, or nil.
func (e *Engine) recipe(id string) *recipes.Recipe {
	return e.plan().recipes[id]
}

// start hands out runs, one a recipe in turn, as long as workers are free.
func (d *dispatcher) start(work context.Context) {
	for _, l := range d.waits.wake(time.Now()) {
		d.ready(l)
	}
	for len(d.turns) > 0 && d.busy < d.e.runners && d.flying < inFlightMost {
		b := d.turns[0]
		d.turns = d.turns[1:]
		b.inLine = false
		if len(b.ready) == 0 || b.busy >= b.workers || d.e.rests.recipe(b.recipe) {
			continue
		}
		l := b.ready[0]
		b.ready = b.ready[1:]
		d.launch(work, l)
		d.turn(b)
	}
}

// launch executes the head of a lane on an idle worker, or on a new one. There are
// never more than runs were in flight at once, for some only wait for the store.
func (d *dispatcher) launch(work context.Context, l *lane) {
	l.state = laneRunning
	l.backlog.busy++
	d.busy++
	d.flying++
	t := task{lane: l, run: l.runs[0], behind: l.behind()}
	select {
	case d.tasks <- t:
	default:
		d.workers.Go(func() {
			for more := true; more; t, more = <-d.tasks {
				d.execute(work, t)
			}
		})
	}
}

// execute executes a run and tells the dispatcher when its worker is free, perhaps
// before the run is over.
func (d *dispatcher) execute(work context.Context, t task) {
	freed := false
	free := func() {
		if !freed {
			freed = true
			d.notes <- note{lane: t.lane}
		}
	}
	state := d.e.exec.Execute(work, t.run, t.behind, free)
	free()
	d.notes <- note{lane: t.lane, over: true, state: state}
}

// take acts on a note of an executing run.
func (d *dispatcher) take(n note) {
	if !n.over {
		n.lane.backlog.busy--
		d.busy--
		d.turn(n.lane.backlog)
		return
	}
	d.flying--
	if n.lane.recall && n.state.Status == store.Parked && n.state.Reason == retry.ReasonAuth {
		d.recalled = true
		d.e.signal()
	}
	n.lane.recall = false
	if n.state.Status.Final() {
		d.next(n.lane)
	} else {
		d.head(n.lane, n.state)
	}
	if n.lane.backlog.hungry() {
		d.e.signal()
	}
}
