package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// rewindRequest is from where on a feed's list is to be read again.
type rewindRequest struct {
	id store.FeedID
	// text is the time as it was written, to what it means: zero for the start.
	text    string
	to      time.Time
	start   bool
	preview bool
}

// feedsRewindCommand returns "feeds rewind": a list is read again from a time on.
func (a *app) feedsRewindCommand() *cobra.Command {
	var r rewindRequest
	c := &cobra.Command{
		Use:   "rewind ID {--to TIME | --to-start}",
		Short: "Read a list again from a time on, to find what was missed",
		Long: `Read a list again from a time on, to find what was missed.

The watermark of the feed moves back; the next poll reads from there. What was missed
is found, what is known makes no second run, and what is older than a recipe's start
makes none. With --to-start the whole list is read. --preview changes nothing: it reads
the list from there and says what a poll would find.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeFeeds,
		RunE: func(c *cobra.Command, args []string) error {
			r.id = store.FeedID(args[0])
			if err := r.read(time.Now()); err != nil {
				return console.Misused(err)
			}
			if r.preview {
				return a.previewRewind(c.Context(), r)
			}
			return a.rewind(c.Context(), r)
		},
	}
	c.Flags().StringVar(&r.text, "to", "", "read again from then: an RFC 3339 time, or a duration such as 2h before now")
	c.Flags().BoolVar(&r.start, "to-start", false, "read the whole list again")
	c.Flags().BoolVar(&r.preview, "preview", false, "change nothing; say what would be found")
	return a.JSONFlag(c)
}

// read reads the time, before anything is opened.
func (r *rewindRequest) read(now time.Time) (err error) {
	if r.start == (r.text != "") {
		return errors.New("say from where: --to TIME or --to-start")
	}
	if !r.start {
		r.to, err = console.Moment("--to", r.text, now)
	}
	return err
}

// rewind moves the watermark of a feed and says what that means.
func (a *app) rewind(ctx context.Context, r rewindRequest) error {
	return a.Edit(ctx, func(_ *project.Project, s store.Store) error {
		if err := stored(ctx, s, r.id); err != nil {
			return err
		}
		var before, f store.Feed
		err := a.EditFeed(ctx, r.id, func(ctx context.Context) (err error) {
			if before, err = s.LoadFeed(ctx, r.id); err == nil {
				f, err = engine.Rewind(ctx, s, r.id, r.to, a.rewindAudit(r))
			}
			return err
		})
		if err != nil {
			return rewindEnd(r.id, err)
		}
		view := show.Rewound(before, f, r.start)
		return a.Answer(view, func(w io.Writer) { show.PrintRewound(w, view) })
	})
}

// rewindAudit is what the trail says of a rewind.
func (a *app) rewindAudit(r rewindRequest) *store.AuditEntry {
	entry := a.Audit("feed.rewind", string(r.id))
	entry.Details = map[string]string{"to": "start"}
	if !r.start {
		entry.Details["to"] = show.Stamp(r.to)
	}
	return entry
}

// previewRewind reads the list and says what is in it. Nothing is stored.
func (a *app) previewRewind(ctx context.Context, r rewindRequest) error {
	return a.Engaged(ctx, zerolog.ErrorLevel, func(p *project.Project, s store.Store, e *engine.Engine) error {
		if err := stored(ctx, s, r.id); err != nil {
			return err
		}
		found, err := e.Preview(ctx, r.id, r.to)
		if errors.Is(err, store.ErrNotFound) {
			return console.Refused(fmt.Errorf("no recipe watches %s any more", r.id))
		}
		if err != nil {
			return pollEnd(p, rewindEnd(r.id, err))
		}
		view := show.Preview(r.id, found)
		return a.Answer(view, func(w io.Writer) { show.PrintPreview(w, view) })
	})
}

// rewindEnd turns the error of a rewind into the end of a command.
func rewindEnd(id store.FeedID, err error) error {
	for _, rule := range []error{engine.ErrReadWhole, engine.ErrLearning, engine.ErrAhead} {
		if errors.Is(err, rule) {
			return console.Refused(fmt.Errorf("%s: %w", id, err))
		}
	}
	return err
}
