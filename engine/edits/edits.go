package edits

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/watch"
	"github.com/pollux-automation/pollux/recipes"
)

// Kind says what became of a recipe.
type Kind string

// The kinds of edit.
const (
	Added   Kind = "added"   // it was not loaded before
	Changed Kind = "changed" // its text is another one
	Removed Kind = "removed" // its file is gone; its runs go on, it gets no new ones
	Same    Kind = "same"
)

// Edit is what it means that a recipe is loaded now, compared with what the store
// remembers of it.
type Edit struct {
	Recipe  string
	Account string
	Kind    Kind
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
	Scope *ScopeEdit
	// Matches is how many known records the recipe wants; nil when the edit cannot change
	// that, or nobody looked: only [Comparison.Foresee] does.
	Matches *MatchEdit
}

// Details are the fields of a log line that not every edit has.
func (e Edit) Details(line *zerolog.Event) {
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

// Comparison compares the recipes that are to be loaded with what the store remembers.
type Comparison struct {
	Store store.Store
	// Feeds are those that the recipes watch, with everybody on them.
	Feeds map[store.FeedID]*poll.Feed
	// Recipes are those that are to be loaded, by id.
	Recipes map[string]*recipes.Recipe
	// Former returns a version of a recipe that was loaded once for an account. The error says that it is
	// gone, or fits the accounts no more.
	Former func(ctx context.Context, recipe, version, account string) (*recipes.Recipe, error)

	known   []store.Subscription
	places  poll.Places    // of known
	waiting map[string]int // unfinished runs by recipe
}

// Edits says what it means to load the recipes, sorted by recipe. Of recipes that are gone
// it names those with unfinished runs. Nothing is changed.
func (c *Comparison) Edits(ctx context.Context) ([]Edit, error) {
	var err error
	if c.known, err = c.Store.Subscriptions(ctx); err != nil {
		return nil, fmt.Errorf("load subscriptions: %w", err)
	}
	c.places = poll.PlacesOf(c.known)
	if c.waiting, err = Waiting(ctx, c.Store); err != nil {
		return nil, err
	}
	edits := c.removed()
	for _, f := range c.Feeds {
		for _, s := range f.Subs {
			edit, err := c.recipe(ctx, f, s)
			if err != nil {
				return nil, fmt.Errorf("recipe %s: %w", s.Recipe.ID, err)
			}
			edits = append(edits, edit)
		}
	}
	sortEdits(edits)
	return edits, nil
}

// sortEdits sorts by recipe and account.
func sortEdits(list []Edit) {
	slices.SortFunc(list, func(a, b Edit) int {
		return strings.Compare(a.Recipe+"\x00"+a.Account, b.Recipe+"\x00"+b.Account)
	})
}

// Waiting counts the unfinished runs of a store by recipe.
func Waiting(ctx context.Context, s store.Queue) (map[string]int, error) {
	counts := map[string]int{}
	for after := store.RunID(""); ; {
		found, err := s.Waiting(ctx, after, scanStep)
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
func (c *Comparison) removed() (list []Edit) {
	for _, k := range c.known {
		if _, loaded := c.Recipes[k.Recipe]; !loaded && c.waiting[k.Recipe] > 0 {
			list = append(list, without(k.Recipe, k.Account, k.Feed, c.waiting[k.Recipe]))
		}
	}
	return list
}

// without is the edit of a recipe that is gone.
func without(recipe, account string, feed store.FeedID, waiting int) Edit {
	return Edit{Recipe: recipe, Account: account, Kind: Removed, Feed: feed, Waiting: waiting, Cursor: "gets no new runs"}
}

// recipe compares a recipe with its place in the store.
func (c *Comparison) recipe(ctx context.Context, f *poll.Feed, s *watch.Subscriber) (Edit, error) {
	r := s.Recipe
	edit := Edit{Recipe: r.ID, Account: s.Account, Feed: f.ID, Kind: Same, Cursor: "goes on where it stands", Waiting: c.waiting[r.ID]}
	known, ok := c.places.Of(r.ID, s.Account)
	switch {
	case !ok:
		edit.Kind, edit.Cursor = Added, "starts with "+r.Trigger.Start.Text
		return edit, nil
	case known.Version != r.Version:
		edit.Kind = Changed
	}
	if former := known.Feed; former != f.ID {
		edit.Former = former
		edit.Cursor = "goes on from where the former feed stood"
		if f.Op.Poll.Strategy != connectors.Keyset {
			edit.Blind = true
			edit.Cursor = "begins with a new baseline: changes since the last poll of the former feed cannot be seen"
		}
		return edit, nil
	}
	if edit.Kind == Same || r.Scope == nil || known.Version == "" {
		return edit, nil
	}
	var err error
	edit.Scope, err = c.scopes(ctx, f, s, known.Version)
	return edit, err
}

// scopes says what an edit of a scope means for the records that are known; nil
// when the scope is the same, or when nobody knows what it was. Only records whose body is
// kept can be judged.
func (c *Comparison) scopes(ctx context.Context, f *poll.Feed, s *watch.Subscriber, version string) (*ScopeEdit, error) {
	old, err := c.Former(ctx, s.Recipe.ID, version, s.Account)
	if err != nil {
		return nil, nil //nolint:nilerr // the version before fits no more, or is gone: there is nothing to compare with
	}
	if old.Scope != nil && old.Scope.String() == s.Recipe.Scope.String() && reflect.DeepEqual(old.Vars, s.Recipe.Vars) {
		return nil, nil
	}
	edit := &ScopeEdit{}
	v := viewOf(f, s.Account, old, s.Recipe)
	err = bodies(ctx, c.Store, f, func(_ store.Seen, fields map[string]any) { edit.add(fields, old, s.Recipe, v) })
	return edit, err
}

// Gone are the recipes on former feeds that are not to be loaded, as far as they are not
// among the edits already.
func (c *Comparison) Gone(former map[store.FeedID]*poll.Feed, edits []Edit) (list []Edit) {
	for _, f := range former {
		for _, s := range f.Subs {
			if _, kept := c.Recipes[s.Recipe.ID]; kept {
				continue
			}
			if !slices.ContainsFunc(edits, func(e Edit) bool { return e.Recipe == s.Recipe.ID }) {
				list = append(list, without(s.Recipe.ID, s.Account, f.ID, 0))
			}
		}
	}
	return list
}
