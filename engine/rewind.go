package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// The reasons why a person's wish for a feed cannot be obeyed.
var (
	// ErrNotRefused is returned by Accept when nothing is refused.
	ErrNotRefused = errors.New("nothing is refused on this feed, so there is nothing to accept")
	// ErrReadWhole is returned by Rewind for feeds without a watermark.
	ErrReadWhole = errors.New("every poll of this feed reads the whole list anyway, so there is nothing to rewind")
	// ErrLearning is returned by Rewind for a feed whose first walk has not ended.
	ErrLearning = errors.New("the list was not read to its end yet, so nothing was passed over")
	// ErrAhead is returned by Rewind for a time after the watermark.
	ErrAhead = errors.New("a feed can only be rewound to a time before its watermark")
)

// Accept notes that a person has looked, and that what is missing on a feed is gone: the
// next complete walk over the whole list, which is due at once and begins anew, takes it
// so. audit is what the trail says of it; nil says nothing. It returns the feed as it is then. The error is [store.ErrNotFound],
// [ErrNotRefused] or one of the store; after any of them nothing has changed.
func Accept(ctx context.Context, s store.Feeds, id store.FeedID, audit *store.AuditEntry) (store.Feed, error) {
	f, err := s.LoadFeed(ctx, id)
	if err != nil {
		return f, err
	}
	if f.State.Refused == nil {
		return f, ErrNotRefused
	}
	f.State.Accepted = true
	f.State = whole(f)
	return moved(ctx, s, f, audit)
}

// Rewind moves the watermark of a feed back, so that its list is read again from there;
// a zero time makes the walk over the whole list due. What was missed is found then;
// what is known makes no second run. audit is as for [Accept]. It returns the feed as it is then. The error is
// [store.ErrNotFound], [ErrReadWhole], [ErrLearning], [ErrAhead] or one of the store;
// after any of them nothing has changed.
func Rewind(ctx context.Context, s store.Feeds, id store.FeedID, to time.Time, audit *store.AuditEntry) (store.Feed, error) {
	f, err := s.LoadFeed(ctx, id)
	if err != nil {
		return f, err
	}
	if f.State, err = rewound(f, to); err != nil {
		return f, err
	}
	return moved(ctx, s, f, audit)
}

// moved stores a feed that somebody has moved, and makes it due.
func moved(ctx context.Context, s store.Feeds, f store.Feed, audit *store.AuditEntry) (store.Feed, error) {
	f.NextPollAt = time.Now().UTC()
	committed, err := s.CommitPoll(ctx, store.PollCommit{Feed: f, Audit: audit})
	if err != nil {
		return f, fmt.Errorf("move feed %s: %w", f.ID, err)
	}
	return committed.Feed, nil
}

// rewound is the state of a feed from which the list is read again.
func rewound(f store.Feed, to time.Time) (triggers.State, error) {
	s := f.State
	switch {
	case !marked(f):
		return s, ErrReadWhole
	case !s.Baseline || s.Watermark.IsZero():
		return s, ErrLearning
	case to.IsZero():
		return whole(f), nil
	case to.After(s.Watermark):
		return s, fmt.Errorf("%w, which is at %s", ErrAhead, s.Watermark.UTC().Format(time.RFC3339Nano))
	}
	s = triggers.Abandon(s, false)
	s.Watermark, s.Settled = to.UTC(), false
	return s, nil
}

// whole is the state of a feed whose whole list is due, from its beginning: a walk that
// was interrupted proves no deletion.
func whole(f store.Feed) triggers.State {
	if !marked(f) {
		return triggers.Abandon(f.State, false)
	}
	s := triggers.Abandon(f.State, true)
	// The gap makes the walk due also where no recipe asks for one from time to time.
	s.FullAt, s.Gap = time.Time{}, s.Walks
	return s
}

// marked reports whether a feed is polled from a watermark on.
func marked(f store.Feed) bool {
	s := connectors.Strategy(f.Strategy)
	return s == connectors.Keyset || s == connectors.Newest
}
