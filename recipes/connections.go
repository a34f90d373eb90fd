package recipes

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// target is an operation of a connection, found in the catalog.
type target struct {
	connection Connection
	operation  Operation
	account    Account
}

// name is how a recipe writes the target.
func (t *target) name() string { return t.connection.Name + "." + t.operation.Key }

// connections reads the accounts that the recipe works with. One with mistakes is kept
// all the same, so that its uses are not reported as unknown.
func (p *parser) connections(m yamlnode.Map) {
	p.recipe.Connections = map[string]Connection{}
	all, ok := m.Need(p.into, "connections", "connections: {crm: {connector: highlevel, account: acme}}").Mapping(p.into)
	if !ok {
		return
	}
	for _, f := range all.Fields() {
		if !identifier.MatchString(f.Name) {
			p.into.Errorf(f.At, CodeBadID, "use small letters, digits and _, and begin with a letter", "%q cannot be the name of a connection", cut(f.Name))
		}
		p.recipe.Connections[f.Name] = p.connection(f.Name, f.Value)
	}
}

// connection reads one connection; what is unknown stays empty.
func (p *parser) connection(name string, n *yamlnode.Node) Connection {
	c := Connection{Name: name}
	m, ok := n.Mapping(p.into, "connector", "account")
	if !ok {
		return c
	}
	connector := m.Need(p.into, "connector", "connector: highlevel")
	if key, ok := connector.Text(p.into); ok {
		if slices.Contains(p.catalog.Connectors(), key) {
			c.Connector = key
		} else {
			p.into.Errorf(connector.At(), CodeConnector, known(key, p.catalog.Connectors()), "there is no connector %q", cut(key))
		}
	}
	c.Account = p.account(c.Connector, m.Need(p.into, "account", "account: acme"))
	return c
}

// account checks the account of a connection; connector is empty when it is
// unknown.
func (p *parser) account(connector string, n *yamlnode.Node) string {
	name, ok := n.Text(p.into)
	if !ok {
		return ""
	}
	if strings.ContainsAny(name, "*?[") {
		p.notYet(n.At(), "accounts with wildcards")
		return ""
	}
	var candidates []string
	for _, a := range p.catalog.Accounts() {
		if a.Name == name {
			if connector != "" && a.Connector != connector {
				p.into.Errorf(n.At(), CodeOtherConnector, "use an account of "+connector, "the account %q belongs to %s", name, a.Connector)
			}
			return name
		}
		if connector == "" || a.Connector == connector {
			candidates = append(candidates, a.Name)
		}
	}
	suggestion := known(name, candidates)
	if suggestion == "" {
		suggestion = "add it to the settings file"
	}
	p.into.Errorf(n.At(), CodeAccount, suggestion, "there is no account %q", cut(name))
	return ""
}

// known suggests one of some words, or lists them when they are few.
func known(word string, words []string) string {
	if near := diag.DidYouMean(word, words); near != "" {
		return near
	}
	if len(words) > 0 && len(words) <= 8 {
		return "known here: " + strings.Join(words, ", ")
	}
	return ""
}

// target finds the operation that a value such as "crm.contact.search" names; nil
// after a finding.
func (p *parser) target(n *yamlnode.Node) *target {
	text, ok := n.Text(p.into)
	if !ok {
		return nil
	}
	name, key, dotted := strings.Cut(text, ".")
	if !dotted || key == "" {
		p.into.Errorf(n.At(), CodeTarget, "write connection.operation, as in crm.contact.search", "%q does not name an operation", cut(text))
		return nil
	}
	c, exists := p.recipe.Connections[name]
	if !exists {
		p.into.Errorf(n.PlaceIn(0, len([]rune(name))), CodeConnection, known(name, slices.Sorted(maps.Keys(p.recipe.Connections))), "there is no connection %q", cut(name))
		return nil
	}
	p.used[name] = true
	operations, exists := p.catalog.Operations(c.Connector)
	if !exists {
		return nil // the connection has its finding
	}
	t := &target{connection: c}
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Key == key })
	if i < 0 {
		keys := make([]string, len(operations))
		for i, o := range operations {
			keys[i] = o.Key
		}
		p.into.Errorf(n.PlaceIn(len([]rune(name))+1, len([]rune(key))), CodeOperation, known(key, keys), "%s has no operation %q", c.Connector, cut(key))
		return nil
	}
	t.operation = operations[i]
	for _, a := range p.catalog.Accounts() {
		if a.Name == c.Account && a.Connector == c.Connector {
			t.account = a
		}
	}
	if d := t.operation.Deprecated; d != "" {
		p.into.Warnf(n.At(), CodeDeprecated, d, "%s is deprecated", text)
	}
	return t
}

// inputs describes to the compiler what the operation takes.
func (t *target) inputs() *mapping.Inputs {
	in := &mapping.Inputs{Operation: t.operation.Key, Filled: map[string]bool{}, Hints: map[string]string{}}
	for _, i := range t.operation.Inputs {
		in.Fields = append(in.Fields, i.Field)
		switch {
		case i.Setting == "":
		case t.account.Settings[i.Setting] != nil, t.account.Name == "": // of an unknown account nothing more is said
			in.Filled[i.Name] = true
		default:
			in.Hints[i.Name] = "add " + i.Setting + " to the settings of the account " + t.account.Name + ", or " + i.Name + " here"
		}
	}
	return in
}

// unused warns of connections that nothing refers to. In a file with errors that
// may be no more than one of them, so nothing is said.
func (p *parser) unused(n *yamlnode.Node) {
	if p.into.HasErrors() {
		return
	}
	for _, f := range n.Fields() {
		if !p.used[f.Name] {
			p.into.Warnf(f.At, CodeUnused, "remove it", "the connection %q is never used", cut(f.Name))
		}
	}
}

// secretForms are what the secrets of well-known services look like.
var secretForms = regexp.MustCompile(`(?:^|[\s"'])(?:Bearer [A-Za-z0-9._~+/-]{16,}|pit-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{16,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.|` +
	`sk_(?:live|test)_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abp]-[A-Za-z0-9-]{16,}|AKIA[0-9A-Z]{16})|-----BEGIN [A-Z ]*PRIVATE KEY`)

// secrets reports texts that look like a secret, wherever they stand.
func (p *parser) secrets(n *yamlnode.Node) {
	if n.Kind() == yamlnode.Text && secretForms.MatchString(n.Written()) {
		p.into.Errorf(n.At(), CodeSecretInClear, "keep it in the settings file as env:NAME and remove it here; change it at the service if this file was shared",
			"this looks like a secret")
	}
	for _, f := range n.Fields() {
		p.secrets(f.Value)
	}
	for _, item := range n.Items() {
		p.secrets(item)
	}
}
