package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// issuer is a token endpoint for apps that sign in by themselves.
type issuer struct {
	life, delay time.Duration

	mu     sync.Mutex
	asked  int
	given  int
	scope  string           // of the last request
	forms  []string         // resource of each request
	basic  bool             // the client comes in the header
	latest string           // the token that was given last
	refuse func(n int) bool // whether the nth request fails; nil for none
	status int              // of failures
	body   string
}

func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.delay > 0 {
		<-time.After(s.delay)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	_ = r.ParseForm()
	s.scope, s.forms = r.Form.Get("scope"), append(s.forms, r.Form.Get("resource"))
	id, password := r.Form.Get("client_id"), r.Form.Get("client_secret")
	if s.basic {
		id, password, _ = r.BasicAuth()
	}
	if s.refuse != nil && s.refuse(s.asked) {
		w.Header().Set("Location", "https://evil.test/token")
		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(s.body))
		return
	}
	if r.Form.Get("grant_type") != "client_credentials" || id != "app" || password != "app-secret" || r.Form.Get("refresh_token") != "" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"no client with the secret %s"}`, password)
		return
	}
	s.given++
	s.latest = fmt.Sprintf("access-%d", s.given)
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":%d}`, s.latest, int(s.life/time.Second))
}

func (s *issuer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func granted(s http.Handler, change ...func(*auth.Options)) *auth.Granted {
	o := auth.Options{
		Account: "acme", Service: auth.OAuth{TokenURL: "https://sso.test/token", Form: map[string]string{"resource": "orders"}},
		Client: auth.Client{ID: secret.New("app"), Secret: secret.New("app-secret"), Scopes: []string{"read", "write"}}, Transport: &testkit.Transport{Handler: s},
	}
	for _, f := range change {
		f(&o)
	}
	return auth.NewGranted(o)
}

// together gets a token in many goroutines at once.
func together(t *testing.T, source auth.Source, n int) (tokens []string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range n {
		wg.Go(func() {
			got, err := source.Token(t.Context(), "")
			if err != nil {
				t.Errorf("Token: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			tokens = append(tokens, got.Secret.Reveal())
		})
	}
	wg.Wait()
	return tokens
}

func TestGranted_OneRequestWhoeverAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{life: time.Hour, delay: time.Second}
		g := granted(s)
		for _, token := range together(t, g, 50) {
			if token != "access-1" {
				t.Errorf("got %q, want the one token", token)
			}
		}
		if s.count() != 1 || s.scope != "read write" || s.forms[0] != "orders" {
			t.Errorf("got %d requests with the scope %q and the form %q, want one with both", s.count(), s.scope, s.forms)
		}
		<-time.After(46 * time.Minute) // the last quarter of its life
		together(t, g, 50)
		if s.count() != 2 {
			t.Errorf("got %d requests, want a second one before the end", s.count())
		}
		if got := g.Redactor().Redact("app-secret access-1 access-2"); got != "***** ***** *****" {
			t.Errorf("redacted: got %q", got)
		}
	})
}

// TestGranted_OfOneSecond uses tokens that live a second, for a minute: none is ever used after
// its end, and no more are asked for than their life says.
func TestGranted_OfOneSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{life: time.Second}
		g := granted(s)
		begin := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for time.Since(begin) < time.Minute {
					got, err := g.Token(t.Context(), "")
					if err != nil || !time.Now().Before(got.Expires) {
						t.Errorf("got a token until %v and %v at %v, want one that is good", got.Expires, err, time.Now())
						return
					}
					<-time.After(10 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		if n := s.count(); n < 60 || n > 81 {
			t.Errorf("got %d requests within a minute, want about 80", n)
		}
	})
}

func TestGranted_AfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{life: time.Hour}
		g := granted(s)
		first, err := g.Token(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 20 { // all of them were refused with the same token
			wg.Go(func() {
				got, better, err := g.Renew(t.Context(), "", first)
				if err != nil || !better || got.Secret.Reveal() != "access-2" {
					t.Errorf("got %q %t %v, want the second token", got.Secret.Reveal(), better, err)
				}
			})
		}
		wg.Wait()
		second, _ := g.Token(t.Context(), "")
		if _, better, err := g.Renew(t.Context(), "", second); better || err != nil {
			t.Errorf("within the minute: got better %t %v, want that the refusal stands", better, err)
		}
		if s.count() != 2 {
			t.Errorf("got %d requests, want 2", s.count())
		}
		<-time.After(time.Minute)
		if got, better, err := g.Renew(t.Context(), "", second); !better || err != nil || got.Secret.Reveal() != "access-3" {
			t.Errorf("a minute later: got %q %t %v, want a third token", got.Secret.Reveal(), better, err)
		}
	})
}

