package overview

import (
	"fmt"
	"io"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// PlanView is what loading the recipes would change, as --json prints it.
type PlanView struct {
	Recipes  []EditView     `json:"recipes"`
	NewFeeds []store.FeedID `json:"new_feeds"`
	Unpolled []store.FeedID `json:"unpolled_feeds"`
}

// EditView is what becomes of one recipe. Scope and Matches are nil where nothing is to be
// said of them.
type EditView struct {
	Recipe  string       `json:"recipe"`
	Account string       `json:"account"`
	Kind    string       `json:"kind"`
	Feed    store.FeedID `json:"feed"`
	Former  *string      `json:"former_feed"`
	Cursor  string       `json:"cursor"`
	Blind   bool         `json:"blind"`
	Waiting int          `json:"waiting"`
	Scope   *ScopeView   `json:"scope"`
	Matches *MatchView   `json:"matches"`
}

// ScopeView counts the known records that an edited scope means something else for.
type ScopeView struct {
	Records int `json:"records"`
	Enter   int `json:"would_enter"`
	Leave   int `json:"would_leave"`
	Unclear int `json:"unclear"`
}

// MatchView counts the known records that a recipe wants, before and after the edit.
type MatchView struct {
	Records int `json:"records"`
	Before  int `json:"before"`
	Now     int `json:"now"`
	Unclear int `json:"unclear"`
}

// Plan returns the view of what loading recipes would change. polled are the last polls of
// the feeds that the store knows.
func Plan(f engine.Foresight, polled map[store.FeedID]time.Time) PlanView {
	v := PlanView{Recipes: make([]EditView, len(f.Edits)), NewFeeds: f.NewFeeds, Unpolled: f.Unpolled}
	if v.NewFeeds == nil {
		v.NewFeeds = []store.FeedID{}
	}
	if v.Unpolled == nil {
		v.Unpolled = []store.FeedID{}
	}
	for i, e := range f.Edits {
		edit := EditView{
			Recipe: e.Recipe, Account: e.Account, Kind: string(e.Kind), Feed: e.Feed, Former: optional(string(e.Former)),
			Cursor: e.Cursor, Blind: e.Blind, Waiting: e.Waiting,
		}
		if e.Blind {
			edit.Cursor = blind(polled[e.Former])
		}
		if s := e.Scope; s != nil {
			edit.Scope = &ScopeView{Records: s.Records, Enter: s.Enter, Leave: s.Leave, Unclear: s.Unclear}
		}
		if m := e.Matches; m != nil {
			edit.Matches = &MatchView{Records: m.Records, Before: m.Before, Now: m.Now, Unclear: m.Unclear}
		}
		v.Recipes[i] = edit
	}
	return v
}

// blind says which changes cannot be seen after a move to another list.
func blind(polled time.Time) string {
	since := "the last poll of the former feed"
	if !polled.IsZero() {
		since += " (" + show.Stamp(polled) + ")"
	}
	return "begins with a new baseline: changes between " + since + " and the end of the first walk over the new one cannot be seen"
}

// Print prints for people what loading the recipes would change.
func (v PlanView) Print(w io.Writer) {
	counts := map[string]int{}
	for _, e := range v.Recipes {
		counts[e.Kind]++
		if e.Kind != string(engine.Same) || e.Former != nil {
			e.print(w)
		}
	}
	for _, id := range v.NewFeeds {
		fmt.Fprintln(w, "feed", show.Clean(string(id))+": new")
	}
	for _, id := range v.Unpolled {
		fmt.Fprintln(w, "feed", show.Clean(string(id))+": not polled any more")
	}
	fmt.Fprintf(w, "%d added, %d changed, %d removed, %d the same; nothing was changed or sent\n",
		counts[string(engine.Added)], counts[string(engine.Changed)], counts[string(engine.Removed)], counts[string(engine.Same)])
}

// print prints what becomes of one recipe.
func (e EditView) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-8s %s\n", name, show.Clean(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(w, "%s: %s\n", show.Clean(e.Recipe), e.Kind)
	line("account", "%s", e.Account)
	line("feed", "%s", e.Feed)
	if e.Former != nil {
		line("before", "%s", *e.Former)
	}
	line("cursor", "%s", e.Cursor)
	switch {
	case e.Waiting == 1:
		line("waiting", "1 run, with the version that it began with")
	case e.Waiting > 1:
		line("waiting", "%s, each with the version that it began with", show.Plural(e.Waiting, "run"))
	}
	if s := e.Scope; s != nil {
		line("scope", "of %s %d would enter, %d would leave; nobody is told of them", show.Plural(s.Records, "known record"), s.Enter, s.Leave)
		unclear(line, s.Unclear, s.Records)
	}
	if m := e.Matches; m != nil {
		if m.Records > 0 {
			line("matches", "of %s %d before, %d now", show.Plural(m.Records, "known record"), m.Before, m.Now)
		}
		unclear(line, m.Unclear, m.Records)
	}
}

// unclear says of how many records nobody knows.
func unclear(line func(name, format string, args ...any), n, records int) {
	switch {
	case records == 0:
		line("", "the feed keeps no bodies of records, so nobody knows how many match")
	case n > 0:
		line("", "%s cannot be judged: an expression cannot be evaluated", show.Plural(n, "record"))
	}
}

// optional is a text, or nil for none.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
