package project_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/project"
)

const (
	goodSettings = `accounts:
  acme:
    connector: highlevel
    auth: {method: bearer, token: env:TOKEN}
    settings: {locationId: loc1}
`
	badRecipe = "recipe: v1\nid: bad\nsurplus: 1\n"
)

// write writes files into a new folder and returns the path of its settings.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "pollux.yaml")
}

// withToken is an environment with one secret.
func withToken(name string) (string, bool) { return "t0ken-of-acme", name == "TOKEN" }

func TestRead_WithoutSettingsHasConnectorsAndAFinding(t *testing.T) {
	t.Parallel()
	p := project.Read(write(t, nil), project.Options{Env: withToken})
	if !p.Findings.HasErrors() {
		t.Error("a missing settings file: got no finding")
	}
	if _, ok := p.Registry.Connector("highlevel"); !ok {
		t.Error("the built-in connectors are not there")
	}
	if _, err := p.ReadStore(); !errors.Is(err, project.ErrNoSettings) {
		t.Errorf("ReadStore: got %v, want ErrNoSettings", err)
	}
}

func TestRead_HoldsAccountsAgainstTheirConnectors(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": `accounts:
  acme:
    connector: highlevel
    auth: {method: api_key, key: env:TOKEN}
    settings: {locationID: loc1}
  shop:
    connector: stibe
    auth: {method: api_key, key: env:TOKEN}
`})
	var got []string
	for _, f := range project.Read(config, project.Options{Env: withToken}).Findings.Sorted() {
		if filepath.Base(f.File) == "pollux.yaml" {
			got = append(got, f.Code)
		}
	}
	want := []string{"missing-setting", "wrong-method", "unknown-setting", "unknown-connector"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestRead_WantsTheAddressesThatNoConnectorKnows is about services of which each account knows
// where they are.
func TestRead_WantsTheAddressesThatNoConnectorKnows(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{
		"pollux.yaml": `accounts:
  good:
    connector: shop
    auth: {method: client_credentials, client_id: app, client_secret: env:TOKEN, token_url: https://sso.example.com/token}
  nowhere:
    connector: shop
    auth: {method: client_credentials, client_id: app, client_secret: env:TOKEN}
  own:
    connector: webhook
    auth: {method: none}
`,
		"connectors/shop/connector.yaml": "connector: v1\nkey: shop\ntitle: Shop\nbase_url: https://shop.example.com\nauth: [{method: client_credentials}]\n",
		"connectors/shop/orders.yaml":    "operations:\n  order.get: {title: Get order, read: GET /order}\n",
	})
	p := project.Read(config, project.Options{Env: withToken})
	var got []string
	for _, f := range p.Findings.Sorted() {
		if f.Code == "missing-setting" || f.Code == "missing-key" {
			got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Message))
		}
	}
	want := []string{"7:11 account nowhere needs token_url, the address with https where its tokens are", "8:3 account own needs base_url: Webhook knows no address"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestProject_FindingsCanBeNarrowed(t *testing.T) {
	t.Parallel()
	config := write(t, map[string]string{"pollux.yaml": goodSettings, "recipes/bad.yaml": badRecipe})
	for name, tt := range map[string]struct {
		narrow func(*project.Project)
		errors bool
	}{
		"all":        {func(p *project.Project) { p.Narrow(nil) }, true},
		"settings":   {func(p *project.Project) { p.Narrow([]string{config}) }, false},
		"folder":     {func(p *project.Project) { p.Narrow([]string{filepath.Dir(config)}) }, true},
		"like named": {func(p *project.Project) { p.Narrow([]string{filepath.Join(filepath.Dir(config), "recipes", "bad")}) }, false},
		"no recipes": {func(p *project.Project) { p.ForgetRecipes() }, false},
	} {
		p := project.Read(config, project.Options{Env: withToken})
		tt.narrow(p)
		if got := p.Findings.HasErrors(); got != tt.errors {
			t.Errorf("%s: errors %v, want %v: %v", name, got, tt.errors, p.Findings.Sorted())
		}
	}
}

func TestProject_RoundsKeepToTheBudgetOfTheSettings(t *testing.T) {
	t.Parallel()
	text := goodSettings + "    budget: {requests: 10, per: 100s}\n"
	p := project.Read(write(t, map[string]string{"pollux.yaml": text}), project.Options{Env: withToken})
	accounts, err := p.BareAccounts()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := accounts[0].RoundRate(), 0.05; got != want {
		t.Errorf("got %v requests a second, want %v, half of the budget", got, want)
	}
}

func TestProject_OpensAccountsAndState(t *testing.T) {
	t.Parallel()
	p := project.Read(write(t, map[string]string{"pollux.yaml": goodSettings}), project.Options{Env: withToken})
	if err := p.OpenAccounts(); err != nil {
		t.Fatal(err)
	}
	if a, ok := p.Account("acme"); !ok || a.Session == nil {
		t.Errorf("the account acme: got %v, %v, want one with a session", a, ok)
	}
	if got, want := p.Redact.Redact("token t0ken-of-acme"), "token *****"; got != want {
		t.Errorf("Redact: got %q, want %q", got, want)
	}
	if len(p.Budget("acme")) == 0 || p.Requests() != 0 {
		t.Errorf("budget %v after %d requests, want windows and no request", p.Budget("acme"), p.Requests())
	}
	if _, err := p.ReadStore(); !errors.Is(err, project.ErrNoState) {
		t.Errorf("ReadStore before the first run: got %v, want ErrNoState", err)
	}
	if _, err := p.EditStore(); !errors.Is(err, project.ErrNoState) {
		t.Errorf("EditStore before the first run: got %v, want ErrNoState", err)
	}
	s, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = p.ReadStore(); err != nil {
		t.Fatalf("ReadStore: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestParseInputs_GivesTypes(t *testing.T) {
	t.Parallel()
	op := &connectors.Operation{Key: "contact.search", Inputs: []connectors.Input{
		{Field: schema.Field{Name: "limit", Type: schema.Integer}},
		{Field: schema.Field{Name: "query", Type: schema.String}},
		{Field: schema.Field{Name: "deep", Type: schema.Boolean}},
	}}
	for name, tt := range map[string]struct {
		object string
		pairs  []string
		want   map[string]any // nil for an error
	}{
		"pairs":       {"", []string{"limit=10", "query=a=b", "deep=true"}, map[string]any{"limit": 10, "query": "a=b", "deep": true}},
		"over object": {`{"query": "x"}`, []string{"query="}, map[string]any{"query": ""}},
		"no number":   {"", []string{"limit=ten"}, nil},
		"no pair":     {"", []string{"limit"}, nil},
		"unknown":     {"", []string{"limt=1"}, nil},
		"no object":   {"[1]", nil, nil},
		"no json":     {"{", nil, nil},
	} {
		got, err := project.ParseInputs(op, tt.object, tt.pairs)
		if (err != nil) != (tt.want == nil) {
			t.Errorf("%s: got error %v, want one: %v", name, err, tt.want == nil)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
