package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
)

// pageSize is how many runs are read at once.
const pageSize = 500

// wanted is which runs somebody wants, as it was written.
type wanted struct {
	store.RunFilter

	status, since, until string
	limit                int // its value is the default of the flag
}

// flags adds the flags that select runs.
func (w *wanted) flags(a *app, c *cobra.Command) {
	c.Flags().StringVar(&w.status, "status", "", "only runs with this status: held, queued, running, waiting, parked, succeeded, failed, dropped")
	c.Flags().StringVar(&w.Recipe, "recipe", "", "only runs of this recipe")
	c.Flags().StringVar(&w.Account, "account", "", "only runs of this account")
	c.Flags().StringVar(&w.Record, "record", "", "only runs for this record")
	c.Flags().StringVar(&w.since, "since", "", "only runs queued since then: an RFC 3339 time, or a duration such as 2h")
	c.Flags().StringVar(&w.until, "until", "", "only runs queued before then")
	c.Flags().StringVar(&w.Kind, "kind", "", "only runs with this kind of error, such as invalid or transient")
	c.Flags().StringVar(&w.Reason, "reason", "", "only runs that rest for this reason, such as unsure, auth, on_error or hold_over")
	c.Flags().IntVar(&w.limit, "limit", w.limit, "at most so many, the newest; 0 for all")
	_ = c.RegisterFlagCompletionFunc("recipe", a.CompleteRecipes) // the flag is there
}

// given reports whether any flag selects runs.
func (w *wanted) given() bool {
	return w.RunFilter != store.RunFilter{} || w.status != "" || w.since != "" || w.until != ""
}

// filter reads the flags. A duration counts back from now. The errors say what to write
// instead.
func (w *wanted) filter(now time.Time) (store.RunFilter, error) {
	f := w.RunFilter
	if w.status != "" {
		if !slices.Contains(store.Statuses(), store.Status(w.status)) {
			var known []string
			for _, s := range store.Statuses() {
				known = append(known, string(s))
			}
			return f, fmt.Errorf("there is no status %q; %s", w.status, diag.Choices(w.status, known))
		}
		f.Status = store.Status(w.status)
	}
	if w.limit < 0 {
		return f, fmt.Errorf("--limit %d: a limit is 0 or more", w.limit)
	}
	f.Limit = w.limit
	var err, wrong error
	if w.since != "" {
		f.Since, err = console.Moment("--since", w.since, now)
	}
	if w.until != "" {
		f.Until, wrong = console.Moment("--until", w.until, now)
	}
	return f, errors.Join(err, wrong)
}

// each calls do with the runs that a filter selects, the newest first, and reads a page of
// them at a time.
func each(ctx context.Context, s store.History, f store.RunFilter, do func(*store.Run) error) error {
	left := f.Limit
	for {
		f.Limit = pageSize
		if left > 0 {
			f.Limit = min(left, pageSize)
		}
		page, err := s.ListRuns(ctx, f)
		if err != nil {
			return err
		}
		for i := range page {
			if err := do(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < f.Limit {
			return nil
		}
		if left > 0 {
			if left -= len(page); left == 0 {
				return nil
			}
		}
		f.After = page[len(page)-1].ID
	}
}
