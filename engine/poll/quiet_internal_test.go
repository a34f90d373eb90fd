package poll

import (
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/triggers"
)

// TestQuiet_PutsOffOnlyWhatCanBeLost goes through what a commit can bring. A word of a
// person that was used up must not be used again after a crash.
func TestQuiet_PutsOffOnlyWhatCanBeLost(t *testing.T) {
	t.Parallel()
	refused := &triggers.Refusal{Missing: 30, Records: 40}
	now := time.Now()
	for _, tt := range []struct {
		name   string
		change func(v *visit, c *store.PollCommit)
		want   bool
	}{
		{"only the place of a walk", func(_ *visit, c *store.PollCommit) { c.Feed.State.Walks++ }, true},
		{"a record", func(_ *visit, c *store.PollCommit) { c.Seen = []store.Seen{{ID: "r1"}} }, false},
		{"a run", func(_ *visit, c *store.PollCommit) { c.Runs = make([]store.NewRun, 1) }, false},
		{"a subscription", func(_ *visit, c *store.PollCommit) { c.Subscriptions = make([]store.Subscription, 1) }, false},
		{"a mark", func(_ *visit, c *store.PollCommit) { c.Parents = make([]store.ParentMark, 1) }, false},
		{"the end of the baseline", func(_ *visit, c *store.PollCommit) { c.Feed.State.Baseline = false }, false},
		{"an acceptance that was used up", func(v *visit, _ *store.PollCommit) { v.feed.State.Accepted = true }, false},
		{"a refusal that is over", func(v *visit, _ *store.PollCommit) { v.feed.State.Refused = refused }, false},
		{"a refusal", func(_ *visit, c *store.PollCommit) { c.Feed.State.Refused = refused }, false},
		{"the first after an error", func(v *visit, _ *store.PollCommit) { v.feed.Error = &store.Failure{} }, false},
		{"the first of all", func(v *visit, _ *store.PollCommit) { v.feed.Revision = 0 }, false},
		{"a visit that ends with its one poll", func(v *visit, _ *store.PollCommit) { v.until = time.Time{} }, false},
		{"long after the last", func(v *visit, _ *store.PollCommit) { v.f.storedAt = now.Add(-quietMost - time.Second) }, false},
	} {
		feed := store.Feed{ID: "f", Revision: 7, State: triggers.State{Baseline: true}}
		v := &visit{f: &Feed{storedAt: now}, feed: feed, until: now.Add(time.Hour)}
		c := store.PollCommit{Feed: feed}
		tt.change(v, &c)
		if got := v.quiet(c); got != tt.want {
			t.Errorf("%s: put off: got %t, want %t", tt.name, got, tt.want)
		}
	}
}
