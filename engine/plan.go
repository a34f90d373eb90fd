package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
)

// plan is what the loaded recipes ask of the engine: which feeds to poll, and who
// watches them.
type plan struct {
	feeds    map[store.FeedID]*poll.Feed
	programs map[programKey]*program
	recipes  map[string]*recipes.Recipe // by id
}

// programKey names one version of a recipe.
type programKey struct{ recipe, version string }

// program is a recipe made ready to run.
type program struct {
	recipe  *recipes.Recipe
	account string                // the trigger's account
	source  *connectors.Operation // what the trigger polls
	steps   []step
}

// step is a step of a recipe made ready to run.
type step struct {
	*recipes.Step
	action actions.Action
}

// newPlan builds the plan for some recipes.
func (e *Engine) newPlan(list []*recipes.Recipe) (*plan, error) {
	p := &plan{feeds: map[store.FeedID]*poll.Feed{}, programs: map[programKey]*program{}, recipes: map[string]*recipes.Recipe{}}
	for _, r := range list {
		prog, err := e.newProgram(r)
		if err != nil {
			return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
		}
		p.programs[programKey{r.ID, r.Version}] = prog
		p.recipes[r.ID] = r
		f, err := e.newFeed(r)
		if err != nil {
			return nil, fmt.Errorf("recipe %s: %w", r.ID, err)
		}
		p.feed(f).Join(r, prog.account)
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

// newProgram makes a recipe ready to run.
func (e *Engine) newProgram(r *recipes.Recipe) (*program, error) {
	account, source, err := e.operation(r, r.Trigger.Connection, r.Trigger.Operation)
	if err != nil {
		return nil, err
	}
	p := &program{recipe: r, account: account.Name, source: source}
	for i := range r.Steps {
		s := step{Step: &r.Steps[i]}
		switch s.Kind {
		case recipes.Set:
			s.action = actions.SetValues{Values: s.With}
		case recipes.Stop:
			s.action = actions.StopRun{Reason: s.Reason}
		case recipes.Call:
			account, op, err := e.operation(r, s.Connection, s.Operation)
			if err != nil {
				return nil, fmt.Errorf("step %s: %w", s.ID, err)
			}
			s.action = actions.CallOperation{Account: account.Name, Session: account.Session, Operation: op, With: s.With}
		default:
			return nil, fmt.Errorf("step %s: unknown kind %q", s.ID, s.Kind)
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

// operation finds what a recipe calls by a connection and an operation.
func (e *Engine) operation(r *recipes.Recipe, connection, key string) (*Account, *connectors.Operation, error) {
	account, ok := e.accounts[r.Connections[connection].Account]
	if !ok {
		return nil, nil, fmt.Errorf("account %q is not there", r.Connections[connection].Account)
	}
	op, err := account.Operation(key)
	return account, op, err
}

// newFeed returns the feed that a recipe's trigger watches, without subscribers.
func (e *Engine) newFeed(r *recipes.Recipe) (*poll.Feed, error) {
	account, ok := e.accounts[r.Connections[r.Trigger.Connection].Account]
	if !ok {
		return nil, fmt.Errorf("account %q is not there", r.Connections[r.Trigger.Connection].Account)
	}
	return poll.New(account, r.Trigger.Operation, r.Trigger.With)
}
