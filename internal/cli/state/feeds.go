package state

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Feeds returns "feeds". Its commands only look; nothing that they do moves
// a cursor.
func Feeds(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("feeds", "Look at the sources that are polled", a.feedsListCommand(), a.feedsShowCommand())
}

// feedsListCommand returns "feeds list": one feed a line, with how it is and when
// it was and will be polled.
func (a *app) feedsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the feeds with their state",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.listFeeds(c.Context())
		},
	}
	return a.JSONFlag(c)
}

// listFeeds prints all feeds, sorted by id, as they were at their last commit.
func (a *app) listFeeds(ctx context.Context) error {
	return a.Look(func(_ *project.Project, s store.Store) error {
		feeds, err := s.ListFeeds(ctx)
		if err != nil {
			return err
		}
		now := time.Now() // one moment for all lines
		return console.Listing[store.Feed]{
			Head: show.FeedHead(),
			Row:  func(f store.Feed) []string { return show.FeedRow(f, now) },
			View: func(f store.Feed) any { return show.Feed(f, now) },
		}.Write(a.Console, feeds)
	})
}

// feedsShowCommand returns "feeds show": why a feed found what it found, and how
// many changes each recipe on it wanted.
func (a *app) feedsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one feed: its cursor, its walk, and who watches it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.showFeed(c.Context(), store.FeedID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// showFeed prints one feed with the recipes that watch it. The error guesses when
// there is no feed with that id.
func (a *app) showFeed(ctx context.Context, id store.FeedID) error {
	return a.Look(func(_ *project.Project, s store.Store) error {
		feeds, err := s.ListFeeds(ctx)
		if err != nil {
			return err
		}
		feed, err := feedNamed(feeds, id)
		if err != nil {
			return err
		}
		subs, err := s.Subscriptions(ctx)
		if err != nil {
			return err
		}
		watchers, now := show.Watchers(subs, id), time.Now()
		view := show.FeedWatchersView{FeedView: show.Feed(feed, now), State: feed.State, Watchers: watchers}
		return a.Answer(view, func(w io.Writer) { show.PrintFeed(w, feed, watchers, now) })
	})
}

// feedNamed returns the feed with an id, or an error that guesses which one was
// meant.
func feedNamed(feeds []store.Feed, id store.FeedID) (store.Feed, error) {
	var known []string
	for _, f := range feeds {
		if f.ID == id {
			return f, nil
		}
		known = append(known, string(f.ID))
	}
	return store.Feed{}, console.Misused(fmt.Errorf("there is no feed %q; %s", id, diag.Choices(string(id), known)))
}
