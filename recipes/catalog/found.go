package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// Found is an operation of a connection, found in the catalog.
type Found struct {
	Connection Connection
	Operation  Operation
	accounts   []Account // that the connection stands for
}

// Name is how a recipe writes the operation.
func (f *Found) Name() string { return f.Connection.Name + "." + f.Operation.Key }

// Find finds the operation that a value such as "crm.contact.search" names; nil
// after a finding.
func (c *Connections) Find(n *yamlnode.Node) *Found {
	text, ok := n.Text(c.into)
	if !ok {
		return nil
	}
	name, key, dotted := strings.Cut(text, ".")
	if !dotted || key == "" {
		c.into.Errorf(n.At(), CodeTarget, "write connection.operation, as in crm.contact.search", "%q does not name an operation", values.Cut(text))
		return nil
	}
	one, exists := c.All[name]
	if !exists {
		c.into.Errorf(n.PlaceIn(0, len([]rune(name))), CodeConnection, values.Known(name, slices.Sorted(maps.Keys(c.All))), "there is no connection %q", values.Cut(name))
		return nil
	}
	c.used[name] = true
	operations, exists := c.catalog.Operations(one.Connector)
	if !exists {
		return nil // the connection has its finding
	}
	f := &Found{Connection: one}
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Key == key })
	if i < 0 {
		keys := make([]string, len(operations))
		for i, o := range operations {
			keys[i] = o.Key
		}
		c.into.Errorf(n.PlaceIn(len([]rune(name))+1, len([]rune(key))), CodeOperation, values.Known(key, keys), "%s has no operation %q", one.Connector, values.Cut(key))
		return nil
	}
	f.Operation = operations[i]
	f.accounts = one.Among(c.catalog.Accounts())
	for _, a := range f.accounts {
		if instead, lacks := a.Lacks[key]; lacks {
			c.into.Errorf(n.At(), CodeOperation, instead, "the version of the API that the account %s uses has no %s", a.Name, key)
			break
		}
	}
	c.permit(n, f)
	if d := f.Operation.Deprecated; d != "" {
		c.into.Warnf(n.At(), CodeDeprecated, d, "%s is deprecated", text)
	}
	return f
}

// permit reports a write that an account does not allow.
func (c *Connections) permit(n *yamlnode.Node, f *Found) {
	needs := f.Operation.Needs
	for _, a := range f.accounts {
		if needs != "" && !slices.Contains(a.Allow, needs) {
			c.into.Errorf(n.At(), CodeNeedsAllow, "write allow: ["+needs+"] at the account "+a.Name+" in the settings, if it is meant",
				"%s %s, which the account %s does not allow", f.Name(), f.Operation.Danger, a.Name)
			return
		}
	}
}

// Target returns the operation that reads the record which a write changes; ok is false
// when there is none.
func (c *Connections) Target(write *Found) (read Operation, ok bool) {
	return c.catalog.Target(write.Connection.Connector, write.Operation.Key)
}

// Pollable suggests operations of a connection that can be polled.
func (c *Connections) Pollable(one Connection) string {
	operations, _ := c.catalog.Operations(one.Connector)
	var keys []string
	for _, o := range operations {
		if o.CanPoll() {
			keys = append(keys, one.Name+"."+o.Key)
		}
	}
	return values.Known("", keys)
}

// Inputs describes to the compiler what the operation takes. Settings of the account
// fill what they can, if all accounts that the connection stands for have them; of unknown
// accounts nothing is said.
func (f *Found) Inputs() *mapping.Inputs {
	in := &mapping.Inputs{Operation: f.Operation.Key, Connection: f.Connection.Name, Filled: map[string]bool{}, Hints: map[string]string{}}
	for _, i := range f.Operation.Inputs {
		in.Fields = append(in.Fields, i.Field)
		if i.Setting == "" {
			continue
		}
		lacks := slices.IndexFunc(f.accounts, func(a Account) bool { return a.Settings[i.Setting] == nil })
		if in.Filled[i.Name] = lacks < 0; lacks >= 0 {
			in.Hints[i.Name] = "add " + i.Setting + " to the settings of the account " + f.accounts[lacks].Name + ", or " + i.Name + " here"
		}
	}
	return in
}
