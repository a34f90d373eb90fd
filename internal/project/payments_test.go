package project_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/project"
)

// TestPayments_NeedTheLeaveOfTheAccount reads a project whose recipe moves money, and calls
// the operation by hand: both are refused unless the account allows it.
func TestPayments_NeedTheLeaveOfTheAccount(t *testing.T) {
	t.Parallel()
	for _, allows := range []bool{false, true} {
		account := "    auth: {method: bearer, token: env:TOKEN}\n    base_url: http://127.0.0.1:1\n"
		if allows {
			account += "    allow: [payments]\n"
		}
		p := project.Read(write(t, map[string]string{
			"pollux.yaml":                    "connectors: connectors\naccounts:\n  shop:\n    connector: till\n" + account,
			"connectors/till/till.yaml":      "objects: {sale: {title: Sale, id: id, fields: {id: string}}}\noperations:\n  sale.list: {title: Sales, read: GET /sales, answer: {object: sale, list: .}, poll: {strategy: snapshot}}\n  sale.charge: {title: Charge, write: 'POST /sales/{saleId}', inputs: {saleId: string}, repeat: never, danger: pay}\n",
			"connectors/till/connector.yaml": "connector: v1\nkey: till\ntitle: Till\nbase_url: https://till.example.com\nauth: [{method: bearer}]\n",
			"recipes/charge.yaml":            "recipe: v1\nid: charge\nconnections: {till: {connector: till, account: shop}}\ntrigger: {poll: till.sale.list, schedule: {every: 5m}, start: now}\nfilter: record.id != \"\"\nsteps:\n  - {id: a, call: till.sale.charge, with: {saleId: =record.id}}\n",
		}), project.Options{Env: func(name string) (string, bool) { return "x", name == "TOKEN" }})
		var lines []string
		for _, f := range p.Findings.Sorted() {
			lines = append(lines, f.String())
		}
		found := strings.Join(lines, "\n")
		if refused := strings.Contains(found, "charge.yaml:7:19: error: till.sale.charge moves money, which the account shop does not allow [needs-allow]"); refused == allows || allows && p.Findings.Len() > 0 {
			t.Errorf("allows %t: findings\n%s", allows, found)
		}
		if err := p.OpenAccounts(); err != nil {
			t.Fatal(err)
		}
		op, _ := p.Accounts[0].Connector.Describe().Operation("sale.charge")
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is to be sent here
		_, err := p.Accounts[0].Session.Call(ctx, op, map[string]any{"saleId": "1"})
		if kind := connectors.KindOf(err); (kind == connectors.Invalid) == allows {
			t.Errorf("allows %t: a call by hand gives %v", allows, err)
		}
	}
}
