package state

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// feedsPollCommand returns "feeds poll": one feed now, without waiting for its time.
func (a *app) feedsPollCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "poll ID",
		Short: "Poll one feed now, to its end",
		Long: `Poll one feed now, to its end, and say what was found.

The runs are queued: the running program carries them out, or the next pollux run. A walk over the
whole list that is due is made too.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeFeeds,
		RunE: func(c *cobra.Command, args []string) error {
			return a.pollFeed(c.Context(), store.FeedID(args[0]))
		},
	}
	return a.JSONFlag(c)
}

// pollFeed polls a feed and prints what was found. What came before an error is kept.
func (a *app) pollFeed(ctx context.Context, id store.FeedID) error {
	return a.Engaged(ctx, zerolog.ErrorLevel, func(p *project.Project, s store.Store, e *engine.Engine) error {
		if err := watched(e, id); err != nil {
			return err
		}
		if err := s.AddAudit(ctx, *a.Audit("feed.poll", string(id))); err != nil {
			return err
		}
		poll := e.PollFeed
		if a.Live != nil {
			poll = e.PollNow
		}
		var report engine.PollReport
		err := a.Progress(ctx, s, false, nil, func() (err error) {
			report, err = poll(ctx, id)
			return err
		})
		if ctx.Err() != nil {
			return errors.New("stopped before the end; what was found is stored, the rest follows with the next poll")
		}
		if err != nil {
			return pollEnd(p, err)
		}
		if f, err := s.LoadFeed(ctx, id); err == nil && f.State.Refused != nil {
			fmt.Fprintln(a.Stderr, show.RefusedLine(f))
		}
		return a.Answer(report, func(w io.Writer) { show.PrintPoll(w, report, a.When()) })
	})
}

// watched reports an id that is none of the feeds that the recipes watch.
func watched(e *engine.Engine, id store.FeedID) error {
	var feeds []store.Feed
	for _, known := range e.Feeds() {
		feeds = append(feeds, store.Feed{ID: known})
	}
	_, err := feedNamed(feeds, id)
	return err
}

// pollEnd turns the error of a poll into the end of a command: a service that refuses,
// or a list that must be read first, is no trouble.
func pollEnd(p *project.Project, err error) error {
	if _, ok := errors.AsType[*connectors.Error](err); ok {
		return console.Refusal(p, err)
	}
	if errors.Is(err, poll.ErrNoParents) || errors.Is(err, engine.ErrPaused) || errors.Is(err, engine.ErrLost) {
		return console.Refused(err)
	}
	return err
}
