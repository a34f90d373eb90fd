package setup

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine/edits"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show/overview"
	"github.com/pollux-automation/pollux/recipes"
)

// Recipes returns "recipes": which there are, how they are, and whether they rest.
func Recipes(on *console.Console) *cobra.Command {
	a := &app{on}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the recipes with their state",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.listRecipes(c.Context()) },
	}
	kind := switching{
		kind: store.SwitchRecipe, arg: "ID",
		pause: "Let recipes rest: changes are found, and their runs held", resume: "Let recipes go on, with the runs that were held meanwhile",
		names: (*project.Project).RecipeIDs,
	}
	return console.Group("recipes", "Look at the recipes, and let them rest and go on",
		a.JSONFlag(list), a.switchCommand(kind, true), a.switchCommand(kind, false))
}

// newestRuns is how many runs are looked at to tell what recipes did of late: reading all
// of a long history would take too long.
const newestRuns = 10_000

// listRecipes prints all recipes that could be read, sorted by file.
func (a *app) listRecipes(ctx context.Context) error {
	return a.look(ctx, func(p *project.Project, s store.Store) error {
		now := time.Now() // one moment for all lines
		states, err := recipeStates(ctx, s, now)
		if err != nil {
			return err
		}
		return console.Listing[*recipes.Recipe]{
			Head: overview.RecipeHead(),
			Row:  func(r *recipes.Recipe) []string { return overview.Recipe(r, states[r.ID]).Row(now) },
			View: func(r *recipes.Recipe) any { return overview.Recipe(r, states[r.ID]) },
		}.Write(a.Console, p.Recipes)
	})
}

// recipeStates is what a store knows of each recipe, by id.
func recipeStates(ctx context.Context, s store.Store, now time.Time) (map[string]overview.RecipeState, error) {
	waiting, err := edits.Waiting(ctx, s)
	if err != nil {
		return nil, err
	}
	switches, err := s.Switches(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := s.ListRuns(ctx, store.RunFilter{Limit: newestRuns})
	if err != nil {
		return nil, err
	}
	states := map[string]overview.RecipeState{}
	for id, n := range waiting {
		states[id] = overview.RecipeState{Waiting: n}
	}
	for i, sw := range switches {
		if sw.Kind == store.SwitchRecipe {
			state := states[sw.Name]
			state.Switch = &switches[i]
			states[sw.Name] = state
		}
	}
	for i := range runs {
		r := &runs[i]
		state := states[r.Recipe]
		if state.Last == nil { // the newest comes first
			state.Last = r
		}
		if now.Sub(r.QueuedAt) < 24*time.Hour {
			if state.Day == nil {
				state.Day = map[string]int{}
			}
			state.Day[string(r.State.Status)]++
		}
		states[r.Recipe] = state
	}
	return states, nil
}
