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
	if err := c.Audit.Validate(); err != nil {
		return err
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

// Links are the runs of a commit and the decisions that made them.
type Links struct {
	commit   *PollCommit
	runs     map[made]int
	previous []uint64 // by run; nil when no run has one
}

// made is what a run and the decision that made it have in common.
type made struct {
	subscription, revision uint32
	record                 string
}

// Links finds the decisions that made the runs of the commit.
func (c *PollCommit) Links() Links {
	l := Links{commit: c}
	if len(c.Runs) == 0 {
		return l
	}
	l.runs = make(map[made]int, len(c.Runs))
	for i := range c.Runs {
		r := &c.Runs[i]
		l.runs[made{r.Subscription, r.Run.Revision, triggers.Key(r.Run.Event.Parent, r.Run.Record)}] = i
	}
	for i := range c.Seen {
		for _, d := range c.Seen[i].Entry.Decisions {
			if d.Run == 0 || !MakesRun(d.Verdict) {
				continue
			}
			if at, ok := l.runs[made{d.Subscription, d.Revision, c.Seen[i].ID}]; ok {
				if l.previous == nil {
					l.previous = make([]uint64, len(c.Runs))
				}
				l.previous[at] = d.Run
			}
		}
	}
	return l
}

// Previous returns the id of the last run before a run of the commit, empty for none, in
// the store with an instance.
func (l *Links) Previous(run int, instance string) RunID {
	if l.previous == nil || l.previous[run] == 0 {
		return ""
	}
	return MakeRunID(instance, l.previous[run])
}

// PreviousAll returns what Previous returns, for all runs of the commit; nil when none of
// them has one.
func (l *Links) PreviousAll(instance string) []RunID {
	if l.previous == nil {
		return nil
	}
	all := make([]RunID, len(l.previous))
	for i := range all {
		all[i] = l.Previous(i, instance)
	}
	return all
}

// Seen returns the entries of the commit with the runs filled in that its decisions
// made, for runs numbered from first. Entries that change are copies.
func (l *Links) Seen(first uint64) []Seen {
	if len(l.runs) == 0 {
		return l.commit.Seen
	}
	out := slices.Clone(l.commit.Seen)
	for i := range out {
		e := &out[i].Entry
		e.Decisions = slices.Clone(e.Decisions)
		for j := range e.Decisions {
			d := &e.Decisions[j]
			if at, ok := l.runs[made{d.Subscription, d.Revision, out[i].ID}]; ok && MakesRun(d.Verdict) {
				d.Run = first + uint64(at) //nolint:gosec // a place in a list
			}
		}
	}
	return out
}

// MakesRun reports whether a decision with this verdict belongs to a run.
func MakesRun(v triggers.Verdict) bool {
	return v == triggers.Accepted || v == triggers.FilterFailed || v == triggers.HeldForReview
}

// Matches reports whether a run is one of those that the filter selects. It does
// not look at Limit.
func (f *RunFilter) Matches(r *Run) bool {
	return f.matchesRun(r) && f.matchesState(&r.State)
}

// matchesRun looks at what never changes.
func (f *RunFilter) matchesRun(r *Run) bool {
	return (f.Recipe == "" || r.Recipe == f.Recipe) &&
		(f.Record == "" || r.Record == f.Record) &&
		(f.Account == "" || r.Account == f.Account) &&
		(f.Lane == "" || r.Lane == f.Lane) &&
		(f.Since.IsZero() || !r.QueuedAt.Before(f.Since)) &&
		(f.Until.IsZero() || r.QueuedAt.Before(f.Until)) &&
		(f.After == "" || r.ID < f.After)
}

func (f *RunFilter) matchesState(s *RunState) bool {
	return (f.Status == "" || s.Status == f.Status) &&
		(f.Kind == "" || s.Error != nil && s.Error.Kind == f.Kind) &&
		(f.Reason == "" || s.Reason == f.Reason)
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
