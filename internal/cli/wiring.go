package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/recipes"
)

// readProject reads the project of --config. What is wrong with it is for the
// caller to look at.
func (a *app) readProject(noSecrets bool) *project.Project {
	return project.Read(a.config, project.Options{Env: a.env, NoSecrets: noSecrets})
}

// loadProject reads a project for use: its accounts are open, its recipes can run.
// Findings that are errors end the command; nothing is started with half a project.
func (a *app) loadProject() (*project.Project, error) {
	p := a.readProject(false)
	return p, a.open(p)
}

// loadAccounts reads the project for commands that need no recipes: mistakes in
// recipes do not stop them.
func (a *app) loadAccounts() (*project.Project, error) {
	p := a.readProject(false)
	p.ForgetRecipes()
	return p, a.open(p)
}

// open opens the accounts of a project without errors; else it prints the findings.
func (a *app) open(p *project.Project) error {
	if p.Findings.HasErrors() {
		return a.printFindings(p)
	}
	if err := p.OpenAccounts(); err != nil {
		return refused(err)
	}
	return nil
}

// printFindings prints what is wrong, for people or for scripts, and returns the
// end of the command that this is.
func (a *app) printFindings(p *project.Project) error {
	list := p.Findings.Sorted()
	if a.json {
		for _, f := range list {
			_ = show.JSON(a.stdout, f) // a closed pipe is the reader's wish
		}
		return findings()
	}
	_ = diag.Render(a.stdout, list, p.Sources) // as above
	return findings()
}

// printWarnings prints what is not wrong enough to stop.
func (a *app) printWarnings(p *project.Project) {
	if p.Findings.Len() > 0 {
		_ = diag.Render(a.stderr, p.Findings.Sorted(), p.Sources) // a closed pipe is the reader's wish
	}
}

// look hands a command the project and its state, opened for looking. Before the
// first run there is nothing to look at: look says so, and all is well.
func (a *app) look(do func(*project.Project, store.Store) error) error {
	p := a.readProject(true)
	s, err := p.ReadStore()
	if err != nil {
		return a.noState(p, err)
	}
	return using(s, func() error { return do(p, s) })
}

// edit is look for commands that write. The state file belongs to one process, so
// they work only while pollux run is stopped.
func (a *app) edit(do func(*project.Project, store.Store) error) error {
	p := a.readProject(true)
	s, err := p.EditStore()
	if err != nil {
		return a.noState(p, err)
	}
	return using(s, func() error { return do(p, s) })
}

// noState turns the reason why there is no state into the end of a command. A
// project that never ran is no mistake.
func (a *app) noState(p *project.Project, err error) error {
	switch {
	case errors.Is(err, project.ErrNoSettings):
		return a.printFindings(p)
	case errors.Is(err, project.ErrNoState):
		fmt.Fprintln(a.stderr, "nothing has run yet; start with: pollux run")
		return nil
	}
	return err
}

// using does something, closes what it was done with, and keeps the first error: an
// error of closing alone would otherwise pass for success.
func using(c io.Closer, do func() error) error {
	err := do()
	if e := c.Close(); err == nil {
		err = e
	}
	return err
}

// answer prints an answer: as one JSON object for scripts, or in the words of
// people.
func (a *app) answer(v any, people func(io.Writer)) error {
	if a.json {
		return show.JSON(a.stdout, v)
	}
	people(a.stdout)
	return nil
}

// listing is how the things of a list look: in columns under a head for people,
// as an object for scripts.
type listing[T any] struct {
	head []string
	row  func(T) []string
	view func(T) any
}

// write writes a list, each thing on a line of its own.
func (l listing[T]) write(a *app, things []T) error {
	if a.json {
		for _, t := range things {
			if err := show.JSON(a.stdout, l.view(t)); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]string, len(things))
	for i, t := range things {
		rows[i] = l.row(t)
	}
	show.Table(a.stdout, l.head, rows)
	return nil
}

// engine builds the engine of a project on a store, as every command that carries
// out recipes does. It logs to stderr from a level on, without the accounts' secrets.
func (a *app) engine(p *project.Project, s store.Store, level zerolog.Level) (*engine.Engine, error) {
	o := p.EngineOptions(s, a.logger(p.Redact, level))
	o.Hooks = testHooks(a.env)
	return engine.New(o)
}

// maskOf returns the mask of a run: its recipe's keep.mask. A recipe that is gone
// masks nothing any more.
func maskOf(p *project.Project, r store.Run) *show.Mask {
	recipe, ok := p.Recipe(r.Recipe)
	if !ok {
		return show.NewMask(nil, r)
	}
	return show.NewMask(recipe.Keep.Mask, r)
}

// recipeNamed returns a recipe by id or file, or an error that guesses which one was
// meant.
func recipeNamed(p *project.Project, id string) (*recipes.Recipe, error) {
	r, ok := p.Recipe(id)
	if !ok {
		return nil, misused(fmt.Errorf("there is no recipe %q; %s", id, diag.Choices(id, p.RecipeIDs())))
	}
	return r, nil
}

// operationNamed returns an operation of a connector by key, or an error that guesses
// which one was meant.
func operationNamed(d *connectors.Description, key string) (*connectors.Operation, error) {
	o, ok := d.Operation(key)
	if ok {
		return o, nil
	}
	var known []string
	for _, o := range d.Operations {
		known = append(known, o.Key)
	}
	return nil, misused(fmt.Errorf("%s has no operation %q; %s", d.Title, key, diag.Choices(key, known)))
}

// refusal turns a service's refusal into the end of a command, without the
// project's secrets.
func refusal(p *project.Project, err error) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return err
	}
	return refused(fmt.Errorf("%s: %s", e.Kind, p.Redact.Redact(err.Error())))
}

// completeRecipes offers the ids of recipes to the shell. A project that cannot be
// read offers none and says nothing: the line is still being typed.
func (a *app) completeRecipes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return a.readProject(true).RecipeIDs(), cobra.ShellCompDirectiveNoFileComp
}
