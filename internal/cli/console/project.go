package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/recipes"
)

// ReadProject reads the project of --config. What is wrong with it is for the
// caller to look at.
func (a *Console) ReadProject(noSecrets bool) *project.Project {
	return project.Read(a.Config, project.Options{Env: a.Env, Programs: a.Programs, NoSecrets: noSecrets, At: testPoints(a.Env)})
}

// LoadProject reads a project for use: its accounts are open, its recipes can run.
// Findings that are errors end the command; nothing is started with half a project.
func (a *Console) LoadProject() (*project.Project, error) {
	p := a.ReadProject(false)
	return p, a.open(p)
}

// LoadAccounts reads the project for commands that need no recipes: mistakes in
// recipes do not stop them.
func (a *Console) LoadAccounts() (*project.Project, error) {
	p := a.ReadProject(false)
	p.ForgetRecipes()
	return p, a.open(p)
}

// open opens the accounts of a project without errors; else it prints the findings.
func (a *Console) open(p *project.Project) error {
	if p.Findings.HasErrors() {
		return a.PrintFindings(p)
	}
	if err := p.OpenAccounts(); err != nil {
		return Refused(err)
	}
	return nil
}

// PrintFindings prints what is wrong, for people or for scripts, and returns the
// end of the command that this is.
func (a *Console) PrintFindings(p *project.Project) error {
	list := p.Findings.Sorted()
	if a.JSON {
		for _, f := range list {
			_ = show.JSON(a.Stdout, f) // a closed pipe is the reader's wish
		}
		return Findings()
	}
	_ = diag.Render(a.Stdout, list, p.Sources) // as above
	return Findings()
}

// PrintWarnings prints what is not wrong enough to stop.
func (a *Console) PrintWarnings(p *project.Project) {
	if p.Findings.Len() > 0 {
		_ = diag.Render(a.Stderr, p.Findings.Sorted(), p.Sources) // a closed pipe is the reader's wish
	}
}

// Start reads the project for use, warnings printed, and opens its state. The store
// is the caller's to close.
func (a *Console) Start(ctx context.Context) (*project.Project, *boltstore.Store, error) {
	if err := a.Alone(); err != nil {
		return nil, nil, err
	}
	p, err := a.LoadProject()
	if err != nil {
		return nil, nil, err
	}
	a.PrintWarnings(p)
	s, err := a.openState(p)
	if err != nil || p.Unread == nil {
		return p, s, err
	}
	p, err = a.again(ctx, p, s) // somebody looked into the file when it was read
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return p, s, nil
}

// openState opens the state file of a project whose accounts are going to be used. Those
// that sign in with OAuth 2.0 keep their sign-ins there, so that a key is needed.
func (a *Console) openState(p *project.Project) (*boltstore.Store, error) {
	if p.SignsIn() {
		if _, err := a.MakeKey(p); err != nil {
			return nil, err
		}
	}
	s, err := p.OpenStore()
	if err == nil {
		p.SignIns.Use(s)
	}
	return s, err
}

// MakeKey makes the key file of a project if there is none, and says so.
func (a *Console) MakeKey(p *project.Project) (made bool, err error) {
	path, made, err := p.MakeKey()
	if made && err == nil {
		fmt.Fprintf(a.Stderr, "made the key file %s, readable by its owner alone; keep a copy of it, apart from the backups of the state\n", path)
	}
	return made, err
}

// Look hands a command the project and its state, opened for looking. Before the
// first run there is nothing to look at: Look says so, and all is well. While pollux run
// has the state file, it carries out the command.
func (a *Console) Look(ctx context.Context, do func(*project.Project, store.Store) error) error {
	return a.use(ctx, (*project.Project).ReadStore, do)
}

// LookSealed is Look for commands that copy the state and need not know what is in it: no
// key is asked for.
func (a *Console) LookSealed(ctx context.Context, do func(*project.Project, store.Store) error) error {
	return a.use(ctx, (*project.Project).SealedStore, do)
}

// Edit is Look for commands that write.
func (a *Console) Edit(ctx context.Context, do func(*project.Project, store.Store) error) error {
	return a.use(ctx, (*project.Project).EditStore, do)
}

