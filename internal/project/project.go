package project

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/signin"
	"github.com/pollux-automation/pollux/recipes"
)

// Project is everything that a settings file leads to, read and checked. Its
// fields are for reading; its methods are for one goroutine, unless they say
// otherwise.
type Project struct {
	// Settings are never nil. They hold nothing but the name of their file when it
	// could not be read.
	Settings *settings.Settings
	// Registry has the built-in connectors and the project's own.
	Registry *connectors.Registry
	// Catalog answers what recipes ask about connectors; nil without settings.
	Catalog *engine.Catalog
	// Recipes are those that could be read, sorted by file.
	Recipes []*recipes.Recipe
	// Findings are what is wrong, as far as it was read.
	Findings diag.List
	// Sources are the texts that findings point into, by file.
	Sources map[string][]byte

	// Accounts have sessions; none before OpenAccounts.
	Accounts []*engine.Account
	// Redact hides the accounts' secrets; nil, which hides nothing, before
	// OpenAccounts.
	Redact *secret.Redactor

	// Unread is why nothing is known of the parts of accounts that have some; nil where it is.
	Unread error

	// SignIns are those of the accounts that sign in with OAuth 2.0. Projects that came out
	// of each other by Reload share them.
	SignIns *signin.Book

	programs  *external.Programs // nil when no plugins are run
	plugins   []*external.Connector
	gates     map[string]*budget.Gate // by account
	hosts     map[string]*budget.Host // by host, of accounts that share something
	hostNames map[string]string       // by account
	env       func(string) (string, bool)
}

// Options say how to read a project.
type Options struct {
	// Env looks up a variable of the environment.
	Env func(string) (string, bool)
	// NoSecrets leaves the secrets that the settings refer to unread. Such a
	// project can be looked at and checked, but its accounts reach nothing.
	NoSecrets bool
	// Secret returns a secret of Pollux's own store, for a program that has the state file
	// open. Nil opens it for reading when the settings refer to one.
	Secret func(name string) ([]byte, error)
	// Switches returns what rests, which tells the parts of accounts, for a program that has
	// the state file open. Nil opens it for reading when an account has parts.
	Switches func() ([]store.Switch, error)
	// Programs runs the project's plugins, and outlives the project. Nil runs none: then a
	// plugin is a finding.
	Programs *external.Programs
	// At is called at the points of every renewal of a sign-in; may be nil.
	At func(auth.Point)
}

// Read reads the project of a settings file and collects what is wrong with it.
// It opens nothing but the state file, for secrets that the settings refer to, and never
// fails: the findings tell why something is missing.
func Read(config string, o Options) *Project {
	p := &Project{Sources: map[string][]byte{}, gates: map[string]*budget.Gate{}, hosts: map[string]*budget.Host{}, hostNames: map[string]string{}, env: o.Env, programs: o.Programs, SignIns: signin.NewBook(o.At)}
	var text []byte
	own := secrets{env: o.Env}
	defer own.close()
	secret := own.read
	if o.Secret != nil {
		secret = func(_, name string) ([]byte, error) {
			value, err := o.Secret(name)
			return value, noSecret(err)
		}
	}
	p.Settings, text = settings.Load(config, settings.Options{Env: o.Env, NoSecrets: o.NoSecrets, Secret: secret}, &p.Findings)
	if text != nil {
		p.Sources[config] = text
	}
	known := p.Settings != nil
	if !known {
		p.Settings = &settings.Settings{File: config}
	}
	p.readConnectors()
	if !known {
		return p
	}
	p.checkAccounts()
	if o.Switches == nil {
		own.data = p.Settings.Data
		o.Switches = own.switches
	}
	p.addParts(o.Switches)
	p.Catalog = engine.NewCatalog(p.Registry, p.recipeAccounts())
	var sources map[string][]byte
	p.Recipes, sources = recipes.Load(p.Settings.Recipes, p.Catalog, &p.Findings)
	maps.Copy(p.Sources, sources)
	p.checkScopes()
	return p
}

// readConnectors fills the registry with the built-in connectors and the user's
// own, which go through the same reader.
func (p *Project) readConnectors() {
	p.Registry = builtin.Registry()
	dir := p.Settings.Connectors
	if dir == "" {
		return
	}
	own, sources := manifest.ReadAll(os.DirFS(dir), dir, &p.Findings)
	maps.Copy(p.Sources, sources)
	for _, m := range own {
		c := connectorOf(m, filepath.Join(dir, m.Key), &p.Findings)
		if c == nil {
			continue
		}
		if err := p.Registry.Add(c); err != nil {
			p.Findings.Errorf(diag.Place{File: filepath.Join(dir, m.Key)}, "connector-taken", "choose another key", "%v", err)
		}
	}
	p.readPlugins(dir)
}

// recipeAccounts is what recipes may know of the accounts: never the credentials.
func (p *Project) recipeAccounts() []recipes.Account {
	out := make([]recipes.Account, len(p.Settings.Accounts))
	for i, a := range p.Settings.Accounts {
		out[i] = recipes.Account{Name: a.Name, Connector: a.Connector, Settings: a.Settings, Allow: a.Allow, Lacks: p.lacks(a)}
	}
	return out
}

// Recipe returns the recipe with an id or in a file; ok is false when there is none.
func (p *Project) Recipe(id string) (r *recipes.Recipe, ok bool) {
	at := slices.IndexFunc(p.Recipes, func(r *recipes.Recipe) bool {
		return r.ID == id || filepath.Clean(r.File) == filepath.Clean(id)
	})
	if at < 0 {
		return nil, false
	}
	return p.Recipes[at], true
}

// RecipeIDs returns the ids of all recipes.
func (p *Project) RecipeIDs() []string {
	ids := make([]string, len(p.Recipes))
	for i, r := range p.Recipes {
		ids[i] = r.ID
	}
	return ids
}

// Narrow keeps only the findings in some files or folders; without any it keeps
// all.
func (p *Project) Narrow(paths []string) {
	if len(paths) == 0 {
		return
	}
	p.keep(func(f diag.Finding) bool {
		return slices.ContainsFunc(paths, func(path string) bool { return within(f.File, path) })
	})
}

// ForgetRecipes drops the findings in recipes, for commands that need none. Those
// in the settings stay, even where both lie in one folder.
func (p *Project) ForgetRecipes() {
	dir := p.Settings.Recipes
	p.keep(func(f diag.Finding) bool { return dir == "" || f.File == p.Settings.File || !within(f.File, dir) })
}

// keep drops the findings that are not wanted.
func (p *Project) keep(wanted func(diag.Finding) bool) {
	var kept diag.List
	for _, f := range p.Findings.Sorted() {
		if wanted(f) {
			kept.Add(f)
		}
	}
	p.Findings = kept
}

// within reports whether a file is a path, or lies in the folder of that name.
func within(file, path string) bool {
	file, path = filepath.Clean(file), filepath.Clean(path)
	return path == "." || file == path || strings.HasPrefix(file, path+string(filepath.Separator))
}

// EngineOptions returns the options of an engine that carries out the project's
// recipes with its accounts on a store.
func (p *Project) EngineOptions(s store.Store, log zerolog.Logger) engine.Options {
	o := engine.Options{Store: s, Catalog: p.Catalog, Accounts: p.Accounts, Recipes: p.Recipes, Log: log, Requests: p.Requests, Budgets: p}
	if file, ok := s.(*boltstore.Store); ok {
		o.Disk = file.Disk
	}
	return o
}
