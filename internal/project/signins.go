package project

import (
	"context"
	"slices"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/signin"
)

// codeScope is the code of findings about scopes that are missing.
const codeScope = "missing-scope"

// SignsIn reports whether an account signs in with OAuth 2.0, so that the state file is
// needed to reach its service.
func (p *Project) SignsIn() bool {
	return slices.ContainsFunc(p.Settings.Accounts, func(a settings.Account) bool { return a.Credential.Method == auth.OAuth2 })
}

// Scopes returns the scopes that the recipes need at each account, sorted.
func (p *Project) Scopes() map[string][]string {
	return signin.Needs(p.Recipes, p.recipeAccounts(), func(account string) *connectors.Description {
		for _, a := range p.Settings.Accounts {
			if c, ok := p.Registry.Connector(a.Connector); ok && a.Name == account {
				return c.Describe()
			}
		}
		return nil
	})
}

// CheckGrants warns where a sign-in that a store keeps lacks a scope that the recipes need.
// What cannot be read is left out: pollux accounts list says why.
func (p *Project) CheckGrants(ctx context.Context, s store.Desk) {
	needs := p.Scopes()
	for _, a := range p.Settings.Accounts {
		text, err := s.Secret(ctx, signin.SecretName(a.Name))
		if a.Credential.Method != auth.OAuth2 || err != nil {
			continue
		}
		state, err := auth.Stored(a.Name, text)
		if err != nil || state.Scopes == nil {
			continue
		}
		for _, scope := range signin.Missing(needs[a.Name], state.Scopes) {
			p.Findings.Warnf(a.AuthAt, codeScope, "add it to the app at the service and to scopes, and sign in anew: pollux accounts login "+a.Name,
				"the recipes need the scope %s of the account %s, which its sign-in lacks", scope, a.Name)
		}
	}
}

// checkScopes warns where an account asks for fewer scopes than the recipes need.
func (p *Project) checkScopes() {
	needs := p.Scopes()
	for _, a := range p.Settings.Accounts {
		if a.Credential.Client == nil || len(a.Credential.Client.Scopes) == 0 {
			continue
		}
		for _, scope := range signin.Missing(needs[a.Name], a.Credential.Client.Scopes) {
			p.Findings.Warnf(a.AuthAt, codeScope, "add it to scopes, and sign in anew", "the recipes need the scope %s of the account %s, which it does not ask for", scope, a.Name)
		}
	}
}
