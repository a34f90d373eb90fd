package console

import (
	"context"
	"errors"

	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/project"
)

// Reach hands a command the project with its accounts open, so that it can ask services:
// those of the running program, which share its budgets, or its own. Mistakes in recipes do
// not stop it.
func (a *Console) Reach(ctx context.Context, do func(*project.Project) error) error {
	if a.Live != nil {
		return do(a.Live.Project())
	}
	if err := a.remote(ctx, a.ReadProject(true)); !errors.Is(err, live.ErrNobody) {
		return err
	}
	p, err := a.LoadAccounts()
	if err != nil {
		return err
	}
	return do(p)
}

// Files returns the project as its files are now, without its secrets. Beside the running
// program that may be another one than it has loaded.
func (a *Console) Files() *project.Project {
	if a.Live == nil {
		return a.ReadProject(true)
	}
	return project.Read(a.Live.Project().Settings.File, project.Options{Env: a.Env, NoSecrets: true})
}

// Ask has the running program carry out another command, whose answer goes to the streams.
// How that ended nobody is told. The error is [live.ErrNobody] when none runs.
func (a *Console) Ask(ctx context.Context, p *project.Project, args []string, streams live.Streams) error {
	if p.Settings.Data == "" {
		return live.ErrNobody
	}
	_, err := live.Call(ctx, p.SocketFile(), live.Request{Args: args, User: a.user()}, streams)
	return err
}
