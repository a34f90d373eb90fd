package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Runs returns "runs": what came of each change. What a recipe masks is
// masked here too.
func Runs(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("runs", "Look at what the recipes did, and let runs go on", a.runsListCommand(), a.runsShowCommand(), a.runsReleaseCommand())
}

// runsListCommand returns "runs list". Its limit keeps an idle look from printing a
// year of history; scripts that want everything say --limit 0.
func (a *app) runsListCommand() *cobra.Command {
	var f store.RunFilter
	var status, since string
	c := &cobra.Command{
		Use:   "list",
		Short: "List runs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := readFilter(&f, status, since, time.Now()); err != nil {
				return console.Misused(err)
			}
			return a.listRuns(c.Context(), f)
		},
	}
	c.Flags().StringVar(&status, "status", "", "only runs with this status: held, queued, running, waiting, parked, succeeded, failed, dropped")
	c.Flags().StringVar(&f.Recipe, "recipe", "", "only runs of this recipe")
	c.Flags().StringVar(&f.Record, "record", "", "only runs for this record")
	c.Flags().StringVar(&since, "since", "", "only runs queued since then: an RFC 3339 time, or a duration such as 2h")
	c.Flags().IntVar(&f.Limit, "limit", 100, "at most so many; 0 for all")
	_ = c.RegisterFlagCompletionFunc("recipe", a.CompleteRecipes) // the flag is there
	return a.JSONFlag(c)
}

// readFilter turns the flags of a listing into a filter. A duration in since counts
// back from now. The errors say what to write instead.
func readFilter(f *store.RunFilter, status, since string, now time.Time) error {
	if status != "" {
		var known []string
		for _, s := range store.Statuses() {
			if string(s) == status {
				f.Status = s
			}
			known = append(known, string(s))
		}
		if f.Status == "" {
			return fmt.Errorf("there is no status %q; %s", status, diag.Choices(status, known))
		}
	}
	if f.Limit < 0 {
		return fmt.Errorf("--limit %d: a limit is 0 or more", f.Limit)
	}
	if since == "" {
		return nil
	}
	var err error
	f.Since, err = moment("--since", since, now)
	return err
}

// moment reads a time from a flag: a time, or a duration that counts back from now. The
// two never look alike.
func moment(flag, text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%s %q: write a time such as 2026-03-01T12:00:00Z or a duration such as 2h", flag, text)
	}
	return t, nil
}

// listRuns prints the runs that a filter selects, newest first.
func (a *app) listRuns(ctx context.Context, f store.RunFilter) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		runs, err := s.ListRuns(ctx, f)
		if err != nil {
			return err
		}
		now := time.Now()
		return console.Listing[store.Run]{
			Head: show.RunHead(),
			Row:  func(r store.Run) []string { return show.RunRow(r, console.MaskOf(p, r), now) },
			View: func(r store.Run) any { return show.Run(r, console.MaskOf(p, r)) },
		}.Write(a.Console, runs)
	})
}

// runsShowCommand returns "runs show": a run from its event to its last step, with
// what was sent and what came back.
func (a *app) runsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one run with its steps",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.showRun(c.Context(), store.RunID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// showRun prints one run with its steps, through the mask of its recipe.
func (a *app) showRun(ctx context.Context, id store.RunID) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		run, steps, err := s.LoadRun(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return noRun(id)
		}
		if err != nil {
			return err
		}
		mask := console.MaskOf(p, run)
		return a.Answer(show.RunSteps(run, steps, mask), func(w io.Writer) { show.PrintRun(w, run, steps, mask) })
	})
}

// noRun is the end of a command that was given the id of no run. Ids are too much
// alike for a guess.
func noRun(id store.RunID) error {
	return console.Misused(fmt.Errorf("there is no run %q; pollux runs list shows them", id))
}
