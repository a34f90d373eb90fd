package setup

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show/overview"
)

// Plan returns "plan": what it would mean to load the files as they are now.
func Plan(on *console.Console) *cobra.Command {
	a := &app{on}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what loading the edited files would change, and change nothing",
		Long: `Say what loading the edited files would change, and change nothing.

For each recipe: whether it is new, edited or gone, from where on changes count, how many
runs wait with the version that they began with, and how many of the known records it
wants before and after. While pollux run has the state file, the files are compared with
what it has loaded; else with all that the state remembers. With mistakes in the files
they are printed, and there is no plan.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.plan(c.Context()) },
	}
	return a.JSONFlag(c)
}

// plan looks for mistakes before it looks at the state, so that they are found where there
// is none, and by the program that is asked.
func (a *app) plan(ctx context.Context) error {
	if p := a.Files(ctx); p.Findings.HasErrors() {
		return a.PrintFindings(p)
	}
	return a.look(ctx, func(_ *project.Project, s store.Store) error {
		p := a.Files(ctx)
		a.PrintWarnings(p)
		accounts, err := p.BareAccounts()
		if err != nil {
			return err
		}
		o := p.EngineOptions(s, zerolog.Nop())
		o.Accounts = accounts
		var serving *engine.Engine
		if a.Live != nil {
			serving = a.Live.Engine
		}
		f, err := engine.Foresee(ctx, o, serving)
		if err != nil {
			return err
		}
		feeds, err := s.ListFeeds(ctx)
		if err != nil {
			return err
		}
		polled := map[store.FeedID]time.Time{}
		for i := range feeds {
			polled[feeds[i].ID] = feeds[i].LastPollAt
		}
		view := overview.Plan(f, polled)
		return a.Answer(view, view.Print)
	})
}
