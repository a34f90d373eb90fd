package console

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/parts"
	"github.com/pollux-automation/pollux/internal/project"
)

// Discover looks for the parts of an account and keeps what it finds: through the running
// program, or with the state file. With nil for found the running program has carried out
// the command.
func (a *Console) Discover(ctx context.Context, name string, accept bool) (found *parts.Found, err error) {
	if a.Live != nil {
		if err := HasParts(a.Live.Project(), name); err != nil {
			return nil, err
		}
		f, err := a.Live.Discover(ctx, name, accept, a.Actor())
		return &f, err
	}
	if err := a.remote(ctx, a.ReadProject(true)); !errors.Is(err, live.ErrNobody) {
		return nil, err
	}
	p, err := a.LoadAccounts()
	if err != nil {
		return nil, err
	}
	if err := HasParts(p, name); err != nil {
		return nil, err
	}
	s, err := a.openState(p)
	if err != nil {
		return nil, err
	}
	err = Using(s, func() error {
		f, _ := p.Finder(name, s.Switches, s.SetSwitch)
		f.Accept, f.Actor = accept, a.Actor()
		got, err := f.Find(ctx)
		found = &got
		return err
	})
	return found, err
}

// HasParts says why the parts of an account cannot be looked for.
func HasParts(p *project.Project, name string) error {
	var names []string
	for _, a := range p.Whole() {
		if a.Name == name {
			return nil
		}
		names = append(names, a.Name)
	}
	if _, ok := p.Account(name); ok {
		return Misused(fmt.Errorf("the account %s has no parts: that takes parts: all in the settings", name))
	}
	return Misused(fmt.Errorf("there is no account %q with parts; %s", name, diag.Choices(name, names)))
}

// FindParts looks for the parts of all accounts that do not rest, and returns the project
// with those that joined. What fails is logged, and changes nothing.
func (a *Console) FindParts(ctx context.Context, p *project.Project, s store.Store) (*project.Project, error) {
	if len(p.Whole()) == 0 {
		return p, nil
	}
	log := a.Logger(p.Redact, zerolog.WarnLevel)
	switches, err := s.Switches(ctx)
	if err != nil {
		return nil, err
	}
	for _, whole := range p.Whole() {
		if Rests(switches, whole.Name) {
			continue
		}
		f, _ := p.Finder(whole.Name, s.Switches, s.SetSwitch)
		found, err := f.Find(ctx)
		LogParts(log, whole.Name, found, err)
	}
	if switches, err = s.Switches(ctx); err != nil || !p.Stale(switches) {
		return p, err
	}
	return a.again(ctx, p, s)
}

// again reads a project anew for which the store knows other parts now.
func (a *Console) again(ctx context.Context, p *project.Project, s store.Store) (*project.Project, error) {
	next, err := p.Reload(a.ReloadOptions(ctx, s))
	if err != nil {
		return nil, err
	}
	if next.Findings.HasErrors() {
		return nil, a.PrintFindings(next)
	}
	p.Leave(next)
	return next, nil
}

// ReloadOptions are those for reading a project again while its store is open.
func (a *Console) ReloadOptions(ctx context.Context, s store.Store) project.Options {
	return project.Options{
		Env:      a.Env,
		Programs: a.Programs,
		Secret:   func(name string) ([]byte, error) { return s.Secret(ctx, name) },
		Switches: func() ([]store.Switch, error) { return s.Switches(ctx) },
	}
}

// Rests reports whether a person lets an account rest.
func Rests(switches []store.Switch, account string) bool {
	for _, s := range switches {
		if s.Kind == store.SwitchAccount && s.Name == account {
			return s.Paused
		}
	}
	return false
}

// LogParts logs what a search for the parts of an account came to.
func LogParts(log zerolog.Logger, account string, found parts.Found, err error) {
	if err != nil {
		log.Warn().Str("component", "parts").Str("account", account).Err(err).Msg("parts not taken over, they stay as they were")
		return
	}
	for _, c := range found.Changes {
		switch c.Kind {
		case parts.Join:
			log.Info().Str("component", "parts").Str("account", c.Part.Name).Str("of", account).Msg("account joined")
		case parts.Lost:
			log.Warn().Str("component", "parts").Str("account", c.Part.Name).Str("of", account).Msg("account is not listed any more and rests")
		case parts.Return:
			log.Info().Str("component", "parts").Str("account", c.Part.Name).Str("of", account).Msg("account is back and goes on")
		}
	}
}
