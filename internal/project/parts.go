package project

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/parts"
	"github.com/pollux-automation/pollux/internal/settings"
)

// codeParts is the code of findings about parts that cannot be found.
const codeParts = "no-parts"

// checkParts reports parts that could never be found.
func (p *Project) checkParts(a settings.Account, d *connectors.Description) {
	if a.Parts == nil {
		return
	}
	if d.Parts == nil {
		p.Findings.Errorf(a.Parts.At, codeParts, "leave parts out", "nothing is known of how the parts of an account of %s are found", d.Title)
		return
	}
	if instead, lacks := p.lacks(a)[d.Parts.Operation]; lacks {
		p.Findings.Errorf(a.Parts.At, codeParts, instead, "the version %s of %s has no %s, which lists the parts of account %s", a.Version, d.Title, d.Parts.Operation, a.Name)
	}
	op, ok := d.Operation(d.Parts.Operation)
	if !ok {
		return
	}
	for _, in := range op.Inputs {
		app := in.Name == d.Parts.App && a.Credential.Client != nil
		if in.Required && in.Setting != "" && in.Default == nil && !app && a.Settings[in.Setting] == nil {
			p.Findings.Errorf(a.Parts.At, "missing-setting", "add settings: {"+in.Setting+": …}", "the parts of account %s cannot be listed without the setting %s", a.Name, in.Setting)
		}
	}
}

// addParts adds the accounts that were found as parts of others.
func (p *Project) addParts(switches func() ([]store.Switch, error)) {
	if len(p.Whole()) == 0 {
		return
	}
	list, err := switches()
	if err != nil {
		p.Unread = err
		return
	}
	known := parts.Read(list)
	all := slices.Clone(p.Settings.Accounts)
	for _, a := range p.Whole() {
		c, ok := p.Registry.Connector(a.Connector)
		if !ok || c.Describe().Parts == nil {
			continue
		}
		wanted := p.wanted(a, c.Describe().Parts)
		for _, s := range known.Of(a.Name) {
			if wanted.Has(s.ID) {
				all = append(all, a.Part(c.Describe().Parts.Setting, s.ID, s.Title))
			}
		}
	}
	slices.SortFunc(all, func(a, b settings.Account) int { return cmp.Compare(a.Name, b.Name) })
	p.Settings.Accounts = all
}

// wanted says which parts of an account are accounts: those that have one of their own in
// the settings are not taken a second time.
func (p *Project) wanted(a settings.Account, rules *connectors.Parts) *settings.Parts {
	w := &settings.Parts{Except: slices.Clone(a.Parts.Except)}
	for _, other := range p.Settings.Accounts {
		if other.Of != "" || other.Connector != a.Connector {
			continue
		}
		if id := other.Settings[rules.Setting]; id != nil && other.BaseURL == a.BaseURL {
			w.Except = append(w.Except, fmt.Sprint(id))
		}
	}
	for _, other := range p.Settings.Accounts { // a name can be taken, too
		if id, is := parts.IDOf(a.Name, other.Name); is && other.Of == "" {
			w.Except = append(w.Except, id)
		}
	}
	return w
}

// Stale reports whether switches tell of parts of accounts that the project does not have.
func (p *Project) Stale(switches []store.Switch) bool {
	known := parts.Read(switches)
	for _, a := range p.Whole() {
		c, ok := p.Registry.Connector(a.Connector)
		if !ok || c.Describe().Parts == nil {
			continue
		}
		wanted := p.wanted(a, c.Describe().Parts)
		for _, s := range known.Of(a.Name) {
			there := slices.ContainsFunc(p.Settings.Accounts, func(o settings.Account) bool { return o.Name == s.Name && o.Of == a.Name })
			if wanted.Has(s.ID) && !there {
				return true
			}
		}
	}
	return false
}

// Whole returns the accounts whose parts are accounts too.
func (p *Project) Whole() (list []settings.Account) {
	for _, a := range p.Settings.Accounts {
		if a.Parts != nil {
			list = append(list, a)
		}
	}
	return list
}

// source returns what gives an account its tokens: a part has the sign-in of the whole.
func (p *Project) source(a settings.Account, d *connectors.Description) (auth.Source, error) {
	if a.Of == "" {
		return p.SignIns.Open(a, d)
	}
	whole := a
	whole.Name = a.Of
	return p.SignIns.OpenPart(whole, d, a.Name, a.Settings)
}

// Finder returns what finds the parts of an account, with its switches read and stored by
// others; ok is false for an account without parts, and for one that is not open.
func (p *Project) Finder(name string, read func(context.Context) ([]store.Switch, error), set func(context.Context, store.Switch, *store.AuditEntry) error) (f *parts.Finder, ok bool) {
	at := slices.IndexFunc(p.Settings.Accounts, func(a settings.Account) bool { return a.Name == name && a.Parts != nil })
	open, is := p.Account(name)
	if at < 0 || !is || open.Connector.Describe().Parts == nil {
		return nil, false
	}
	a, d := p.Settings.Accounts[at], open.Connector.Describe()
	a.Parts = p.wanted(a, d.Parts)
	return &parts.Finder{Account: &a, Description: d, Session: open.Session, Switches: read, Set: set, Redact: p.Redact.Redact}, true
}
