package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/internal/secret"
)

// Granted gives the token of an account whose client signs in by itself, without a person
// (client credentials, RFC 6749 section 4.4). There must be one for an account in a process.
// It is a [Source] and safe for concurrent use.
//
// A token is asked for when one is needed, with one request whoever asks, early before the old
// one ends, and once a minute at most because a service refuses it. It is kept in memory alone:
// another one can be had at any time with what the settings hold, so a stored one would be a
// secret more to lose and nothing to gain. While no token is to be had the service is asked
// ever more seldom, up to once in five minutes, and the old token is used as long as it is good.
type Granted struct {
	redact  *secret.Redactor
	flights flights

	mu      sync.Mutex
	o       Options
	wire    *wire
	token   Token
	renewed time.Time // when a refused token was last replaced
	failed  error     // why the last request brought nothing
	tries   int       // how many in a row did not
	again   time.Time
}

// NewGranted makes the source of an account. Of the options it takes the account, the service,
// the client and the transport. It touches nothing until a token is asked for.
func NewGranted(o Options) *Granted {
	g := &Granted{redact: &secret.Redactor{}}
	g.Configure(o)
	return g
}

// Configure takes over other options. The token stays if it is for the same client.
func (g *Granted) Configure(o Options) {
	g.redact.Learn(secret.NewRedactor(o.Client.Secret, secret.New(url.QueryEscape(o.Client.Secret.Reveal()))))
	g.mu.Lock()
	defer g.mu.Unlock()
	same := g.o.Client.fingerprint(g.o.Service.TokenURL) == o.Client.fingerprint(o.Service.TokenURL)
	if !same || strings.Join(g.o.Client.Scopes, " ") != strings.Join(o.Client.Scopes, " ") {
		g.token = Token{}
	}
	g.o, g.wire = o, newWire(o.Service, &o.Client, o.Transport)
	g.failed, g.tries, g.again = nil, 0, time.Time{}
}

// Redactor implements [Source].
func (g *Granted) Redactor() *secret.Redactor { return g.redact }

// Token implements [Source]. There is one audience.
func (g *Granted) Token(ctx context.Context, _ string) (Token, error) { return g.get(ctx, nil) }

// Renew implements [Source].
func (g *Granted) Renew(ctx context.Context, _ string, refused Token) (t Token, better bool, err error) {
	t, err = g.get(ctx, &refused)
	return t, err == nil && t.Secret != refused.Secret, err
}

// get returns the token, another one than that which was refused if there is any.
func (g *Granted) get(ctx context.Context, refused *Token) (Token, error) {
	l := g.look(time.Now(), refused)
	if !l.todo || l.good && (l.blocked != nil || g.flights.flying()) {
		return l.token, nil
	}
	_, err := g.flights.do(ctx, func(ctx context.Context) error {
		l := g.look(time.Now(), refused)
		if !l.todo || l.blocked != nil {
			return l.blocked
		}
		return g.ask(ctx, refused != nil && l.token.Secret == refused.Secret)
	})
	if err != nil && (!l.good || ctx.Err() != nil) {
		return Token{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.token, nil // one that has ended on its way: the service has the last word
}

// look looks at the token at a moment. One that was refused is worth nothing, unless another
// one took the place of a refused one just before: that would be refused as well.
func (g *Granted) look(now time.Time, refused *Token) look {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := look{token: g.token}
	l.good = !g.token.Secret.Empty() && (g.token.Expires.IsZero() || now.Before(g.token.Expires))
	if since := now.Sub(g.renewed); refused != nil && refused.Secret == g.token.Secret && (since >= young || since < 0) {
		l.good = false
	}
	l.todo = !l.good || due(g.token.Issued, g.token.Expires, now)
	if l.todo && g.failed != nil && now.Before(g.again) {
		l.blocked = g.failed
	}
	return l
}

// ask sends one request for a token. Only one goroutine is in it.
func (g *Granted) ask(ctx context.Context, refused bool) error {
	g.mu.Lock()
	o, w := g.o, g.wire
	g.mu.Unlock()
	form := url.Values{}
	if len(o.Client.Scopes) > 0 {
		form.Set("scope", strings.Join(o.Client.Scopes, o.Service.separator()))
	}
	got, err := w.token(ctx, form, nil)
	if err != nil {
		return g.fail(o, err)
	}
	g.redact.Add(secret.New(got.Access), secret.New(got.Refresh))
	t := got.token()
	if t.Scopes == nil && len(o.Client.Scopes) > 0 {
		t.Scopes = o.Client.Scopes // RFC 6749: without a word the token has what was asked for
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.token, g.failed, g.tries, g.again = t, nil, 0, time.Time{}
	if refused {
		g.renewed = time.Now()
	}
	return nil
}

// fail remembers why there is no token, and says it.
func (g *Granted) fail(o Options, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Words: clean(err.Error()), Err: err}
	}
	e.Words = g.redact.Redact(e.Words)
	e.Err = nil // it may hold what the request was made of
	if e.Refused {
		e.Words = "the service gave the account " + o.Account + " no token: " + e.Words
		e.Hint = "check client_id, client_secret, token_url and scopes of the account, and that the app may use client credentials"
	} else {
		e.Words = "no token for the account " + o.Account + ": " + e.Words
		if e.Status == http.StatusNotFound || e.Status >= 300 && e.Status <= 399 {
			e.Hint = "check token_url; redirects are not followed"
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failed, g.tries = e, g.tries+1
	g.again = time.Now().Add(max(min(leastWait<<min(g.tries-1, 12), mostWait), e.RetryAfter))
	return e
}
