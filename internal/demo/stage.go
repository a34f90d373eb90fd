package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// stage is where the show happens. The counters are shared by the
// goroutines of run, the rest does not change once it runs.
type stage struct {
	out     io.Writer
	world   *sandbox.Sandbox
	project *project.Project
	traffic float64
	length  time.Duration
	began   time.Time
	// contacts counts the changes of contacts that people made, other those of
	// notes and tasks, which the example does not watch.
	contacts, other atomic.Int64
	// learnt counts the contacts that were there before the show.
	learnt atomic.Int64
}

// run runs the engine while people change things, prints a line now and then, and
// sums up at the end.
func (s *stage) run(ctx context.Context, build func(*project.Project, store.Store) (*engine.Engine, error)) (err error) {
	state, err := s.project.OpenStore()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	e, err := build(s.project, state)
	if err != nil {
		return err
	}
	s.began = time.Now()
	run, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	group.Go(func() { s.people(run, e) })
	group.Go(func() { s.lines(run, e) })
	if s.length > 0 {
		defer time.AfterFunc(s.length, stop).Stop()
	}
	err = e.Run(run)
	stop()
	group.Wait()
	if err != nil {
		return err
	}
	s.summary(context.WithoutCancel(ctx), e)
	return nil
}

// people make changes once the list is known, and stop a little before the end so
// that what they did can arrive.
func (s *stage) people(ctx context.Context, e *engine.Engine) {
	for !e.Status(ctx).Known {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.learnt.Store(e.Status(ctx).Changes)
	if s.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(s.length*7/10, s.length-6*time.Second))
		defer cancel()
	}
	s.world.Run(ctx, Traffic(s.traffic), func(c sandbox.Change) {
		if strings.HasPrefix(c.What, "contact ") {
			s.contacts.Add(1)
			return
		}
		s.other.Add(1)
	})
}

// found is how many changes were found since the list was known.
func (s *stage) found(now engine.Status) int64 {
	if learnt := s.learnt.Load(); learnt > 0 {
		return now.Changes - learnt
	}
	return 0
}

// lines prints what flows, every other second, until ctx ends.
func (s *stage) lines(ctx context.Context, e *engine.Engine) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		status, state := e.Status(ctx), s.world.State()
		fmt.Fprintf(s.out, "%s  contacts changed %s, found %s | subscribers %s | runs %s done, %d waiting | requests %s, HighLevel's budget: %s\n",
			time.Now().Format(time.TimeOnly), show.Thousands(s.contacts.Load()), show.Thousands(s.found(status)), show.Thousands(subscribers(state)),
			show.Thousands(status.Runs.Succeeded), status.Runs.Queued, show.Thousands(s.project.Requests()), cmp.Or(s.budget()...))
	}
}

// budget says what is left of HighLevel's budget, window by window.
func (s *stage) budget() []string { return show.Budget(s.project.Budget("acme")) }

// started is how many runs there are.
func started(c engine.RunCounts) int64 { return c.Succeeded + c.Failed + c.Parked + c.Queued }

// subscribers is how many subscribers all simulated lists have together.
func subscribers(s sandbox.State) int64 {
	n := 0
	for _, of := range s.Subscribers {
		n += of
	}
	return int64(n)
}

// summary is the last thing that the demo says.
func (s *stage) summary(ctx context.Context, e *engine.Engine) {
	took := time.Since(s.began)
	status, state := e.Status(ctx), s.world.State()
	fmt.Fprintf(s.out, "\nIn %s people changed contacts %s times, and notes and tasks %s times.\n", took.Round(time.Second),
		show.Thousands(s.contacts.Load()), show.Thousands(s.other.Load()))
	fmt.Fprintf(s.out, "Pollux knew %s contacts, then found %s changes in %s polls; a contact that\nchanges twice between two polls shows once. The recipe's watch and filter let %s of them run.\n",
		show.Thousands(s.learnt.Load()), show.Thousands(s.found(status)), show.Thousands(status.Polls), show.Thousands(started(status.Runs)))
	fmt.Fprintf(s.out, "Stibee has %s subscribers, HighLevel %s notes. %.1f records a second flowed.\n", show.Thousands(subscribers(state)),
		show.Thousands(int64(state.Notes)), float64(status.Runs.Succeeded)/took.Seconds())
	fmt.Fprintf(s.out, "requests: %s; HighLevel's budget: %s\n", show.Thousands(s.project.Requests()), strings.Join(s.budget(), ", "))
	fmt.Fprintln(s.out, show.RunsLine(engine.RunCounts{Succeeded: status.Runs.Succeeded, Failed: status.Runs.Failed, Parked: status.Runs.Parked}))
}
