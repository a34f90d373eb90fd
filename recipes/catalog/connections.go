package catalog

import (
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// Connections are those of one recipe. They are used by one goroutine at a time.
type Connections struct {
	// All are the connections by name. One with mistakes is among them all the same, so
	// that its uses are not reported as unknown; what is unknown of it is empty.
	All     map[string]Connection
	catalog Catalog
	into    *diag.List
	used    map[string]bool // those that something refers to
}

// Read reads the accounts that a recipe works with.
func Read(n *yamlnode.Node, known Catalog, into *diag.List) *Connections {
	c := &Connections{All: map[string]Connection{}, catalog: known, into: into, used: map[string]bool{}}
	all, _ := n.Mapping(into)
	for _, f := range all.Fields() {
		if !values.IsName(f.Name) {
			into.Errorf(f.At, values.CodeBadID, "use small letters, digits and _, and begin with a letter", "%q cannot be the name of a connection", values.Cut(f.Name))
		}
		c.All[f.Name] = c.connection(f.Name, f.Value)
	}
	return c
}

// connection reads one connection; what is unknown stays empty.
func (c *Connections) connection(name string, n *yamlnode.Node) Connection {
	one := Connection{Name: name}
	m, ok := n.Mapping(c.into, "connector", "account")
	if !ok {
		return one
	}
	connector := m.Need(c.into, "connector", "connector: highlevel")
	if key, ok := connector.Text(c.into); ok {
		if slices.Contains(c.catalog.Connectors(), key) {
			one.Connector = key
		} else {
			c.into.Errorf(connector.At(), CodeConnector, values.Known(key, c.catalog.Connectors()), "there is no connector %q", values.Cut(key))
		}
	}
	one.Account = c.account(one.Connector, m.Need(c.into, "account", "account: acme"))
	return one
}

// account checks the account of a connection; connector is empty when it is
// unknown.
func (c *Connections) account(connector string, n *yamlnode.Node) string {
	name, ok := n.Text(c.into)
	if !ok {
		return ""
	}
	if strings.ContainsAny(name, "*?[") {
		values.NotYet(n.At(), "accounts with wildcards", c.into)
		return ""
	}
	var candidates []string
	for _, a := range c.catalog.Accounts() {
		if a.Name == name {
			if connector != "" && a.Connector != connector {
				c.into.Errorf(n.At(), CodeOtherConnector, "use an account of "+connector, "the account %q belongs to %s", name, a.Connector)
			}
			return name
		}
		if connector == "" || a.Connector == connector {
			candidates = append(candidates, a.Name)
		}
	}
	suggestion := values.Known(name, candidates)
	if suggestion == "" {
		suggestion = "add it to the settings file"
	}
	c.into.Errorf(n.At(), CodeAccount, suggestion, "there is no account %q", values.Cut(name))
	return ""
}

// ReportUnused warns of connections that nothing refers to; n is the mapping that was
// read. In a file with errors that may be no more than one of them, so nothing is said.
func (c *Connections) ReportUnused(n *yamlnode.Node) {
	if c.into.HasErrors() {
		return
	}
	for _, f := range n.Fields() {
		if !c.used[f.Name] {
			c.into.Warnf(f.At, CodeUnused, "remove it", "the connection %q is never used", values.Cut(f.Name))
		}
	}
}
