package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/cli/lookout"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
)

// server is the program while it serves.
type server struct {
	*app
	project atomic.Pointer[project.Project] // as it was loaded last
	store   store.Store
	engine  *engine.Engine
	log     zerolog.Logger
	front   *front // nil when nothing listens
	// system is told how the program is.
	system *lookout.System
	// loading lets the project be loaded by one at a time, finding the parts of accounts.
	loading, finding sync.Mutex
	// asked takes the names of accounts whose parts are to be looked for soon. Nobody
	// closes it.
	asked chan string
}

// serve runs the engine until it is stopped, and logs when it began and ended. Beside it
// the commands of others are carried out, and edited files are loaded.
func (a *app) serve(ctx context.Context, p *project.Project, s store.Store) error {
	log := a.Logger(p.Redact, zerolog.InfoLevel)
	f, err := a.listen(ctx, p, s, log)
	if err != nil {
		return err
	}
	e, err := a.Engine(p, s, zerolog.InfoLevel, f.observer())
	if err != nil {
		f.close()
		return err
	}
	debug.FreeOSMemory() // reading the recipes leaves garbage, and a long life follows
	v := &server{app: a, store: s, engine: e, log: log, front: f, system: lookout.NewSystem(a.Env), asked: make(chan string, 16)}
	v.project.Store(p)
	p.KeepPlugins()
	v.log.Info().Int("recipes", len(p.Recipes)).Str("version", versionNow()).Msg("started")
	err = v.run(ctx)
	v.log.Info().Msg("stopped")
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it was stopped while it began
	}
	return err
}

// run serves until the engine ends, and returns when everything beside it has ended too.
func (v *server) run(ctx context.Context) error {
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	looking, leave := context.WithCancel(ctx) // the engine may end before anybody asks for it
	var group sync.WaitGroup
	defer group.Wait()
	defer leave()
	defer stop()
	group.Go(func() {
		if err := live.Serve(beside, v.project.Load().SocketFile(), v.answer); err != nil {
			v.log.Warn().Str("component", "commands").Err(err).Msg("commands cannot reach this program")
		}
	})
	group.Go(func() { v.front.serve(beside, v) })
	group.Go(func() { v.watch(looking) })
	group.Go(func() { v.tend(looking) })
	group.Go(func() { v.watchParts(looking) })
	return v.engine.Run(ctx)
}

// answer carries out a command for another program.
func (v *server) answer(ctx context.Context, r live.Request, s live.Streams) int {
	b := &app{&console.Console{
		Stdin: s.In, Stdout: s.Out, Stderr: s.Err, Env: v.Env, Programs: v.Programs, Args: r.Args, Dir: r.Dir, User: r.User,
		Live: &console.Live{Project: v.project.Load, Store: v.store, Engine: v.engine, Address: v.front.address(), Discover: v.discover, Look: v.look},
	}}
	return b.execute(ctx, b.root()) //nolint:contextcheck // commands get the context when they are executed
}

// tend tells the system that the program is ready, and from time to time that it is alive,
// as long as the engine's loops answer.
func (v *server) tend(ctx context.Context) {
	if err := v.engine.Ping(ctx); err != nil {
		return
	}
	v.system.Ready()
	defer v.system.Stopping()
	every := v.system.Watchdog()
	if every == 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := v.engine.Ping(ctx); err == nil {
				v.system.Alive()
			}
		}
	}
}

// lookEvery is how often the files of the project are looked at.
const lookEvery = 2 * time.Second

// watch loads the project again when its files were edited, or when a signal asks for it.
func (v *server) watch(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, lookout.ReloadSignals()...)
	defer signal.Stop(asked)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	files := lookout.Watch(v.folders)
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
			files.Seen()
			v.reload(ctx)
		case <-tick.C:
			if files.Edited() {
				v.reload(ctx)
			}
		}
	}
}

// folders are the files and folders that the project is read from.
func (v *server) folders() []string {
	s := v.project.Load().Settings
	return []string{s.File, s.Recipes, s.Connectors}
}

// reload loads the project again. With mistakes in it everything stays as it is.
func (v *server) reload(ctx context.Context) {
	v.loading.Lock()
	defer v.loading.Unlock()
	v.system.Reloading()
	defer v.system.Ready()
	old := v.project.Load()
	next, err := old.Reload(v.ReloadOptions(ctx, v.store))
	switch {
	case err != nil:
		v.log.Error().Str("component", "reload").Err(err).Msg("not reloaded, everything stays as it was")
		return
	case next.Findings.HasErrors():
		_ = diag.Render(v.Stderr, next.Findings.Sorted(), next.Sources) // the log says it too
		v.log.Error().Str("component", "reload").Int("findings", next.Findings.Len()).Str("first", firstOf(next)).Msg("not reloaded, everything stays as it was")
		return
	}
	v.PrintWarnings(next)
	edits, err := v.engine.Reload(ctx, next.EngineOptions(v.store, v.log))
	if err != nil {
		next.Leave(old)
		v.log.Error().Str("component", "reload").Err(err).Msg("not reloaded, everything stays as it was")
		return
	}
	v.project.Store(next)
	old.Leave(next)
	next.KeepPlugins()
	if s, o := next.Settings, old.Settings; s.Data != o.Data || s.Listen != o.Listen {
		v.log.Warn().Str("component", "reload").Msg("data and listen are taken over when the program starts next")
	}
	counts := map[engine.EditKind]int{}
	for _, e := range edits {
		counts[e.Kind]++
	}
	v.log.Info().Str("component", "reload").Int("recipes", len(next.Recipes)).Int("added", counts[engine.Added]).
		Int("changed", counts[engine.Changed]).Int("removed", counts[engine.Removed]).Msg("reloaded")
}

// firstOf is the first mistake of a project, in one line.
func firstOf(p *project.Project) string {
	for _, f := range p.Findings.Sorted() {
		if f.Severity == diag.Error {
			return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
		}
	}
	return ""
}
