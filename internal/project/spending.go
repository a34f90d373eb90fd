package project

import "github.com/pollux-automation/pollux/connectors/budget"

// Spending is what an account has sent, and may send.
type Spending struct {
	Account string
	// Requests counts what was sent since the account was opened.
	Requests int64
	State    budget.State
}

// Spending says what every account that is open has sent and may send, in no order. It
// may be called by several goroutines at once.
func (p *Project) Spending() []Spending {
	list := make([]Spending, 0, len(p.gates))
	for name, g := range p.gates {
		list = append(list, Spending{Account: name, Requests: g.Requests(), State: g.State()})
	}
	return list
}
