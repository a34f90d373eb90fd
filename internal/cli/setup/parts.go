package setup

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/parts"
	"github.com/pollux-automation/pollux/internal/show"
)

// discoverCommand returns "accounts discover". It ends with 1 when the list is not believed.
func (a *app) discoverCommand() *cobra.Command {
	var accept bool
	c := &cobra.Command{
		Use:   "discover NAME",
		Short: "Look for the parts of an account, such as the locations of an agency",
		Long: `Look for the parts of an account, such as the locations of an agency.

Each part is an account of its own, where the settings say parts: all. A new one joins, one
that is not listed any more rests until it is. pollux run looks by itself, at its start and
every 15 minutes. A list in which too many are missing changes nothing, unless --accept says
that it is right.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.discover(c.Context(), args[0], accept) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, acc := range a.ReadProject(true).Whole() {
				if len(args) == 0 {
					names = append(names, acc.Name)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&accept, "accept", false, "believe a list in which many are missing")
	return a.JSONFlag(c)
}

// partChange is a change of a part, as --json prints it.
type partChange struct {
	Account string `json:"account"`
	ID      string `json:"id"`
	Title   string `json:"title"`
	Action  string `json:"action"`
}

// discover looks for the parts of an account, and says what has changed.
func (a *app) discover(ctx context.Context, name string, accept bool) error {
	found, err := a.Discover(ctx, name, accept)
	if found == nil && err == nil {
		return nil // the running program has answered
	}
	if err != nil {
		if found != nil { // the service was asked
			return console.Refused(err)
		}
		return err
	}
	view := struct {
		Account string       `json:"account"`
		Listed  int          `json:"listed"`
		Changes []partChange `json:"changes"`
	}{name, found.Listed, []partChange{}}
	for _, c := range found.Changes {
		if c.Kind != parts.Quiet {
			view.Changes = append(view.Changes, partChange{c.Part.Name, c.Part.ID, c.Part.Title, c.Kind})
		}
	}
	return a.Answer(view, func(w io.Writer) {
		for _, c := range view.Changes {
			words := map[string]string{parts.Join: "joins", parts.Lost: "is not listed any more and rests", parts.Return: "is back and goes on"}[c.Action]
			fmt.Fprintf(w, "%s %s %s\n", show.Clean(c.Account), words, show.Clean(c.Title))
		}
		fmt.Fprintf(w, "%s has %s\n", show.Clean(name), show.Plural(view.Listed, "part"))
	})
}
