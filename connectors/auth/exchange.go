package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/internal/secret"
)

// Exchange is how a service trades the token that an account signed in with for that of
// a part of it. It is a hook of a connector's package.
type Exchange struct {
	// Trade says how the token for an audience is had; nil means that own is it. own is
	// the token that the account signed in with, settings are the account's. An error
	// says that there is no such token, and is of the type [*Error].
	Trade func(own Token, settings map[string]any, audience string) (*Trade, error)
}

// Trade is a request for the token of a part of an account. It is signed with the
// account's own token.
type Trade struct {
	Path   string // below the address of the service
	Form   url.Values
	Header map[string]string
}

// SourceOptions are what the source of an account is made of.
type SourceOptions struct {
	// Exchange is the service's; nil for none: every operation gets the account's token.
	Exchange *Exchange
	// Settings are the account's.
	Settings map[string]any
	// BaseURL is the address of the service.
	BaseURL string
	// Transport carries the requests of trades; nil means the usual one.
	Transport http.RoundTripper
	// Redact learns the tokens that were traded for; nil means one of the source's own.
	Redact *secret.Redactor
}

// NewSource returns the source of an account that signed in, or of a part of it: any
// number of sources may share one refresher, each with settings of its own. Traded
// tokens are kept in memory alone, and traded anew before they end.
func NewSource(r *Refresher, o SourceOptions) Source {
	s := &source{refresher: r, o: o, wire: newWire(OAuth{}, &Client{}, o.Transport), redact: o.Redact, traded: map[string]*traded{}}
	if s.redact == nil {
		s.redact = &secret.Redactor{}
	}
	s.redact.Follow(r.redact)
	return s
}

// source gives an account's own tokens and those it trades them for.
type source struct {
	refresher *Refresher
	o         SourceOptions
	wire      *wire
	redact    *secret.Redactor

	mu     sync.Mutex
	traded map[string]*traded // by their request
}

// traded is a token that was had by a trade.
type traded struct {
	flights flights
	mu      sync.Mutex
	token   Token
	failed  error // why the last trade brought nothing
	tries   int
	again   time.Time
}

// Redactor implements [Source].
func (s *source) Redactor() *secret.Redactor { return s.redact }

// Token implements [Source].
func (s *source) Token(ctx context.Context, audience string) (Token, error) {
	own, err := s.refresher.Token(ctx)
	if err != nil {
		return Token{}, err
	}
	trade, err := s.trade(own, audience)
	if err != nil || trade == nil {
		return own, err
	}
	return s.get(ctx, trade, nil)
}

// Renew implements [Source].
func (s *source) Renew(ctx context.Context, audience string, refused Token) (Token, bool, error) {
	own, err := s.refresher.Token(ctx)
	if err != nil {
		return Token{}, false, err
	}
	trade, err := s.trade(own, audience)
	if err != nil {
		return Token{}, false, err
	}
	if trade == nil {
		return s.refresher.Renew(ctx, refused)
	}
	t, err := s.get(ctx, trade, &refused)
	return t, err == nil && t.Secret != refused.Secret, err
}

// trade asks the hook.
func (s *source) trade(own Token, audience string) (*Trade, error) {
	if s.o.Exchange == nil {
		return nil, nil //nolint:nilnil // nothing is traded
	}
	return s.o.Exchange.Trade(own, s.o.Settings, audience)
}

// get returns the token of a trade, one that was had before as long as it is good and not
// the one that was refused.
func (s *source) get(ctx context.Context, trade *Trade, refused *Token) (Token, error) {
	key := trade.Path + "?" + trade.Form.Encode()
	s.mu.Lock()
	if s.traded[key] == nil {
		s.traded[key] = &traded{}
	}
	t := s.traded[key]
	s.mu.Unlock()
	l := t.look(time.Now(), refused)
	if !l.todo || l.good && (l.blocked != nil || t.flights.flying()) {
		return l.token, nil
	}
	_, err := t.flights.do(ctx, func(ctx context.Context) error {
		l := t.look(time.Now(), refused)
		if !l.todo || l.blocked != nil {
			return l.blocked
		}
		return s.ask(ctx, trade, t)
	})
	if err != nil && (!l.good || ctx.Err() != nil) {
		return Token{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, nil
}

// look looks at a traded token at a moment. One that the service has refused is worth
// nothing, unless it is so young that a new one would be refused as well.
func (t *traded) look(now time.Time, refused *Token) look {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := look{token: t.token}
	l.good = !t.token.Secret.Empty() && (t.token.Expires.IsZero() || now.Before(t.token.Expires))
	if refused != nil && refused.Secret == t.token.Secret && now.Sub(t.token.Issued) >= young {
		l.good = false
	}
	l.todo = !l.good || due(t.token.Issued, t.token.Expires, now)
	if l.todo && t.failed != nil && now.Before(t.again) {
		l.blocked = t.failed
	}
	return l
}

// ask sends a trade. The account's own token may have been refused because it ended
// early: then it is renewed, once.
func (s *source) ask(ctx context.Context, trade *Trade, t *traded) error {
	own, err := s.refresher.Token(ctx)
	if err != nil {
		return err
	}
	got, err := s.send(ctx, trade, own)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusUnauthorized {
		if renewed, better, failed := s.refresher.Renew(ctx, own); failed == nil && better {
			got, err = s.send(ctx, trade, renewed)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.failed, t.tries = err, t.tries+1
		t.again = time.Now().Add(min(leastWait<<min(t.tries-1, 12), mostWait))
		return err
	}
	s.redact.Add(got.Secret)
	t.token, t.failed, t.tries, t.again = got, nil, 0, time.Time{}
	return nil
}

// send sends a trade with a token and reads the answer.
func (s *source) send(ctx context.Context, trade *Trade, own Token) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.o.BaseURL, "/")+trade.Path, strings.NewReader(trade.Form.Encode()))
	if err != nil {
		return Token{}, &Error{Refused: true, Words: "the token cannot be asked for", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+own.Secret.Reveal())
	for name, value := range trade.Header {
		req.Header.Set(name, value)
	}
	sent := time.Now().UTC()
	status, body, err := s.wire.do(req)
	if err != nil {
		return Token{}, &Error{Words: "the token of a part of the account was not had: " + clean(s.redact.Redact(err.Error())), Err: err}
	}
	var answer struct {
		Access  string `json:"access_token"`
		Expires int64  `json:"expires_in"`
		Scope   string `json:"scope"`
	}
	if status < 200 || status > 299 {
		passes := status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status < 400
		return Token{}, &Error{
			Refused: !passes, Status: status,
			Words: "the service gave no token for this part of the account: " + said(status, body),
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Access == "" {
		return Token{}, &Error{Status: status, Words: "the service's answer has no token for this part of the account", Err: err}
	}
	got := Token{Secret: secret.New(answer.Access), Issued: sent, Facts: own.Facts, Scopes: splitScopes(answer.Scope)}
	if got.Scopes == nil {
		got.Scopes = own.Scopes
	}
	if answer.Expires > 0 {
		got.Expires = sent.Add(time.Duration(answer.Expires) * time.Second)
	}
	return got, nil
}
