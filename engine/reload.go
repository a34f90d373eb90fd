package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/runs"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
)

// EditKind says what became of a recipe.
type EditKind string

// The kinds of edit.
const (
	Added   EditKind = "added"   // it was not loaded before
	Changed EditKind = "changed" // its text is another one
	Removed EditKind = "removed" // its file is gone; its runs go on, it gets no new ones
	Same    EditKind = "same"
)

// RecipeEdit is what it means that a recipe is loaded now, compared with what the store
// remembers of it.
type RecipeEdit struct {
	Recipe  string
	Account string
	Kind    EditKind
	Feed    store.FeedID
	// Former is the feed that the recipe watched before; empty when it is the same.
	Former store.FeedID
	// Cursor says in a sentence from where on changes count.
	Cursor string
	// Blind is true when changes between the last poll of the former feed and the first
	// walk of the new one cannot be seen.
	Blind bool
	// Waiting counts unfinished runs; they keep the version that they began with.
	Waiting int
	// Scope is what an edited scope means for the records that are known; nil when the
	// scope is the same.
	Scope *poll.ScopeEdit
}

// Compare says what it means to load these recipes with what the store remembers,
// sorted by recipe. Nothing is changed.
func Compare(ctx context.Context, o Options) ([]RecipeEdit, error) {
	e, err := New(o)
	if err != nil {
		return nil, err
	}
	return e.compare(ctx, e.plan())
}

// compare is [Compare] for a plan.
func (e *Engine) compare(ctx context.Context, p *plan) ([]RecipeEdit, error) {
	c := comparison{e: e, plan: p}
	var err error
	if c.known, err = e.store.Subscriptions(ctx); err != nil {
		return nil, fmt.Errorf("load subscriptions: %w", err)
	}
	if c.waiting, err = e.waiting(ctx); err != nil {
		return nil, err
	}
	edits := c.removed()
	for _, f := range p.feeds {
		for _, s := range f.Subs {
			edit, err := c.recipe(ctx, f, s)
			if err != nil {
				return nil, fmt.Errorf("recipe %s: %w", s.Recipe.ID, err)
			}
			edits = append(edits, edit)
		}
	}
	slices.SortFunc(edits, func(a, b RecipeEdit) int {
		return strings.Compare(a.Recipe+"\x00"+a.Account, b.Recipe+"\x00"+b.Account)
	})
	return edits, nil
}

// comparison compares the recipes of a plan with what the store remembers.
type comparison struct {
	e       *Engine
	plan    *plan
	known   []store.Subscription
	waiting map[string]int // unfinished runs by recipe
}

// waiting counts the unfinished runs by recipe.
func (e *Engine) waiting(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for after := store.RunID(""); ; {
		found, err := e.store.Waiting(ctx, after, scanStep)
		if err != nil {
			return nil, fmt.Errorf("read the queue: %w", err)
		}
		for _, q := range found {
			counts[q.Recipe]++
			after = q.ID
		}
		if len(found) < scanStep {
			return counts, nil
		}
	}
}

// removed are the recipes that are gone and have unfinished runs.
func (c *comparison) removed() (list []RecipeEdit) {
	for _, k := range c.known {
		if _, loaded := c.plan.recipes[k.Recipe]; !loaded && c.waiting[k.Recipe] > 0 {
			list = append(list, without(k.Recipe, k.Account, k.Feed, c.waiting[k.Recipe]))
		}
	}
	return list
}

// without is the edit of a recipe that is gone.
func without(recipe, account string, feed store.FeedID, waiting int) RecipeEdit {
	return RecipeEdit{Recipe: recipe, Account: account, Kind: Removed, Feed: feed, Waiting: waiting, Cursor: "gets no new runs"}
}

