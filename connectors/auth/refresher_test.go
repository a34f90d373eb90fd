package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
)

// server is a token endpoint whose refresh tokens work once.
type server struct {
	life  time.Duration
	delay time.Duration

	mu     sync.Mutex
	n      int                              // pairs that were given
	used   map[string]bool                  // refresh tokens
	reused int                              // refresh tokens that came again
	asked  int                              // requests
	refuse func() (status int, body string) // nil or 0 answers as usual
}

func newServer(life time.Duration) *server {
	return &server{life: life, used: map[string]bool{}}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.delay > 0 {
		<-time.After(s.delay)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	_ = r.ParseForm()
	if s.refuse != nil {
		if status, body := s.refuse(); status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		}
	}
	if r.Form.Get("client_id") != "app" || r.Form.Get("client_secret") != "app-secret" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
		return
	}
	given := r.Form.Get("refresh_token") + r.Form.Get("code")
	if s.used[given] || given == "" {
		s.reused++
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"the token ` + given + ` was used"}`))
		return
	}
	s.used[given] = true
	s.n++
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","expires_in":%d,"scope":"contacts.readonly contacts.write","userType":"Location"}`, s.n, s.n, int(s.life/time.Second))
}

func (s *server) counts() (asked, reused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.reused
}

// keeper keeps in memory, and can fail.
type keeper struct {
	mu    sync.Mutex
	text  []byte
	ever  strings.Builder // everything that was kept
	keeps int
	fail  func(keep int) error // nil never fails; keep counts from 1
}

func (k *keeper) Load(context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text, nil
}

func (k *keeper) Keep(_ context.Context, text []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keeps++
	if k.fail != nil {
		if err := k.fail(k.keeps); err != nil {
			return err
		}
	}
	k.text = text
	k.ever.Write(text)
	return nil
}

func (k *keeper) Forget(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.text = nil
	return nil
}

// has reports whether a text is kept, or was.
func (k *keeper) has(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Contains(k.ever.String(), `"`+text+`"`)
}

func options(s http.Handler, k auth.Keeper) auth.Options {
	return auth.Options{
		Account: "acme",
		Service: auth.OAuth{AuthorizeURL: "https://sso.test/authorize", TokenURL: "https://api.test/oauth/token", Facts: []string{"userType"}, Pauses: []string{"Location is not active"}},
		Client: auth.Client{
			ID: secret.New("app"), Secret: secret.New("app-secret"), RedirectURL: "http://127.0.0.1:8089/callback", First: secret.New("first-token"),
		},
		Keeper: k, Transport: &testkit.Transport{Handler: s},
	}
}

func token(t *testing.T, r *auth.Refresher) string {
	t.Helper()
	got, err := r.Token(t.Context())
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	return got.Secret.Reveal()
}

// refused checks that an error is one that only a person can end, and returns it.
func refused(t *testing.T, err error) *auth.Error {
	t.Helper()
	e, ok := errors.AsType[*auth.Error](err)
	if !ok || !e.Refused {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e
}

// passing checks that an error is one that passes.
func passing(t *testing.T, err error) *auth.Error {
	t.Helper()
	e, ok := errors.AsType[*auth.Error](err)
	if !ok || e.Refused {
		t.Fatalf("got %v, want trouble that passes", err)
	}
	return e
}

// TestRefresher_RenewsOnceForAll lets sixteen callers want a token every 100 ms whose life
// is a second, for a minute.
func TestRefresher_RenewsOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Second), &keeper{}
		s.delay = 30 * time.Millisecond
		r := auth.NewRefresher(options(s, k))
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				for range 600 {
					got, err := r.Token(t.Context())
					if err != nil {
						t.Errorf("Token: %v", err)
						return
					}
					if left := time.Until(got.Expires); left < -s.delay {
						t.Errorf("got a token that ended %s ago", -left)
					}
					if !k.has(got.Secret.Reveal()) {
						t.Error("got a token that is not stored")
					}
					<-time.After(100 * time.Millisecond) // fake time
				}
			})
		}
		group.Wait()
		asked, reused := s.counts()
		if reused != 0 || asked < 60 || asked > 90 {
			t.Errorf("got %d requests for tokens and %d reused ones in a minute, want about 75 and 0", asked, reused)
		}
	})
}

