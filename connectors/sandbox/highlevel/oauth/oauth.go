package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// The client that may sign in, and the agency that the locations belong to.
const (
	ClientID     = "sandbox-app"
	ClientSecret = "sandbox-app-secret" //nolint:gosec // it is none
	CompanyID    = wire.CompanyID
	// PagePath is where a person consents.
	PagePath = "/v2/oauth/chooselocation"
)

// usualLife is how long an access token lives (service docs, read 2026-09).
const usualLife = 86399 * time.Second

// codeLife is how long a code lives (a guess).
const codeLife = 10 * time.Minute

// Options say what a server knows.
type Options struct {
	// Life is how long access tokens live, in whole seconds; 0 means as long as the
	// service's.
	Life time.Duration
	// Locations are the ids of the agency's locations, the usual one first.
	Locations []string
}

// Counts is what a server has seen.
type Counts struct {
	Pairs  int `json:"pairs"`  // of tokens that were given
	Traded int `json:"traded"` // tokens of locations
	Reused int `json:"reused"` // refresh tokens that came a second time
}

// Server is the simulated sign-in. It is safe for concurrent use.
type Server struct {
	service *service.Service
	world   *service.World

	// The lock of the service guards what follows.
	life      time.Duration
	locations []string
	codes     map[string]code
	access    map[string]grant
	refresh   map[string]grant
	used      map[string]bool // refresh tokens
	counts    Counts
}

// code is what a consent is worth.
type code struct {
	grant
	redirect, challenge string
	ends                time.Time
}

// grant is what a token is good for.
type grant struct {
	location string // empty for the agency
	scopes   []string
	ends     time.Time
}

// New returns the sign-in of a world.
func New(w *service.World, o Options) *Server {
	s := &Server{
		world: w, life: o.Life, locations: o.Locations,
		codes: map[string]code{}, access: map[string]grant{}, refresh: map[string]grant{}, used: map[string]bool{},
	}
	if s.life <= 0 {
		s.life = usualLife
	}
	pass := func(*service.Call) service.Answer { return service.Answer{} }
	s.service = &service.Service{Name: "highlevel", World: w, Admit: pass, Limit: pass, Refuse: wire.Refuse}
	s.service.Routes = []service.Route{
		service.At("POST", "/oauth/token", "oauth.token", s.token).Reading(),
		service.At("POST", "/oauth/locationToken", "oauth.location_token", s.trade).Reading(),
		service.At("GET", "/oauth/installedLocations", "oauth.installed_locations", s.installed),
		service.At("GET", "/companies/{companyId}", "company.get", s.company),
	}
	return s
}

// Serves reports whether a request is for the server, and not for a location. The agency
// is shown to the tokens of this server alone.
func (s *Server) Serves(r *http.Request) bool {
	given := strings.HasPrefix(r.Header.Get("Authorization"), "Bearer access-")
	return r.URL.Path == PagePath || strings.HasPrefix(r.URL.Path, "/oauth/") || given && strings.HasPrefix(r.URL.Path, "/companies/")
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == PagePath && r.Method == http.MethodGet {
		s.page(w, r)
		return
	}
	s.service.ServeHTTP(w, r)
}

// SetLife changes how long the access tokens live that are given from now on.
func (s *Server) SetLife(life time.Duration) {
	s.service.Lock()
	defer s.service.Unlock()
	s.life = life
}

// End lets all access tokens end at once, as if the app had been changed. Refresh tokens
// go on to work.
func (s *Server) End() {
	s.service.Lock()
	defer s.service.Unlock()
	clear(s.access)
}

// Remove forgets everything that was ever given: somebody has removed the app.
func (s *Server) Remove() {
	s.service.Lock()
	defer s.service.Unlock()
	clear(s.access)
	clear(s.refresh)
}

// Counts returns what the server has seen.
func (s *Server) Counts() Counts {
	s.service.Lock()
	defer s.service.Unlock()
	return s.counts
}

// Location returns the location that an access token is for; ok is false for one that the
// server did not give, and the location is empty for that of an agency.
func (s *Server) Location(token string) (location string, ok bool) {
	s.service.Lock()
	defer s.service.Unlock()
	g, ok := s.access[token]
	return g.location, ok
}

// Admit refuses a token that has ended or lacks a scope of an operation. The texts are
// those that users report.
func (s *Server) Admit(token, location, operation string) service.Answer {
	s.service.Lock()
	defer s.service.Unlock()
	return s.admit(token, location, operation)
}

// admit is Admit for those who hold the lock.
func (s *Server) admit(token, location, operation string) service.Answer {
	g, ok := s.access[token]
	switch {
	case !ok:
		return wire.Refuse(http.StatusUnauthorized, "Invalid JWT")
	case !s.world.Now().Before(g.ends):
		return wire.Refuse(http.StatusUnauthorized, "The token has expired")
	case g.location == "" && operation == "location.get": // takes both kinds of token
	case g.location != location:
		return wire.Refuse(http.StatusForbidden, "The token does not have access to this location.")
	}
	for _, scope := range scopesOf(operation) {
		if !slices.Contains(g.scopes, scope) {
			return wire.Refuse(http.StatusUnauthorized, "The token is not authorized for this scope.")
		}
	}
	return service.Answer{}
}

