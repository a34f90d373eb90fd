package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/triggers"
)

// MaxIDBytes is the longest id of a feed, record, recipe or step that a store
// keeps, in bytes.
const MaxIDBytes = 16 << 10

// Validate returns an error that wraps [ErrInvalid] for a commit that no store
// can keep.
func (c *PollCommit) Validate() error {
	if err := validID("feed", string(c.Feed.ID)); err != nil {
		return err
	}
	for i := range c.Seen {
		if err := validID("record", c.Seen[i].ID); err != nil {
			return err
		}
	}
	for i := range c.Runs {
		if err := c.Runs[i].Run.validate(); err != nil {
			return fmt.Errorf("run %d of the commit: %w", i+1, err)
		}
	}
	for _, m := range c.Parents {
		if err := validID("parent", m.Parent); err != nil {
			return err
		}
	}
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		if err := validID("recipe", s.Recipe); err != nil {
			return err
		}
		if strings.IndexByte(s.Recipe, 0) >= 0 || len(s.Account) > MaxIDBytes {
			return fmt.Errorf("subscription of %q on %.40q: %w", s.Recipe, s.Account, ErrInvalid)
		}
	}
	return nil
}

func (r *Run) validate() error {
	if r.State.Status != "" && !slices.Contains(Statuses(), r.State.Status) {
		return fmt.Errorf("status %q: %w", r.State.Status, ErrInvalid)
	}
	return validID("record", r.Record)
}

// Validate returns an error that wraps [ErrInvalid] for a save that no store can
// keep.
func (s *StepSave) Validate() error {
	if !slices.Contains(Statuses(), s.State.Status) {
		return fmt.Errorf("status %q: %w", s.State.Status, ErrInvalid)
	}
	for i := range s.Steps {
		if err := validID("step", s.Steps[i].ID); err != nil {
			return err
		}
	}
	return nil
}

func validID(what, id string) error {
	if id == "" || len(id) > MaxIDBytes {
		return fmt.Errorf("%s id of %d bytes, want 1 to %d: %w", what, len(id), MaxIDBytes, ErrInvalid)
	}
	return nil
}

// Link returns the entries of the commit with the runs filled in that its
// decisions made, for runs numbered from first. Entries that change are copies.
func (c *PollCommit) Link(first uint64) []Seen {
	if len(c.Runs) == 0 {
		return c.Seen
	}
	type made struct {
		subscription, revision uint32
		record                 string
	}
	runs := make(map[made]uint64, len(c.Runs))
	for i := range c.Runs {
		r := &c.Runs[i]
		runs[made{r.Subscription, r.Run.Revision, triggers.Key(r.Run.Event.Parent, r.Run.Record)}] = first + uint64(i)
	}
	out := slices.Clone(c.Seen)
	for i := range out {
		e := &out[i].Entry
		e.Decisions = slices.Clone(e.Decisions)
		for j := range e.Decisions {
			d := &e.Decisions[j]
			if d.Run == 0 && makesRun(d.Verdict) {
				d.Run = runs[made{d.Subscription, d.Revision, out[i].ID}]
			}
		}
	}
	return out
}

// makesRun reports whether a decision with this verdict belongs to a run.
func makesRun(v triggers.Verdict) bool {
	return v == triggers.Accepted || v == triggers.FilterFailed || v == triggers.HeldForReview
}

// Matches reports whether a run is one of those that the filter selects. It does
// not look at Limit.
func (f *RunFilter) Matches(r *Run) bool {
	return (f.Status == "" || r.State.Status == f.Status) &&
		(f.Recipe == "" || r.Recipe == f.Recipe) &&
		(f.Record == "" || r.Record == f.Record) &&
		(f.Account == "" || r.Account == f.Account) &&
		(f.Since.IsZero() || !r.QueuedAt.Before(f.Since))
}

// Marshal returns a value as the JSON that stores keep: compact, and with the
// texts of raw messages as they are. The error wraps [ErrInvalid].
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w: %w", ErrInvalid, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
