package project

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/settings"
)

// codeMissingKey is the code of findings about keys that an account needs, which is known
// to its connector.
const codeMissingKey = "missing-key"

// checkSignIn holds the way in which an account signs in against what its connector takes.
func (p *Project) checkSignIn(a settings.Account, d *connectors.Description) {
	var methods []string
	for _, m := range d.Auth {
		methods = append(methods, m.Name)
	}
	method := a.Credential.Method
	i := slices.Index(methods, method)
	switch {
	case method == "": // it has its finding
	case i < 0 && method == auth.None:
		p.Findings.Errorf(a.AuthAt, codeMissingKey, "write auth: {method: bearer, token: env:TOKEN}", `"auth" is missing`)
	case i < 0:
		p.Findings.Errorf(a.AuthAt, "wrong-method", "use method: "+strings.Join(methods, " or "), "%s does not take the method %s", d.Title, method)
	case a.Credential.Param != "" && !d.Auth[i].Free:
		p.Findings.Errorf(a.AuthAt, "wrong-method", "leave out in and name", "%s says itself where the key goes", d.Title)
	}
}

// checkSettings reports settings that the connector itself cannot use.
func (p *Project) checkSettings(a settings.Account, c connectors.Connector) {
	checker, ok := c.(connectors.SettingsChecker)
	if !ok {
		return
	}
	for _, m := range checker.CheckSettings(a.Settings) {
		at := a.At
		if len(m.Path) > 0 {
			at = cmp.Or(a.SettingsAt[m.Path[0]], diag.Place{}, at)
		}
		p.Findings.Errorf(at, m.Code, m.Suggestion, "account %s: %s", a.Name, m.Message)
	}
}
