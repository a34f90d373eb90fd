package project

import (
	"maps"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/settings"
)

// Reload reads the project of the same settings file anew, with its accounts opened. An
// account that is set up as before keeps its session and what is known of its budget.
// The project that it comes from stays as it is. With findings that are errors the
// accounts are not opened.
func (p *Project) Reload(o Options) (*Project, error) {
	next := Read(p.Settings.File, o)
	if next.Findings.HasErrors() {
		return next, nil
	}
	if err := next.OpenAccounts(); err != nil {
		return next, err
	}
	if !p.sameConnectors(next) {
		return next, nil
	}
	for i, a := range next.Settings.Accounts {
		old, known := p.Account(a.Name)
		if !known || !same(a, p.settingsOf(a.Name)) {
			continue
		}
		next.Accounts[i].Session.Close()
		next.Accounts[i] = old
		next.gates[a.Name] = p.gates[a.Name]
	}
	return next, nil
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

// settingsOf returns the settings of an account; empty ones for an unknown one.
func (p *Project) settingsOf(name string) settings.Account {
	for _, a := range p.Settings.Accounts {
		if a.Name == name {
			return a
		}
	}
	return settings.Account{}
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
