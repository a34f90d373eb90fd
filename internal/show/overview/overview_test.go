package overview_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/edits"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show/overview"
)

func TestPlan_SaysWhatAnEditMeans(t *testing.T) {
	t.Parallel()
	polled := map[store.FeedID]time.Time{"old": time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		name string
		edit engine.RecipeEdit
		want string
	}{
		{
			"a scope",
			engine.RecipeEdit{Kind: engine.Changed, Scope: &edits.ScopeEdit{Records: 1200, Enter: 3, Leave: 2, Unclear: 1}},
			"scope    of 1,200 known records 3 would enter, 2 would leave; nobody is told of them\n           1 record cannot be judged: an expression cannot be evaluated\n",
		},
		{"matches", engine.RecipeEdit{Kind: engine.Changed, Matches: &edits.MatchEdit{Records: 1, Now: 1}}, "matches  of 1 known record 0 before, 1 now\n"},
		{"no bodies", engine.RecipeEdit{Kind: engine.Changed, Matches: &edits.MatchEdit{}}, "           the feed keeps no bodies of records, so nobody knows how many match\n"},
		{"one run waits", engine.RecipeEdit{Kind: engine.Removed, Waiting: 1}, "waiting  1 run, with the version that it began with\n"},
		{
			"a blind move",
			engine.RecipeEdit{Kind: engine.Changed, Former: "old", Blind: true},
			"changes between the last poll of the former feed (2026-11-26T10:00:00Z) and the end of the first walk over the new one cannot be seen\n",
		},
		{
			"a blind move from a feed that was never polled",
			engine.RecipeEdit{Kind: engine.Changed, Former: "gone", Blind: true},
			"changes between the last poll of the former feed and the end of the first walk over the new one cannot be seen\n",
		},
		{"control characters", engine.RecipeEdit{Kind: engine.Added, Cursor: "a\x1b[2Jb"}, "cursor   a [2Jb\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			overview.Plan(engine.Foresight{Edits: []engine.RecipeEdit{tt.edit}}, polled).Print(&b)
			if got := b.String(); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant it to have\n%s", got, tt.want)
			}
		})
	}
}

func TestAccount_Status(t *testing.T) {
	t.Parallel()
	rests := &store.Switch{Paused: true, By: "cli:a"}
	for _, tt := range []struct {
		state overview.AccountState
		want  string
	}{
		{overview.AccountState{}, "unknown"},
		{overview.AccountState{Worked: true}, "ok"},
		{overview.AccountState{Worked: true, Refused: true}, "resting"},
		{overview.AccountState{Refused: true, Switch: rests}, "paused"},
		{overview.AccountState{Worked: true, Switch: &store.Switch{}}, "ok"},
	} {
		if got := overview.Account(overview.AccountView{}, tt.state).Status; got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.state, got, tt.want)
		}
	}
}