func TestRefresher_StoresBeforeItGivesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		full := errors.New("no space left")
		k.fail = func(n int) error { // the note goes well, the pair does not, twice
			if n == 2 || n == 3 {
				return full
			}
			return nil
		}
		r := auth.NewRefresher(options(s, k))
		for range 2 {
			_, err := r.Token(t.Context())
			if e := passing(t, err); !errors.Is(e, full) {
				t.Errorf("got %v, want that it cannot be stored", e)
			}
			<-time.After(10 * time.Second) // fake time
		}
		if got := token(t, r); got != "access-1" || !k.has("access-1") {
			t.Errorf("got %q, want the first token, stored", got)
		}
		if asked, _ := s.counts(); asked != 1 {
			t.Errorf("got %d requests, want 1: the pair that waited is the only one", asked)
		}
	})
}

func TestRefresher_SendsNothingThatItCannotNote(t *testing.T) {
	t.Parallel()
	s, k := newServer(time.Hour), &keeper{}
	k.fail = func(int) error { return errors.New("no space left") }
	_, err := auth.NewRefresher(options(s, k)).Token(t.Context())
	_ = passing(t, err)
	if asked, _ := s.counts(); asked != 0 {
		t.Errorf("got %d requests, want none", asked)
	}
}

func TestRefresher_RenewsEarlyAndUsesTheOldTokenMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(24*time.Hour), &keeper{}
		r := auth.NewRefresher(options(s, k))
		if got := token(t, r); got != "access-1" {
			t.Fatalf("got %q, want the first token", got)
		}
		<-time.After(23*time.Hour - time.Minute) // fake time
		if got := token(t, r); got != "access-1" {
			t.Errorf("an hour and a minute before the end: got %q, want the old token", got)
		}
		s.refuse = func() (int, string) { return http.StatusBadGateway, "down" }
		for range 50 { // the old one is good for half an hour yet
			<-time.After(30 * time.Second) // fake time
			if got := token(t, r); got != "access-1" {
				t.Fatalf("while the service is down: got %q, want the old token", got)
			}
		}
		if asked, _ := s.counts(); asked < 4 || asked > 15 {
			t.Errorf("got %d requests in 25 minutes, want few", asked)
		}
		<-time.After(40 * time.Minute) // fake time
		if _, err := r.Token(t.Context()); passing(t, err) == nil {
			t.Error("got an old token that has ended")
		}
		s.refuse = nil
		<-time.After(6 * time.Minute) // fake time
		if got := token(t, r); got != "access-2" {
			t.Errorf("after the service came back: got %q, want a new token", got)
		}
		if _, reused := s.counts(); reused != 0 {
			t.Errorf("got %d reused tokens, want none", reused)
		}
	})
}

func TestRefresher_RemembersARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		s.used["first-token"] = true
		r := auth.NewRefresher(options(s, k))
		for range 3 {
			_, err := r.Token(t.Context())
			e := refused(t, err)
			if !strings.Contains(e.Words, "invalid_grant") || !strings.Contains(e.Hint, "pollux accounts login acme") || strings.Contains(e.Words, "first-token") {
				t.Errorf("got %q (%s), want the service's words without the token, and what to type", e.Words, e.Hint)
			}
			<-time.After(time.Hour) // fake time
		}
		again := auth.NewRefresher(options(s, k)) // a restart
		_, err := again.Token(t.Context())
		_ = refused(t, err)
		if asked, _ := s.counts(); asked != 1 {
			t.Errorf("got %d requests, want 1: a refused token is not sent again", asked)
		}
		o := options(s, k)
		o.Client.First = secret.New("another-token") // the person has put a new one into the settings
		if got := token(t, auth.NewRefresher(o)); got != "access-1" {
			t.Errorf("got %q, want the token for the new one", got)
		}
	})
}

