package state

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/show"
)

// Compact returns "compact", which makes the state file as small as what it holds.
func Compact(on *console.Console) *cobra.Command {
	a := &app{on}
	c := &cobra.Command{
		Use:   "compact",
		Short: "Give the free space inside the state file back",
		Long: `Give the free space inside the state file back.

A copy without free pages is written beside the file, compared with it, and takes its
place. The disk must have room for both. If the command is killed the file is as it
was, or compacted.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.compact(c.Context())
		},
	}
	return a.JSONFlag(c)
}

// compact compacts the state file and says what that gave back.
func (a *app) compact(ctx context.Context) error {
	if err := a.Alone(); err != nil {
		return err
	}
	p := a.ReadProject(true)
	done, err := p.CompactStore(ctx)
	if err != nil {
		return a.NoState(p, err)
	}
	view := map[string]any{
		"file": done.After.Path, "bytes_before": done.Before.Bytes, "free_bytes_before": done.Before.FreeBytes,
		"bytes_after": done.After.Bytes, "free_bytes_after": done.After.FreeBytes,
	}
	return a.Answer(view, func(w io.Writer) { show.PrintCompacted(w, done.Before, done.After) })
}
