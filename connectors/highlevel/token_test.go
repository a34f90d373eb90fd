package highlevel_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// free lets every request pass.
type free struct{}

func (free) Enter(ctx context.Context, _, _ string, _ connectors.Priority) error { return ctx.Err() }
func (free) Leave(int, http.Header, time.Duration)                               {}

// memory keeps a sign-in in memory.
type memory struct{ text []byte }

func (m *memory) Load(context.Context) ([]byte, error)      { return m.text, nil }
func (m *memory) Keep(_ context.Context, text []byte) error { m.text = text; return nil }
func (m *memory) Forget(context.Context) error              { m.text = nil; return nil }

// signedIn is a sandbox and a refresher that signed in to it.
type signedIn struct {
	world     *sandbox.Sandbox
	transport http.RoundTripper
	connector connectors.Connector
	refresher *auth.Refresher
}

// signIn signs in to a sandbox with some scopes, as a person would.
func signIn(t *testing.T, scopes ...string) *signedIn {
	t.Helper()
	c, err := highlevel.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &signedIn{world: sandbox.New(sandbox.Options{Seed: 1, Contacts: 2, Locations: 2, TokenLife: time.Hour}), connector: c}
	s.transport = &testkit.Transport{Handler: s.world.HighLevel()}
	client := auth.Client{ID: secret.New("sandbox-app"), Secret: secret.New("sandbox-app-secret"), RedirectURL: "http://127.0.0.1:1/back"}
	s.refresher = auth.NewRefresher(auth.Options{
		Account: "acme", Service: s.method(t).OAuth.Resolve("http://sandbox.test", true, &client), Client: client, Keeper: &memory{}, Transport: s.transport,
	})
	consent := s.refresher.Begin(scopes)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, consent.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is in memory
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := consent.Code(back.Query())
	if err == nil {
		err = s.refresher.Finish(t.Context(), consent, code)
	}
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return s
}

func (s *signedIn) method(t *testing.T) auth.Method {
	t.Helper()
	for _, m := range s.connector.Describe().Auth {
		if m.Name == auth.OAuth2 {
			return m
		}
	}
	t.Fatal("the connector has no sign-in with OAuth 2.0")
	return auth.Method{}
}

// session opens an account with some settings on the sign-in.
func (s *signedIn) session(t *testing.T, settings map[string]any) connectors.Session {
	t.Helper()
	source := auth.NewSource(s.refresher, auth.SourceOptions{
		Exchange: s.method(t).OAuth.Trade, Settings: settings, BaseURL: "http://sandbox.test", Transport: s.transport,
	})
	session, err := s.connector.Open(connectors.Account{
		Name: "acme", BaseURL: "http://sandbox.test", Credential: auth.Credential{Method: auth.OAuth2}, Source: source,
		Settings: settings, Gate: free{}, Transport: s.transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func (s *signedIn) op(t *testing.T, key string) *connectors.Operation {
	t.Helper()
	op, ok := s.connector.Describe().Operation(key)
	if !ok {
		t.Fatalf("no operation %s", key)
	}
	return op
}

// TestTrade_ChildrenOfAnAgencyShareItsSignIn lets two locations of an agency be asked for a
// day, while tokens live for an hour.
func TestTrade_ChildrenOfAnAgencyShareItsSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, "oauth.write", "contacts.readonly", "companies.readonly", "locations.readonly")
		ids := s.world.LocationIDs()
		s.world.Location(ids[1]).AddContact(map[string]any{"firstName": "Second"})
		agency := s.session(t, map[string]any{"companyId": "sandboxCompany000001"})
		first, second := s.session(t, map[string]any{"locationId": ids[0]}), s.session(t, map[string]any{"locationId": ids[1]})
		for range 24 {
			for name, session := range map[string]connectors.Session{"agency": agency, "first": first, "second": second} {
				if err := session.Check(t.Context()); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			<-time.After(time.Hour) // fake time
		}
		for want, session := range map[int]connectors.Session{2: first, 1: second} {
			page, err := session.Page(t.Context(), s.op(t, "contact.search"), connectors.Query{})
			if err != nil || len(page.Records) != want {
				t.Errorf("got %d contacts and %v, want %d", len(page.Records), err, want)
			}
		}
		if _, err := agency.Call(t.Context(), s.op(t, "location.get"), map[string]any{"locationId": ids[2]}); err != nil {
			t.Errorf("an operation that takes either token: %v", err)
		}
		if got := s.world.SignIns(); got.Reused != 0 || got.Pairs > 30 || got.Traded > 60 {
			t.Errorf("got %+v in a day, want about 25 pairs, 50 trades, and nothing reused", got)
		}
		_, err := agency.Call(t.Context(), s.op(t, "contact.get"), map[string]any{"contactId": "x"})
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.Auth || !strings.Contains(e.Error(), "add locationId") {
			t.Errorf("a location's operation at the agency: got %v, want what to do", err)
		}
	})
}

func TestTrade_LocationIsNoAgency(t *testing.T) {
	t.Parallel()
	s := signIn(t, "contacts.readonly", "companies.readonly")
	session := s.session(t, map[string]any{"locationId": s.world.LocationIDs()[0], "companyId": "sandboxCompany000001"})
	if err := session.Check(t.Context()); err != nil {
		t.Errorf("its own token: %v", err)
	}
	_, err := session.Call(t.Context(), s.op(t, "company.get"), nil)
	if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.Auth || !strings.Contains(e.Error(), "token of the agency") {
		t.Errorf("an operation of the agency: got %v, want that it needs the agency's token", err)
	}
	if got := s.world.SignIns(); got.Traded != 0 {
		t.Errorf("got %d trades, want none", got.Traded)
	}
}

// TestTrade_SignInToAnotherOne signs in to one place while the settings name another:
// nothing may be read or written there.
func TestTrade_SignInToAnotherOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scopes   []string
		settings func(s *signedIn) map[string]any
		want     string
	}{
		"a sub-account": {
			[]string{"contacts.readonly"},
			func(s *signedIn) map[string]any { return map[string]any{"locationId": s.world.LocationIDs()[1]} },
			"signed in to the sub-account",
		},
		"an agency": {
			[]string{"oauth.write", "companies.readonly", "contacts.readonly"},
			func(s *signedIn) map[string]any {
				return map[string]any{"companyId": "another", "locationId": s.world.LocationIDs()[1]}
			},
			"signed in to the agency",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := signIn(t, tt.scopes...)
			_, err := s.session(t, tt.settings(s)).Call(t.Context(), s.op(t, "contact.get"), map[string]any{"contactId": "x"})
			if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.Auth || !strings.Contains(e.Error(), tt.want) {
				t.Errorf("got %v, want that it is %s", err, tt.want)
			}
			if got := s.world.SignIns(); got.Traded != 0 {
				t.Errorf("got %d trades, want none", got.Traded)
			}
		})
	}
}
