package console

import (
	"context"
	"errors"

	"github.com/pollux-automation/pollux/engine/store"
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
	return a.withAccounts(a.LoadAccounts, do)
}

// Borrow is Reach for commands that need nothing of the running program, unless an account
// signs in with OAuth 2.0: then that one alone may renew its token. load reads the project.
func (a *Console) Borrow(ctx context.Context, load func() (*project.Project, error), do func(*project.Project) error) error {
	if a.Live != nil {
		return do(a.Live.Project())
	}
	if p := a.ReadProject(true); p.SignsIn() {
		if err := a.remote(ctx, p); !errors.Is(err, live.ErrNobody) {
			return err
		}
	}
	return a.withAccounts(load, do)
}

// withAccounts hands over a project with its accounts open, and with the state file where
// their sign-ins are, if there are any.
func (a *Console) withAccounts(load func() (*project.Project, error), do func(*project.Project) error) error {
	p, err := load()
	if err != nil {
		return err
	}
	return a.WithSignIns(p, func() error { return do(p) })
}

// WithSignIns does something with a project of this process, whose accounts can renew
// their sign-ins meanwhile.
func (a *Console) WithSignIns(p *project.Project, do func() error) error {
	if !p.SignsIn() {
		return do()
	}
	s, err := a.openState(p)
	if err != nil {
		return err
	}
	a.State = s
	defer func() { a.State = nil }()
	return Using(s, do)
}

// Files returns the project as its files are now, without its secrets. Beside the running
// program that may be another one than it has loaded.
func (a *Console) Files(ctx context.Context) *project.Project {
	if a.Live == nil {
		return a.ReadProject(true)
	}
	return project.Read(a.Live.Project().Settings.File, project.Options{Env: a.Env, Programs: a.Programs, NoSecrets: true, Switches: func() ([]store.Switch, error) {
		return a.Live.Store.Switches(ctx)
	}})
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
