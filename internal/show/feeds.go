package show

import (
	"encoding/json"
	"fmt"
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
	// Status is ok, baseline, failing or refused.
	Status string `json:"status"`
	// Records is how many the feed knows.
	Records  int     `json:"records"`
	LastPoll *string `json:"last_poll_at"`
	NextPoll *string `json:"next_poll_at"`
	// LagMS is now minus the start of the last complete poll; nil before it.
	LagMS *int64         `json:"lag_ms"`
	Error *store.Failure `json:"error"`
	// Refused says that too many records are missing to believe it; nil when not.
	Refused *RefusedView `json:"refused"`
}

// RefusedView tells of deletions that were not believed, and what to do.
type RefusedView struct {
	At      *string `json:"at"`
	Missing int     `json:"missing"`
	Records int     `json:"records"`
	// Accepted is true when a person has said that the records are gone.
	Accepted bool   `json:"accepted"`
	Advice   string `json:"advice"`
}

// refused returns the view of a feed's refusal; nil for none.
func refused(f store.Feed) *RefusedView {
	r := f.State.Refused
	if r == nil {
		return nil
	}
	v := &RefusedView{
		At: Optional(r.At), Missing: r.Missing, Records: r.Records, Accepted: f.State.Accepted,
		Advice: "look at the service; if the records are really gone: pollux feeds accept " + string(f.ID),
	}
	if v.Accepted {
		v.Advice = "accepted: the next complete walk over the list takes them as gone"
	}
	return v
}

// numbers says in words how many records are missing.
func (v *RefusedView) numbers() string {
	return fmt.Sprintf("%s of %s are missing", Thousands(int64(v.Missing)), Plural(v.Records, "record"))
}

// Feed returns the view of a feed at a time.
func Feed(f store.Feed, now time.Time) FeedView {
	v := FeedView{
		ID: f.ID, Account: f.Account, Operation: f.Operation, Inputs: f.Inputs, Strategy: f.Strategy, Status: feedStatus(f),
		Records: f.State.Records, LastPoll: Optional(f.LastPollAt), NextPoll: Optional(f.NextPollAt), Error: f.Error, Refused: refused(f),
	}
	if !f.LastPollAt.IsZero() {
		lag := now.Sub(f.LastPollAt).Milliseconds()
		v.LagMS = &lag
	}
	return v
}

// feedStatus says in a word how a feed is: refused (a person must say whether records
// are gone), failing, baseline (it still learns the list) or ok.
func feedStatus(f store.Feed) string {
	switch {
	case f.State.Refused != nil:
		return "refused"
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
	} else if r := refused(f); r != nil {
		message = r.numbers() + "; see: pollux feeds show"
	}
	return []string{
		string(f.ID), f.Strategy, feedStatus(f), Thousands(int64(f.State.Records)), Ago(f.LastPollAt, now), Ago(f.NextPollAt, now), Cut(message, 60),
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
				From: Optional(s.From), Accepted: s.Accepted, Rejected: s.Rejected,
			})
		}
	}
	return list
}
