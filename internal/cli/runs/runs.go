package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show/told"
)

// Runs returns "runs": what came of each change. What a recipe masks is
// masked here too.
func Runs(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("runs", "Look at what the recipes did, let runs go on, repeat or drop them",
		a.listCommand(), a.showCommand(), a.releaseCommand(), a.replayCommand(), a.dropCommand())
}

// listCommand returns "runs list". Its limit keeps an idle look from printing a
// year of history; scripts that want everything say --limit 0.
func (a *app) listCommand() *cobra.Command {
	w := wanted{limit: 100}
	c := &cobra.Command{
		Use:   "list",
		Short: "List runs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := w.filter(time.Now())
			if err != nil {
				return console.Misused(err)
			}
			return a.list(c.Context(), f)
		},
	}
	w.flags(a, c)
	return a.JSONFlag(c)
}

// list prints the runs that a filter selects, newest first.
func (a *app) list(ctx context.Context, f store.RunFilter) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		runs, err := s.ListRuns(ctx, f)
		if err != nil {
			return err
		}
		now := time.Now()
		return console.Listing[store.Run]{
			Head: told.RunHead(),
			Row:  func(r store.Run) []string { return told.RunRow(r, console.MaskOf(p, r), now) },
			View: func(r store.Run) any { return told.Run(r, console.MaskOf(p, r)) },
		}.Write(a.Console, runs)
	})
}

// showCommand returns "runs show": a run from its event to its last step, with
// what was sent and what came back.
func (a *app) showCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one run with its steps",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.show(c.Context(), store.RunID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// show prints one run with its steps, through the mask of its recipe.
func (a *app) show(ctx context.Context, id store.RunID) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		run, steps, err := s.LoadRun(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return noRun(id)
		}
		if err != nil {
			return err
		}
		mask := console.MaskOf(p, run)
		audit, err := console.AuditOf(ctx, s, id)
		if err != nil {
			return err
		}
		return a.Answer(told.RunSteps(run, steps, mask), func(w io.Writer) {
			told.PrintRun(w, told.RunTold{Run: run, Steps: steps, Mask: mask, Audit: audit})
		})
	})
}

// noRun is the end of a command that was given the id of no run. Ids are too much
// alike for a guess.
func noRun(id store.RunID) error {
	return console.Misused(fmt.Errorf("there is no run %q; pollux runs list shows them", id))
}
