package store

import (
	"context"
	"io"
	"time"

	"github.com/pollux-automation/pollux/triggers"
)

// Store is what Pollux remembers. Each method is one transaction; a nil error
// from a method that writes means that the change survives a crash. All methods
// are safe for concurrent use. Values that are returned are copies.
type Store interface {
	Feeds
	Queue
	History
	Retention
	Desk
	Files

	// Check verifies every invariant and returns one line for each that is
	// broken.
	Check(ctx context.Context) ([]string, error)
	// Stats says how large the store is.
	Stats(ctx context.Context) (Stats, error)
	// Close waits for writes in progress and closes the store.
	Close() error
}

// Feeds is the part of the store that polls use.
type Feeds interface {
	// LoadFeed returns a feed. The error is ErrNotFound for an unknown one.
	LoadFeed(ctx context.Context, id FeedID) (Feed, error)
	// ListFeeds returns all feeds, sorted by id.
	ListFeeds(ctx context.Context) ([]Feed, error)
	// Entries returns the seen entries of some records of a feed by their keys (see
	// [triggers.Key]); records that are not known are not in the answer.
	Entries(ctx context.Context, feed FeedID, keys []string) (map[string]triggers.Entry, error)
	// ScanEntries returns entries of a feed in the order of their keys, those that
	// begin with a prefix, beginning after one key, at most limit of them; a limit of 0
	// means all. It also returns the last key of the answer, or "" when the end was
	// reached.
	ScanEntries(ctx context.Context, feed FeedID, prefix, after string, limit int) ([]Seen, string, error)
	// Visited returns which of some parents a fan-out feed has visited.
	Visited(ctx context.Context, feed FeedID, parents []string) (map[string]bool, error)
	// DueParents returns parents of a fan-out feed that changed since they were last
	// visited, sorted by id, at most limit of them.
	DueParents(ctx context.Context, feed FeedID, limit int) ([]string, error)
	// CommitPoll writes what one page of a poll changed. A run without a status is
	// queued; one with a final status joins the history at once. The error is
	// ErrConflict when the feed's revision, or the number of a subscription, is
	// not the one given.
	CommitPoll(ctx context.Context, c PollCommit) (Committed, error)
	// SaveFeed changes what does not belong to a poll's commit: the next due
	// time, the last error and the failures. It neither checks nor moves the
	// revision, and creates no feed: the error is ErrNotFound for an unknown one.
	SaveFeed(ctx context.Context, id FeedID, status FeedStatus) error
	// Subscriptions returns all subscriptions, sorted by recipe and account.
	Subscriptions(ctx context.Context) ([]Subscription, error)
}

// Queue is the part of the store that runs use.
type Queue interface {
	// Waiting returns unfinished runs in the order in which they were queued,
	// beginning after one ("" for the first), at most limit of them; a limit of 0
	// means all.
	Waiting(ctx context.Context, after RunID, limit int) ([]QueuedRun, error)
	// LoadRun returns a run with its steps in the order in which they were first saved. The
	// error is ErrNotFound for an unknown one.
	LoadRun(ctx context.Context, id RunID) (Run, []Step, error)
	// SaveStep writes what one moment of a run changed. A step with the id of one
	// that is stored takes its place. The error is ErrNotFound when the run is not
	// in the queue.
	SaveStep(ctx context.Context, s StepSave) error
	// SaveRecipe keeps a version of a recipe's text, so that runs can end with
	// the version they began with. Saving the same version again changes nothing.
	SaveRecipe(ctx context.Context, recipe, version string, text []byte) error
	// LoadRecipe returns the text of a version. The error is ErrNotFound.
	LoadRecipe(ctx context.Context, recipe, version string) ([]byte, error)
}

// History is the part of the store that people ask.
type History interface {
	// ListRuns returns runs, newest first. The error is ErrNotFound for a filter behind a
	// run of another store.
	ListRuns(ctx context.Context, f RunFilter) ([]Run, error)
	// CountRuns counts all runs by status.
	CountRuns(ctx context.Context) (map[Status]int, error)
	// Backup writes a consistent copy of the whole store while it is in use.
	Backup(ctx context.Context, w io.Writer) error
}

// FeedStatus is what a poll leaves behind besides its commits.
type FeedStatus struct {
	NextPollAt time.Time
	Error      *Failure
	Failures   int
}

// Stats says how large a store is.
type Stats struct {
	Path      string `json:"path"` // empty for a store in memory
	Bytes     int64  `json:"bytes"`
	FreeBytes int64  `json:"free_bytes"` // inside the file
	Feeds     int    `json:"feeds"`
	Records   int    `json:"records"`
	Runs      int    `json:"runs"`
	Waiting   int    `json:"waiting"` // unfinished runs
	// DiskBytes and DiskFree are the size of the file system that the store is on, and
	// what of it this user may still fill; 0 where nobody knows.
	DiskBytes int64 `json:"disk_bytes"`
	DiskFree  int64 `json:"disk_free"`
}
