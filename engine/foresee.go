package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// Foresight is what loading recipes would change.
type Foresight struct {
	Edits []RecipeEdit
	// NewFeeds are not polled yet, Unpolled would not be any more; both sorted.
	NewFeeds, Unpolled []store.FeedID
}

// Foresee says what loading these recipes would change, compared with those that a serving
// engine has loaded. Without one, nil, it compares with all that the store remembers, also
// with recipes that were given up long ago. Nothing is changed, and no account is asked for
// anything: the accounts need no sessions.
func Foresee(ctx context.Context, o Options, serving *Engine) (f Foresight, err error) {
	e, err := New(o)
	if err != nil {
		return f, err
	}
	next := e.plan()
	if f.Edits, err = e.comparison(next).Foresee(ctx); err != nil {
		return f, err
	}
	var former *plan
	if serving == nil {
		former, err = e.remembered(ctx, o)
	} else {
		former = serving.plan()
		f.Edits = slices.DeleteFunc(f.Edits, func(edit RecipeEdit) bool {
			_, loaded := former.recipes[edit.Recipe]
			return edit.Kind == Removed && edit.Waiting == 0 && !loaded
		})
	}
	if err != nil {
		return f, err
	}
	f.NewFeeds, f.Unpolled = without(next, former), without(former, next)
	return f, nil
}

// without returns the feeds of a plan that another one has not, sorted.
func without(p, other *plan) (list []store.FeedID) {
	for _, id := range slices.Sorted(maps.Keys(p.feeds)) {
		if _, both := other.feeds[id]; !both {
			list = append(list, id)
		}
	}
	return list
}

// remembered is the plan of the recipes that the store remembers, as they were loaded last,
// without those that fit the accounts no more.
func (e *Engine) remembered(ctx context.Context, o Options) (*plan, error) {
	known, err := e.store.Subscriptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("load subscriptions: %w", err)
	}
	o.Recipes = nil
	for _, k := range known {
		if slices.ContainsFunc(o.Recipes, func(r *recipes.Recipe) bool { return r.ID == k.Recipe && r.Version == k.Version }) {
			continue
		}
		prog, err := e.former(ctx, e.plan(), program.Key{Recipe: k.Recipe, Version: k.Version, Account: k.Account})
		if errors.Is(err, store.ErrDamaged) || ctx.Err() != nil {
			return nil, err
		}
		if err == nil {
			o.Recipes = append(o.Recipes, prog.Recipe)
		}
	}
	return newPlan(o, nil)
}
