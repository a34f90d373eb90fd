package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/edits"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// EditKind says what became of a recipe.
type EditKind = edits.Kind

// The kinds of edit.
const (
	Added   = edits.Added   // it was not loaded before
	Changed = edits.Changed // its text is another one
	Removed = edits.Removed // its file is gone; its runs go on, it gets no new ones
	Same    = edits.Same
)

// RecipeEdit is what it means that a recipe is loaded now, compared with what the store
// remembers of it.
type RecipeEdit = edits.Edit

// compare says what it means to load the recipes of a plan with what the store remembers,
// sorted by recipe. Nothing is changed.
func (e *Engine) compare(ctx context.Context, p *plan) ([]RecipeEdit, error) {
	return e.comparison(p).Edits(ctx)
}

// comparison compares a plan with what the store remembers.
func (e *Engine) comparison(p *plan) *edits.Comparison {
	return &edits.Comparison{Store: e.store, Feeds: p.feeds, Recipes: p.recipes, Former: func(ctx context.Context, recipe, version, account string) (*recipes.Recipe, error) {
		prog, err := e.former(ctx, p, program.Key{Recipe: recipe, Version: version, Account: account})
		if err != nil {
			return nil, err
		}
		return prog.Recipe, nil
	}}
}

// report logs the edits that somebody should know of, and notes in the audit trail what was
// loaded.
func (e *Engine) report(ctx context.Context, list []RecipeEdit) {
	if entry := edits.Audit(list, time.Now()); entry != nil {
		if err := e.store.AddAudit(ctx, *entry); err != nil {
			e.log.Warn().Str("component", "reload").Err(err).Msg("loading not noted in the audit trail")
		}
	}
	for _, edit := range list {
		if edit.Kind == Same && edit.Former == "" {
			continue
		}
		e.log.Info().Str("component", "poller").Str("recipe", edit.Recipe).Str("account", edit.Account).
			Str("trigger", string(edit.Feed)).Func(edit.Details).Str("cursor", edit.Cursor).Msg("recipe " + string(edit.Kind))
	}
}

// Reload goes on with other recipes and accounts. Polls end between two pages and begin
// again with the new ones, runs go on meanwhile. Unfinished runs keep the version of
// their recipe. It returns what changed. After an error everything goes on as it was.
func (e *Engine) Reload(ctx context.Context, o Options) ([]RecipeEdit, error) {
	o.session = e.session
	next, err := newPlan(o, e.plan())
	if err != nil {
		return nil, err
	}
	former := e.plan()
	list, err := e.compare(ctx, next)
	if err != nil {
		return nil, err
	}
	list = slices.Concat(list, e.comparison(next).Gone(former.feeds, list))
	r := reload{plan: next, done: make(chan error, 1)}
	if err := tell(ctx, e, e.reloads, r); err != nil {
		return nil, err
	}
	err, late := answer(ctx, r.done)
	if err = errors.Join(err, late); err != nil {
		return nil, err
	}
	e.report(ctx, list)
	return list, nil
}

// replace puts another plan in the place of the current one. Only the scheduler calls it,
// while it polls nothing. When the store does not take it, everything stays as it was.
func (e *Engine) replace(ctx context.Context, next *plan) error {
	places, err := e.store.Subscriptions(ctx)
	if err != nil {
		return fmt.Errorf("load subscriptions: %w", err)
	}
	former := e.plan()
	e.current.Store(next)
	if err := e.prepare(ctx, next); err != nil {
		e.current.Store(former)
		if again := e.restore(ctx, places); again != nil && ctx.Err() == nil {
			e.log.Error().Str("component", "scheduler").Err(again).Msg("places of recipes not put back, they are with the next poll that finds something")
		}
		return err
	}
	e.mu.Lock()
	clear(e.programs) // their accounts may be others now
	e.mu.Unlock()
	e.visited.Clear() // all of it is stored by now
	nudge(e.reloaded)
	return nil
}

// restore puts the places of recipes back that were moved to other feeds in vain.
func (e *Engine) restore(ctx context.Context, places []store.Subscription) error {
	now, err := e.store.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, was := range places {
		if slices.Contains(now, was) {
			continue
		}
		f, err := e.store.LoadFeed(ctx, was.Feed)
		if err != nil {
			return err
		}
		if _, err := e.store.CommitPoll(ctx, store.PollCommit{Feed: f, Subscriptions: []store.Subscription{was}}); err != nil {
			return err
		}
	}
	return nil
}
