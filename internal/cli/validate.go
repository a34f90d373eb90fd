package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// validateCommand returns "validate". It opens no state file, and without --online no
// connection, so it can be run anywhere, beside a running Pollux too.
func (a *app) validateCommand() *cobra.Command {
	var noSecrets, online bool
	c := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check settings, connectors and recipes, and say what to write instead",
		Long: `Check settings, connectors and recipes, and say what to write instead.

With paths, only findings in these files or folders are printed. The exit code
is 1 when there are errors; warnings alone leave it 0.

With --online the services are asked which custom fields there are, so that
names in recipes can be checked too.`,
		RunE: func(c *cobra.Command, paths []string) error {
			if online && noSecrets {
				return console.Misused(errors.New("--online needs the secrets; leave --no-secrets out"))
			}
			p := a.ReadProject(noSecrets)
			a.grants(c.Context(), p, noSecrets)
			if online && !p.Findings.HasErrors() {
				if err := p.OpenAccounts(); err != nil {
					return console.Refused(err)
				}
				p.CheckNames(c.Context())
			}
			return a.validate(p, paths)
		},
	}
	c.Flags().BoolVar(&noSecrets, "no-secrets", false, "do not look for the secrets that the settings refer to")
	c.Flags().BoolVar(&online, "online", false, "ask the services for the names of custom fields that recipes use")
	return a.JSONFlag(c)
}

// grants warns of scopes that the sign-ins lack, where they are known.
func (a *app) grants(ctx context.Context, p *project.Project, noSecrets bool) {
	if !p.SignsIn() || noSecrets {
		return
	}
	if s, err := p.ReadStore(); err == nil { // beside the running program nobody knows, and it tells itself
		p.CheckGrants(ctx, s)
		_ = s.Close() // it was only read
	}
}

// validate prints what is wrong in a project, or in some of its files. Everything is
// read in any case: a recipe is right or wrong only together with the connectors.
func (a *app) validate(p *project.Project, paths []string) error {
	p.Narrow(paths)
	end := a.PrintFindings(p) // warnings too, so whether or not there are errors
	if p.Findings.HasErrors() {
		if !a.JSON {
			fmt.Fprintln(a.Stderr, show.Findings(p.Findings.Sorted()))
		}
		return end
	}
	if !a.JSON {
		fmt.Fprintf(a.Stderr, "%s, %s: no errors\n", show.Plural(len(p.Recipes), "recipe"), show.Plural(len(p.Settings.Accounts), "account"))
	}
	return nil
}