// TestRefresher_AfterAKill replays what is on disk after a kill at every moment of a renewal.
func TestRefresher_AfterAKill(t *testing.T) {
	t.Parallel()
	tests := []struct {
		point  auth.Point
		reused int
		err    string // part of the refusal; empty for none
	}{
		{auth.RenewalNoted, 0, ""},
		{auth.RenewalAnswered, 1, "whose answer was lost"},
		{auth.RenewalStored, 0, ""},
	}
	for _, tt := range tests {
		t.Run(string(tt.point), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, k := newServer(time.Hour), &keeper{}
				o := options(s, k)
				disk := &keeper{}
				o.At = func(p auth.Point) {
					if p == tt.point { // this is what is on disk if it is killed now
						k.mu.Lock()
						disk.text = k.text
						k.mu.Unlock()
						if p == auth.RenewalNoted {
							panic("killed")
						}
					}
				}
				func() {
					defer func() { _ = recover() }()
					_, _ = auth.NewRefresher(o).Token(t.Context())
				}()
				_, err := auth.NewRefresher(options(s, disk)).Token(t.Context())
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("after the kill: got %v, want %q", err, tt.err)
				}
				if tt.err != "" { // and never again
					_, err = auth.NewRefresher(options(s, disk)).Token(t.Context())
					_ = refused(t, err)
				}
				if _, reused := s.counts(); reused != tt.reused {
					t.Errorf("got %d reused tokens, want %d", reused, tt.reused)
				}
			})
		})
	}
}

func TestRefresher_TriesAPausedSignInDaily(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		s.refuse = func() (int, string) { return http.StatusBadRequest, `{"message":"Location is not active"}` }
		r := auth.NewRefresher(options(s, k))
		for range 30 {
			_, err := r.Token(t.Context())
			if e := refused(t, err); strings.Contains(e.Hint, "login") || !strings.Contains(e.Words, "Location is not active") {
				t.Fatalf("got %q (%s), want the service's words and no login", e.Words, e.Hint)
			}
			<-time.After(time.Hour) // fake time
		}
		if asked, _ := s.counts(); asked != 2 {
			t.Errorf("got %d requests in 30 hours, want 2", asked)
		}
		s.refuse = nil
		<-time.After(20 * time.Hour) // fake time
		if got := token(t, r); got != "access-1" {
			t.Errorf("got %q, want a token once it is active again", got)
		}
	})
}

func TestRefresher_RenewReplacesARefusedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(24*time.Hour), &keeper{}
		r := auth.NewRefresher(options(s, k))
		got, err := r.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, better, err := r.Renew(t.Context(), got); better || err != nil {
			t.Errorf("a young token: got %t %v, want that there is no better one", better, err)
		}
		<-time.After(2 * time.Minute) // fake time
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				next, better, err := r.Renew(t.Context(), got)
				if err != nil || !better || next.Secret.Reveal() != "access-2" {
					t.Errorf("an old token: got %q %t %v, want access-2", next.Secret.Reveal(), better, err)
				}
			})
		}
		group.Wait()
		if asked, reused := s.counts(); asked != 2 || reused != 0 {
			t.Errorf("got %d requests and %d reused tokens, want 2 and 0", asked, reused)
		}
	})
}

func TestRefresher_NeverSignedIn(t *testing.T) {
	t.Parallel()
	s, k := newServer(time.Hour), &keeper{}
	o := options(s, k)
	o.Client.First = secret.String{}
	_, err := auth.NewRefresher(o).Token(t.Context())
	if e := refused(t, err); e.Hint != "sign in: pollux accounts login acme" {
		t.Errorf("got %q (%s), want what to type", e.Words, e.Hint)
	}
}

