package state

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// feedsAcceptCommand returns "feeds accept", the word of a person who has looked at the
// service: the records that a list does not show any more are really gone.
func (a *app) feedsAcceptCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "accept ID",
		Short: "Say that the records that are missing on a refused feed are gone",
		Long: `Say that the records that are missing on a refused feed are gone.

If too many records are missing at once, Pollux believes no deletion: it may be the
service that shows too little. Look there first. After this command the next complete
walk over the list, which is due at once, takes as gone whatever it does not show, and
recipes that want deletions are told.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeFeeds,
		RunE: func(c *cobra.Command, args []string) error {
			return a.accept(c.Context(), store.FeedID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// accept notes the word of a person. Where nothing is refused it changes nothing.
func (a *app) accept(ctx context.Context, id store.FeedID) error {
	return a.Edit(ctx, func(_ *project.Project, s store.Store) error {
		if err := stored(ctx, s, id); err != nil {
			return err
		}
		var f store.Feed
		err := a.EditFeed(ctx, id, func(ctx context.Context) (err error) {
			f, err = engine.Accept(ctx, s, id, a.Audit("feed.accept", string(id)))
			return err
		})
		if errors.Is(err, engine.ErrNotRefused) {
			return console.Refused(fmt.Errorf("%s: %w", id, err))
		}
		if err != nil {
			return err
		}
		return a.Answer(show.Accepted(f), func(w io.Writer) { show.PrintAccepted(w, f) })
	})
}

// stored reports an id that is none of the feeds of the state file.
func stored(ctx context.Context, s store.Feeds, id store.FeedID) error {
	feeds, err := s.ListFeeds(ctx)
	if err == nil {
		_, err = feedNamed(feeds, id)
	}
	return err
}
