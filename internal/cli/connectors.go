package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/cli/importing"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/show"
)

// connectorsCommand returns "connectors". Its commands work without a project too:
// somebody who chooses a service has none yet.
func (a *app) connectorsCommand() *cobra.Command {
	return console.Group("connectors", "Look at what services Pollux knows", a.connectorsListCommand(), a.connectorsDescribeCommand(), importing.Command(a.Console))
}

// connectorsListCommand returns "connectors list": one connector a line, with how
// many operations it has and how many of them can be polled.
func (a *app) connectorsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the connectors",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.listConnectors(a.registry())
		},
	}
	return a.JSONFlag(c)
}

// registry returns the built-in connectors and, inside a project, its own. What is
// wrong with the project is for validate to say.
func (a *app) registry() *connectors.Registry { return a.ReadProject(true).Registry }

// listConnectors prints all connectors, sorted by key.
func (a *app) listConnectors(r *connectors.Registry) error {
	var views []show.ConnectorView
	for _, key := range r.Keys() {
		c, _ := r.Connector(key) // it is one of the keys
		views = append(views, show.Connector(c.Describe()))
	}
	return console.Listing[show.ConnectorView]{
		Head: show.ConnectorHead(), Row: show.ConnectorRow, View: func(v show.ConnectorView) any { return v },
	}.Write(a.Console, views)
}

// connectorsDescribeCommand returns "connectors describe": all that a recipe's
// author needs of a connector, or of one of its operations.
func (a *app) connectorsDescribeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "describe NAME [OPERATION]",
		Short: "Describe a connector: sign-in, limits, operations with their inputs",
		Args:  cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.registry().Keys(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			r := a.registry()
			c, ok := r.Connector(args[0])
			if !ok {
				return console.Misused(fmt.Errorf("there is no connector %q; %s", args[0], diag.Choices(args[0], r.Keys())))
			}
			if len(args) == 2 {
				return a.describeOperation(c.Describe(), args[1])
			}
			d := c.Describe()
			return a.Answer(show.Description(d), func(w io.Writer) { show.PrintDescription(w, d) })
		},
	}
	return a.JSONFlag(c)
}

// describeOperation prints one operation with its inputs.
func (a *app) describeOperation(d *connectors.Description, key string) error {
	o, err := console.OperationNamed(d, key)
	if err != nil {
		return err
	}
	return a.Answer(show.Operation(o), func(w io.Writer) { show.PrintOperation(w, o) })
}
