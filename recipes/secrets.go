package recipes

import (
	"regexp"

	"github.com/pollux-automation/pollux/internal/yamlnode"
)

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
