package signin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/internal/mapping"
	"github.com/pollux-automation/pollux/internal/seal"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/settings"
	"github.com/pollux-automation/pollux/internal/signin"
	"github.com/pollux-automation/pollux/recipes"
)

// desk is a store with a key.
func desk(t *testing.T) *memstore.Store {
	t.Helper()
	keys, err := seal.New(make([]byte, seal.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return memstore.NewSealed(keys)
}

// service is a token endpoint that counts.
func service(t *testing.T) (base string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/traded" {
			_, _ = w.Write([]byte(`{"access_token":"part-` + r.FormValue("part") + `","expires_in":3600}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"access-1","refresh_token":"refresh-1","expires_in":3600}`))
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func account(base string) settings.Account {
	return settings.Account{Name: "acme", BaseURL: base, Credential: auth.Credential{Method: auth.OAuth2, Client: &auth.Client{
		ID: secret.New("app"), Secret: secret.New("app-secret"), First: secret.New("first-token"),
	}}}
}

func description() *connectors.Description {
	trade := &auth.Exchange{Trade: func(_ auth.Token, of map[string]any, _ string) (*auth.Trade, error) {
		part, _ := of["part"].(string)
		if part == "" {
			return nil, nil //nolint:nilnil // the account's own token
		}
		return &auth.Trade{Path: "/traded", Form: map[string][]string{"part": {part}}}, nil
	}}
	return &connectors.Description{Title: "Shop", BaseURL: "https://unused.test", Auth: []auth.Method{{
		Name: auth.OAuth2, OAuth: &auth.OAuth{AuthorizeURL: "https://elsewhere.test/page", TokenURL: "/token", Trade: trade},
	}}}
}

// TestBook_HasOneRefresherForAnAccount opens an account twice, as a reload does, and a part
// of it: the sign-in is renewed once for all of them.
func TestBook_HasOneRefresherForAnAccount(t *testing.T) {
	t.Parallel()
	base, asked := service(t)
	b := signin.NewBook(nil)
	first, err := b.Open(account(base), description())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "not open") {
		t.Errorf("without a store: got %v, want that it is not open", err)
	}
	s := desk(t)
	b.Use(s)
	again, err := b.Open(account(base), description())
	if err != nil {
		t.Fatal(err)
	}
	part, err := b.OpenPart(account(base), description(), "acme-1", map[string]any{"part": "1"})
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[auth.Source]string{again: "access-1", first: "access-1", part: "part-1"} {
		got, err := source.Token(t.Context(), "")
		if err != nil || got.Secret.Reveal() != want {
			t.Errorf("got %q %v, want %q", got.Secret.Reveal(), err, want)
		}
		if text := source.Redactor().Redact("x " + want); text != "x *****" {
			t.Errorf("redacted: got %q", text)
		}
	}
	if got := asked.Load(); got != 2 {
		t.Errorf("got %d requests, want one for the sign-in and one for its part", got)
	}
	names, err := s.SecretNames(t.Context())
	if err != nil || len(names) != 1 || !signin.IsOwn(names[0]) || names[0] != signin.SecretName("acme") {
		t.Errorf("kept: got %v %v, want the one sign-in", names, err)
	}
}

// TestBook_HasOneTokenForAnAppThatSignsInByItself opens an account twice, without a store.
func TestBook_HasOneTokenForAnAppThatSignsInByItself(t *testing.T) {
	t.Parallel()
	base, asked := service(t)
	b := signin.NewBook(nil)
	a := account(base)
	a.Credential.Method = auth.ClientCredentials
	d := &connectors.Description{Title: "Shop", BaseURL: "https://unused.test", Auth: []auth.Method{{Name: auth.ClientCredentials, OAuth: &auth.OAuth{TokenURL: "/token"}}}}
	for range 2 {
		source, err := b.Open(a, d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := source.Token(t.Context(), ""); err != nil || got.Secret.Reveal() != "access-1" {
			t.Errorf("got %q %v, want access-1", got.Secret.Reveal(), err)
		}
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("got %d requests for tokens, want 1", got)
	}
	for _, url := range []string{"", "http://sso.example.com/token"} {
		d.Auth[0].OAuth.TokenURL, a.BaseURL = url, ""
		if _, err := b.Open(a, d); err == nil || !strings.Contains(err.Error(), "token_url has https") {
			t.Errorf("tokens at %q: got %v, want that it is not safe", url, err)
		}
	}
}

func TestBook_RefusesWhatCannotSignIn(t *testing.T) {
	t.Parallel()
	b := signin.NewBook(nil)
	if _, err := b.Open(account("http://127.0.0.1:1"), &connectors.Description{Title: "Shop"}); err == nil || !strings.Contains(err.Error(), "does not take") {
		t.Errorf("got %v, want that the service does not take it", err)
	}
	if _, err := b.OpenPart(account("http://127.0.0.1:1"), description(), "acme-1", nil); err == nil {
		t.Error("a part of an account that was never opened was opened")
	}
	b.Use(memstore.New()) // without a key
	source, err := b.Open(account("http://127.0.0.1:1"), description())
	if err != nil {
		t.Fatal(err)
	}
	_, err = source.Token(t.Context(), "")
	if e, ok := errors.AsType[*auth.Error](err); !ok || e.Refused {
		t.Errorf("without a key: got %v, want trouble that a restart with a key ends", err)
	}
}

func TestNeeds_CollectsWhatRecipesUse(t *testing.T) {
	t.Parallel()
	d := &connectors.Description{Operations: []*connectors.Operation{
		{Key: "list", Scopes: []string{"read"}, Poll: &connectors.Poll{Confirm: &connectors.Confirm{Operation: "get"}}},
		{Key: "get", Scopes: []string{"get"}},
		{Key: "write", Scopes: []string{"write", "more"}, Find: &connectors.Find{Operation: "find"}},
		{Key: "find", Scopes: []string{"find"}},
		{Key: "inner", Scopes: []string{"inner"}},
		{Key: "unused", Scopes: []string{"unused"}},
		{Key: "fields", Scopes: []string{"fields"}},
	}}
	r := &recipes.Recipe{
		Connections: map[string]recipes.Connection{"a": {Name: "a", Connector: "x", Account: "acme"}, "b": {Name: "b", Connector: "x", Account: "other"}},
		Named:       []mapping.Named{{Connection: "a", Spec: &schema.Named{Definitions: "fields"}}},
		Trigger:     recipes.Trigger{Connection: "a", Operation: "list"},
		Steps: []recipes.Step{
			{Connection: "a", Operation: "write"},
			{Cases: []recipes.Case{{Steps: []recipes.Step{{Connection: "b", Operation: "inner"}}}}},
		},
	}
	got := signin.Needs([]*recipes.Recipe{r}, func(c recipes.Connection) []string { return []string{c.Account} }, func(account string) *connectors.Description {
		if account == "gone" {
			return nil
		}
		return d
	})
	all := []string{"fields", "find", "get", "more", "read", "write"}
	want := map[string][]string{"acme": all, "other": {"inner"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"get"}, signin.Missing([]string{"read", "get"}, []string{"read"})); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}
