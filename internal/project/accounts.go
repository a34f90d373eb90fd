package project

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/signin"
)

// checkAccounts holds the accounts of the settings against the connectors.
func (p *Project) checkAccounts() {
	for _, a := range p.Settings.Accounts {
		c, ok := p.Registry.Connector(a.Connector)
		if !ok {
			p.noConnector(a)
			continue
		}
		p.checkAccount(a, c.Describe())
	}
}

// noConnector reports an account whose connector is not there, or cannot be used.
func (p *Project) noConnector(a settings.Account) {
	if a.Connector == "" {
		return // missing, which has been said
	}
	if dir := p.Settings.Connectors; dir != "" {
		if _, err := os.Stat(filepath.Join(dir, a.Connector)); err == nil {
			p.Findings.Errorf(a.ConnectorAt, "unknown-connector", "", "the connector %q has findings of its own", a.Connector)
			return
		}
	}
	p.Findings.Errorf(a.ConnectorAt, "unknown-connector", diag.DidYouMean(a.Connector, p.Registry.Keys()), "there is no connector %q", a.Connector)
}

// checkAccount holds one account against its connector.
func (p *Project) checkAccount(a settings.Account, d *connectors.Description) {
	p.checkSignIn(a, d)
	if d.BaseURL == "" && a.BaseURL == "" && !d.Program { // a program knows its service itself
		p.Findings.Errorf(a.At, codeMissingKey, "write base_url: https://api.example.com/v1", "account %s needs base_url: %s knows no address", a.Name, d.Title)
	}
	p.checkTokens(a, d)
	var known []string
	for _, s := range d.Settings {
		known = append(known, s.Name)
		if _, ok := a.Settings[s.Name]; s.Required && !ok {
			p.Findings.Errorf(a.At, "missing-setting", "add settings: {"+s.Name+": …}", "account %s needs the setting %s", a.Name, s.Name)
		}
	}
	has := func(name string) bool { return a.Settings[name] != nil }
	if len(d.NeedsOne) > 0 && !slices.ContainsFunc(d.NeedsOne, has) {
		p.Findings.Errorf(a.At, "missing-setting", "add settings: {"+d.NeedsOne[0]+": …}", "account %s needs the setting %s", a.Name, strings.Join(d.NeedsOne, " or "))
	}
	for name, at := range a.SettingsAt {
		if !slices.Contains(known, name) {
			p.Findings.Errorf(at, "unknown-setting", diag.DidYouMean(name, known), "%s has no setting %q", d.Title, name)
		}
	}
	if c, _ := p.Registry.Connector(a.Connector); c != nil {
		p.checkSettings(a, c)
	}
	p.checkWebhooks(a, d)
	p.checkParts(a, d)
	p.checkVersion(a, d)
	// An account with its own base URL may be at a service that allows more.
	if b := a.Budget; b != nil && a.BaseURL == "" && faster(b, d.Limits) {
		p.Findings.Warnf(b.At, "budget-too-high", "", "the budget of account %s is higher than what %s allows", a.Name, d.Title)
	}
}

// checkTokens reports an account that does not say where its tokens are.
func (p *Project) checkTokens(a settings.Account, d *connectors.Description) {
	if service, ok := signin.Service(a, d); ok && a.Credential.Method == auth.ClientCredentials && !auth.IsSafe(service.TokenURL) {
		p.Findings.Errorf(a.AuthAt, "missing-setting", "add token_url: https://…/oauth/token", "account %s needs token_url, the address with https where its tokens are", a.Name)
	}
}

// faster reports whether a budget exceeds the connector's shortest window. Limits
// of single operations say nothing about the account as a whole.
func faster(b *settings.Budget, limits []connectors.Limit) bool {
	for _, l := range limits {
		if len(l.Operations) == 0 && float64(b.Requests)/b.Per.Seconds() > float64(l.Requests)/l.Per.Seconds() && l.Per <= b.Per {
			return true
		}
	}
	return false
}