// page is where a person consents. It sends the browser back at once; with page=1 it has a
// button. Whoever asks for oauth.write installs the app for the agency, everybody else for
// the first location (a guess: the service asks the person).
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	redirect, err := url.Parse(q.Get("redirect_uri"))
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || err != nil || !redirect.IsAbs() {
		http.Error(w, "the client, its redirect_uri or response_type is not right", http.StatusBadRequest)
		return
	}
	if q.Get("page") == "1" {
		q.Del("page")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Sandbox</title><h1>The app wants to use the sandbox</h1><a href="%s">Allow</a>`, html.EscapeString(PagePath[1:]+"?"+q.Encode()))
		return
	}
	back := redirect.Query()
	back.Set("state", q.Get("state"))
	if scopes := strings.Fields(q.Get("scope")); len(scopes) == 0 {
		back.Set("error", "invalid_scope")
		back.Set("error_description", "no scope was asked for")
	} else {
		back.Set("code", s.consent(scopes, q.Get("redirect_uri"), q.Get("code_challenge")))
	}
	redirect.RawQuery = back.Encode()
	w.Header().Set("Location", redirect.String())
	w.WriteHeader(http.StatusFound)
}

// consent makes a code.
func (s *Server) consent(scopes []string, redirect, challenge string) string {
	s.service.Lock()
	defer s.service.Unlock()
	c := code{grant: grant{location: s.locations[0], scopes: scopes}, redirect: redirect, challenge: challenge, ends: s.world.Now().Add(codeLife)}
	if slices.Contains(scopes, "oauth.write") {
		c.location = ""
	}
	name := "code-" + s.world.Dice.ID(24)
	s.codes[name] = c
	return name
}

// refuse is the error of a token request (RFC 6749, 5.2).
func refuse(status int, code, words string) service.Answer {
	return service.Answer{Status: status, Value: map[string]any{"error": code, "error_description": words}}
}

// token gives a pair for a code or a refresh token.
func (s *Server) token(c *service.Call) service.Answer {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || form.Get("client_id") != ClientID || form.Get("client_secret") != ClientSecret {
		return refuse(http.StatusUnauthorized, "invalid_client", "Invalid client credentials!")
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		name := form.Get("code")
		code, ok := s.codes[name]
		delete(s.codes, name)
		if !ok || !c.Now.Before(code.ends) || form.Get("redirect_uri") != code.redirect || !code.proves(form.Get("code_verifier")) {
			return refuse(http.StatusBadRequest, "invalid_grant", "Invalid grant: authorization code is invalid")
		}
		return s.pair(c, code.grant)
	case "refresh_token":
		name := form.Get("refresh_token")
		if s.used[name] {
			s.counts.Reused++
			return refuse(http.StatusBadRequest, "invalid_grant", "Invalid grant: refresh token was used")
		}
		g, ok := s.refresh[name]
		if !ok {
			return refuse(http.StatusBadRequest, "invalid_grant", "Invalid grant: refresh token is invalid")
		}
		delete(s.refresh, name)
		s.used[name] = true
		return s.pair(c, g)
	}
	return refuse(http.StatusBadRequest, "unsupported_grant_type", "grant_type is not supported")
}

// proves reports whether a verifier belongs to the challenge of a code, if it had one.
func (c code) proves(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return c.challenge == "" || base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge
}

// pair gives an access and a refresh token.
func (s *Server) pair(c *service.Call, g grant) service.Answer {
	s.counts.Pairs++
	refresh := "refresh-" + s.world.Dice.ID(24)
	s.refresh[refresh] = g
	answer := s.give(c, g)
	answer["refresh_token"] = refresh
	return service.Answer{Status: http.StatusOK, Value: answer}
}

// give gives an access token.
func (s *Server) give(c *service.Call, g grant) map[string]any {
	g.ends = c.Now.Add(s.life)
	access := "access-" + s.world.Dice.ID(24)
	s.access[access] = g
	answer := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(s.life.Seconds()), "scope": strings.Join(g.scopes, " "),
		"userType": "Location", "companyId": CompanyID, "userId": "sandboxUser000000001", "locationId": g.location,
	}
	if g.location == "" {
		answer["userType"] = "Company"
		delete(answer, "locationId")
	}
	return answer
}

// agency refuses who does not come with the token of the agency and its scope.
func (s *Server) agency(c *service.Call) (grant, service.Answer) {
	token, _ := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	return s.access[token], s.admit(token, "", c.Operation)
}

// trade gives a token for one of the agency's locations, without a refresh token.
func (s *Server) trade(c *service.Call) service.Answer {
	g, a := s.agency(c)
	if a.Status != 0 {
		return a
	}
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || form.Get("companyId") != CompanyID {
		return wire.Refuse(http.StatusBadRequest, "companyId is not that of the token")
	}
	location := form.Get("locationId")
	if !slices.Contains(s.locations, location) {
		return wire.Refuse(http.StatusBadRequest, "The app is not installed in this location.")
	}
	s.counts.Traded++
	g.location = location
	return service.Answer{Status: http.StatusCreated, Value: s.give(c, g)}
}

// installed lists where the app is installed.
func (s *Server) installed(c *service.Call) service.Answer {
	if _, a := s.agency(c); a.Status != 0 {
		return a
	}
	skip, limit := number(c.URL.Query().Get("skip"), 0), number(c.URL.Query().Get("limit"), 20)
	list := []any{}
	for i, id := range s.locations {
		if i >= skip && len(list) < limit {
			list = append(list, map[string]any{"_id": id, "name": fmt.Sprintf("Sandbox %d", i+1), "isInstalled": true})
		}
	}
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"locations": list, "count": len(s.locations), "installToFutureLocations": true}}
}

// company shows the agency.
func (s *Server) company(c *service.Call) service.Answer {
	if _, a := s.agency(c); a.Status != 0 {
		return a
	}
	if c.Vars["companyId"] != CompanyID {
		return wire.Refuse(http.StatusNotFound, "Company not found")
	}
	return service.Answer{Status: http.StatusOK, Value: map[string]any{"company": map[string]any{
		"id": CompanyID, "name": "Sandbox Agency", "locationCount": len(s.locations),
	}}}
}
