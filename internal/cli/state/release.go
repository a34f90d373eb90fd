package state

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// releaseRequest is which runs the user wants to go on, by ids or by status, and
// what to do about writes that nobody knows of.
type releaseRequest struct {
	ids []string
	// status stands for ids: all runs with it, or those of one recipe.
	status, recipe string
	// unsure is an engine.UnsureRule.
	unsure string
	// yes allows more than one run.
	yes bool
}

// runsReleaseCommand returns "runs release". It ends with 0 when all chosen runs
// were released, and with 1 when one was not; the others are released all the same.
func (a *app) runsReleaseCommand() *cobra.Command {
	var r releaseRequest
	c := &cobra.Command{
		Use:   "release {ID… | --status held|parked}",
		Short: "Let runs go on that are held or parked",
		Long: `Let runs go on that are held or parked, with the next pollux run.

Steps that were done are not repeated. A run that was parked because nobody knows
whether its last write was carried out needs a word from you: look at the service
first, then say what you have found. --unsure send repeats the write, --unsure done
takes it as carried out. More than one run is released only with --yes.`,
		RunE: func(c *cobra.Command, ids []string) error {
			r.ids = ids
			if err := r.check(); err != nil {
				return console.Misused(err)
			}
			return a.release(c.Context(), r)
		},
	}
	c.Flags().StringVar(&r.status, "status", "", "all runs with this status: held or parked")
	c.Flags().StringVar(&r.recipe, "recipe", "", "with --status: only runs of this recipe")
	c.Flags().StringVar(&r.unsure, "unsure", "", "what became of a write nobody knows about: send repeats it, done takes it as carried out")
	c.Flags().BoolVar(&r.yes, "yes", false, "release more than one run")
	_ = c.RegisterFlagCompletionFunc("recipe", a.CompleteRecipes) // the flag is there
	return a.JSONFlag(c)
}

// check reports what is wrong with a request, before anything is opened.
func (r releaseRequest) check() error {
	rules := []string{string(engine.SendUnsure), string(engine.DoneUnsure)}
	statuses := []string{string(store.Held), string(store.Parked)}
	switch {
	case len(r.ids) == 0 && r.status == "":
		return errors.New("say which runs: their ids, or --status held or --status parked")
	case len(r.ids) > 0 && (r.status != "" || r.recipe != ""):
		return errors.New("give either ids, or --status and --recipe")
	case r.status != "" && !slices.Contains(statuses, r.status):
		return fmt.Errorf("--status %q cannot be released; %s", r.status, diag.Choices(r.status, statuses))
	case r.unsure != "" && !slices.Contains(rules, r.unsure):
		return fmt.Errorf("--unsure %q is not known; %s", r.unsure, diag.Choices(r.unsure, rules))
	}
	return nil
}

// release lets runs go on. It says how many before it begins, and begins with more
// than one only with --yes: a release of thousands sends thousands of requests.
func (a *app) release(ctx context.Context, r releaseRequest) error {
	return a.Edit(ctx, func(p *project.Project, s store.Store) error {
		ids, err := r.choose(ctx, s)
		if err != nil {
			return err
		}
		if len(ids) == 0 && r.recipe != "" {
			// A recipe may be gone while its runs still wait, so ask only now.
			if _, err := console.RecipeNamed(p, r.recipe); err != nil {
				return err
			}
		}
		if len(ids) > 1 && !r.yes {
			return console.Refused(fmt.Errorf("%s would be released; add --yes if that is what you want", show.Plural(len(ids), "run")))
		}
		fmt.Fprintln(a.Stderr, "releasing", show.Plural(len(ids), "run"))
		var end error
		err = a.EditRuns(ctx, func(func(string, store.RunID) bool) { // what is held or parked is not being carried out
			end = a.releaseEach(ctx, s, ids, engine.UnsureRule(r.unsure))
		})
		return errors.Join(err, end)
	})
}

// choose returns the runs that are asked for, the oldest first, so that one that is
// interrupted has not released a later change of a record before an earlier one. An
// id of no run is an error; nothing is released then.
func (r releaseRequest) choose(ctx context.Context, s store.Queue) ([]store.RunID, error) {
	var chosen []store.RunID
	if r.status == "" {
		for _, id := range r.ids {
			if _, _, err := s.LoadRun(ctx, store.RunID(id)); errors.Is(err, store.ErrNotFound) {
				return nil, noRun(store.RunID(id))
			} else if err != nil {
				return nil, err
			}
			chosen = append(chosen, store.RunID(id))
		}
		slices.Sort(chosen)                // ids sort as the runs were queued
		return slices.Compact(chosen), nil // an id that was given twice is released once
	}
	waiting, err := s.Waiting(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	for _, q := range waiting {
		if string(q.Status) == r.status && (r.recipe == "" || q.Recipe == r.recipe) {
			chosen = append(chosen, q.ID)
		}
	}
	return chosen, nil
}

// releaseEach releases runs one by one, each in a commit of its own: what was
// released stays so if the rest cannot be. Runs that need a word, or that somebody
// released in between, are told of and do not stop the others; an error of the state
// file does.
func (a *app) releaseEach(ctx context.Context, s store.Store, ids []store.RunID, u engine.UnsureRule) error {
	released := 0
	for _, id := range ids {
		err := engine.Release(ctx, s, id, u)
		if err != nil && !errors.Is(err, engine.ErrUnsure) && !errors.Is(err, engine.ErrNotWaiting) {
			return err
		}
		if err == nil {
			released++
		}
		if a.JSON {
			if err := show.JSON(a.Stdout, show.Release(id, err)); err != nil {
				return err
			}
		} else if err != nil {
			fmt.Fprintln(a.Stderr, err)
		}
	}
	if !a.JSON {
		fmt.Fprintf(a.Stdout, "%s released; they go on %s\n", show.Plural(released, "run"), a.when())
	}
	if released < len(ids) {
		return console.Findings()
	}
	return nil
}

// when says when runs go on that may.
func (a *app) when() string {
	if a.Live != nil {
		return "now"
	}
	return "with the next pollux run"
}
