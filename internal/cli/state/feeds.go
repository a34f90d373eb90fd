package state

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Feeds returns "feeds": the lists that are polled, and what a person can do about them.
func Feeds(on *console.Console) *cobra.Command {
	a := &app{on}
	return console.Group("feeds", "Look at the lists that are polled, and poll, rewind or accept them by hand",
		a.feedsListCommand(), a.feedsShowCommand(), a.feedsPollCommand(), a.feedsRewindCommand(), a.feedsAcceptCommand())
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
	return a.Look(ctx, func(_ *project.Project, s store.Store) error {
		feeds, err := a.feeds(ctx, s)
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

// feeds returns all feeds, with what the running program knows better than its store.
func (a *app) feeds(ctx context.Context, s store.Store) ([]store.Feed, error) {
	list, err := s.ListFeeds(ctx)
	if a.Live != nil {
		for i := range list {
			a.Live.Engine.Latest(&list[i])
		}
	}
	return list, err
}

// feedsShowCommand returns "feeds show": why a feed found what it found, and how
// many changes each recipe on it wanted.
func (a *app) feedsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one feed: its cursor, its walks, how late changes come, and who watches it",
		Args:  cobra.ExactArgs(1),

		ValidArgsFunction: a.completeFeeds,
		RunE: func(c *cobra.Command, args []string) error {
			return a.showFeed(c.Context(), store.FeedID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// showFeed prints one feed with the recipes that watch it. The error guesses when
// there is no feed with that id.
func (a *app) showFeed(ctx context.Context, id store.FeedID) error {
	return a.Look(ctx, func(p *project.Project, s store.Store) error {
		feeds, err := a.feeds(ctx, s)
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
		detail := show.FeedDetail{Feed: feed, Watchers: show.Watchers(subs, id), Now: time.Now()}
		if e, ok := planned(p, s); ok {
			fan, ok, err := e.FanOut(ctx, feed)
			if err != nil {
				return err
			}
			if ok {
				detail.FanOut = &fan
			}
		}
		return a.Answer(detail.View(), detail.Print)
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

// planned builds the engine of a project that is only looked at: it knows which feeds
// the recipes watch, and can send nothing. ok is false for a project with mistakes.
func planned(p *project.Project, s store.Store) (e *engine.Engine, ok bool) {
	if p.Findings.HasErrors() {
		return nil, false
	}
	o := p.EngineOptions(s, zerolog.Nop())
	var err error
	if o.Accounts, err = p.BareAccounts(); err != nil {
		return nil, false
	}
	e, err = engine.New(o)
	return e, err == nil
}
