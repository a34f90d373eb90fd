package cli

import (
	"errors"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/demo"
	"github.com/pollux-automation/pollux/internal/project"
)

// demoCommand returns "demo". It needs no settings and leaves nothing behind. Its
// last line counts the runs in the form that scripts rely on.
func (a *app) demoCommand() *cobra.Command {
	var (
		length  time.Duration
		traffic float64
	)
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the product working: a sandbox, an example project, changes that flow",
		Long: `Show the product working, with nothing else installed.

It starts simulated HighLevel and Stibee services on this machine, writes an
example project into a temporary folder, runs it, and lets people change contacts.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if length < 0 || traffic <= 0 {
				return console.Misused(errors.New("--for cannot be negative, and --traffic must be more than 0"))
			}
			return demo.Run(c.Context(), a.demoOptions(length, traffic))
		},
	}
	c.Flags().DurationVar(&length, "for", 0, "end after this time with a summary; 0 means when you press Ctrl-C")
	c.Flags().Float64Var(&traffic, "traffic", 12, "changes per second that the simulated people make")
	return c
}

// demoOptions lets the demo build what it shows as "run" does: what people see is
// the product, with the same reader, the same engine and the same log.
func (a *app) demoOptions(length time.Duration, traffic float64) demo.Options {
	return demo.Options{
		Length: length, Traffic: traffic, Out: a.Stdout, Err: a.Stderr,
		// The folder is a temporary one, so --config means nothing here.
		Load: func(config string) (*project.Project, error) {
			a.Config = config
			return a.LoadProject()
		},
		Engine: func(p *project.Project, s store.Store) (*engine.Engine, error) {
			return a.Engine(p, s, zerolog.WarnLevel, nil)
		},
	}
}