func TestGranted_Refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{life: time.Hour}
		g := granted(s, func(o *auth.Options) { o.Client.Secret = secret.New("another-secret") })
		_, err := g.Token(t.Context(), "")
		e, ok := errors.AsType[*auth.Error](err)
		if !ok || !e.Refused || e.Status != http.StatusUnauthorized || !strings.Contains(e.Hint, "client_secret") || !strings.Contains(e.Words, "invalid_client") {
			t.Fatalf("got %+v, want a refusal that says what to check", err)
		}
		if text := fmt.Sprintf("%+v %v %v", e, e.Unwrap(), e.Hint); strings.Contains(text, "another-secret") {
			t.Errorf("the error shows the secret: %s", text)
		}
		g.Configure(auth.Options{
			Account: "acme", Service: auth.OAuth{TokenURL: "https://sso.test/token"}, Client: auth.Client{ID: secret.New("app"), Secret: secret.New("app-secret")}, Transport: &testkit.Transport{Handler: s},
		})
		if got, err := g.Token(t.Context(), ""); err != nil || got.Secret.Reveal() != "access-1" {
			t.Errorf("with the right secret: got %q %v, want a token at once", got.Secret.Reveal(), err)
		}
	})
}

// TestGranted_BacksOff asks without a pause while the endpoint fails.
func TestGranted_BacksOff(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status  int
		body    string
		refused bool
		hint    string
	}{
		"down":       {http.StatusServiceUnavailable, "app-secret is down", false, ""},
		"redirect":   {http.StatusFound, "", false, "redirects are not followed"},
		"not found":  {http.StatusNotFound, "<html>", false, "check token_url"},
		"bad client": {http.StatusBadRequest, `{"error":"unauthorized_client"}`, true, "client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &issuer{life: time.Hour, status: tt.status, body: tt.body, refuse: func(int) bool { return true }}
				g := granted(s)
				for begin := time.Now(); time.Since(begin) < time.Hour; {
					_, err := g.Token(t.Context(), "")
					e, ok := errors.AsType[*auth.Error](err)
					if !ok || e.Refused != tt.refused || !strings.Contains(e.Hint, tt.hint) || strings.Contains(e.Error(), "app-secret") {
						t.Fatalf("got %+v, want refused %t, a hint with %q, and no secret", err, tt.refused, tt.hint)
					}
					<-time.After(100 * time.Millisecond)
				}
				if n := s.count(); n < 12 || n > 24 {
					t.Errorf("got %d requests within an hour, want about 20", n)
				}
			})
		})
	}
}

// TestGranted_KeepsTheOldTokenWhileNoneIsToBeHad lets the endpoint fail for the last quarter of a
// token's life, and after.
func TestGranted_KeepsTheOldTokenWhileNoneIsToBeHad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{life: time.Hour, status: http.StatusBadGateway, refuse: func(n int) bool { return n > 1 }}
		g := granted(s)
		for begin := time.Now(); time.Since(begin) < time.Hour; <-time.After(time.Minute) {
			if got, err := g.Token(t.Context(), ""); err != nil || got.Secret.Reveal() != "access-1" {
				t.Fatalf("after %v: got %q %v, want the first token", time.Since(begin), got.Secret.Reveal(), err)
			}
		}
		if _, err := g.Token(t.Context(), ""); err == nil {
			t.Error("got a token that has ended, want an error")
		}
	})
}

func TestGranted_ClientInTheHeader(t *testing.T) {
	t.Parallel()
	s := &issuer{life: time.Hour, basic: true}
	g := granted(s, func(o *auth.Options) { o.Service.Basic = true })
	if got, err := g.Token(t.Context(), ""); err != nil || got.Secret.Reveal() != "access-1" {
		t.Errorf("got %q %v, want a token", got.Secret.Reveal(), err)
	}
}

func TestIsSafe(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://sso.test/token": true, "http://127.0.0.1:1/t": true, "http://localhost/t": true, "http://[::1]/t": true,
		"http://sso.test/token": false, "http://127.0.0.1.evil.test/t": false, "ftp://127.0.0.1/": false, "": false, "/token": false, "https://a:b@sso.test/": false, "https://%zz": false,
	} {
		if got := auth.IsSafe(address); got != want {
			t.Errorf("%q: got %t, want %t", address, got, want)
		}
	}
}

func TestResolve_OfAnAppsOwnService(t *testing.T) {
	t.Parallel()
	service := auth.OAuth{Form: map[string]string{"a": "1", "b": "2"}}
	got := service.Resolve("https://api.test", false, &auth.Client{TokenURL: "https://sso.test/token", Form: map[string]string{"b": "3"}, Basic: true})
	if got.TokenURL != "https://sso.test/token" || got.Form["a"] != "1" || got.Form["b"] != "3" || !got.Basic || service.Form["b"] != "2" {
		t.Errorf("got %+v of %+v, want the account's values in a copy", got, service)
	}
}