func TestRefresher_SignsInAndForgets(t *testing.T) {
	t.Parallel()
	s, k := newServer(time.Hour), &keeper{}
	o := options(s, k)
	o.Service.PKCE, o.Service.Separator = true, ","
	r := auth.NewRefresher(o)
	c := r.Begin([]string{"a", "b"})
	page, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := page.Query()
	if q.Get("scope") != "a,b" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" || q.Get("client_id") != "app" {
		t.Errorf("page: got %s", c.URL)
	}
	answers := []struct {
		values url.Values
		code   string
		err    string
	}{
		{url.Values{"code": {"c1"}, "state": {"other"}}, "", "does not belong to this sign-in"},
		{url.Values{"error": {"access_denied"}, "error_description": {"no"}, "state": {q.Get("state")}}, "", "access_denied no"},
		{url.Values{"state": {q.Get("state")}}, "", "sent no code"},
		{url.Values{"code": {"c1"}, "state": {q.Get("state")}}, "c1", ""},
	}
	for _, a := range answers {
		code, err := c.Code(a.values)
		if code != a.code || (err == nil) != (a.err == "") || err != nil && !strings.Contains(err.Error(), a.err) {
			t.Errorf("Code(%v): got %q %v, want %q %q", a.values, code, err, a.code, a.err)
		}
	}
	if err := r.Finish(t.Context(), c, "c1"); err != nil {
		t.Fatal(err)
	}
	if got := token(t, r); got != "access-1" || !k.has("refresh-1") {
		t.Errorf("got %q, want the token of the sign-in, stored", got)
	}
	if text := r.Redactor().Redact("access-1 refresh-1 app-secret"); text != "***** ***** *****" {
		t.Errorf("redacted: got %q", text)
	}
	if revoked, left, err := r.Forget(t.Context()); revoked || left != nil || err != nil {
		t.Errorf("Forget: got %t %v %v, want that the service cannot revoke", revoked, left, err)
	}
	_, err = r.Token(t.Context())
	_ = refused(t, err)
	_, err = auth.NewRefresher(o).Token(t.Context()) // the settings' own token is not taken after a logout
	_ = refused(t, err)
}

// TestRefresher_SaysThatAnAnswerWasLost lets the service use up the refresh token and cut the
// connection: nobody knows, so it is tried again, and the refusal says how it came.
func TestRefresher_SaysThatAnAnswerWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		cut := true
		o := options(s, k)
		o.Transport = &testkit.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cut {
				cut = false
				s.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			s.ServeHTTP(w, r)
		})}
		r := auth.NewRefresher(o)
		_, err := r.Token(t.Context())
		_ = passing(t, err)
		<-time.After(2 * time.Second) // fake time
		for range 2 {
			_, err = r.Token(t.Context())
			if e := refused(t, err); !strings.Contains(e.Words, "whose answer was lost") {
				t.Errorf("got %q, want that an answer was lost", e.Words)
			}
		}
		if asked, reused := s.counts(); asked != 2 || reused != 1 {
			t.Errorf("got %d requests and %d reused tokens, want 2 and 1", asked, reused)
		}
	})
}

// TestRefresher_GoesOnWhenItsFirstCallerLeaves gives up the caller who does the work: the new
// pair must be kept all the same.
func TestRefresher_GoesOnWhenItsFirstCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		s.delay = time.Second
		r := auth.NewRefresher(options(s, k))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, _ = r.Token(ctx) // he may get it or not
		if !k.has("refresh-1") {
			t.Error("the new pair was not kept")
		}
		if got := token(t, r); got != "access-1" {
			t.Errorf("got %q, want the token that was kept", got)
		}
	})
}

// TestRefresher_HidesTheClientForEver renews more often than the redactor remembers tokens.
func TestRefresher_HidesTheClientForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		r := auth.NewRefresher(options(s, k))
		for range 100 {
			token(t, r)
			<-time.After(time.Hour) // fake time
		}
		if got := r.Redactor().Redact("app-secret first-token"); got != "***** *****" {
			t.Errorf("got %q after 100 renewals, want stars", got)
		}
	})
}

