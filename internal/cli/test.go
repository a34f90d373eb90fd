package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// testCommand returns "test": recipes are tried with the records that their tests
// bring, on the same engine as ever. It ends with 1 when a test fails.
func (a *app) testCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test [RECIPE…]",
		Short: "Carry out the tests that recipes bring with them, without network",
		Long: `Carry out the tests that recipes bring with them, without network.

A recipe is named by its id, its file, or the folder that it lies in. Without
--config the settings are those of the first file or folder that is named: the
pollux.yaml in it, or in the nearest folder above it.`,
		RunE: func(c *cobra.Command, names []string) error {
			if !c.Flags().Changed("config") {
				a.Config = settingsOf(names, a.Config)
			}
			return a.test(c.Context(), names)
		},
		ValidArgsFunction: a.CompleteRecipes,
	}
	return a.JSONFlag(c)
}

// test carries out the tests of some recipes, or of all. It needs no secrets, and
// its accounts have no sessions: whatever a recipe does, nothing is sent.
func (a *app) test(ctx context.Context, names []string) error {
	p := a.ReadProject(true)
	if p.Findings.HasErrors() {
		return a.PrintFindings(p)
	}
	list, err := chosen(p, names)
	if err != nil {
		return err
	}
	accounts, err := p.BareAccounts()
	if err != nil {
		return err
	}
	failed := false
	for _, r := range list {
		passed, err := a.testRecipe(ctx, p, accounts, r)
		if err != nil {
			return err
		}
		failed = failed || !passed
	}
	if failed {
		return console.Findings()
	}
	return nil
}

// settingsOf returns the settings file of the first name that is a file or a folder: the
// one in it, or in the nearest folder above it as far as the name says. When there is
// none it returns usual.
func settingsOf(names []string, usual string) string {
	at := slices.IndexFunc(names, func(name string) bool {
		_, err := os.Stat(name)
		return err == nil
	})
	if at < 0 {
		return usual
	}
	for dir := filepath.Clean(names[at]); ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, filepath.Base(usual))
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
		if dir == filepath.Dir(dir) {
			return usual
		}
	}
}

// chosen returns the recipes that are named by an id, a file or a folder, each once, or
// all when none is named. A name of no recipe is an error, so that a mistyped one does
// not pass for a passed test.
func chosen(p *project.Project, names []string) ([]*recipes.Recipe, error) {
	if len(names) == 0 {
		return p.Recipes, nil
	}
	var list []*recipes.Recipe
	for _, name := range names {
		found, err := named(p, name)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	return list, nil
}

// named returns the recipe with an id or in a file, or those of a folder: its own, and
// those of the project that it is the folder of.
func named(p *project.Project, name string) ([]*recipes.Recipe, error) {
	r, err := console.RecipeNamed(p, name)
	if err == nil {
		return []*recipes.Recipe{r}, nil
	}
	if info, statErr := os.Stat(name); statErr != nil || !info.IsDir() {
		return nil, err
	}
	within := slices.DeleteFunc(slices.Clone(p.Recipes), func(r *recipes.Recipe) bool {
		rel, relErr := filepath.Rel(name, r.File)
		return relErr != nil || !filepath.IsLocal(rel)
	})
	if len(within) == 0 {
		return nil, console.Misused(fmt.Errorf("there are no recipes of %s in the folder %s; they are in %s", p.Settings.File, name, p.Settings.Recipes))
	}
	return within, nil
}

// testRecipe carries out the tests of one recipe and reports whether all passed. A
// test that differs is a result; an error means that it could not be carried out.
func (a *app) testRecipe(ctx context.Context, p *project.Project, accounts []*engine.Account, r *recipes.Recipe) (bool, error) {
	passed := 0
	began := time.Now()
	for _, t := range r.Tests {
		start := time.Now()
		result, err := perform(ctx, p.Catalog, accounts, r, t.Given)
		if err != nil {
			return false, fmt.Errorf("recipe %s, test %q: %w", r.ID, t.Name, err)
		}
		diffs := t.Compare(result)
		if len(diffs) == 0 {
			passed++
		}
		took := time.Since(start)
		if err := a.Answer(show.Test(r, t, diffs, took), func(w io.Writer) { show.PrintTest(w, r, t, diffs, took) }); err != nil {
			return false, err
		}
	}
	if !a.JSON {
		word := "ok  "
		if passed < len(r.Tests) {
			word = "FAIL"
		}
		fmt.Fprintf(a.Stdout, "%s  %s  %d of %s passed in %s\n", word, r.ID, passed, show.Plural(len(r.Tests), "test"), time.Since(began).Round(time.Millisecond))
	}
	return passed == len(r.Tests), nil
}

// perform rehearses what a test is given, on a store of its own, and returns what
// came of it in the terms that the test compares with.
func perform(ctx context.Context, c *engine.Catalog, accounts []*engine.Account, r *recipes.Recipe, g recipes.Given) (recipes.TestResult, error) {
	o := engine.Options{Store: memstore.New(), Catalog: c, Accounts: accounts, Log: zerolog.Nop()}
	scene := engine.Scene{Before: g.Before, Record: g.Record, Answers: g.Answers, Targets: g.Targets, Known: g.Kind == string(triggers.Updated), Gone: g.Kind == string(triggers.Deleted)}
	// A change of a record needs one that was known before; Known says so even where
	// the test leaves out what it was.
	played, err := engine.Rehearse(ctx, o, r, scene)
	if err != nil {
		return recipes.TestResult{}, err
	}
	result := recipes.TestResult{Kind: played.Kind, Ran: played.Run != nil}
	for _, call := range played.Calls {
		if call.Target {
			continue // reading it is no call of the recipe
		}
		result.Calls = append(result.Calls, recipes.TestCall{Operation: call.Connection + "." + call.Operation, With: call.Input})
	}
	if played.Run != nil && played.Run.State.Status != store.Succeeded {
		result.Error = show.FailureText(played.Run.State)
	}
	return result, nil
}
