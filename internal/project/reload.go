package project

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/settings"
)

// Reload reads the project of the same settings file anew, with its accounts opened. Those
// that are set up as before keep their sessions and budgets; what is known of the budgets of
// the others goes over to the new ones. The project that it comes from stays as it is, but
// for its redactor, which both share from now on: whoever has it hides the secrets of either.
// With findings that are errors the accounts are not opened.
func (p *Project) Reload(o Options) (*Project, error) {
	next := Read(p.Settings.File, o)
	if next.Findings.HasErrors() {
		return next, nil
	}
	next.SignIns = p.SignIns // an account never has two refreshers
	kept := p.sameConnectors(next) && slices.EqualFunc(p.written(), next.written(), same)
	if kept { // what accounts share at a host is the same, too
		maps.Copy(next.hosts, p.hosts)
	}
	if err := next.OpenAccounts(); err != nil {
		return next, err
	}
	p.Redact.Learn(next.Redact)
	next.Redact = p.Redact
	if !kept {
		next.RestoreBudgets(p.Budgets())
		return next, nil
	}
	next.keepAccounts(p)
	return next, nil
}

// written are the accounts that stand in the settings file.
func (p *Project) written() []settings.Account {
	return slices.DeleteFunc(slices.Clone(p.Settings.Accounts), func(a settings.Account) bool { return a.Of != "" })
}

// keepAccounts puts the sessions and gates of another project in the place of those that were
// opened for accounts which are set up in the same way: their tokens stay good.
func (p *Project) keepAccounts(former *Project) {
	for i, a := range p.Settings.Accounts {
		at := slices.IndexFunc(former.Settings.Accounts, func(o settings.Account) bool { return o.Name == a.Name })
		if at < 0 || !same(a, former.Settings.Accounts[at]) {
			continue
		}
		p.Accounts[i].Session.Close()
		p.Accounts[i], p.gates[a.Name] = former.Accounts[at], former.gates[a.Name]
	}
}

// Leave closes the sessions that another project, which takes the place of this one, does
// not use. Calls under way go on to their end.
func (p *Project) Leave(other *Project) {
	for _, a := range p.Accounts {
		if !slices.Contains(other.Accounts, a) {
			a.Session.Close()
		}
	}
}

// sameConnectors reports whether the user's own connectors are those of another project.
func (p *Project) sameConnectors(next *Project) bool {
	return slices.Equal(p.plugins, next.plugins) && maps.EqualFunc(p.connectorTexts(), next.connectorTexts(), func(a, b []byte) bool { return string(a) == string(b) })
}

// connectorTexts are the files of the user's own connectors.
func (p *Project) connectorTexts() map[string][]byte {
	texts := map[string][]byte{}
	dir := filepath.Clean(p.Settings.Connectors)
	for name, text := range p.Sources {
		if p.Settings.Connectors != "" && strings.HasPrefix(filepath.Clean(name), dir+string(filepath.Separator)) {
			texts[name] = text
		}
	}
	return texts
}

// same reports whether two accounts are set up in the same way, wherever in the file.
func same(a, b settings.Account) bool {
	for _, x := range []*settings.Account{&a, &b} {
		x.At, x.ConnectorAt, x.AuthAt, x.SettingsAt, x.Title = diag.Place{}, diag.Place{}, diag.Place{}, nil, ""
		if x.Budget != nil {
			placeless := *x.Budget
			placeless.At = diag.Place{}
			x.Budget = &placeless
		}
		if x.Parts != nil {
			x.Parts = &settings.Parts{Except: x.Parts.Except}
		}
	}
	return reflect.DeepEqual(a, b)
}