// TestRefresher_TokenOfAClockThatWasAhead takes up a sign-in that was stored while the clock
// was ahead: the token ends long before its time, and what is refused is old enough.
func TestRefresher_TokenOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Now().AddDate(1, 0, 0)
		s, k := newServer(time.Hour), &keeper{}
		k.text = fmt.Appendf(nil, `{"v":1,"access":"old","refresh":"stored","issued":%q,"expires":%q}`,
			ahead.Format(time.RFC3339), ahead.Add(24*time.Hour).Format(time.RFC3339))
		r := auth.NewRefresher(options(s, k))
		old, err := r.Token(t.Context())
		if err != nil || old.Secret.Reveal() != "old" {
			t.Fatalf("Token: got %q, %v, want the stored one", old.Secret.Reveal(), err)
		}
		got, better, err := r.Renew(t.Context(), old)
		if err != nil || !better || got.Secret.Reveal() != "access-1" {
			t.Errorf("Renew: got %q %t %v, want access-1", got.Secret.Reveal(), better, err)
		}
	})
}

// TestRefresher_PauseOfAClockThatWasAhead takes up a pause whose end lies further ahead than
// any pause is long.
func TestRefresher_PauseOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, k := newServer(time.Hour), &keeper{}
		o := options(s, k)
		s.refuse = func() (int, string) { return http.StatusForbidden, `{"message":"Location is not active"}` }
		_, err := auth.NewRefresher(o).Token(t.Context())
		_ = refused(t, err)
		s.refuse = nil
		now := time.Now().UTC()
		k.text = []byte(strings.ReplaceAll(string(k.text), now.Format("2006-"), now.AddDate(1, 0, 0).Format("2006-")))
		if got := token(t, auth.NewRefresher(o)); got != "access-1" {
			t.Errorf("got %q, want a new token", got)
		}
	})
}

// TestRefresher_PageOfAProxyIsNoRefusal answers for a while with pages that the service did
// not write: nobody must sign in anew because of them.
func TestRefresher_PageOfAProxyIsNoRefusal(t *testing.T) {
	t.Parallel()
	for body, refuses := range map[string]bool{"<html>Access denied</html>": false, "": false, `{"message":"no"}`: true, `{"error":"unauthorized_client"}`: true} {
		for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
			t.Run(fmt.Sprint(status, " ", body), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s, k := newServer(time.Hour), &keeper{}
					s.refuse = func() (int, string) { return status, body }
					r := auth.NewRefresher(options(s, k))
					_, err := r.Token(t.Context())
					if refuses {
						_ = refused(t, err)
						return
					}
					_ = passing(t, err)
					s.refuse = nil
					<-time.After(time.Minute) // fake time
					if got := token(t, r); got != "access-1" {
						t.Errorf("got %q once the page was gone, want a new token", got)
					}
				})
			})
		}
	}
}

// TestRefresher_KeepsASignInFromOtherServices changes where an account leads, or which
// client it has, under the same name: its tokens are not given out until it is as before.
func TestRefresher_KeepsASignInFromOtherServices(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*auth.Options){
		"another service": func(o *auth.Options) { o.Service.TokenURL = "https://other.test/oauth/token" },
		"another client":  func(o *auth.Options) { o.Client.ID = secret.New("another-app") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, k := newServer(time.Hour), &keeper{}
				o := options(s, k)
				own := token(t, auth.NewRefresher(o))
				o.Client.First = secret.String{}
				moved := o
				change(&moved)
				before, _ := s.counts()
				_, err := auth.NewRefresher(moved).Token(t.Context())
				_ = refused(t, err)
				r := auth.NewRefresher(o)
				if got := token(t, r); got != own {
					t.Errorf("as before it gives %q, want %q", got, own)
				}
				r.Configure(moved) // while it has the sign-in in memory
				_, err = r.Token(t.Context())
				_ = refused(t, err)
				r.Configure(o)
				if got := token(t, r); got != own {
					t.Errorf("moved back it gives %q, want %q", got, own)
				}
				if after, _ := s.counts(); after != before {
					t.Errorf("%d requests for tokens, want none", after-before)
				}
			})
		})
	}
}
