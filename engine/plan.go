package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/program"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// plan is what the loaded recipes ask of the engine: which feeds to poll, and who
// watches them.
type plan struct {
	bench    program.Bench
	catalog  *Catalog
	budgets  Budgets // may be nil
	feeds    map[store.FeedID]*poll.Feed
	programs map[program.Key]*program.Program
	recipes  map[string]*recipes.Recipe // by id
}

// newPlan builds the plan for some recipes. Programs of a former plan with the same
// accounts are used again; nil means there is none.
func newPlan(o Options, former *plan) (*plan, error) {
	p := &plan{
		feeds: map[store.FeedID]*poll.Feed{}, programs: map[program.Key]*program.Program{}, recipes: map[string]*recipes.Recipe{},
		catalog: o.Catalog, budgets: o.Budgets, bench: program.Bench{Accounts: map[string]*Account{}, Session: o.session, Swift: o.session != nil},
	}
	for _, a := range o.Accounts {
		p.bench.Accounts[a.Name] = a
	}
	same := former != nil && maps.Equal(former.bench.Accounts, p.bench.Accounts)
	for _, r := range o.Recipes {
		p.recipes[r.ID] = r
		for _, account := range p.accounts(r) {
			key := program.Key{Recipe: r.ID, Version: r.Version, Account: account}
			var prog *program.Program
			if same {
				prog = former.programs[key]
			}
			if err := p.add(key, r, prog); err != nil {
				return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
			}
		}
	}
	return p, p.adopt()
}

// accounts are the names of the accounts that a recipe watches, sorted. A name without an
// account is among them: compiling says what is wrong.
func (p *plan) accounts(r *recipes.Recipe) (names []string) {
	source := r.Source()
	if !source.Pattern() {
		return []string{source.Account}
	}
	for name, a := range p.bench.Accounts {
		if source.Matches(name) && a.Connector.Describe().Key == source.Connector {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// add lets a recipe watch its list of one account. prog is the program of a former plan;
// nil makes one.
func (p *plan) add(key program.Key, r *recipes.Recipe, prog *program.Program) (err error) {
	if prog == nil {
		if prog, err = p.bench.Compile(r, key.Account); err != nil {
			return err
		}
	}
	p.programs[key] = prog
	p.recipes[r.ID] = prog.Recipe
	f, err := poll.New(prog.Account, r.Trigger.Operation, r.Trigger.With)
	if err != nil {
		return err
	}
	p.feed(f).Join(prog.Recipe, prog.Account.Name)
	return nil
}

// feed returns the feed of the plan with the id of another one, which joins the plan if
// there is none.
func (p *plan) feed(f *poll.Feed) *poll.Feed {
	if known, ok := p.feeds[f.ID]; ok {
		return known
	}
	p.feeds[f.ID] = f
	return f
}

// adopt gives every feed that needs parents the feed that they come from, which is
// polled for it even if no recipe watches it, and its share of the account's budget.
func (p *plan) adopt() error {
	families := map[*Account][]*poll.Feed{}
	for _, f := range slices.Collect(maps.Values(p.feeds)) {
		if f.Op.Poll.Parents == nil {
			continue
		}
		families[f.Account] = append(families[f.Account], f)
		if _, named := f.Named(); named {
			continue
		}
		parents, err := poll.New(f.Account, f.Op.Poll.Parents.Operation, nil)
		if err != nil {
			return fmt.Errorf("parents of %s: %w", f.ID, err)
		}
		f.Parents = p.feed(parents)
		f.Parents.Children = append(f.Parents.Children, f)
		f.Parents.Settle()
	}
	for account, list := range families {
		for _, f := range list {
			f.Rate = account.RoundRate() / float64(len(list))
		}
	}
	return nil
}

// keeps says what the loaded recipes keep of finished runs, and which versions they are.
func (p *plan) keeps() (map[string]store.Keep, []store.RecipeVersion) {
	rules, loaded := map[string]store.Keep{}, make([]store.RecipeVersion, 0, len(p.recipes))
	for id, r := range p.recipes {
		rules[id] = store.Keep{Runs: r.Keep.Runs, Payloads: r.Keep.Payloads}
		loaded = append(loaded, store.RecipeVersion{Recipe: id, Version: r.Version})
	}
	return rules, loaded
}
