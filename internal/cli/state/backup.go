package state

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Backup returns "backup", a copy of the state file to put aside.
func Backup(on *console.Console) *cobra.Command {
	a := &app{on}
	var force bool
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the state file",
		Long: `Copy the state file.

The copy is verified, readable by its owner alone, and takes the name when it is
complete. To restore it, stop Pollux and put it in the place of pollux.db. What
happened since then is found and carried out again, with new ids of runs.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.backup(c.Context(), args[0], force)
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return a.JSONFlag(c)
}

// backup copies the state file and says what the copy holds. Without a state file it is an
// error: a script must not take that for a backup.
func (a *app) backup(ctx context.Context, path string, force bool) error {
	if err := a.hasState(); err != nil {
		return console.Refused(fmt.Errorf("nothing was copied: %w", err))
	}
	return a.LookSealed(ctx, func(p *project.Project, s store.Store) error {
		st, err := p.Backup(ctx, s, a.Path(path), force)
		switch {
		case errors.Is(err, project.ErrState), errors.Is(err, project.ErrKey):
			return console.Misused(fmt.Errorf("%s: %w; give the copy another name", path, err))
		case errors.Is(err, project.ErrExists):
			return console.Refused(fmt.Errorf("%w; give another name, or replace a file with --force", err))
		case err != nil:
			return err
		}
		view := map[string]any{"file": st.Path, "bytes": st.Bytes, "feeds": st.Feeds, "records": st.Records, "runs": st.Runs, "waiting": st.Waiting}
		return a.Answer(view, func(w io.Writer) { show.PrintHeld(w, st) })
	})
}

// hasState reports a project that never ran.
func (a *app) hasState() error {
	if a.Live != nil {
		return nil
	}
	if err := a.ReadProject(true).HasState(); errors.Is(err, project.ErrNoState) {
		return err
	}
	return nil
}
