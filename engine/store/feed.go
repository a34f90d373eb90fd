package store

import (
	"encoding/json"
	"time"

	"github.com/pollux-automation/pollux/triggers"
)

// FeedID names a feed: account, operation and, when there are inputs, a short
// hash of them. Example: "acme.contact.search".
type FeedID string

// Feed is one source of one account with one set of inputs, shared by all
// recipes that watch it.
type Feed struct {
	ID        FeedID          `json:"id"`
	Account   string          `json:"account"`
	Connector string          `json:"connector"`
	Operation string          `json:"operation"`
	Inputs    json.RawMessage `json:"inputs"`
	Strategy  string          `json:"strategy"`
	// RecordID is the field that tells its records apart; empty where nobody has noted it.
	RecordID string `json:"record_id,omitempty"`
	// Number is given by the store on the first commit and never reused.
	Number uint32 `json:"number"`
	// Revision rises by one with every commit; it is the guard of CommitPoll.
	Revision uint64         `json:"revision"`
	State    triggers.State `json:"state"`
	// LastPollAt is when the last complete poll began.
	LastPollAt time.Time `json:"last_poll_at,omitzero"`
	// NextPollAt is when the feed is due.
	NextPollAt time.Time `json:"next_poll_at,omitzero"`
	// Error is why the last poll did not end well; nil when it did.
	Error *Failure `json:"error,omitempty"`
	// Failures counts the polls that failed in a row.
	Failures int `json:"failures,omitempty"`
}

// Failure is an error as it is stored and shown.
type Failure struct {
	Kind    string `json:"kind"`
	Code    string `json:"code,omitempty"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message"`
	// Step is the id of the step that failed; empty for polls and filters.
	Step string `json:"step,omitempty"`
}

// Subscription is a recipe's place on a feed. It is remembered after the recipe
// is gone, so that its start is obeyed only once.
type Subscription struct {
	Recipe  string `json:"recipe"`
	Account string `json:"account"`
	Feed    FeedID `json:"feed"`
	// Former is the feed that the recipe watched before an edit; what it was told
	// there it is not told again. Empty means none.
	Former FeedID `json:"former,omitempty"`
	// Number is given by the store on the first save and never reused.
	Number uint32 `json:"number"`
	// From is the earliest updated time that makes runs; zero means everything.
	// It counts only once Started is true.
	From    time.Time `json:"from,omitzero"`
	Started bool      `json:"started"`
	// Walk is the number of the walk over the whole list that delivers the
	// records from before the recipe joined; 0 when there is none.
	Walk uint32 `json:"walk,omitempty"`
	// Known is the number of the first complete walk over the whole list that the
	// recipe has seen end; 0 before that. A record that a later walk misses was there
	// while the recipe watched.
	Known uint32 `json:"known,omitempty"`
	// Version is the recipe's version when it last joined or was loaded.
	Version string `json:"version,omitempty"`
	// Start is the recipe's start as it was when it was obeyed.
	Start    string    `json:"start"`
	JoinedAt time.Time `json:"joined_at"`
	// Accepted and Rejected count decisions.
	Accepted uint64 `json:"accepted"`
	Rejected uint64 `json:"rejected"`
}

// Seen is a record's entry in a feed's seen-set.
type Seen struct {
	ID    string
	Entry triggers.Entry
}

// ParentMark changes what a fan-out feed knows of a parent. A feed that is not in the
// store has no marks: they are left out.
type ParentMark struct {
	Feed   FeedID
	Parent string
	// Visited notes that the parent's records are known.
	Visited bool
	// Due puts the parent before those that have not changed; without it the parent is
	// not due any more.
	Due bool
}

// PollCommit is everything that one page of a poll changes. It is written whole
// or not at all.
type PollCommit struct {
	// Feed is the feed's new value; its Revision is the one that was loaded, and
	// the guard. A feed that is not in the store has Revision 0.
	Feed Feed
	// Seen are entries to write. The Run of a Decision is the last run that the
	// subscription made for the record: callers carry the former one over, and a
	// Decision with Verdict Accepted, FilterFailed or HeldForReview that has subscription,
	// record and revision of a run of this commit gets the number of that.
	Seen []Seen
	// Runs are queued in this order. The Previous of their events is what their decisions
	// brought as the last run before.
	Runs []NewRun
	// Subscriptions are saved as they are, one for each recipe and account; a
	// Number of 0 gets the one of the former save, or a new one.
	Subscriptions []Subscription
	// Parents are marks of this feed and of others, in their order.
	Parents []ParentMark
	// Audit is what the audit trail says of the commit; nil says nothing.
	Audit *AuditEntry
}

// NewRun is a run to be queued. Its State.Status is Queued (also when empty),
// Held or Parked.
type NewRun struct {
	Subscription uint32 // number of the subscription it belongs to
	Run          Run    // without ID
}

// Committed says what a commit made.
type Committed struct {
	// Feed is the feed as stored, with its new revision and its number.
	Feed Feed
	Runs []RunID // in the order of PollCommit.Runs
	// Subscriptions are the numbers of PollCommit.Subscriptions, in the same order.
	Subscriptions []uint32
	// Previous are the runs before those, see [Event.Previous], in the same order; nil
	// when none of them has one.
	Previous []RunID
}