// Begin is Edit for commands that make the state file if there is none, once they have
// prepared the project for it.
func (a *Console) Begin(ctx context.Context, prepare func(*project.Project) error, do func(*project.Project, store.Store) error) error {
	return a.use(ctx, func(p *project.Project) (*boltstore.Store, error) {
		if err := prepare(p); err != nil {
			return nil, err
		}
		return p.OpenStore()
	}, do)
}

// use hands a command the project and its state, opened in one way or another.
func (a *Console) use(ctx context.Context, open func(*project.Project) (*boltstore.Store, error), do func(*project.Project, store.Store) error) error {
	if a.Live != nil {
		return do(a.Live.Project(), a.Live.Store)
	}
	p := a.ReadProject(true)
	if err := a.remote(ctx, p); !errors.Is(err, live.ErrNobody) {
		return err
	}
	s, err := open(p)
	if err != nil {
		return a.NoState(p, err)
	}
	return Using(s, func() error { return do(p, s) })
}

// NoState turns the reason why there is no state into the end of a command. A
// project that never ran is no mistake.
func (a *Console) NoState(p *project.Project, err error) error {
	switch {
	case errors.Is(err, project.ErrNoSettings):
		return a.PrintFindings(p)
	case errors.Is(err, project.ErrNoState):
		fmt.Fprintln(a.Stderr, "nothing has run yet; start with: pollux run")
		return nil
	}
	return err
}

// Using does something, closes what it was done with, and keeps the first error: an
// error of closing alone would otherwise pass for success.
func Using(c io.Closer, do func() error) error {
	err := do()
	if e := c.Close(); err == nil {
		err = e
	}
	return err
}

// Engine builds the engine of a project on a store, as every command that carries
// out recipes does. It logs to stderr from a level on, without the accounts' secrets.
// observer is told what it does; nil means nobody wants to know.
func (a *Console) Engine(p *project.Project, s store.Store, level zerolog.Level, observer *engine.Observer) (*engine.Engine, error) {
	log := a.Logger(p.Redact, level)
	if a.Programs != nil {
		a.Programs.Log(log)
	}
	o := p.EngineOptions(s, log)
	o.Observer = observer
	o.Hooks = testHooks(a.Env)
	return engine.New(o)
}

// MaskOf returns the mask of a run: its recipe's keep.mask. A recipe that is gone
// masks nothing any more.
func MaskOf(p *project.Project, r store.Run) *show.Mask {
	recipe, ok := p.Recipe(r.Recipe)
	if !ok {
		return show.NewMask(nil, r)
	}
	return show.NewMask(recipe.Keep.Mask, r)
}

// RecipeNamed returns a recipe by id or file, or an error that guesses which one was
// meant.
func RecipeNamed(p *project.Project, id string) (*recipes.Recipe, error) {
	r, ok := p.Recipe(id)
	if !ok {
		return nil, Misused(fmt.Errorf("there is no recipe %q; %s", id, diag.Choices(id, p.RecipeIDs())))
	}
	return r, nil
}

// OperationNamed returns an operation of a connector by key, or an error that guesses
// which one was meant.
func OperationNamed(d *connectors.Description, key string) (*connectors.Operation, error) {
	o, ok := d.Operation(key)
	if ok {
		return o, nil
	}
	var known []string
	for _, o := range d.Operations {
		known = append(known, o.Key)
	}
	return nil, Misused(fmt.Errorf("%s has no operation %q; %s", d.Title, key, diag.Choices(key, known)))
}

// Refusal turns a service's refusal into the end of a command, without the
// project's secrets.
func Refusal(p *project.Project, err error) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return err
	}
	return Refused(fmt.Errorf("%s: %s", e.Kind, p.Redact.Redact(err.Error())))
}

// CompleteRecipes offers the ids of recipes to the shell. A project that cannot be
// read offers none and says nothing: the line is still being typed.
func (a *Console) CompleteRecipes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return a.ReadProject(true).RecipeIDs(), cobra.ShellCompDirectiveNoFileComp
}
