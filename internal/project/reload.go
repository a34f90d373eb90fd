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

// Reload reads the project of the same settings file anew, with its accounts opened. When
// all of them are set up as before they keep their sessions; else what is known of their
// budgets goes over to the new ones. The project that it comes from stays as it is, but for
// its redactor, which both share from now on: whoever has it hides the secrets of either.
// With findings that are errors the accounts are not opened.
func (p *Project) Reload(o Options) (*Project, error) {
	next := Read(p.Settings.File, o)
	if next.Findings.HasErrors() {
		return next, nil
	}
	next.SignIns = p.SignIns // an account never has two refreshers
	if err := next.OpenAccounts(); err != nil {
		return next, err
	}
	p.Redact.Learn(next.Redact)
	next.Redact = p.Redact
	if !p.sameAccounts(next) {
		next.RestoreBudgets(p.Budgets())
		return next, nil
	}
	for _, a := range next.Accounts {
		a.Session.Close()
	}
	next.Accounts, next.gates, next.hosts, next.hostNames = p.Accounts, p.gates, p.hosts, p.hostNames
	return next, nil
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

// sameAccounts reports whether another project reaches the same services in the same way.
func (p *Project) sameAccounts(next *Project) bool {
	return p.sameConnectors(next) && slices.EqualFunc(p.Settings.Accounts, next.Settings.Accounts, same)
}

// sameConnectors reports whether the user's own connectors are those of another project.
func (p *Project) sameConnectors(next *Project) bool {
	return maps.EqualFunc(p.connectorTexts(), next.connectorTexts(), func(a, b []byte) bool { return string(a) == string(b) })
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
		x.At, x.ConnectorAt, x.AuthAt, x.SettingsAt = diag.Place{}, diag.Place{}, diag.Place{}, nil
		if x.Budget != nil {
			placeless := *x.Budget
			placeless.At = diag.Place{}
			x.Budget = &placeless
		}
	}
	return reflect.DeepEqual(a, b)
}
