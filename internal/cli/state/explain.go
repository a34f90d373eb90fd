package state

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
	"github.com/pollux-automation/pollux/triggers"
)

// Explain returns "explain": everything known of one record in one screen. What a recipe
// masks is masked here too.
func Explain(on *console.Console) *cobra.Command {
	a := &app{on}
	c := &cobra.Command{
		Use:   "explain ACCOUNT RECORD",
		Short: "Show everything known of one record: versions, decisions, runs, calls",
		Long: `Show everything known of one record, the oldest first.

RECORD is its id at the service. It shows which feeds know the record, every run that it
made with its steps and calls, and for each recipe that made no run of its last change
the reason why. Of the values that a decision was taken from, only those of feeds that
keep bodies can be shown; rules are those of the recipe as it is now.`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeAccounts,
		RunE: func(c *cobra.Command, args []string) error {
			return a.explain(c.Context(), args[0], args[1])
		},
	}
	return a.JSONFlag(c)
}

// explain prints what is known of a record of an account. An account or a record that
// nobody knows ends it with 1.
func (a *app) explain(ctx context.Context, account, record string) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		feeds, err := s.ListFeeds(ctx)
		if err != nil {
			return err
		}
		// An account may be gone from the settings while its records are remembered.
		names := p.AccountNames()
		for _, f := range feeds {
			names = append(names, f.Account)
		}
		if !slices.Contains(names, account) {
			slices.Sort(names)
			return console.Refused(fmt.Errorf("there is no account %q; %s", account, diag.Choices(account, slices.Compact(names))))
		}
		var story told.Story
		if story.Known, err = known(ctx, s, feeds, account, record); err != nil {
			return err
		}
		if story.Runs, err = tellRuns(ctx, p, s, store.RunFilter{Record: record, Account: account}); err != nil {
			return err
		}
		entries := told.Explain(story, p.Recipe)
		if len(entries) == 0 {
			return console.Refused(fmt.Errorf("no feed of %s knows a record %q, and there is no run of it; ids are those of the service", account, record))
		}
		if !a.JSON {
			told.PrintExplain(a.Stdout, entries)
			return nil
		}
		for i := range entries {
			if err := show.JSON(a.Stdout, entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// known returns what the feeds of an account know of a record.
func known(ctx context.Context, s store.Feeds, feeds []store.Feed, account, record string) ([]told.KnownIn, error) {
	all, err := s.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	var list []told.KnownIn
	for _, f := range feeds {
		if f.Account != account {
			continue
		}
		entries, err := entriesOf(ctx, s, f, record)
		if err != nil {
			return nil, err
		}
		var subs []store.Subscription
		for _, sub := range all {
			if sub.Feed == f.ID {
				subs = append(subs, sub)
			}
		}
		for _, e := range entries {
			list = append(list, told.KnownIn{Feed: f, Seen: e, Subs: subs})
		}
	}
	return list, nil
}

// scanStep is how many entries are read at once.
const scanStep = 1000

// entriesOf returns what a feed knows of a record. In lists that have parents the ids
// stand behind those of the parents, so the feed is read through.
func entriesOf(ctx context.Context, s store.Feeds, f store.Feed, record string) ([]store.Seen, error) {
	if f.Strategy != string(connectors.FanOut) {
		entries, err := s.Entries(ctx, f.ID, []string{record})
		if err != nil || len(entries) == 0 {
			return nil, err
		}
		return []store.Seen{{ID: record, Entry: entries[record]}}, nil
	}
	var found []store.Seen
	for after := ""; ; {
		list, last, err := s.ScanEntries(ctx, f.ID, "", after, scanStep)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if _, id := triggers.SplitKey(e.ID); id == record {
				found = append(found, e)
			}
		}
		if last == "" {
			return found, nil
		}
		after = last
	}
}

// tellRuns returns the runs that a filter selects, with their steps, the oldest first.
func tellRuns(ctx context.Context, p *project.Project, s store.Store, f store.RunFilter) ([]told.RunTold, error) {
	runs, err := s.ListRuns(ctx, f)
	if err != nil {
		return nil, err
	}
	slices.Reverse(runs)
	list := make([]told.RunTold, len(runs))
	for i, r := range runs {
		run, steps, err := s.LoadRun(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		audit, err := console.AuditOf(ctx, s, r.ID)
		if err != nil {
			return nil, err
		}
		list[i] = told.RunTold{Run: run, Steps: steps, Mask: console.MaskOf(p, run), Audit: audit}
	}
	return list, nil
}
