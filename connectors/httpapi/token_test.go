package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// source is an account's source that a test writes down.
type source struct {
	tokens    []string // the one that is given, then those of renewals
	scopes    []string
	err       error
	renewals  int
	audiences []string
	redact    *secret.Redactor
}

func (s *source) Token(_ context.Context, audience string) (auth.Token, error) {
	s.audiences = append(s.audiences, audience)
	return auth.Token{Secret: secret.New(s.tokens[0]), Scopes: s.scopes}, s.err
}

func (s *source) Renew(context.Context, string, auth.Token) (auth.Token, bool, error) {
	s.renewals++
	if len(s.tokens) < 2 {
		return auth.Token{}, false, nil
	}
	s.tokens = s.tokens[1:]
	return auth.Token{Secret: secret.New(s.tokens[0])}, true, nil
}

func (s *source) Redactor() *secret.Redactor { return s.redact }

// withSource gives an account a source.
func withSource(s *source) func(*connectors.Account) {
	s.redact = &secret.Redactor{}
	for _, t := range s.tokens {
		s.redact.Add(secret.New(t))
	}
	return func(a *connectors.Account) { a.Source, a.Credential.Secret = s, secret.String{} }
}

// accepts is a carrier that takes one token, and counts what it is asked.
func accepts(want string, asked *int) carrier {
	return func(r *http.Request) (*http.Response, error) {
		*asked++
		if got := r.Header.Get("Authorization"); got != "Bearer "+want {
			return reply(http.StatusUnauthorized, "application/json", `{"message":"no: `+got+`"}`), nil
		}
		return reply(http.StatusOK, "application/json", `{"orders":[],"order":{"id":"1"}}`), nil
	}
}

// TestSource_OfAnAppThatSignsInByItself has a token taken back while many calls are made: each of
// them succeeds, and there is one more request for a token.
func TestSource_OfAnAppThatSignsInByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		given, asked := 0, 0
		tokens := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			given++
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":3600}`, given)
		})
		from := auth.NewGranted(auth.Options{
			Account: "acme", Service: auth.OAuth{TokenURL: "https://sso.test/token"}, Client: auth.Client{ID: secret.New("app"), Secret: secret.New("app-secret")},
			Transport: &testkit.Transport{Handler: tokens},
		})
		s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
			<-time.After(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			asked++
			latest := 1
			if asked > 50 {
				latest = 2
			}
			if got := r.Header.Get("Authorization"); got != fmt.Sprintf("Bearer token-%d", latest) {
				return reply(http.StatusUnauthorized, "application/json", `{}`), nil
			}
			return reply(http.StatusOK, "application/json", `{"orders":[]}`), nil
		}), func(a *connectors.Account) {
			a.Source, a.Credential.Secret, a.Gate = from, secret.String{}, budget.New(nil, 0)
		})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := s.Check(t.Context()); err != nil {
					t.Errorf("Check: %v", err)
				}
			})
		}
		wg.Wait()
		if given != 2 {
			t.Errorf("got %d requests for tokens, want 2", given)
		}
	})
}

func TestSource_RefusedTokenIsRenewedAndTheRequestSentOnceMore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		tokens          []string
		asked, renewals int
		fails           bool
	}{
		{"the token is good", []string{"good-token"}, 1, 0, false},
		{"a better one is to be had", []string{"old-token", "good-token"}, 2, 1, false},
		{"the new one is refused as well", []string{"old-token", "bad-token", "good-token"}, 2, 1, true},
		{"there is no better one", []string{"old-token"}, 1, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			from := &source{tokens: tt.tokens}
			s := newService(t, accepts("good-token", &asked), withSource(from))
			err := s.Check(t.Context())
			if tt.fails {
				e := ours(t, err, connectors.Auth)
				if strings.Contains(e.Error(), "-token") {
					t.Errorf("the error shows a token: %v", e)
				}
			} else if err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if asked != tt.asked || from.renewals != tt.renewals {
				t.Errorf("got %d requests and %d renewals, want %d and %d", asked, from.renewals, tt.asked, tt.renewals)
			}
			if s.gate.entered != tt.asked || s.gate.left != tt.asked {
				t.Errorf("the gate was entered %d and left %d times, want %d: each request counts", s.gate.entered, s.gate.left, tt.asked)
			}
		})
	}
}

func TestSource_WithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from *source
		kind connectors.Kind
		word string
	}{
		{"nobody signed in", &source{tokens: []string{""}, err: &auth.Error{Refused: true, Words: "nobody has signed in", Hint: "sign in: pollux accounts login acme"}}, connectors.Auth, "pollux accounts login acme"},
		{"trouble that passes", &source{tokens: []string{""}, err: &auth.Error{Words: "no answer"}}, connectors.Transient, "not sent"},
		{"a scope is missing", &source{tokens: []string{"good-token"}, scopes: []string{"other"}}, connectors.Auth, "lacks orders.read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			s := newService(t, accepts("good-token", &asked), withSource(tt.from))
			_, err := s.Call(t.Context(), s.op(t, "order.get"), map[string]any{"orderId": "1"})
			if got := strings.Join(tt.from.audiences, " "); got != "shop" {
				t.Errorf("got tokens for %q, want one for the operation's audience", got)
			}
			if e := ours(t, err, tt.kind); !strings.Contains(e.Error(), tt.word) || e.Narrow != (tt.from.scopes != nil) {
				t.Errorf("got %v (narrow %t), want %q in it, and narrow for a scope alone", e, e.Narrow, tt.word)
			}
			if asked != 0 || s.gate.entered != 0 {
				t.Errorf("got %d requests and %d entries, want none", asked, s.gate.entered)
			}
		})
	}
}