// recipe compares a recipe with its place in the store.
func (c *comparison) recipe(ctx context.Context, f *poll.Feed, s *watch.Subscriber) (RecipeEdit, error) {
	r := s.Recipe
	edit := RecipeEdit{Recipe: r.ID, Account: s.Account, Feed: f.ID, Kind: Same, Cursor: "goes on where it stands", Waiting: c.waiting[r.ID]}
	at := slices.IndexFunc(c.known, func(k store.Subscription) bool { return k.Recipe == r.ID && k.Account == s.Account })
	switch {
	case at < 0:
		edit.Kind, edit.Cursor = Added, "starts with "+r.Trigger.Start.Text
		return edit, nil
	case c.known[at].Version != r.Version:
		edit.Kind = Changed
	}
	if former := c.known[at].Feed; former != f.ID {
		edit.Former = former
		edit.Cursor = "goes on from where the former feed stood"
		if f.Op.Poll.Strategy != connectors.Keyset {
			edit.Blind = true
			edit.Cursor = "begins with a new baseline: changes since the last poll of the former feed cannot be seen"
		}
		return edit, nil
	}
	if edit.Kind == Same || r.Scope == nil || c.known[at].Version == "" {
		return edit, nil
	}
	var err error
	edit.Scope, err = c.scopes(ctx, f, s, c.known[at].Version)
	return edit, err
}

// scopes says what an edit of a scope means for the records that are known; nil
// when the scope is the same, or when nobody knows what it was.
func (c *comparison) scopes(ctx context.Context, f *poll.Feed, s *watch.Subscriber, version string) (*poll.ScopeEdit, error) {
	before, err := c.e.former(ctx, c.plan, runs.Key{Recipe: s.Recipe.ID, Version: version})
	if err != nil {
		return nil, nil //nolint:nilerr // the version before fits no more, or is gone: there is nothing to compare with
	}
	old := before.Recipe
	if old.Scope != nil && old.Scope.String() == s.Recipe.Scope.String() && reflect.DeepEqual(old.Vars, s.Recipe.Vars) {
		return nil, nil
	}
	edit, err := c.e.poller.CompareScopes(ctx, f, old, s.Recipe, s.Account)
	return &edit, err
}

// report logs the edits that somebody should know of.
func (e *Engine) report(edits []RecipeEdit) {
	for _, edit := range edits {
		if edit.Kind == Same && edit.Former == "" {
			continue
		}
		e.log.Info().Str("component", "poller").Str("recipe", edit.Recipe).Str("account", edit.Account).
			Str("trigger", string(edit.Feed)).Func(edit.details).Str("cursor", edit.Cursor).Msg("recipe " + string(edit.Kind))
	}
}

// details are the fields of a log line that not every edit has.
func (e RecipeEdit) details(line *zerolog.Event) {
	if e.Former != "" {
		line.Str("former", string(e.Former))
	}
	if e.Waiting > 0 {
		line.Int("waiting", e.Waiting)
	}
	if s := e.Scope; s != nil {
		line.Int("records", s.Records).Int("would_enter", s.Enter).Int("would_leave", s.Leave).Int("unclear", s.Unclear)
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
	edits, err := e.compare(ctx, next)
	if err != nil {
		return nil, err
	}
	edits = slices.Concat(edits, gone(former, next, edits))
	r := reload{plan: next, done: make(chan error, 1)}
	if err := tell(ctx, e, e.reloads, r); err != nil {
		return nil, err
	}
	err, late := answer(ctx, r.done)
	if err = errors.Join(err, late); err != nil {
		return nil, err
	}
	e.report(edits)
	return edits, nil
}

// gone are the recipes of a former plan that the next one has not, as far as they are not
// among the edits already.
func gone(former, next *plan, edits []RecipeEdit) (list []RecipeEdit) {
	for _, f := range former.feeds {
		for _, s := range f.Subs {
			told := slices.ContainsFunc(edits, func(e RecipeEdit) bool { return e.Recipe == s.Recipe.ID })
			if _, kept := next.recipes[s.Recipe.ID]; !kept && !told {
				list = append(list, without(s.Recipe.ID, s.Account, f.ID, 0))
			}
		}
	}
	return list
}

// replace puts another plan in the place of the current one. Only the scheduler calls it,
// while it polls nothing. When the store does not take it, everything stays as it was.
func (e *Engine) replace(ctx context.Context, next *plan) error {
	former := e.plan()
	e.current.Store(next)
	err := e.prepare(ctx, next)
	if err != nil {
		e.current.Store(former)
		if again := e.prepare(ctx, former); again != nil && ctx.Err() == nil {
			e.log.Error().Str("component", "scheduler").Err(again).Msg("recipes not prepared again")
		}
		return err
	}
	e.mu.Lock()
	clear(e.programs) // their accounts may be others now
	e.mu.Unlock()
	e.visited.Clear() // all of it is stored by now
	select {
	case e.reloaded <- struct{}{}:
	default: // a signal waits already
	}
	return nil
}
