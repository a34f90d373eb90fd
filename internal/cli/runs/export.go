package runs

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/internal/show/told"
)

// Export returns "export": everything that is kept, for other programs.
func Export(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("export", "Write runs, errors or the audit trail as JSON Lines or CSV",
		a.exportRunsCommand("runs", "All runs that a filter selects, newest first", nil),
		a.exportAuditCommand(),
		a.exportRunsCommand("errors", "Failed and parked runs with their errors, newest first", []store.Status{store.Failed, store.Parked}))
}

// formatFlags adds --json and --csv.
func (a *app) formatFlags(c *cobra.Command, asCSV *bool) *cobra.Command {
	c.Flags().BoolVar(asCSV, "csv", false, "print CSV with a head")
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.JSON && *asCSV {
			return console.Misused(errors.New("give either --json or --csv"))
		}
		return nil
	}
	return a.JSONFlag(c)
}

// exportRunsCommand returns "export runs", or "export errors" with the statuses that are
// meant.
func (a *app) exportRunsCommand(use, short string, only []store.Status) *cobra.Command {
	var w wanted
	asCSV := false
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := w.filter(time.Now())
			if err != nil {
				return console.Misused(err)
			}
			if len(only) > 0 && f.Status != "" && f.Status != only[0] && f.Status != only[1] {
				return console.Misused(fmt.Errorf("--status %s has no errors to export; say %s or %s", f.Status, only[0], only[1]))
			}
			return a.exportRuns(c.Context(), f, only, asCSV)
		},
	}
	w.flags(a, c)
	return a.formatFlags(c, &asCSV)
}

// exportRuns writes runs as they are read.
func (a *app) exportRuns(ctx context.Context, f store.RunFilter, only []store.Status, asCSV bool) error {
	most := f.Limit
	if len(only) > 0 && f.Status == "" {
		f.Limit = 0 // what is not meant is not counted
	}
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		out := a.rows(asCSV, told.RunColumns())
		written := 0
		err := each(ctx, s, f, func(r *store.Run) error {
			if len(only) > 0 && r.State.Status != only[0] && r.State.Status != only[1] {
				return nil
			}
			v := told.Run(*r, console.MaskOf(p, *r))
			if err := out.write(v, v.Cells()); err != nil {
				return err
			}
			if written++; written == most {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return errors.Join(err, out.flush())
	})
}

// errEnough ends the reading of runs at the limit.
var errEnough = errors.New("enough")

// exportAuditCommand returns "export audit".
func (a *app) exportAuditCommand() *cobra.Command {
	var f store.AuditFilter
	var since, until string
	asCSV := false
	c := &cobra.Command{
		Use:   "audit",
		Short: "The audit trail: who did what, newest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err, wrong error
			if now := time.Now(); since != "" || until != "" {
				if since != "" {
					f.Since, err = console.Moment("--since", since, now)
				}
				if until != "" {
					f.Until, wrong = console.Moment("--until", until, now)
				}
			}
			if f.Limit < 0 {
				wrong = errors.Join(wrong, fmt.Errorf("--limit %d: a limit is 0 or more", f.Limit))
			}
			if err = errors.Join(err, wrong); err != nil {
				return console.Misused(err)
			}
			return a.exportAudit(c.Context(), f, asCSV)
		},
	}
	c.Flags().StringVar(&f.Action, "action", "", "only actions that begin so, such as run. or run.replay")
	c.Flags().StringVar(&f.Target, "target", "", "only what was done to this: the id of a run or a feed, the name of a secret")
	c.Flags().StringVar(&since, "since", "", "only since then: an RFC 3339 time, or a duration such as 2h")
	c.Flags().StringVar(&until, "until", "", "only before then")
	c.Flags().IntVar(&f.Limit, "limit", 0, "at most so many, the newest; 0 for all")
	return a.formatFlags(c, &asCSV)
}

// exportAudit writes the audit trail. It names things and is small: it is read at once.
func (a *app) exportAudit(ctx context.Context, f store.AuditFilter, asCSV bool) error {
	return a.Look(ctx, func(_ *project.Project, s store.Store) error {
		entries, err := s.ListAudit(ctx, f)
		if err != nil {
			return err
		}
		out := a.rows(asCSV, told.AuditColumns())
		for i := range entries {
			v := told.Audit(&entries[i])
			if err := out.write(v, append([]string{strconv.FormatUint(v.Seq, 10)}, v.Cells()...)); err != nil {
				return err
			}
		}
		return out.flush()
	})
}

// rows writes things one by one: as JSON, or as CSV.
type rows struct {
	to    *bufio.Writer
	csv   *csv.Writer // nil for JSON
	first []string    // the head, as long as it is not written
}

// rows returns where things are written to.
func (a *app) rows(asCSV bool, head []string) *rows {
	r := &rows{to: bufio.NewWriter(a.Stdout)}
	if asCSV {
		r.csv, r.first = csv.NewWriter(r.to), head
	}
	return r
}

// write writes one thing.
func (r *rows) write(v any, cells []string) error {
	if r.csv == nil {
		return show.JSON(r.to, v)
	}
	if err := r.head(); err != nil {
		return err
	}
	for i, c := range cells {
		cells[i] = show.Cell(c)
	}
	return r.csv.Write(cells)
}

// head writes the head of a CSV once.
func (r *rows) head() error {
	if r.first == nil {
		return nil
	}
	head := r.first
	r.first = nil
	return r.csv.Write(head)
}

// flush writes what is left.
func (r *rows) flush() error {
	if r.csv != nil {
		if err := r.head(); err != nil {
			return err
		}
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return r.to.Flush()
}
