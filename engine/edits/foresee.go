package edits

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// MatchEdit is how many of the records that are known a recipe wants, before and after an
// edit of it. Each record is taken for a new one, as by pollux try.
type MatchEdit struct {
	Records int // of which the last version is known
	Before  int // pass scope and filter of the former version
	Now     int // pass those of the new one
	Unclear int // one of the expressions cannot be evaluated
}

// Foresee is Edits with more to tell: it also counts how many records each edited recipe
// wants, and names all recipes that are gone: places are remembered for good.
func (c *Comparison) Foresee(ctx context.Context) ([]Edit, error) {
	list, err := c.Edits(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := c.matches(ctx, &list[i]); err != nil {
			return nil, fmt.Errorf("recipe %s: %w", list[i].Recipe, err)
		}
	}
	for _, k := range c.known {
		told := slices.ContainsFunc(list, func(e Edit) bool { return e.Recipe == k.Recipe && e.Account == k.Account })
		if !told {
			list = append(list, without(k.Recipe, k.Account, k.Feed, c.waiting[k.Recipe]))
		}
	}
	sortEdits(list)
	return list, nil
}

// matches counts what both versions of an edited recipe want. Where the recipe watches
// another list now, or has neither scope nor filter, there is nothing to compare.
func (c *Comparison) matches(ctx context.Context, e *Edit) error {
	if e.Kind != Changed || e.Former != "" {
		return nil
	}
	known, _ := c.places.Of(e.Recipe, e.Account)
	old, err := c.Former(ctx, e.Recipe, known.Version, e.Account)
	if err != nil {
		return nil //nolint:nilerr // the version before fits no more, or is gone: there is nothing to compare with
	}
	edited := c.Recipes[e.Recipe]
	if narrow := func(r *recipes.Recipe) bool { return r.Filter != nil || r.Scope != nil }; !narrow(old) && !narrow(edited) {
		return nil
	}
	m, now, v := &MatchEdit{}, time.Now().UTC(), viewOf(c.Feeds[e.Feed], e.Account, old, edited)
	err = bodies(ctx, c.Store, c.Feeds[e.Feed], func(s store.Seen, fields map[string]any) {
		m.Records++
		was, errWas := wants(old, v, s, fields, now)
		is, errIs := wants(edited, v, s, fields, now)
		if errWas != nil || errIs != nil {
			m.Unclear++
			return
		}
		if was {
			m.Before++
		}
		if is {
			m.Now++
		}
	})
	e.Matches = m
	return err
}

// wants reports whether a record passes a recipe's scope and filter as a new one.
func wants(r *recipes.Recipe, v view, s store.Seen, fields map[string]any, now time.Time) (bool, error) {
	in, err := inScope(r, fields, v)
	if !in || err != nil || r.Filter == nil {
		return in, err
	}
	parent, id := triggers.SplitKey(s.ID)
	kind := triggers.Created
	if r.Scope != nil {
		kind = triggers.Entered
	}
	scope := watch.NewScope(r, v.account, triggers.Change{
		Kind: kind, Record: id, Parent: parent, Revision: s.Entry.Revision, UpdatedAt: s.Entry.UpdatedAt, BeforeKnown: true, After: fields,
	}, now)
	scope.Named = v.names
	return r.Filter.Match(scope)
}