// OpenAccounts makes a session for every account, and the redactor that knows all
// their secrets. It sends nothing. An error names the account that cannot be used
// as it is set up.
func (p *Project) OpenAccounts() error {
	accounts, err := p.BareAccounts()
	if err != nil {
		return err
	}
	p.OpenBudgets()
	var secrets []secret.String
	redact := &secret.Redactor{}
	for i, a := range p.Settings.Accounts {
		access, err := p.access(a, accounts[i].Connector.Describe())
		if err != nil {
			return err
		}
		accounts[i].Session, err = accounts[i].Connector.Open(access)
		if err != nil {
			return fmt.Errorf("account %s: %w", a.Name, err)
		}
		secrets = append(secrets, a.Credential.Secret)
		if access.Source != nil {
			redact.Follow(access.Source.Redactor())
		}
	}
	redact.Learn(secret.NewRedactor(secrets...))
	p.Accounts, p.Redact = accounts, redact
	return nil
}

// access is what a session of an account is opened with.
func (p *Project) access(a settings.Account, d *connectors.Description) (connectors.Account, error) {
	out := connectors.Account{
		Name: a.Name, BaseURL: a.BaseURL, Version: a.Version, Credential: a.Credential, Settings: a.Settings, Allow: a.Allow, Gate: p.gates[a.Name],
	}
	if a.Credential.Client == nil {
		return out, nil
	}
	var err error
	out.Source, err = p.source(a, d)
	return out, err
}

// Access returns what a session of an account is opened with, for callers that open one of
// their own, over a transport of theirs: its requests ask the same budget. It needs
// OpenAccounts before; ok is false when there is no account with that name.
func (p *Project) Access(name string) (access connectors.Account, ok bool, err error) {
	open, ok := p.Account(name)
	at := slices.IndexFunc(p.Settings.Accounts, func(a settings.Account) bool { return a.Name == name })
	if !ok || at < 0 {
		return connectors.Account{}, false, nil
	}
	access, err = p.access(p.Settings.Accounts[at], open.Connector.Describe())
	return access, true, err
}

// BareAccounts returns the accounts, in the order of the settings, without
// sessions: nothing that uses them can send anything.
func (p *Project) BareAccounts() ([]*engine.Account, error) {
	list := make([]*engine.Account, len(p.Settings.Accounts))
	for i, a := range p.Settings.Accounts {
		c, ok := p.Registry.Connector(a.Connector)
		if !ok {
			return nil, fmt.Errorf("account %s: no connector %q", a.Name, a.Connector)
		}
		list[i] = &engine.Account{Name: a.Name, Connector: c, Settings: a.Settings}
		if a.Budget != nil { // rounds over parents are spread by what the account may send
			for _, w := range windows(c.Describe(), a.Budget) {
				list[i].Limits = append(list[i].Limits, connectors.Limit(w))
			}
		}
	}
	return list, nil
}

// windows turns a connector's limits into the windows of an account's gate. Those of a
// connector for any service are a guess: what its answers say is left is of windows that
// only the account can know.
func windows(d *connectors.Description, b *settings.Budget) []budget.Window {
	out := make([]budget.Window, len(d.Limits))
	for i, l := range d.Limits {
		out[i] = budget.Window(l)
		if d.BaseURL == "" && b == nil {
			out[i].Remaining = ""
		}
	}
	if b != nil {
		out = budget.Replace(out, b.Requests, b.Per)
	}
	return out
}

// Account returns an account that OpenAccounts has opened; ok is false when there
// is none with that name.
func (p *Project) Account(name string) (a *engine.Account, ok bool) {
	for _, a := range p.Accounts {
		if a.Name == name {
			return a, true
		}
	}
	return nil, false
}

// AccountNames returns the names of all accounts of the settings.
func (p *Project) AccountNames() []string {
	names := make([]string, len(p.Settings.Accounts))
	for i, a := range p.Settings.Accounts {
		names[i] = a.Name
	}
	return names
}

// Requests is how many requests all accounts have made since they were opened. It
// may be called by several goroutines at once.
func (p *Project) Requests() int64 {
	var n int64
	for _, g := range p.gates {
		n += g.Requests()
	}
	return n
}
