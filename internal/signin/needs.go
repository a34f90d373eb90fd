package signin

import (
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/recipes"
)

// Needs returns the scopes that some recipes need at each account, sorted: those of what
// they watch and call, and of the reads that Pollux does for them. who returns the accounts
// whose sign-ins a connection uses.
func Needs(list []*recipes.Recipe, who func(recipes.Connection) []string, describe func(account string) *connectors.Description) map[string][]string {
	n := needs{who: who, describe: describe, scopes: map[string]map[string]bool{}, seen: map[string]bool{}}
	for _, r := range list {
		n.connection(r.Connections[r.Trigger.Connection], r.Trigger.Operation)
		n.steps(r, r.Steps)
		for _, use := range r.Named {
			n.connection(r.Connections[use.Connection], use.Spec.Definitions)
		}
	}
	out := map[string][]string{}
	for account, scopes := range n.scopes {
		out[account] = slices.Sorted(maps.Keys(scopes))
	}
	return out
}

// Missing returns the scopes that are needed and not there.
func Missing(needed, there []string) []string {
	return slices.DeleteFunc(slices.Clone(needed), func(s string) bool { return slices.Contains(there, s) })
}

// needs collects scopes.
type needs struct {
	who      func(recipes.Connection) []string
	describe func(account string) *connectors.Description
	scopes   map[string]map[string]bool
	seen     map[string]bool // account and operation
}

// steps goes through steps and those inside them.
func (n *needs) steps(r *recipes.Recipe, list []recipes.Step) {
	for i := range list {
		s := &list[i]
		if s.Operation != "" {
			n.connection(r.Connections[s.Connection], s.Operation)
		}
		if s.Target != "" {
			n.connection(r.Connections[s.Connection], s.Target)
		}
		n.steps(r, s.Steps)
		for j := range s.Cases {
			n.steps(r, s.Cases[j].Steps)
		}
	}
}

// connection adds what an operation needs at each account of a connection.
func (n *needs) connection(c recipes.Connection, key string) {
	for _, account := range n.who(c) {
		n.operation(account, key)
	}
}

// operation adds what an operation needs, with the reads that go with it.
func (n *needs) operation(account, key string) {
	d := n.describe(account)
	if d == nil || n.seen[account+"\x00"+key] {
		return
	}
	n.seen[account+"\x00"+key] = true
	op, ok := d.Operation(key)
	if !ok {
		return
	}
	for _, scope := range op.Scopes {
		if n.scopes[account] == nil {
			n.scopes[account] = map[string]bool{}
		}
		n.scopes[account][scope] = true
	}
	if op.Find != nil {
		n.operation(account, op.Find.Operation)
	}
	if p := op.Poll; p != nil && p.Parents != nil {
		n.operation(account, p.Parents.Operation)
	}
	if p := op.Poll; p != nil && p.Confirm != nil {
		n.operation(account, p.Confirm.Operation)
	}
}
