package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/sample"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// tryCommand returns "try": a look at what a recipe would do before it is let loose.
// Its answer shows the requests whole, so that they can be compared with the
// service's documents.
func (a *app) tryCommand() *cobra.Command {
	var o sample.Options
	c := &cobra.Command{
		Use:   "try RECIPE",
		Short: "Show what a recipe would do with real records, and send nothing",
		Long: `Show what a recipe would do with real records, and send nothing.

It fetches the records that changed last (--last) or one record (--record), takes
each for a new one, prints every decision and the exact requests. Nothing is
sent but the reads that fetch the records, and nothing is stored.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.CompleteRecipes,
		RunE: func(c *cobra.Command, args []string) error {
			if o.Last < 1 || o.Last > 100 {
				return console.Misused(errors.New("--last takes a number from 1 to 100"))
			}
			return a.try(c.Context(), args[0], o)
		},
	}
	c.Flags().IntVar(&o.Last, "last", 3, "how many records that changed last")
	c.Flags().StringVar(&o.Record, "record", "", "the record with this id instead")
	c.Flags().StringVar(&o.Account, "account", "", "the account whose records are shown, of a recipe for several (default: the first one)")
	c.MarkFlagsMutuallyExclusive("last", "record")
	return a.JSONFlag(c)
}

// try rehearses a recipe with real records and prints what it would do. The records
// are fetched through the account's budget, as a poll would.
func (a *app) try(ctx context.Context, id string, o sample.Options) error {
	return a.Borrow(ctx, a.LoadProject, func(p *project.Project) error { return a.tryWith(ctx, p, id, o) })
}

// tryWith is try with a project whose accounts are open.
func (a *app) tryWith(ctx context.Context, p *project.Project, id string, o sample.Options) error {
	r, err := console.RecipeNamed(p, id)
	if err != nil {
		return err
	}
	// The store is one in memory, so that the project's own is neither needed nor
	// touched: this works beside a running Pollux.
	options := p.EngineOptions(nil, zerolog.Nop())
	records, err := sample.Fetch(ctx, options.Accounts, r, o)
	if errors.Is(err, sample.ErrNoAccount) {
		return console.Refused(err)
	}
	if err != nil {
		return console.Refusal(p, err)
	}
	if len(records) == 0 {
		return console.Refused(nothing(o))
	}
	for _, record := range records {
		options.Store = memstore.New() // a record must not meet what the one before left
		played, err := engine.Rehearse(ctx, options, r, engine.Scene{Record: record.Fields, Account: o.Account})
		if err != nil {
			return err
		}
		view := show.Rehearsal(r, record.ID, played)
		if err := a.Answer(view, func(w io.Writer) { show.PrintRehearsal(w, view) }); err != nil {
			return err
		}
	}
	return nil
}

// nothing says why there is no record to show.
func nothing(o sample.Options) error {
	if o.Record != "" {
		return fmt.Errorf("the list shows no record %.80q", o.Record)
	}
	return errors.New("the list shows no records at the moment")
}
