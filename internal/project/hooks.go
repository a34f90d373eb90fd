package project

import (
	"cmp"
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/settings"
)

// Announcer is an account whose service announces changes, and is believed.
type Announcer struct {
	settings.Account

	Rules *connectors.Webhooks
	// PartEvents are the types of events after which the account may have other parts.
	PartEvents []string
}

// Announcers returns the accounts whose deliveries come to the address of one, itself first
// and then its parts: none if it takes no webhooks.
func (p *Project) Announcers(name string) (list []Announcer) {
	for _, a := range p.Settings.Accounts {
		if a.Name != name && a.Of != name || a.Webhooks == nil || len(a.Webhooks.Keys) == 0 {
			continue
		}
		c, ok := p.Registry.Connector(a.Connector)
		if ok && c.Describe().Webhooks != nil {
			one := Announcer{Account: a, Rules: c.Describe().Webhooks}
			if rules := c.Describe().Parts; rules != nil && a.Parts != nil {
				one.PartEvents = rules.Events
			}
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b Announcer) int { return cmp.Compare(len(a.Of), len(b.Of)) })
	return list
}

// checkWebhooks reports webhooks that could never come.
func (p *Project) checkWebhooks(a settings.Account, d *connectors.Description) {
	w := a.Webhooks
	if w == nil {
		return
	}
	if d.Webhooks == nil {
		p.Findings.Errorf(w.At, "no-webhooks", "leave it out: changes are found by polls", "nothing is known of how %s announces changes", d.Title)
		return
	}
	var algorithms []string
	for _, s := range d.Webhooks.Signatures {
		algorithms = append(algorithms, string(s.Algorithm))
	}
	for _, key := range w.Keys {
		algorithm := connectors.RSASHA256
		if _, ok := key.(ed25519.PublicKey); ok {
			algorithm = connectors.Ed25519
		}
		if !slices.Contains(algorithms, string(algorithm)) {
			p.Findings.Warnf(w.At, "bad-key", "", "%s signs with %s, and a key is for %s", d.Title, strings.Join(algorithms, " or "), algorithm)
		}
	}
	if p.Settings.Listen == "" {
		p.Findings.Warnf(w.At, "no-webhooks", "write listen: "+settings.DefaultListen, "webhooks of account %s cannot come: nothing listens", a.Name)
	}
}
