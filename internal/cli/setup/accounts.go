package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/parts"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/overview"
	"github.com/pollux-automation/pollux/internal/signin"
)

// Accounts returns "accounts": how the services are reached, what is left of their budgets,
// and whether they rest.
func Accounts(on *console.Console, more ...*cobra.Command) *cobra.Command {
	a := &app{on}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the accounts with their state and budgets",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.listAccounts(c.Context()) },
	}
	kind := switching{
		kind: store.SwitchAccount, arg: "NAME",
		pause: "Let accounts rest: their services are not asked for anything", resume: "Let accounts go on",
		names: (*project.Project).AccountNames,
	}
	commands := append([]*cobra.Command{a.JSONFlag(list), a.checkCommand(), a.discoverCommand(), a.switchCommand(kind, true), a.switchCommand(kind, false)}, more...)
	return console.Group("accounts", "Look at the accounts, sign in, check them, and let them rest and go on", commands...)
}

// listAccounts prints all accounts, sorted by name.
func (a *app) listAccounts(ctx context.Context) error {
	return a.look(ctx, func(p *project.Project, s store.Store) error {
		views, err := a.accountViews(ctx, p, s)
		if err != nil {
			return err
		}
		now := time.Now()
		return console.Listing[overview.AccountView]{
			Head: overview.AccountHead(),
			Row:  func(v overview.AccountView) []string { return v.Row(now) },
			View: func(v overview.AccountView) any { return v },
		}.Write(a.Console, views)
	})
}

// accountViews returns the views of all accounts.
func (a *app) accountViews(ctx context.Context, p *project.Project, s store.Store) ([]overview.AccountView, error) {
	switches, err := s.Switches(ctx)
	if err != nil {
		return nil, err
	}
	feeds, err := s.ListFeeds(ctx)
	if err != nil {
		return nil, err
	}
	if a.Live == nil { // the running program knows its own
		stored, err := s.Budgets(ctx)
		if err != nil && !errors.Is(err, store.ErrDamaged) {
			return nil, err
		}
		p.OpenBudgets()
		p.RestoreBudgets(stored) // what it makes nothing of, the next run says
	}
	known := parts.Read(switches)
	var views []overview.AccountView
	for _, acc := range p.Settings.Accounts {
		state := a.accountState(p, acc.Name, feeds)
		if at := slices.IndexFunc(switches, func(sw store.Switch) bool { return sw.Kind == store.SwitchAccount && sw.Name == acc.Name }); at >= 0 {
			state.Switch = &switches[at]
		}
		if part, ok := known.Part(acc.Name); ok && acc.Of == part.Of {
			state.Part = &part
		}
		signIn, err := a.signIn(ctx, p, s, acc)
		if err != nil {
			return nil, err
		}
		view := overview.AccountView{
			SignIn: signIn,
			Name:   acc.Name, Connector: acc.Connector, Host: p.Host(acc.Name), Method: acc.Credential.Method, Recipes: users(p, acc.Name),
		}
		if acc.Parts != nil {
			trouble, since := known.Trouble(acc.Name)
			view.Parts = overview.Parts(known.Of(acc.Name), trouble, since)
		}
		views = append(views, overview.Account(view, state))
	}
	return views, nil
}

// signIn is the sign-in of an account: as the running program knows it, or as it is kept.
// nil is for accounts without one, and for a state that cannot be unsealed.
func (a *app) signIn(ctx context.Context, p *project.Project, s store.Desk, acc settings.Account) (*overview.SignInView, error) {
	if acc.Credential.Method != auth.OAuth2 {
		return nil, nil //nolint:nilnil // there is none
	}
	var state auth.State
	name := cmp.Or(acc.Of, acc.Name)
	r, live := p.SignIns.Refresher(name)
	text, err := s.Secret(ctx, signin.SecretName(name))
	switch {
	case a.Live != nil && live:
		state, err = r.State(ctx)
	case err == nil:
		state, err = auth.Stored(name, text)
	case errors.Is(err, store.ErrNotFound):
		state, err = auth.Stored(name, nil)
	case errors.Is(err, store.ErrNoKey) || errors.Is(err, store.ErrWrongKey):
		return nil, nil //nolint:nilnil // pollux doctor says what is wrong with the key
	}
	if e, ok := errors.AsType[*auth.Error](err); ok {
		state, err = auth.State{Trouble: e}, nil
	}
	if err != nil {
		return nil, err
	}
	return overview.SignIn(state, p.Scopes()[name]), nil
}

