package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// runCommand returns "run", the program itself: everything else only prepares it
// or looks at what it did.
func (a *app) runCommand() *cobra.Command {
	var once, dry bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Poll all feeds and carry out the recipes until stopped",
		Long: `Poll all feeds and carry out the recipes until stopped.

The first signal (Ctrl-C) lets running steps finish, the second ends at once;
either way nothing is lost. With --once every feed is polled once to its end, all
runs that can go on within a minute are carried out, and the program ends: with 1
if a run failed or was parked or a service refused, else with 0.

With --dry-run every feed is polled once and the runs are carried out on a copy of the
state, which is thrown away. Reads are sent, writes are printed and not sent; a step whose
write was not sent goes on with a made-up answer of the right shape. It can be used beside
a running Pollux, which then lends its accounts and their budgets.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dry {
				return a.runDry(c.Context())
			}
			if once {
				return a.runOnce(c.Context())
			}
			return a.runOn(c.Context())
		},
	}
	c.Flags().BoolVar(&once, "once", false, "poll every feed once, carry out the runs, and end")
	c.Flags().BoolVar(&dry, "dry-run", false, "print what one visit would send, and change nothing")
	return a.JSONFlag(c)
}

// runDry visits every feed once without writing anything, outside or in the state, and
// prints what would have been sent.
func (a *app) runDry(ctx context.Context) error {
	return a.Dry(ctx, func(_ *project.Project, _ store.Store, e *engine.Engine) error {
		report, err := e.Once(ctx)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return errors.New("stopped before the end; nothing was sent or stored")
		}
		if !a.JSON {
			fmt.Fprintln(a.Stdout, "nothing was sent, nothing was stored:")
		}
		return a.printReport(report)
	})
}

// onceGCPercent is how far the heap may outgrow what is in use during one visit: it
// is short, so memory that is not collected is soon given back anyway.
const onceGCPercent = 150

// runOnce visits every feed once and reports what came of it. A signal ends it with
// an error, because "once" was not reached; what was done is kept.
func (a *app) runOnce(ctx context.Context) error {
	if _, set := a.Env("GOGC"); !set {
		debug.SetGCPercent(onceGCPercent)
	}
	p, s, err := a.Start(ctx)
	if err != nil {
		return err
	}
	return console.Using(s, func() error {
		var report engine.Report
		p, err := a.FindParts(ctx, p, s)
		if err != nil {
			return err
		}
		err = a.Progress(ctx, s, false, nil, func() error {
			e, err := a.Engine(p, s, zerolog.WarnLevel, nil)
			if err == nil {
				report, err = e.Once(ctx)
			}
			return err
		})
		if err != nil {
			return err
		}
		if ctx.Err() != nil { // a signal is no error of the engine
			return errors.New("stopped before the end; what was done is stored, the rest follows with the next run")
		}
		a.printHeld(ctx, s)
		return a.printReport(report)
	})
}

// printHeld says how many runs wait for a person because one poll brought too
// many: they are counted as waiting, but do not go on by themselves.
func (a *app) printHeld(ctx context.Context, s store.History) {
	counts, err := s.CountRuns(ctx)
	if err == nil && counts[store.Held] > 0 {
		fmt.Fprintf(a.Stderr, "%s held, because one poll brought more than hold_over allows; see: pollux runs list --status held, then pollux runs release\n",
			show.Plural(counts[store.Held], "run"))
	}
}

// printReport prints what one visit has done and turns it into an exit code: 3 when
// a feed failed for a reason that is not its service's, 1 when a service refused or
// a run failed or was parked, else 0.
func (a *app) printReport(r engine.Report) error {
	if err := a.Answer(r, func(w io.Writer) { show.PrintReport(w, r) }); err != nil {
		return err
	}
	trouble := false
	for _, f := range r.Failures {
		fmt.Fprintf(a.Stderr, "feed %s: %s\n", f.Feed, show.Clean(f.Err.Error()))
		if _, ok := errors.AsType[*connectors.Error](f.Err); !ok {
			trouble = true
		}
	}
	switch {
	case trouble:
		return console.Trouble()
	case len(r.Failures) > 0 || r.Runs.Failed > 0 || r.Runs.Parked > 0:
		return console.Findings()
	}
	return nil
}

// runOn serves until it is stopped, which is its ordinary end and no error. Whoever
// watches a terminal sees how far the first walks over the lists have come.
func (a *app) runOn(ctx context.Context) error {
	p, s, err := a.Start(ctx)
	if err != nil {
		return err
	}
	notes := a.Logger(p.Redact, zerolog.InfoLevel)
	note := func(f store.Feed, rows int, _ string) {
		notes.Info().Str("component", "poller").Str("trigger", string(f.ID)).Str("account", f.Account).Int("records", rows).Msg("baseline continued")
	}
	return console.Using(s, func() error {
		return a.Progress(ctx, s, true, note, func() error { return a.serve(ctx, p, s) })
	})
}
