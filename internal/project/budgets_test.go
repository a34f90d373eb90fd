package project_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/internal/project"
)

// payConnector counts by host and by account, and is blocked after refusals.
const payConnector = `connector: v1
key: pay
title: Pay
base_url: https://pay.example.com
auth: [{method: bearer}]
limits:
  all: {requests: 100, per: 24h, by: host}
  own: {requests: 50, per: 24h}
breaker: {failures: 3, per: 1h, statuses: [400-499]}
`

const payOperations = `operations:
  bill.get: {title: Get bill, read: "GET /bills/{id}", inputs: {id: string}, answer: {value: .}}
`

// payProject has three accounts: two at one address and one of another connector
// there too, and a fourth elsewhere.
func payProject(t *testing.T, base string) *project.Project {
	t.Helper()
	other := strings.Replace(strings.Replace(payConnector, "key: pay", "key: plain", 1), "  all: {requests: 100, per: 24h, by: host}\n", "", 1)
	other = strings.Replace(other, "breaker: {failures: 3, per: 1h, statuses: [400-499]}\n", "", 1)
	account := func(name, connector, base string) string {
		return "  " + name + ": {connector: " + connector + ", base_url: " + base + ", auth: {method: bearer, token: env:TOKEN}}\n"
	}
	config := write(t, map[string]string{
		"pollux.yaml": "accounts:\n" + account("one", "pay", base) + account("two", "pay", base+"/v2") +
			account("three", "plain", base) + account("away", "plain", "https://AWAY.example.com:443"),
		"connectors/pay/connector.yaml": payConnector, "connectors/pay/bills.yaml": payOperations,
		"connectors/plain/connector.yaml": other, "connectors/plain/bills.yaml": payOperations,
	})
	p := project.Read(config, project.Options{Env: withToken})
	p.ForgetRecipes() // there are none
	if p.Findings.HasErrors() {
		t.Fatalf("findings: %v", p.Findings.Sorted())
	}
	if err := p.OpenAccounts(); err != nil {
		t.Fatal(err)
	}
	return p
}

// ask sends one request for an account.
func ask(t *testing.T, p *project.Project, account string) error {
	t.Helper()
	a, ok := p.Account(account)
	if !ok {
		t.Fatalf("there is no account %s", account)
	}
	op, _ := a.Connector.Describe().Operation("bill.get")
	_, err := a.Session.Call(t.Context(), op, map[string]any{"id": "b1"})
	return err
}

func TestBudgets_AccountsAtOneHostShareAndAreStored(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		http.Error(w, "{}", http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	p := payProject(t, server.URL)
	for _, account := range []string{"one", "two", "three"} {
		if err := ask(t, p, account); connectors.KindOf(err) != connectors.NotFound {
			t.Fatalf("%s: %v, want not found", account, err)
		}
	}
	refused := func(p *project.Project, when string) {
		t.Helper()
		for _, account := range []string{"one", "two", "three"} {
			err := ask(t, p, account)
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.RateLimited || e.RetryAfter <= 0 || !strings.Contains(err.Error(), "breaker: 3 answers 4xx within 1h") {
				t.Errorf("%s, %s: %v, want to wait for the breaker", when, account, err)
			}
		}
	}
	refused(p, "after three refusals")
	if n := arrived.Load(); n != 3 {
		t.Errorf("%d requests arrived, want 3", n)
	}

	host := "host/" + strings.TrimPrefix(server.URL, "http://")
	numbers := p.Numbers()
	if diff := cmp.Diff([]string{"account/away", "account/one", "account/three", "account/two", host}, slices.Sorted(maps.Keys(numbers))); diff != "" {
		t.Errorf("keys of the numbers (-want +got):\n%s", diff)
	}
	want := budget.Numbers{Sent: 3, Answers: [6]int64{4: 3}, Closed: 1, Refused: 3}
	if diff := cmp.Diff(want, numbers[host]); diff != "" {
		t.Errorf("numbers of the host (-want +got):\n%s", diff)
	}
	var left []int
	for _, w := range p.Budget("one") {
		left = append(left, w.Remaining)
	}
	if diff := cmp.Diff([]int{49, 97}, left); diff != "" {
		t.Errorf("left of the windows own and all (-want +got):\n%s", diff)
	}

	stored := p.Budgets()
	stored["account/gone"], stored["host/"+"x"], stored["nonsense"] = stored["account/one"], stored[host], json.RawMessage(`{}`)
	stored["account/away"] = json.RawMessage(`{"windows":7}`)
	again := payProject(t, server.URL)
	words := again.RestoreBudgets(stored)
	if len(words) != 4 || !strings.Contains(words[0], `"account/away" is damaged`) || !strings.Contains(words[1], `"account/gone" belongs to no account`) {
		t.Errorf("words = %q, want one on each of away, gone, x and nonsense", words)
	}
	refused(again, "after a restart")
	if got, want := again.BudgetStates()[host].Reason, "breaker: 3 answers 4xx within 1h"; got != want {
		t.Errorf("reason = %q, want %q", got, want)
	}
	if got := again.BudgetStates()["account/one"].Windows[0].Remaining; got != 49 {
		t.Errorf("%d are left of account one after a restart, want 49", got)
	}
	if factor, why := again.Stretch("one"); factor != 1 || why != "" {
		t.Errorf("Stretch = %v, %q, want 1 after steps alone", factor, why)
	}
	if factor, _ := again.Stretch("nobody"); factor != 1 {
		t.Errorf("Stretch of an unknown account = %v, want 1", factor)
	}
}
