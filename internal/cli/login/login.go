package login

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/overview"
)

// patience is how long a person has for the sign-in.
const patience = 5 * time.Minute

// app are the commands.
type app struct{ *console.Console }

// Commands returns "accounts login", "accounts logout" and "accounts add".
func Commands(on *console.Console) []*cobra.Command {
	a := &app{on}
	return []*cobra.Command{a.addCommand(), a.loginCommand(), a.logoutCommand()}
}

// how are the ways of a sign-in.
type how struct{ paste, noBrowser bool }

func (a *app) loginCommand() *cobra.Command {
	var h how
	c := &cobra.Command{
		Use:   "login NAME",
		Short: "Sign in to the service of an account",
		Long: `Sign in to the service of an account, whose method is oauth2.

It prints the page where you consent, and opens it where there is a desktop. The service
then sends the browser to redirect_url, where this command listens for five minutes. With
a browser on another machine that leads nowhere: use --paste, and give the address that
the browser was sent to.

The sign-in is kept in the state file, sealed with the key file, which is made if there
is none. It asks for the scopes of the account, or for those that the recipes need. While
pollux run has the state file, it carries this out and uses the sign-in at once.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.Line = h.paste
			return a.with(c.Context(), args[0], func(p *project.Project) error { return a.login(c.Context(), p, args[0], h) })
		},
		ValidArgsFunction: a.complete,
	}
	c.Flags().BoolVar(&h.paste, "paste", false, "read the address that the browser was sent to from standard input")
	c.Flags().BoolVar(&h.noBrowser, "no-browser", false, "only print the page")
	return a.JSONFlag(c)
}

// complete offers the accounts that sign in with OAuth 2.0.
func (a *app) complete(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, acc := range a.ReadProject(true).Settings.Accounts {
		if len(args) == 0 && acc.Credential.Method == auth.OAuth2 {
			names = append(names, acc.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// with hands over the project with the account of that name; a wrong name makes nothing.
func (a *app) with(ctx context.Context, name string, do func(*project.Project) error) error {
	if p := a.ReadProject(true); a.Live == nil && !p.Findings.HasErrors() {
		if _, err := known(p, name); err != nil {
			return err
		}
	}
	return a.Reach(ctx, do)
}

// account returns an account that signs in with OAuth 2.0, and its refresher.
func account(p *project.Project, name string) (settings.Account, *auth.Refresher, error) {
	acc, err := known(p, name)
	if err != nil {
		return acc, nil, err
	}
	r, ok := p.SignIns.Refresher(name)
	if !ok {
		return acc, nil, fmt.Errorf("the account %s is not open", name)
	}
	return acc, r, nil
}

// known returns an account that signs in with OAuth 2.0.
func known(p *project.Project, name string) (settings.Account, error) {
	at := slices.IndexFunc(p.Settings.Accounts, func(acc settings.Account) bool { return acc.Name == name })
	if at < 0 {
		return settings.Account{}, console.Misused(fmt.Errorf("there is no account %q; %s", name, diag.Choices(name, p.AccountNames())))
	}
	acc := p.Settings.Accounts[at]
	if acc.Credential.Method != auth.OAuth2 {
		return acc, console.Misused(fmt.Errorf("the account %s signs in with %s, which needs no login", name, acc.Credential.Method))
	}
	return acc, nil
}

// login signs in to an account.
func (a *app) login(ctx context.Context, p *project.Project, name string, h how) error {
	acc, r, err := account(p, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nobody signed in within %s", patience))
	defer cancel()
	c := r.Begin(asked(p, acc))
	code, err := a.consent(ctx, c, h)
	if err != nil {
		return console.Refused(err)
	}
	err = r.Finish(ctx, c, code)
	switch {
	case errors.Is(err, store.ErrNoKey):
		return console.Refused(errors.New("there is no key to seal the sign-in with: the running program began without one; restart it, and sign in again"))
	case err != nil:
		return console.Refused(errors.New("the sign-in was not finished: " + p.Redact.Redact(err.Error())))
	}
	if a.Live != nil {
		a.Live.Engine.SignedIn(name)
	}
	s, err := r.State(ctx)
	if err != nil {
		return err
	}
	audit := a.Audit("account.login", name)
	audit.Details = map[string]string{"scopes": strings.Join(s.Scopes, " ")}
	if err := a.desk().AddAudit(ctx, *audit); err != nil {
		return err
	}
	view := overview.SignIn(s, p.Scopes()[name])
	return a.Answer(map[string]any{"account": name, "sign_in": view}, func(w io.Writer) {
		fmt.Fprintf(w, "signed in to %s; the sign-in is kept in the state file\n", show.Clean(name))
		if len(view.Missing) > 0 {
			fmt.Fprintf(w, "the recipes also need %s: add that to the app at the service and to the account, and sign in anew\n", show.Clean(strings.Join(view.Missing, ", ")))
		}
	})
}

// desk is the state that the command has open.
func (a *app) desk() store.Desk {
	if a.Live != nil {
		return a.Live.Store
	}
	return a.State
}

// asked are the scopes that a sign-in asks for: those of the settings, or what the recipes
// and the check of the credential need.
func asked(p *project.Project, acc settings.Account) []string {
	if len(acc.Credential.Client.Scopes) > 0 {
		return acc.Credential.Client.Scopes
	}
	scopes := p.Scopes()[acc.Name]
	if c, ok := p.Registry.Connector(acc.Connector); ok {
		scopes = append(scopes, checkScopes(c.Describe())...)
	}
	return slices.Compact(slices.Sorted(slices.Values(scopes)))
}

// checkScopes are the scopes of the call that checks a credential.
func checkScopes(d *connectors.Description) []string {
	if op, ok := d.Operation(d.CheckWith); ok {
		return op.Scopes
	}
	return nil
}

// consent has a person consent, and returns the code that comes of it.
func (a *app) consent(ctx context.Context, c *auth.Consent, h how) (string, error) {
	if h.paste {
		fmt.Fprintf(a.Stderr, "open this page in a browser and consent:\n\n  %s\n\nthe browser then goes to an address that begins with %s, perhaps without finding anything there; paste it here: ", c.URL, c.Redirect)
		line, err := bufio.NewReader(io.LimitReader(a.Stdin, 64<<10)).ReadString('\n')
		if err != nil && line == "" {
			return "", errors.New("no address was given")
		}
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil || u.RawQuery == "" {
			return "", errors.New("this is not the address that the browser was sent to: it has a code and a state in it")
		}
		return c.Code(u.Query())
	}
	l, err := listen(ctx, c.Redirect)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(a.Stderr, "open this page in a browser and consent:\n\n  %s\n\nwaiting at %s\n", c.URL, c.Redirect)
	if !h.noBrowser {
		a.browse(ctx, c.URL)
	}
	return l.wait(ctx, c)
}

// browse opens a page where there is a desktop and a person in front of it.
func (a *app) browse(ctx context.Context, page string) {
	if a.Live != nil || !show.IsTerminal(a.Stdout) {
		return
	}
	program := "xdg-open"
	_, x := a.Env("DISPLAY")
	_, wayland := a.Env("WAYLAND_DISPLAY")
	switch {
	case runtime.GOOS == "darwin":
		program = "open"
	case !x && !wayland:
		return
	}
	if err := exec.CommandContext(ctx, program, page).Start(); err != nil { //nolint:gosec // the page is ours
		fmt.Fprintln(a.Stderr, "the browser could not be opened; open the page by hand")
	}
}

func (a *app) logoutCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "logout NAME",
		Short: "Forget the sign-in of an account, and revoke it where the service can",
		Long: `Forget the sign-in of an account, and revoke it where the service can.

Its feeds and runs wait until somebody signs in again. What the service does not take
back works there until it ends: remove the app at the service if that matters.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), args[0], func(p *project.Project) error { return a.logout(c.Context(), p, args[0]) })
		},
		ValidArgsFunction: a.complete,
	}
	return a.JSONFlag(c)
}

// logout forgets a sign-in.
func (a *app) logout(ctx context.Context, p *project.Project, name string) error {
	_, r, err := account(p, name)
	if err != nil {
		return err
	}
	revoked, left, err := r.Forget(ctx)
	if err != nil {
		return err
	}
	audit := a.Audit("account.logout", name)
	audit.Details = map[string]string{"revoked": strconv.FormatBool(revoked)}
	if err := a.desk().AddAudit(ctx, *audit); err != nil {
		return err
	}
	view := map[string]any{"account": name, "revoked": revoked, "error": nil}
	if left != nil {
		view["error"] = p.Redact.Redact(left.Error())
	}
	return a.Answer(view, func(w io.Writer) {
		fmt.Fprintf(w, "the sign-in of %s is forgotten\n", show.Clean(name))
		switch {
		case left != nil:
			fmt.Fprintf(w, "the service did not take it back: %s; remove the app at the service\n", show.Clean(p.Redact.Redact(left.Error())))
		case !revoked:
			fmt.Fprintln(w, "the service cannot take it back: it works there until it ends, or until you remove the app at the service")
		}
	})
}
