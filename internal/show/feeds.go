package show

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// FeedView is a feed as --json prints it. Times are RFC 3339 in UTC, nil for none.
type FeedView struct {
	ID        store.FeedID `json:"id"`
	Account   string       `json:"account"`
	Operation string       `json:"operation"`
	// Inputs are the constant inputs of the operation, after defaults.
	Inputs   json.RawMessage `json:"inputs"`
	Strategy string          `json:"strategy"`
	// Status is ok, baseline or failing.
	Status string `json:"status"`
	// Records is how many the feed knows.
	Records  int     `json:"records"`
	LastPoll *string `json:"last_poll_at"`
	NextPoll *string `json:"next_poll_at"`
	// LagMS is now minus the start of the last complete poll; nil before it.
	LagMS *int64         `json:"lag_ms"`
	Error *store.Failure `json:"error"`
}

// Feed returns the view of a feed at a time.
func Feed(f store.Feed, now time.Time) FeedView {
	v := FeedView{
		ID: f.ID, Account: f.Account, Operation: f.Operation, Inputs: f.Inputs, Strategy: f.Strategy, Status: feedStatus(f),
		Records: f.State.Records, LastPoll: optional(f.LastPollAt), NextPoll: optional(f.NextPollAt), Error: f.Error,
	}
	if !f.LastPollAt.IsZero() {
		lag := now.Sub(f.LastPollAt).Milliseconds()
		v.LagMS = &lag
	}
	return v
}

// feedStatus says in a word how a feed is: failing, baseline (it still learns the
// list) or ok.
func feedStatus(f store.Feed) string {
	switch {
	case f.Error != nil:
		return "failing"
	case !f.State.Baseline:
		return "baseline"
	}
	return "ok"
}

// FeedHead is the head of a table of feeds, whose rows [FeedRow] makes.
func FeedHead() []string {
	return []string{"feed", "strategy", "status", "records", "last poll", "next poll", "error"}
}

// FeedRow is a feed as a row of a table.
func FeedRow(f store.Feed, now time.Time) []string {
	message := ""
	if f.Error != nil {
		message = f.Error.Message
	}
	return []string{
		string(f.ID), f.Strategy, feedStatus(f), Thousands(int64(f.State.Records)), ago(f.LastPollAt, now), ago(f.NextPollAt, now), cut(message, 60),
	}
}

// WatcherView is a recipe on a feed as --json prints it. Start is what the recipe
// says, From the time that it came to mean, Started whether it was obeyed already.
// Accepted and Rejected count the changes that the recipe wanted and did not want.
type WatcherView struct {
	Recipe   string  `json:"recipe"`
	Account  string  `json:"account"`
	Start    string  `json:"start"`
	Started  bool    `json:"started"`
	From     *string `json:"from"`
	Accepted uint64  `json:"accepted"`
	Rejected uint64  `json:"rejected"`
}

// Watchers returns the views of those subscriptions that are on a feed; empty, not
// nil, for none.
func Watchers(subs []store.Subscription, id store.FeedID) []WatcherView {
	list := []WatcherView{}
	for _, s := range subs {
		if s.Feed == id {
			list = append(list, WatcherView{
				Recipe: s.Recipe, Account: s.Account, Start: s.Start, Started: s.Started,
				From: optional(s.From), Accepted: s.Accepted, Rejected: s.Rejected,
			})
		}
	}
	return list
}

// FeedWatchersView is a feed with its state and its watchers, as --json prints it.
// State is the strategy's own: cursor, walk, counters. Its keys may change with the
// version.
type FeedWatchersView struct {
	FeedView

	State    any           `json:"state"`
	Watchers []WatcherView `json:"watchers"`
}

// PrintFeed prints a feed and its watchers for people, with times as they look from
// now.
func PrintFeed(w io.Writer, f store.Feed, watchers []WatcherView, now time.Time) {
	fmt.Fprintf(w, "feed %s: %s\n", f.ID, feedStatus(f))
	fmt.Fprintf(w, "  reads      %s of account %s, strategy %s\n", f.Operation, f.Account, f.Strategy)
	fmt.Fprintf(w, "  inputs     %s\n", Clean(string(f.Inputs)))
	fmt.Fprintf(w, "  records    %s known\n", Thousands(int64(f.State.Records)))
	fmt.Fprintf(w, "  last poll  %s, next %s\n", ago(f.LastPollAt, now), ago(f.NextPollAt, now))
	if !f.State.Watermark.IsZero() {
		fmt.Fprintf(w, "  watermark  %s\n", Stamp(f.State.Watermark))
	}
	if walk := f.State.Walk; walk != nil {
		fmt.Fprintf(w, "  walk       number %d, %s rows so far\n", walk.Number, Thousands(int64(walk.Rows)))
	}
	if f.State.Stale > 0 {
		fmt.Fprintf(w, "  stale      %d rows were older than what was known\n", f.State.Stale)
	}
	if f.Error != nil {
		fmt.Fprintf(w, "  error      %s (%d in a row)\n", Clean(f.Error.Message), f.Failures)
	}
	for _, s := range watchers {
		fmt.Fprintf(w, "  watched by %s: %d accepted, %d not wanted\n", s.Recipe, s.Accepted, s.Rejected)
	}
}
