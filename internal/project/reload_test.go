package project_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/secret"
)

// open reads a project and opens its accounts.
func open(t *testing.T, config string) *project.Project {
	t.Helper()
	p := project.Read(config, project.Options{Env: withToken})
	if p.Findings.HasErrors() {
		t.Fatalf("findings: %v", p.Findings.Sorted())
	}
	if err := p.OpenAccounts(); err != nil {
		t.Fatal(err)
	}
	return p
}

// edit writes a file of a project anew.
func edit(t *testing.T, config, name, text string) {
	t.Helper()
	path := filepath.Join(filepath.Dir(config), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReload_KeepsAccountsThatAreTheSame(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/readme.txt": "none yet"})
	p := open(t, config)
	edit(t, config, "pollux.yaml", "# a comment moves everything\n\n"+goodSettings)
	next, err := p.Reload(project.Options{Env: withToken})
	if err != nil || next.Findings.HasErrors() {
		t.Fatalf("Reload: %v, %v", err, next.Findings.Sorted())
	}
	if next.Accounts[0] != p.Accounts[0] {
		t.Error("an account that is set up as before got another session")
	}
	if next == p {
		t.Error("the project that is in use was changed")
	}
}

func TestReload_ChangedAccountTakesOverWhatIsLeft(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/readme.txt": "none yet"})
	p := open(t, config)
	stored := p.Budgets()
	spent := budget.State{}
	if err := json.Unmarshal(stored["account/acme"], &spent); err != nil {
		t.Fatal(err)
	}
	spent.ClosedUntil, spent.Reason = time.Now().Add(time.Minute).UTC(), "Retry-After"
	text, err := json.Marshal(spent)
	if err != nil {
		t.Fatal(err)
	}
	p.RestoreBudgets(map[string]json.RawMessage{"account/acme": text})
	edit(t, config, "pollux.yaml", goodSettings+"    workers: 3\n")
	next, err := p.Reload(project.Options{Env: withToken})
	if err != nil || next.Findings.HasErrors() {
		t.Fatalf("Reload: %v, %v", err, next.Findings.Sorted())
	}
	if next.Accounts[0] == p.Accounts[0] {
		t.Error("a changed account kept its session")
	}
	if got := next.BudgetStates()["account/acme"].Reason; got != "Retry-After" {
		t.Errorf("the gate is closed because of %q, want what the service had asked for", got)
	}
}

// TestReload_TheFirstRedactorHidesAllSecrets reloads twice: the log of a program keeps the
// redactor that it began with.
func TestReload_TheFirstRedactorHidesAllSecrets(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/readme.txt": "none yet"})
	p := open(t, config)
	first := p.Redact
	for _, token := range []string{"second-token", "third-token"} {
		next, err := p.Reload(project.Options{Env: func(name string) (string, bool) { return token, name == "TOKEN" }})
		if err != nil || next.Findings.HasErrors() {
			t.Fatalf("Reload: %v, %v", err, next.Findings.Sorted())
		}
		p = next
	}
	for name, r := range map[string]*secret.Redactor{"first": first, "last": p.Redact} {
		if got, want := r.Redact("second-token third-token"), secret.Stars+" "+secret.Stars; got != want {
			t.Errorf("the %s redactor: got %q, want %q", name, got, want)
		}
	}
}

// closing counts how often its session was closed.
type closing struct {
	connectors.Session

	times int
}

func (c *closing) Close() { c.times++ }

func TestLeave_ClosesWhatTheOtherProjectDoesNotUse(t *testing.T) {
	t.Parallel()
	kept, gone := &closing{}, &closing{}
	shared := &engine.Account{Name: "acme", Session: kept}
	p := &project.Project{Accounts: []*engine.Account{shared, {Name: "news", Session: gone}}}
	p.Leave(&project.Project{Accounts: []*engine.Account{shared, {Name: "news"}}})
	if kept.times != 0 || gone.times != 1 {
		t.Errorf("closed %d and %d times, want the session alone that is not used any more", kept.times, gone.times)
	}
}

func TestReload_WithMistakesOpensNothing(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/readme.txt": "none yet"})
	p := open(t, config)
	edit(t, config, "recipes/bad.yaml", badRecipe)
	next, err := p.Reload(project.Options{Env: withToken})
	if err != nil || !next.Findings.HasErrors() || len(next.Accounts) != 0 {
		t.Errorf("got %v with %d findings and %d accounts, want findings and no account", err, next.Findings.Len(), len(next.Accounts))
	}
}

// TestReload_KeepsTheSignIns changes another account: that of the first one must go on, for
// two of them would use up each other's refresh tokens.
func TestReload_KeepsTheSignIns(t *testing.T) {
	t.Parallel()
	signsIn := `accounts:
  acme:
    connector: highlevel
    auth: {method: oauth2, client_id: app, client_secret: env:TOKEN, scopes: [contacts.write]}
    settings: {locationId: loc1}
`
	config := write(t, map[string]string{"pollux.yaml": signsIn, "recipes/readme.txt": "none yet"})
	p := open(t, config)
	first, ok := p.SignIns.Refresher("acme")
	if !ok || !p.SignsIn() {
		t.Fatal("the account has no refresher")
	}
	edit(t, config, "pollux.yaml", signsIn+strings.ReplaceAll(strings.TrimPrefix(goodSettings, "accounts:\n"), "acme", "other"))
	next, err := p.Reload(project.Options{Env: withToken})
	if err != nil || next.Findings.HasErrors() || len(next.Accounts) != 2 {
		t.Fatalf("Reload: %v, %v", err, next.Findings.Sorted())
	}
	if got, _ := next.SignIns.Refresher("acme"); got != first {
		t.Error("the reloaded account has another refresher")
	}
}

func TestRead_WarnsOfAScopeThatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": `accounts:
  acme:
    connector: highlevel
    auth: {method: oauth2, client_id: app, client_secret: env:TOKEN, scopes: [contacts.write]}
    settings: {locationId: loc1}
`, "recipes/watch.yaml": `recipe: v1
id: watch
connections: {crm: {connector: highlevel, account: acme}}
trigger: {poll: crm.contact.search, schedule: {every: 1m}, start: now}
steps: [{id: end, stop: true}]
`})
	p := project.Read(config, project.Options{Env: withToken})
	list := p.Findings.Sorted()
	if len(list) != 1 || list[0].Code != "missing-scope" || !strings.Contains(list[0].Message, "contacts.readonly") {
		t.Errorf("findings: got %v, want one missing scope", list)
	}
}

func TestRead_HasNoHooksForOwnConnectors(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/readme.txt": "none yet", "connectors/shop/connector.yaml": `connector: v1
key: shop
title: Shop
base_url: https://shop.example.com
auth: [{method: oauth2, authorize_url: /page, token_url: /token, exchange: location_token}]
check: order.get
`, "connectors/shop/orders.yaml": "operations:\n  order.get: {title: Get order, read: GET /order}\n"})
	p := project.Read(config, project.Options{Env: withToken})
	list := p.Findings.Sorted()
	if len(list) != 1 || list[0].Code != "connector-hook" {
		t.Errorf("findings: got %v, want that there is no such hook", list)
	}
	if _, ok := p.Registry.Connector("shop"); ok {
		t.Error("the connector can be used all the same")
	}
}
