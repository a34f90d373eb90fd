package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/recipes"
)

// branches are several accounts of one agency, each with a service of its own.
type branches struct {
	*bench
	services map[string]*service
}

func newBranches(b *bench, names ...string) *branches {
	all := &branches{bench: b, services: map[string]*service{}}
	for _, name := range names {
		all.services[name] = newService()
	}
	return all
}

// options are those of an engine for recipes that watch the branches.
func (b *branches) options(texts ...string) engine.Options {
	b.t.Helper()
	o := b.bench.options()
	o.Accounts = nil
	var known []recipes.Account
	names := make([]string, 0, len(b.services))
	for name := range b.services {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		known = append(known, recipes.Account{Name: name, Connector: "fake"})
		o.Accounts = append(o.Accounts, &engine.Account{Name: name, Connector: b.service, Session: b.services[name]})
	}
	var registry connectors.Registry
	if err := registry.Add(b.service); err != nil {
		b.t.Fatal(err)
	}
	o.Catalog = engine.NewCatalog(&registry, known)
	var findings diag.List
	for _, text := range texts {
		o.Recipes = append(o.Recipes, recipes.Parse("recipe.yaml", []byte(text), o.Catalog, &findings))
	}
	if findings.HasErrors() {
		b.t.Fatal(findings.Sorted())
	}
	return o
}

// once runs the recipes once.
func (b *branches) once(texts ...string) {
	b.t.Helper()
	e, err := engine.New(b.options(texts...))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := e.Once(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// sent is what each branch has received.
func (b *branches) sent() map[string][]string {
	all := map[string][]string{}
	for name, s := range b.services {
		if list := s.sent(); len(list) > 0 {
			all[name] = list
		}
	}
	return all
}

// ofAll watches all branches.
func ofAll() string { return recipe("account: acme", `account: "acme-*"`) }

// TestPattern_EachAccountIsWatchedByItself has the same record id in two accounts: the runs
// are two, and each calls the account of its change.
func TestPattern_EachAccountIsWatchedByItself(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		all := newBranches(b, "acme-north", "acme-south", "other")
		all.once(ofAll())
		b.wait(time.Minute)
		for name, s := range all.services {
			s.put("r1", map[string]any{"name": "of " + name})
		}
		all.once(ofAll())
		want := map[string][]string{"acme-north": {"letter.put r1 of acme-north"}, "acme-south": {"letter.put r1 of acme-south"}}
		if diff := cmp.Diff(want, all.sent()); diff != "" {
			t.Errorf("what was sent (-want +got):\n%s", diff)
		}
		feeds, err := b.store.ListFeeds(t.Context())
		if err != nil || len(feeds) != 2 {
			t.Errorf("got %d feeds, %v, want one for each account", len(feeds), err)
		}
	})
}

// TestPattern_AnAccountThatJoinsStartsAsTheRecipeSays adds an account while the engine
// serves: what it had before is not news, and the others go on where they stand.
func TestPattern_AnAccountThatJoinsStartsAsTheRecipeSays(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		all := newBranches(b, "acme-north")
		e, err := engine.New(all.options(ofAll()))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		b.wait(10 * time.Minute)
		all.services["acme-south"] = newService()
		all.services["acme-south"].put("old", map[string]any{"name": "old"})
		all.services["acme-north"].put("meanwhile", map[string]any{"name": "new"})
		b.wait(time.Second)
		edits, err := e.Reload(ctx, all.options(ofAll()))
		if err != nil {
			t.Error(err)
		}
		b.wait(10 * time.Minute)
		all.services["acme-south"].put("first", map[string]any{"name": "new"})
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"acme-north": {"letter.put meanwhile new"}, "acme-south": {"letter.put first new"}}
		if diff := cmp.Diff(want, all.sent()); diff != "" {
			t.Errorf("what was sent (-want +got):\n%s", diff)
		}
		kinds := map[string]engine.EditKind{}
		for _, edit := range edits {
			kinds[edit.Account] = edit.Kind
		}
		if want := map[string]engine.EditKind{"acme-north": engine.Same, "acme-south": engine.Added}; !cmp.Equal(kinds, want) {
			t.Errorf("edits %v, want %v", kinds, want)
		}
	})
}

// TestPattern_WithoutAccountsWaitsForThem serves a recipe that watches nothing yet.
func TestPattern_WithoutAccountsWaitsForThem(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		all := newBranches(b, "other")
		all.once(ofAll())
		if list := b.runs(store.RunFilter{}); len(list) > 0 {
			t.Errorf("got runs %v, want none", list)
		}
	})
}

// TestPattern_IsRehearsedWithOneAccount plays tests of a recipe with and without accounts.
func TestPattern_IsRehearsedWithOneAccount(t *testing.T) {
	t.Parallel()
	for name, accounts := range map[string][]string{"with accounts": {"acme-north", "acme-south"}, "without any": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, b *bench) {
				o := newBranches(b, accounts...).options(ofAll())
				p, err := engine.Rehearse(t.Context(), o, o.Recipes[0], engine.Scene{Record: map[string]any{"id": "r1", "name": "Ann"}})
				if err != nil || len(p.Calls) != 1 || p.Calls[0].Input["to"] != "r1" {
					t.Errorf("got %+v, %v, want one call", p.Calls, err)
				}
			})
		})
	}
}

// moved is a service under another name, with the same operations.
type moved struct{ *service }

func (m moved) Describe() *connectors.Description {
	d := *m.service.Describe()
	d.Key = "moved"
	return &d
}

// TestPattern_AnAccountOfAnotherConnectorIsNotCalled holds that a run that waits is not
// carried out at another service, because its account is one of that now.
func TestPattern_AnAccountOfAnotherConnectorIsNotCalled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bench) {
		all := newBranches(b, "acme-north", "acme-south")
		o := all.options(ofAll())
		o.Accounts[1].Connector = moved{b.service}
		bench := program.Bench{Accounts: map[string]*engine.Account{}}
		for _, a := range o.Accounts {
			bench.Accounts[a.Name] = a
		}
		for name, want := range map[string]bool{"acme-north": true, "acme-south": false} {
			if _, err := bench.Compile(o.Recipes[0], name); (err == nil) != want {
				t.Errorf("compile for %s: got %v, want it to go well: %t", name, err, want)
			}
		}
	})
}
