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
		catalog: o.Catalog, budgets: o.Budgets, bench: program.Bench{Accounts: map[string]*Account{}, Session: o.session},
	}
	for _, a := range o.Accounts {
		p.bench.Accounts[a.Name] = a
	}
	same := former != nil && maps.Equal(former.bench.Accounts, p.bench.Accounts)
	for _, r := range o.Recipes {
		key := program.Key{Recipe: r.ID, Version: r.Version}
		var prog *program.Program
		if same {
			prog = former.programs[key]
		}
		if prog == nil {
			var err error
			if prog, err = p.bench.Compile(r); err != nil {
				return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
			}
		}
		p.programs[key] = prog
		p.recipes[r.ID] = prog.Recipe
		f, err := p.newFeed(prog.Recipe)
		if err != nil {
			return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
		}
		p.feed(f).Join(prog.Recipe, prog.Account.Name)
	}
	return p, p.adopt()
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

// newFeed returns the feed that a recipe's trigger watches, without subscribers.
func (p *plan) newFeed(r *recipes.Recipe) (*poll.Feed, error) {
	account, ok := p.bench.Accounts[r.Connections[r.Trigger.Connection].Account]
	if !ok {
		return nil, fmt.Errorf("account %q is not there", r.Connections[r.Trigger.Connection].Account)
	}
	return poll.New(account, r.Trigger.Operation, r.Trigger.With)
}

// keeps says what the loaded recipes keep of finished runs, and which versions they are.
func (p *plan) keeps() (map[string]store.Keep, []store.RecipeVersion) {
	rules, loaded := map[string]store.Keep{}, make([]store.RecipeVersion, 0, len(p.programs))
	for key, program := range p.programs {
		rules[key.Recipe] = store.Keep{Runs: program.Recipe.Keep.Runs, Payloads: program.Recipe.Keep.Payloads}
		loaded = append(loaded, store.RecipeVersion{Recipe: key.Recipe, Version: key.Version})
	}
	return rules, loaded
}
