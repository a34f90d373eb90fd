package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/project"
)

// Live is the running program, as the commands see it that it carries out for others.
type Live struct {
	// Project returns the project as it was loaded last.
	Project func() *project.Project
	Store   store.Store
	Engine  *engine.Engine
	// Address is where it tells over HTTP how it is; empty for nowhere.
	Address string
}

// remote has the running program carry out this very command, because it has the state
// file. With [live.ErrNobody] there is none.
func (a *Console) remote(ctx context.Context, p *project.Project) error {
	if a.Args == nil || p.Settings.Data == "" {
		return live.ErrNobody
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	code, err := live.Call(ctx, p.SocketFile(), live.Request{Args: a.Args, Dir: dir, User: a.user(), Line: a.Line}, live.Streams{In: a.Stdin, Out: a.Stdout, Err: a.Stderr})
	if err != nil || code == exitFine {
		return err
	}
	return &exitError{code: code}
}

// user is who gives the command, as far as the environment tells.
func (a *Console) user() string {
	if a.User != "" {
		return a.User
	}
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if user, ok := a.Env(name); ok && user != "" {
			return user
		}
	}
	return "unknown"
}

// Actor is who gives the command, as the audit trail names him.
func (a *Console) Actor() string { return "cli:" + a.user() }

// Audit is what the audit trail says of an action of the command.
func (a *Console) Audit(action, target string) *store.AuditEntry {
	return &store.AuditEntry{At: time.Now().UTC(), Actor: a.Actor(), Action: action, Target: target}
}

// Path returns where a file is that was named on the command line.
func (a *Console) Path(name string) string {
	if a.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.Dir, name)
}

// EditRuns lets a command change stored runs. What running tells of is being carried out
// and must not be touched.
func (a *Console) EditRuns(ctx context.Context, do func(running func(lane string, run store.RunID) bool)) error {
	if a.Live != nil {
		return a.Live.Engine.EditRuns(ctx, do)
	}
	do(func(string, store.RunID) bool { return false })
	return nil
}

// EditFeed lets a command change a stored feed while it is not being polled.
func (a *Console) EditFeed(ctx context.Context, id store.FeedID, do func(context.Context) error) error {
	if a.Live == nil || !slices.Contains(a.Live.Engine.Feeds(), id) {
		return do(ctx)
	}
	return a.Live.Engine.WithFeed(ctx, id, func(ctx context.Context, _ *poll.Feed) error { return do(ctx) })
}

// Engaged hands a command the project with its engine: that of the running program, or one
// of its own on the state file.
func (a *Console) Engaged(ctx context.Context, level zerolog.Level, do func(*project.Project, store.Store, *engine.Engine) error) error {
	if a.Live != nil {
		return do(a.Live.Project(), a.Live.Store, a.Live.Engine)
	}
	if err := a.remote(ctx, a.ReadProject(true)); !errors.Is(err, live.ErrNobody) {
		return err
	}
	p, s, err := a.Start()
	if err != nil {
		return err
	}
	return Using(s, func() error {
		e, err := a.Engine(p, s, level, nil)
		if err != nil {
			return err
		}
		return do(p, s, e)
	})
}

// errAlone is the end of a command that needs the state file for itself.
var errAlone = errors.New("this needs the state file for itself; stop pollux run first")

// Alone returns an error while the command is carried out by the running program.
func (a *Console) Alone() error {
	if a.Live == nil {
		return nil
	}
	return Refused(fmt.Errorf("%s: %w", strings.Join(a.Args, " "), errAlone))
}
