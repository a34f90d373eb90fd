package state

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Check returns "check". Scripts can run it after a restore: it ends with 0
// when everything in the state file agrees, and with 1 when something does not.
func Check(on *console.Console) *cobra.Command {
	a := &app{on}
	c := &cobra.Command{
		Use:   "check",
		Short: "Verify that the state file is whole",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.check(c.Context())
		},
	}
	return a.JSONFlag(c)
}

// check verifies the state file and says how much it holds. It changes nothing; what
// is broken stays for a person to decide about.
func (a *app) check(ctx context.Context) error {
	return a.Look(ctx, func(_ *project.Project, s store.Store) error {
		broken, err := s.Check(ctx)
		if err != nil {
			return err
		}
		stats, err := s.Stats(ctx)
		if err != nil {
			return err
		}
		// null would make scripts look twice: broken is a list, also an empty one.
		view := map[string]any{"ok": len(broken) == 0, "broken": append([]string{}, broken...), "stats": stats}
		if err := a.Answer(view, func(w io.Writer) { show.PrintCheck(w, stats, broken) }); err != nil {
			return err
		}
		if len(broken) > 0 {
			return console.Refused(errors.New("the state file is damaged: restore a backup, or move it away to begin with a new baseline"))
		}
		return nil
	})
}
