package poll

import (
	"context"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// quietMost is how long what quiet polls move may stay in memory. A quiet poll moves
// nothing that could be lost: after a crash the feed is asked again from where the last
// stored poll stood, and what it knew is known. A commit for each would cost more than the
// poll, and on a machine with a thousand accounts a thousand syncs of the disk a minute.
const quietMost = 5 * time.Minute

// quiet reports whether a commit brings nothing that must be stored now: no record, run,
// subscription or mark, only the place of a walk and when the feed was polled. A visit
// that ends with its one poll stores everything.
func (v *visit) quiet(c store.PollCommit) bool {
	was, is := &v.feed, &c.Feed
	return !v.until.IsZero() && time.Since(v.f.storedAt) < quietMost &&
		len(c.Seen) == 0 && len(c.Runs) == 0 && len(c.Subscriptions) == 0 && len(c.Parents) == 0 &&
		was.Revision > 0 && was.Error == nil && was.Failures == 0 && was.State.Baseline == is.State.Baseline &&
		was.State.Accepted == is.State.Accepted && was.State.Refused == is.State.Refused // what a person has said, or must know
}

// kept goes on as after a commit, in memory.
func (v *visit) kept(r result) {
	v.feed = *v.f.kept
	v.f.pages++
	v.f.mark(r)
	v.records += len(r.page.Records)
	v.Told(Commit{Records: len(r.page.Records)})
}

// stored notes that what the feed had in memory is in the store.
func (f *Feed) stored() { f.kept, f.storedAt = nil, time.Now() }

// remember takes up what quiet polls have left in memory, unless somebody else has moved
// the feed since.
func (v *visit) remember() {
	kept := v.f.kept
	if kept == nil {
		return
	}
	if kept.Revision != v.feed.Revision {
		v.f.kept = nil
		return
	}
	v.feed.State, v.feed.LastPollAt = kept.State, kept.LastPollAt
}

// Flush stores what quiet polls have left in memory. It must follow the last poll of a
// feed.
func (p *Poller) Flush(ctx context.Context, f *Feed) error {
	if f.kept == nil {
		return nil
	}
	_, err := p.Store.CommitPoll(ctx, store.PollCommit{Feed: *f.kept})
	if err == nil {
		f.stored()
	}
	return err
}