// accountState is what is known of an account: by the running program, or by the last polls
// of its feeds.
func (a *app) accountState(p *project.Project, name string, feeds []store.Feed) overview.AccountState {
	state := overview.AccountState{Budget: p.Budget(name)}
	for i := range feeds {
		f := &feeds[i]
		switch {
		case f.Account != name:
		case f.Error == nil:
			state.Worked = state.Worked || !f.LastPollAt.IsZero()
		case f.Error.Kind == string(connectors.Auth):
			state.Refused = true
		}
	}
	if a.Live != nil {
		state.Until, state.Refused = a.Live.Engine.Refused(name)
	}
	return state
}

// users are the ids of the recipes that use an account.
func users(p *project.Project, account string) (ids []string) {
	for _, r := range p.Recipes {
		for _, c := range r.Connections {
			if c.Matches(account) && !slices.Contains(ids, r.ID) {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids
}

// checkCommand returns "accounts check". It ends with 1 when a service refused.
func (a *app) checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "check [NAME…]",
		Short: "Ask the services whether they accept the credentials",
		Long: `Ask the services whether they accept the credentials: one small read each.

Without names all accounts are checked, but none that is paused. While pollux run has the
state file it asks, with the budgets that it keeps to.`,
		RunE: func(c *cobra.Command, names []string) error { return a.check(c.Context(), names) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			left := slices.DeleteFunc(a.ReadProject(true).AccountNames(), func(name string) bool { return slices.Contains(args, name) })
			return left, cobra.ShellCompDirectiveNoFileComp
		},
	}
	return a.JSONFlag(c)
}

// check asks the services of some accounts, or of all that do not rest, one after the other.
func (a *app) check(ctx context.Context, names []string) error {
	return a.Reach(ctx, func(p *project.Project) error {
		for _, name := range names {
			if _, ok := p.Account(name); !ok {
				return console.Misused(fmt.Errorf("there is no account %q; %s", name, diag.Choices(name, p.AccountNames())))
			}
		}
		rests := map[string]bool{}
		if len(names) == 0 {
			names = p.AccountNames()
			var err error
			if rests, err = a.resting(ctx, p); err != nil {
				return err
			}
		}
		refused := false
		for _, name := range names {
			view := overview.CheckView{Account: name, Status: "skipped"}
			if !rests[name] {
				view = checkAccount(ctx, p, name)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			refused = refused || view.Error != nil
			if a.JSON {
				if err := show.JSON(a.Stdout, view); err != nil {
					return err
				}
				continue
			}
			view.Print(a.Stdout)
		}
		if refused {
			return console.Findings()
		}
		return nil
	})
}

// resting are the accounts that a person lets rest, or that are lost, as far as the state tells.
func (a *app) resting(ctx context.Context, p *project.Project) (map[string]bool, error) {
	var s store.Store
	switch {
	case a.Live != nil:
		s = a.Live.Store
	case a.State != nil:
		s = a.State
	default:
		file, err := p.ReadStore()
		if errors.Is(err, project.ErrNoState) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		s = file
	}
	list, err := s.Switches(ctx)
	rests := map[string]bool{}
	for _, sw := range list {
		if sw.Kind == store.SwitchAccount || sw.Kind == store.SwitchPart {
			rests[sw.Name] = rests[sw.Name] || sw.Paused
		}
	}
	return rests, err
}

// checkAccount asks the service of one account whether it accepts the credential.
func checkAccount(ctx context.Context, p *project.Project, name string) overview.CheckView {
	account, _ := p.Account(name)
	began := time.Now()
	err := account.Session.Check(ctx)
	view := overview.CheckView{Account: name, Status: overview.Fine, TookMS: time.Since(began).Milliseconds()}
	switch {
	case err == nil:
		return view
	case errors.Is(err, connectors.ErrNoCheck):
		return overview.CheckView{Account: name, Status: overview.Unchecked}
	}
	view.Status = "refused"
	view.Error = &store.Failure{Kind: string(connectors.Transient), Message: p.Redact.Redact(err.Error())}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		view.Error.Kind, view.Error.Code, view.Error.Status = string(e.Kind), e.Code, e.Status
	}
	return view
}
