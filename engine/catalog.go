package engine

import (
	"sync"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/recipes"
)

// Catalog answers what recipes ask about names. It implements recipes.Catalog.
type Catalog struct {
	registry *connectors.Registry
	accounts []recipes.Account

	mu sync.Mutex
	// told are the operations by connector: every recipe asks for them several times.
	told map[string][]recipes.Operation
}

// NewCatalog makes a catalog of some connectors and accounts. Accounts must be
// sorted by name.
func NewCatalog(r *connectors.Registry, accounts []recipes.Account) *Catalog {
	return &Catalog{registry: r, accounts: accounts, told: map[string][]recipes.Operation{}}
}

// Connectors returns the keys of all connectors, sorted.
func (c *Catalog) Connectors() []string { return c.registry.Keys() }

// Accounts returns all accounts, sorted by name.
func (c *Catalog) Accounts() []recipes.Account { return c.accounts }

// Operations returns the operations of a connector. They are not the caller's to change.
func (c *Catalog) Operations(connector string) ([]recipes.Operation, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ops, known := c.told[connector]; known {
		return ops, true
	}
	con, ok := c.registry.Connector(connector)
	if !ok {
		return nil, false
	}
	described := con.Describe().Operations
	ops := make([]recipes.Operation, len(described))
	for i, o := range described {
		ops[i] = operation(o)
		if o.Poll != nil && o.Poll.Parents != nil {
			ops[i].ParentInput = o.Poll.Parents.Input
			if parents, ok := con.Describe().Operation(o.Poll.Parents.Operation); ok {
				ops[i].Parent = parents.Answer
			}
		}
		if o.Find != nil {
			list, ok := con.Describe().Operation(o.Find.Operation)
			ops[i].Dated = ok && list.Answer != nil && list.Answer.Created != ""
		}
	}
	c.told[connector] = ops
	return ops, true
}

// Target returns the operation that reads the record which a write changes, as the
// connector declares it.
func (c *Catalog) Target(connector, write string) (recipes.Operation, bool) {
	con, ok := c.registry.Connector(connector)
	if !ok {
		return recipes.Operation{}, false
	}
	w, known := con.Describe().Operation(write)
	if !known || w.Target == nil {
		return recipes.Operation{}, false
	}
	read, known := con.Describe().Operation(w.Target.Operation)
	if !known {
		return recipes.Operation{}, false
	}
	return operation(read), true
}

// dangers are what dangerous operations do, in words.
//
//nolint:gochecknoglobals // a table
var dangers = map[connectors.Danger]string{
	connectors.DangerDelete: "deletes", connectors.DangerSend: "sends messages to people", connectors.DangerPay: "moves money",
}

// operation tells a recipe what it needs to know of an operation.
func operation(o *connectors.Operation) recipes.Operation {
	op := recipes.Operation{
		Key: o.Key, Title: o.Title, Write: o.Kind == connectors.Write,
		Object: o.Answer, List: o.List, Repeat: string(o.Repeat), Deprecated: o.Deprecated,
	}
	if o.Poll != nil {
		op.Strategy = string(o.Poll.Strategy)
		op.Timed = o.Answer != nil && o.Answer.Updated != ""
		op.Windowed = o.Poll.Window != nil
	}
	if o.Find != nil && (o.Composed == nil || !o.Composed.Looks) { // what looks by itself needs no proof in a text
		op.Match = o.Find.Match
	}
	op.Danger, op.Needs = dangers[o.Danger], o.Danger.Needs()
	for _, in := range o.Inputs {
		if !in.Paging {
			op.Inputs = append(op.Inputs, recipes.Input{Field: in.Field, Setting: in.Setting})
		}
	}
	return op
}
