package project

import (
	"context"
	"errors"

	"github.com/pollux-automation/pollux/connectors/named"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/mapping"
)

// CheckNames asks the services which fields their users have defined, and adds a finding
// for each name in a recipe that leads to none of them. It needs OpenAccounts before, and
// sends nothing for recipes without such names.
func (p *Project) CheckNames(ctx context.Context) {
	for _, r := range p.Recipes {
		failed := map[*schema.Named]bool{}
		for _, use := range r.Named {
			if use.Name == "" || failed[use.Spec] {
				continue
			}
			for _, account := range p.Accounts {
				c := r.Connections[use.Connection]
				if c.Connector == account.Connector.Describe().Key && c.Matches(account.Name) && !p.checkName(ctx, account, use) {
					failed[use.Spec] = true
				}
			}
		}
	}
}

// checkName checks one name in one account; ok is false where the definitions cannot be read.
func (p *Project) checkName(ctx context.Context, account *engine.Account, use mapping.Named) (ok bool) {
	book := named.Of(account.Session)
	if book == nil {
		return true
	}
	table, err := book.Table(ctx, use.Spec, use.Name)
	if err != nil {
		p.Findings.Warnf(use.At, "names-unread", "check the account with pollux accounts check "+account.Name, "whether %q exists is not known: %s",
			use.Name, p.Redact.Redact(err.Error()))
		return false
	}
	if _, err := table.ID(use.Name); err != nil {
		message, suggestion := err.Error(), ""
		if e, is := errors.AsType[*named.NameError](err); is {
			message, suggestion = e.Message(), e.Suggestion
		}
		p.Findings.Errorf(use.At, "no-such-name", suggestion, "%s, in %s", message, account.Name)
	}
	return true
}
