package runs

import (
	"fmt"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/internal/mapping"
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
	account *poll.Account         // of a call
	target  *connectors.Operation // the read of only_if
	inner   [][]step              // those of the cases of a switch, in their order; one chain for an each
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
	p.steps, err = b.chain(r, r.Steps)
	return p, err
}

// chain makes some steps ready to run.
func (b Bench) chain(r *recipes.Recipe, list []recipes.Step) ([]step, error) {
	out := make([]step, len(list))
	for i := range list {
		out[i].Step = &list[i]
		if err := b.prepare(r, &out[i]); err != nil {
			return nil, fmt.Errorf("step %s: %w", list[i].ID, err)
		}
	}
	return out, nil
}

// prepare makes one step ready to run.
func (b Bench) prepare(r *recipes.Recipe, s *step) (err error) {
	switch s.Kind {
	case recipes.Set:
		s.action = actions.SetValues{Values: s.With}
	case recipes.Stop:
		s.action = actions.StopRun{Reason: s.Reason}
	case recipes.Wait:
		s.action = actions.Wait{For: s.Wait.For, Until: s.Wait.Until}
	case recipes.Call:
		return b.call(r, s)
	case recipes.Each:
		s.action = actions.Each{List: s.Each}
		s.inner = make([][]step, 1)
		s.inner[0], err = b.chain(r, s.Steps)
	case recipes.Switch:
		cases := make([]*mapping.Filter, len(s.Cases))
		s.inner = make([][]step, len(s.Cases))
		for i, c := range s.Cases {
			cases[i] = c.If
			if s.inner[i], err = b.chain(r, c.Steps); err != nil {
				return err
			}
		}
		s.action = actions.Switch{Cases: cases}
	default:
		return fmt.Errorf("unknown kind %q", s.Kind)
	}
	return err
}

// call makes a step ready that calls an operation.
func (b Bench) call(r *recipes.Recipe, s *step) error {
	account, op, err := b.operation(r, s.Connection, s.Operation)
	if err != nil {
		return err
	}
	session := account.Session
	if b.Session != nil {
		session = b.Session(account, s.Step)
	}
	s.account = account
	s.action = actions.CallOperation{Account: account.Name, Session: session, Operation: op, With: s.With}
	if s.OnlyIf != nil {
		s.target, err = account.Operation(s.Target)
	}
	return err
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
