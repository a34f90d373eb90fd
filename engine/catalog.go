package engine

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/recipes"
)

// Catalog answers what recipes ask about names. It implements recipes.Catalog.
type Catalog struct {
	registry *connectors.Registry
	accounts []recipes.Account
}

// NewCatalog makes a catalog of some connectors and accounts. Accounts must be
// sorted by name.
func NewCatalog(r *connectors.Registry, accounts []recipes.Account) *Catalog {
	return &Catalog{registry: r, accounts: accounts}
}

// Connectors returns the keys of all connectors, sorted.
func (c *Catalog) Connectors() []string { return c.registry.Keys() }

// Accounts returns all accounts, sorted by name.
func (c *Catalog) Accounts() []recipes.Account { return c.accounts }

// Operations returns the operations of a connector.
func (c *Catalog) Operations(connector string) ([]recipes.Operation, bool) {
	con, ok := c.registry.Connector(connector)
	if !ok {
		return nil, false
	}
	described := con.Describe().Operations
	ops := make([]recipes.Operation, len(described))
	for i, o := range described {
		ops[i] = operation(o)
		if o.Find != nil {
			if list, ok := con.Describe().Operation(o.Find.Operation); ok && list.Answer != nil {
				ops[i].Dated = list.Answer.Created != ""
			}
		}
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
	return ops, true
}

// Target returns the operation that reads the record which a write changes: that of the
// same object with the verb get, if all that it must be given are inputs of the write.
func (c *Catalog) Target(connector, write string) (recipes.Operation, bool) {
	con, ok := c.registry.Connector(connector)
	if !ok {
		return recipes.Operation{}, false
	}
	d := con.Describe()
	w, known := d.Operation(write)
	dot := strings.LastIndexByte(write, '.')
	if !known || dot < 0 {
		return recipes.Operation{}, false
	}
	read, known := d.Operation(write[:dot] + ".get")
	if !known || read.Kind != connectors.Read || read.List {
		return recipes.Operation{}, false
	}
	for _, in := range read.Inputs {
		if in.Required && !slices.ContainsFunc(w.Inputs, func(i connectors.Input) bool { return i.Name == in.Name }) {
			return recipes.Operation{}, false
		}
	}
	return operation(read), true
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
	if o.Find != nil {
		op.Match = o.Find.Match
	}
	for _, in := range o.Inputs {
		if !in.Paging {
			op.Inputs = append(op.Inputs, recipes.Input{Field: in.Field, Setting: in.Setting})
		}
	}
	return op
}
