package catalog

import (
	"path"
	"slices"

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
	if one := (Connection{Connector: connector, Account: name}); one.Pattern() {
		c.pattern(one, n)
		return name
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

// pattern checks a pattern for accounts. One that none fits yet may have some later:
// accounts are found by themselves.
func (c *Connections) pattern(one Connection, n *yamlnode.Node) {
	if _, err := path.Match(one.Account, ""); err != nil {
		c.into.Errorf(n.At(), CodePattern, `write a beginning and a star: "acme-*"`, "%q is no pattern for names of accounts", values.Cut(one.Account))
		return
	}
	if one.Connector != "" && len(one.Among(c.catalog.Accounts())) == 0 {
		var all []string
		for _, a := range c.catalog.Accounts() {
			if a.Connector == one.Connector {
				all = append(all, a.Name)
			}
		}
		c.into.Warnf(n.At(), CodeNoMatch, values.Known("", all), "no account of %s fits %q yet", one.Connector, values.Cut(one.Account))
	}
}

// ReportPatterns reports connections with a pattern that are not the trigger's: which of
// the accounts would a step mean? n is the mapping that was read.
func (c *Connections) ReportPatterns(n *yamlnode.Node, trigger string) {
	all, _ := n.Mapping(&diag.List{})
	for _, f := range all.Fields() {
		if one := c.All[f.Name]; one.Pattern() && f.Name != trigger && trigger != "" {
			at := f.At
			if m, ok := f.Value.Mapping(&diag.List{}); ok {
				at = m.Get("account").At()
			}
			c.into.Errorf(at, CodePattern, "name one account, or use the trigger's connection: steps that use it call the account of the change",
				"a pattern for accounts can only stand on the connection of the trigger")
		}
	}
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
