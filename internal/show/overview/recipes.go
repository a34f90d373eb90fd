package overview

import (
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/recipes"
)

// The statuses of recipes and accounts.
const (
	on      = "on"
	paused  = "paused"
	ok      = "ok"
	resting = "resting"
	unknown = "unknown"
)

// PausedView says who let a recipe or an account rest, when and why.
type PausedView struct {
	By     string  `json:"by"`
	At     *string `json:"at"`
	Reason *string `json:"reason"`
}

// pausedBy returns the view of a switch; nil when nothing rests.
func pausedBy(s *store.Switch) *PausedView {
	if s == nil || !s.Paused {
		return nil
	}
	return &PausedView{By: s.By, At: optional(show.Stamp(s.At)), Reason: optional(s.Reason)}
}

// words says who, when and why, for people; empty when nothing rests.
func (p *PausedView) words(now time.Time) string {
	if p == nil {
		return ""
	}
	text := "by " + p.By
	if p.At != nil {
		if at, err := time.Parse(time.RFC3339Nano, *p.At); err == nil {
			text += " " + show.Ago(at, now)
		}
	}
	if p.Reason != nil {
		text += ": " + *p.Reason
	}
	return text
}

// RecipeView is a recipe as "recipes list --json" prints it. LastRun is nil when none of
// the newest runs is one of the recipe's.
type RecipeView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	File      string         `json:"file"`
	Version   string         `json:"version"`
	Account   string         `json:"account"`
	Operation string         `json:"operation"`
	Schedule  string         `json:"schedule"`
	Status    string         `json:"status"`
	Paused    *PausedView    `json:"paused"`
	Waiting   int            `json:"waiting"`
	LastRun   *LastRunView   `json:"last_run"`
	Day       map[string]int `json:"runs_24h"`
}

// LastRunView is the newest run of a recipe.
type LastRunView struct {
	ID       store.RunID `json:"id"`
	Status   string      `json:"status"`
	QueuedAt *string     `json:"queued_at"`
}

// RecipeState is what the store knows of a recipe.
type RecipeState struct {
	Switch  *store.Switch // nil when it was never switched
	Waiting int
	Last    *store.Run // nil when there is none among the newest
	// Day counts the runs that were queued in the last 24 hours, by status.
	Day map[string]int
}

// Recipe returns the view of a recipe.
func Recipe(r *recipes.Recipe, s RecipeState) RecipeView {
	v := RecipeView{
		ID: r.ID, Name: r.Name, File: r.File, Version: r.Version, Account: r.Source().Account,
		Operation: r.Trigger.Operation, Schedule: r.Trigger.Schedule.Text, Status: on, Paused: pausedBy(s.Switch), Waiting: s.Waiting, Day: s.Day,
	}
	if v.Paused != nil {
		v.Status = paused
	}
	if v.Day == nil {
		v.Day = map[string]int{}
	}
	if s.Last != nil {
		v.LastRun = &LastRunView{ID: s.Last.ID, Status: string(s.Last.State.Status), QueuedAt: optional(show.Stamp(s.Last.QueuedAt))}
	}
	return v
}

// RecipeHead is the head of a table of recipes, whose rows [RecipeView.Row] makes.
func RecipeHead() []string {
	return []string{"recipe", "trigger", "schedule", "status", "waiting", "runs in 24h", "last run", "paused"}
}

// Row is the recipe as a row of a table.
func (v RecipeView) Row(now time.Time) []string {
	day, bad := 0, 0
	for status, n := range v.Day {
		day += n
		if status == string(store.Failed) || status == string(store.Parked) {
			bad += n
		}
	}
	runs := show.Thousands(int64(day))
	if bad > 0 {
		runs += fmt.Sprintf(" (%s failed or parked)", show.Thousands(int64(bad)))
	}
	last := ""
	if v.LastRun != nil && v.LastRun.QueuedAt != nil {
		if at, err := time.Parse(time.RFC3339Nano, *v.LastRun.QueuedAt); err == nil {
			last = v.LastRun.Status + " " + show.Ago(at, now)
		}
	}
	return []string{
		v.ID, v.Account + "." + v.Operation, v.Schedule, v.Status, show.Thousands(int64(v.Waiting)), runs, last, v.Paused.words(now),
	}
}

// SwitchView is what pausing or resuming something came to, as --json prints it. Held
// counts the runs that go on by a resume.
type SwitchView struct {
	Name    string `json:"name"`
	Paused  bool   `json:"paused"`
	Changed bool   `json:"changed"`
	Held    int    `json:"held_runs"`
}

// Words says what pausing or resuming something came to; when says when runs go on.
func (v SwitchView) Words(kind, when string) string {
	text := kind + " " + v.Name
	switch {
	case v.Paused && !v.Changed:
		return text + " is paused already"
	case v.Paused && kind == store.SwitchRecipe:
		return text + " is paused; changes are still found, and their runs held"
	case v.Paused:
		return text + " is paused; it is not asked for anything"
	case !v.Changed:
		return text + " is not paused"
	}
	text += " goes on"
	if kind == store.SwitchRecipe {
		text += fmt.Sprintf("; %s go on %s", show.Plural(v.Held, "held run"), when)
	}
	return text
}
