// Package setup has the commands about what a project is made of: plan, recipes, accounts
// and doctor. They show what an edit would change, what rests and what is left of budgets,
// let recipes and accounts rest, and find what keeps a project from working.
//
// [Plan], [Recipes], [Accounts] and [Doctor] return their cobra commands. What is decided
// is decided by packages engine and internal/project, how it looks by internal/show/overview.
package setup

import (
	"context"
	"errors"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
)

// app is one execution of the program. The commands of this package are its methods.
type app struct{ *console.Console }

// look is [console.Console.Look] for commands that have something to say before the first
// run too: then the state is empty.
func (a *app) look(ctx context.Context, do func(*project.Project, store.Store) error) error {
	if a.Live == nil {
		if p := a.ReadProject(true); errors.Is(p.HasState(), project.ErrNoState) {
			s := memstore.New()
			return console.Using(s, func() error { return do(p, s) })
		}
	}
	return a.Look(ctx, do)
}
