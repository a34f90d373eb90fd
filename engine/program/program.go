package program

import (
	"fmt"

	"github.com/pollux-automation/pollux/actions"
	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/recipes"
)

// Key names one version of a recipe, made ready for the changes of one account.
type Key struct{ Recipe, Version, Account string }

// Program is a recipe made ready to run. It is safe for concurrent use.
type Program struct {
	Recipe  *recipes.Recipe
	Account *poll.Account         // the trigger's account
	Source  *connectors.Operation // what the trigger polls
	Steps   []Step
	// accounts are those of the recipe's connections.
	accounts map[string]*poll.Account
}

// Step is a step of a recipe made ready to run.
type Step struct {
	*recipes.Step
	Action  actions.Action
	Account *poll.Account         // of a call
	Target  *connectors.Operation // the read of only_if; nil without it
	Inner   [][]Step              // those of the cases of a switch, in their order; one chain for an each
}

// Bench is what programs are made with.
type Bench struct {
	Accounts map[string]*poll.Account
	// Session gives the session that a step calls with; nil means the account's own.
	Session func(*poll.Account, *recipes.Step) connectors.Session
	// Swift ends waits at once.
	Swift bool
}

// Compile makes a recipe ready to run for the changes of an account. The error says which
// account or operation is not there.
func (b Bench) Compile(r *recipes.Recipe, account string) (*Program, error) {
	p := &Program{Recipe: r}
	var known bool
	if p.Account, known = b.Accounts[account]; !known || !r.Source().Matches(account) {
		return nil, fmt.Errorf("account %q is not there", account)
	}
	// Of accounts that a pattern stands for nobody has checked it.
	if is, want := p.Account.Connector.Describe().Key, r.Source().Connector; is != want {
		return nil, fmt.Errorf("account %q belongs to %s, and not to %s", account, is, want)
	}
	var err error
	if p.Source, err = p.Account.Shaped(r.Trigger.Operation, r.Trigger.With); err != nil {
		return nil, err
	}
	p.accounts = make(map[string]*poll.Account, len(r.Connections))
	for name, c := range r.Connections {
		p.accounts[name] = b.Accounts[c.Account]
	}
	p.accounts[r.Trigger.Connection] = p.Account
	p.Steps, err = b.chain(p, r.Steps)
	return p, err
}

// chain makes some steps ready to run.
func (b Bench) chain(p *Program, list []recipes.Step) ([]Step, error) {
	out := make([]Step, len(list))
	for i := range list {
		out[i].Step = &list[i]
		if err := b.prepare(p, &out[i]); err != nil {
			return nil, fmt.Errorf("step %s: %w", list[i].ID, err)
		}
	}
	return out, nil
}

// prepare makes one step ready to run.
func (b Bench) prepare(p *Program, s *Step) (err error) {
	switch s.Kind {
	case recipes.Set:
		s.Action = actions.SetValues{Values: s.With}
	case recipes.Stop:
		s.Action = actions.StopRun{Reason: s.Reason}
	case recipes.Wait:
		s.Action = actions.Wait{For: s.Wait.For, Until: s.Wait.Until, Over: b.Swift}
	case recipes.Call:
		return b.call(p, s)
	case recipes.Each:
		s.Action = actions.Each{List: s.Each}
		s.Inner = make([][]Step, 1)
		s.Inner[0], err = b.chain(p, s.Steps)
	case recipes.Switch:
		cases := make([]*mapping.Filter, len(s.Cases))
		s.Inner = make([][]Step, len(s.Cases))
		for i, c := range s.Cases {
			cases[i] = c.If
			if s.Inner[i], err = b.chain(p, c.Steps); err != nil {
				return err
			}
		}
		s.Action = actions.Switch{Cases: cases}
	default:
		return fmt.Errorf("unknown kind %q", s.Kind)
	}
	return err
}

// call makes a step ready that calls an operation.
func (b Bench) call(p *Program, s *Step) error {
	account, op, err := b.operation(p, s.Step)
	if err != nil {
		return err
	}
	session := account.Session
	if b.Session != nil {
		session = b.Session(account, s.Step)
	}
	s.Account = account
	s.Action = actions.CallOperation{Account: account.Name, Session: session, Operation: op, With: s.With}
	if s.OnlyIf != nil {
		s.Target, err = account.Operation(s.Step.Target)
	}
	return err
}

// operation finds what a step calls, in the form that its inputs give it. The connection of
// the trigger stands for the account of the change.
func (b Bench) operation(p *Program, s *recipes.Step) (*poll.Account, *connectors.Operation, error) {
	account := p.Account
	if s.Connection != p.Recipe.Trigger.Connection {
		name := p.Recipe.Connections[s.Connection].Account
		account = b.Accounts[name]
		if account == nil {
			return nil, nil, fmt.Errorf("account %q is not there", name)
		}
	}
	op, err := account.Shaped(s.Operation, s.Form)
	return account, op, err
}
