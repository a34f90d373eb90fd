package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/show"
)

// validateCommand returns "validate". It opens no connection and no state file, so
// it can be run anywhere, beside a running Pollux too.
func (a *app) validateCommand() *cobra.Command {
	var noSecrets bool
	c := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check settings, connectors and recipes, and say what to write instead",
		Long: `Check settings, connectors and recipes, and say what to write instead.

With paths, only findings in these files or folders are printed. The exit code
is 1 when there are errors; warnings alone leave it 0.`,
		RunE: func(c *cobra.Command, paths []string) error {
			return a.validate(c.Context(), paths, noSecrets)
		},
	}
	c.Flags().BoolVar(&noSecrets, "no-secrets", false, "do not look for the secrets that the settings refer to")
	return a.JSONFlag(c)
}

// validate prints what is wrong in a project, or in some of its files. Everything is
// read in any case: a recipe is right or wrong only together with the connectors.
func (a *app) validate(ctx context.Context, paths []string, noSecrets bool) error {
	p := a.ReadProject(noSecrets)
	if p.SignsIn() && !noSecrets {
		if s, err := p.ReadStore(); err == nil { // beside the running program nobody knows, and it tells itself
			p.CheckGrants(ctx, s)
			_ = s.Close() // it was only read
		}
	}
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
