package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// app is a client of the sandbox's HighLevel that signs in with OAuth 2.0.
type app struct {
	t      *testing.T
	client *http.Client
}

// tokens is what the token endpoint answers.
type tokens struct {
	Access   string `json:"access_token"`
	Refresh  string `json:"refresh_token"`
	Expires  int    `json:"expires_in"`
	UserType string `json:"userType"`
	Location string `json:"locationId"`
	Company  string `json:"companyId"`
	Error    string `json:"error"`
}

func (a *app) do(method, path, token string, form url.Values) (int, []byte, http.Header) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, "http://sandbox.test"+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Version", "2021-07-28")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is in memory
	var b json.RawMessage
	_ = json.NewDecoder(resp.Body).Decode(&b) // the redirect has no JSON
	return resp.StatusCode, b, resp.Header
}

// token asks the token endpoint.
func (a *app) token(form url.Values) (int, tokens) {
	a.t.Helper()
	form.Set("client_id", "sandbox-app")
	form.Set("client_secret", "sandbox-app-secret")
	status, body, _ := a.do(http.MethodPost, "/oauth/token", "", form)
	var got tokens
	if err := json.Unmarshal(body, &got); err != nil {
		a.t.Fatal(err)
	}
	return status, got
}

// code consents to some scopes.
func (a *app) code(scopes string) string {
	a.t.Helper()
	q := url.Values{"response_type": {"code"}, "client_id": {"sandbox-app"}, "redirect_uri": {"http://127.0.0.1:1/back"}, "scope": {scopes}, "state": {"s1"}}
	status, _, head := a.do(http.MethodGet, "/v2/oauth/chooselocation?"+q.Encode(), "", nil)
	back, err := url.Parse(head.Get("Location"))
	if status != http.StatusFound || err != nil || back.Query().Get("state") != "s1" || back.Host != "127.0.0.1:1" {
		a.t.Fatalf("consent: got %d to %s", status, head.Get("Location"))
	}
	return back.Query().Get("code")
}

// signIn signs in with some scopes.
func (a *app) signIn(scopes string) tokens {
	a.t.Helper()
	status, got := a.token(url.Values{"grant_type": {"authorization_code"}, "code": {a.code(scopes)}, "redirect_uri": {"http://127.0.0.1:1/back"}})
	if status != http.StatusOK {
		a.t.Fatalf("sign in: got %d %s", status, got.Error)
	}
	return got
}

func TestOAuth_RefreshTokensWorkOnceAndAccessTokensEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sandbox.New(sandbox.Options{Seed: 1, Contacts: 3, TokenLife: time.Minute})
		a := &app{t, testkit.Client(s.HighLevel())}
		first := a.signIn("contacts.readonly")
		if first.UserType != "Location" || first.Location != s.LocationIDs()[0] || first.Expires != 60 {
			t.Errorf("got %+v, want a token of the location for a minute", first)
		}
		search := func(token string) int {
			status, _, _ := a.do(http.MethodGet, "/contacts/?locationId="+first.Location, token, nil)
			return status
		}
		if got := search(first.Access); got != http.StatusOK {
			t.Errorf("a read with the scope: got %d, want 200", got)
		}
		if status, body, _ := a.do(http.MethodPost, "/contacts/", first.Access, nil); status != http.StatusUnauthorized || !strings.Contains(string(body), "not authorized for this scope") {
			t.Errorf("a write without the scope: got %d %s, want 401", status, body)
		}
		<-time.After(time.Minute) // fake time
		if got := search(first.Access); got != http.StatusUnauthorized {
			t.Errorf("after its end: got %d, want 401", got)
		}
		again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}}
		_, second := a.token(again)
		if got := search(second.Access); got != http.StatusOK || second.Refresh == first.Refresh {
			t.Errorf("the new pair: got %d, want another pair that works", got)
		}
		if status, got := a.token(again); status != http.StatusBadRequest || got.Error != "invalid_grant" {
			t.Errorf("a refresh token that comes twice: got %d %s, want invalid_grant", status, got.Error)
		}
		if got := s.SignIns(); got.Reused != 1 || got.Pairs != 2 {
			t.Errorf("counts: got %+v, want 2 pairs and 1 reused", got)
		}
		if got := search("sandbox-highlevel-token"); got != http.StatusOK {
			t.Errorf("the static token: got %d, want 200", got)
		}
	})
}

func TestOAuth_AgencyTradesForItsLocations(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{Seed: 1, Contacts: 3, Locations: 2})
	a := &app{t, testkit.Client(s.HighLevel())}
	ids := s.LocationIDs()
	s.Location(ids[1]).AddContact(map[string]any{"firstName": "Only"})
	agency := a.signIn("oauth.write oauth.readonly contacts.readonly companies.readonly")
	if agency.UserType != "Company" || agency.Location != "" {
		t.Errorf("got %+v, want a token of the agency", agency)
	}
	status, body, _ := a.do(http.MethodGet, "/oauth/installedLocations?companyId="+agency.Company+"&appId=sandbox&limit=2", agency.Access, nil)
	if status != http.StatusOK || strings.Count(string(body), `"_id"`) != 2 {
		t.Errorf("installed locations: got %d %s, want 2 of 3", status, body)
	}
	if status, _, _ := a.do(http.MethodGet, "/companies/"+agency.Company, agency.Access, nil); status != http.StatusOK {
		t.Errorf("the agency: got %d, want 200", status)
	}
	contacts := func(token, location string) (int, string) {
		status, body, _ := a.do(http.MethodGet, "/contacts/?locationId="+location, token, nil)
		return status, string(body)
	}
	if status, _ := contacts(agency.Access, ids[0]); status != http.StatusForbidden {
		t.Errorf("the agency's token at a location: got %d, want 403", status)
	}
	status, body, _ = a.do(http.MethodPost, "/oauth/locationToken", agency.Access, url.Values{"companyId": {agency.Company}, "locationId": {ids[1]}})
	var traded tokens
	if err := json.Unmarshal(body, &traded); err != nil || status != http.StatusCreated || traded.Refresh != "" {
		t.Fatalf("trade: got %d %s", status, body)
	}
	if status, body := contacts(traded.Access, ids[1]); status != http.StatusOK || strings.Count(body, `"firstName":"Only"`) != 1 {
		t.Errorf("at its location: got %d %.200s, want its one contact", status, body)
	}
	if status, _ := contacts(traded.Access, ids[2]); status != http.StatusForbidden {
		t.Errorf("at another location: got %d, want 403", status)
	}
}
