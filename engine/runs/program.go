package runs

import (
	"fmt"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/recipes"
)

// Key names one version of a recipe.
type Key struct{ Recipe, Version string }

// Program is a recipe made ready to run. It is safe for concurrent use.
type Program struct {
	Recipe  *recipes.Recipe
	Account *poll.Account         // the trigger's account
	Source  *connectors.Operation // what the trigger polls
	steps   []step
}

// step is a step of a recipe made ready to run.
type step struct {
	*recipes.Step
	action  actions.Action
	account *poll.Account // of a call
}

// Bench is what programs are made with.
type Bench struct {
	Accounts map[string]*poll.Account
	// Session gives the session that a step calls with; nil means the account's own.
	Session func(*poll.Account, *recipes.Step) connectors.Session
}

// Compile makes a recipe ready to run. The error says which account or operation is
// not there.
func (b Bench) Compile(r *recipes.Recipe) (*Program, error) {
	account, source, err := b.operation(r, r.Trigger.Connection, r.Trigger.Operation)
	if err != nil {
		return nil, err
	}
	p := &Program{Recipe: r, Account: account, Source: source}
	p.steps, err = b.steps(r, r.Steps)
	return p, err
}

// steps makes a chain of steps ready to run.
func (b Bench) steps(r *recipes.Recipe, list []recipes.Step) ([]step, error) {
	out := make([]step, len(list))
	for i := range list {
		s := step{Step: &list[i]}
		switch s.Kind {
		case recipes.Set:
			s.action = actions.SetValues{Values: s.With}
		case recipes.Stop:
			s.action = actions.StopRun{Reason: s.Reason}
		case recipes.Call:
			account, op, err := b.operation(r, s.Connection, s.Operation)
			if err != nil {
				return nil, fmt.Errorf("step %s: %w", s.ID, err)
			}
			session := account.Session
			if b.Session != nil {
				session = b.Session(account, s.Step)
			}
			s.account = account
			s.action = actions.CallOperation{Account: account.Name, Session: session, Operation: op, With: s.With}
		default:
			return nil, fmt.Errorf("step %s: unknown kind %q", s.ID, s.Kind)
		}
		out[i] = s
	}
	return out, nil
}

// operation finds what a recipe calls by a connection and an operation.
func (b Bench) operation(r *recipes.Recipe, connection, key string) (*poll.Account, *connectors.Operation, error) {
	account, ok := b.Accounts[r.Connections[connection].Account]
	if !ok {
		return nil, nil, fmt.Errorf("account %q is not there", r.Connections[connection].Account)
	}
	op, err := account.Operation(key)
	return account, op, err
}
