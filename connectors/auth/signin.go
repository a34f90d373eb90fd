package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/pollux-automation/pollux/internal/secret"
)

// Consent is one try to get a person's consent. It holds what only its beginner knows.
type Consent struct {
	// URL is the page that the person opens.
	URL string
	// Redirect is the address that the service sends the browser back to.
	Redirect        string
	state, verifier string
}

// Begin makes the page for a sign-in that asks for some scopes.
func (r *Refresher) Begin(scopes []string) *Consent {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Consent{state: rand.Text(), verifier: oauth2.GenerateVerifier(), Redirect: r.o.Client.RedirectURL}
	c.URL = r.wire.pageURL(c.state, c.verifier, scopes)
	return c
}

// ErrState is the error for an answer that belongs to another sign-in.
var ErrState = errors.New("the address does not belong to this sign-in: its state is another one; begin anew")

// Code returns the code out of the values that the service sent the browser back with.
// An error has the service's words, or says that the values belong to another try.
func (c *Consent) Code(values url.Values) (string, error) {
	if subtle.ConstantTimeCompare([]byte(values.Get("state")), []byte(c.state)) != 1 {
		return "", ErrState
	}
	if code := values.Get("error"); code != "" {
		return "", errors.New("the service refused: " + clean(code+" "+values.Get("error_description")))
	}
	if values.Get("code") == "" {
		return "", errors.New("the service sent no code")
	}
	return values.Get("code"), nil
}

// Finish trades a code for a sign-in, which is stored and takes the place of the former
// one at once.
func (r *Refresher) Finish(ctx context.Context, c *Consent, code string) error {
	return r.alone(ctx, func(ctx context.Context) error {
		r.mu.Lock()
		o, w := r.o, r.wire
		r.mu.Unlock()
		g, err := w.exchange(ctx, code, c.verifier)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); ok {
				e.Words = r.redact.Redact(e.Words)
			}
			return err
		}
		g.SignedIn = g.Issued
		if first := o.Client.First; !first.Empty() {
			g.First = fingerprint(first.Reveal()) // out of date from now on
		}
		r.redact.Add(secret.New(g.Access), secret.New(g.Refresh))
		if err := keep(ctx, o, g); err != nil {
			return err
		}
		r.install(g)
		return nil
	})
}

// Forget removes the sign-in, here and where the service takes it back. revoked is
// false when the service cannot; left is why it did not although it can.
func (r *Refresher) Forget(ctx context.Context) (revoked bool, left, err error) {
	err = r.alone(ctx, func(ctx context.Context) error {
		r.mu.Lock()
		o, w, g := r.o, r.wire, r.grant
		r.mu.Unlock()
		if g == nil {
			if err := r.load(ctx, o); err == nil {
				r.mu.Lock()
				g = r.grant
				r.mu.Unlock()
			}
		}
		if err := o.Keeper.Forget(ctx); err != nil {
			return err
		}
		none := &grant{}
		if first := o.Client.First; !first.Empty() {
			none.First = fingerprint(first.Reveal())
			if err := keep(ctx, o, none); err != nil { // or it would be taken again
				return err
			}
		}
		r.install(none)
		if g == nil || g.Refresh+g.Access == "" || o.Service.RevokeURL == "" {
			return nil
		}
		token := g.Refresh
		if token == "" {
			token = g.Access
		}
		left = w.revoke(ctx, token)
		revoked = left == nil
		return nil
	})
	return revoked, left, err
}

// alone does something while no renewal is under way.
func (r *Refresher) alone(ctx context.Context, do func(context.Context) error) error {
	for {
		led, err := r.flights.do(ctx, do)
		if led || ctx.Err() != nil {
			return err
		}
	}
}

// State is what people may know of a sign-in.
type State struct {
	SignedIn time.Time // zero for never
	Expires  time.Time // of the access token; zero when nobody knows
	Scopes   []string  // nil when not known
	Facts    map[string]string
	// Trouble says why there is no token; nil when there is one, or could be.
	Trouble *Error
}

// State loads the sign-in if need be, and says how it is. It sends nothing.
func (r *Refresher) State(ctx context.Context) (State, error) {
	r.mu.Lock()
	loaded := r.grant != nil
	r.mu.Unlock()
	if !loaded {
		_, err := r.flights.do(ctx, func(ctx context.Context) error {
			r.mu.Lock()
			o, there := r.o, r.grant != nil
			r.mu.Unlock()
			if there {
				return nil
			}
			return r.load(ctx, o)
		})
		if err != nil {
			return State{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.grant == nil {
		return State{}, r.failed
	}
	return r.state(), nil
}

// state is the sign-in as it is. Whoever calls it holds the lock.
func (r *Refresher) state() State {
	t := r.grant.token()
	s := State{SignedIn: r.grant.SignedIn, Expires: t.Expires, Scopes: t.Scopes, Facts: t.Facts}
	if e, ok := errors.AsType[*Error](r.blocked(time.Now())); ok && e.Refused && (r.grant.Refused != nil || !r.grant.usable(time.Now())) {
		s.Trouble = e
	}
	return s
}

// Stored reads the state of an account's sign-in out of what a [Keeper] has; nil stands
// for nothing. The account is for the words of its trouble.
func Stored(account string, text []byte) (State, error) {
	r := &Refresher{o: Options{Account: account}, grant: &grant{}}
	if text != nil {
		g, err := decode(text)
		if err != nil {
			return State{}, err
		}
		r.grant = g
	}
	if f := r.grant.Refused; f != nil { // whoever has the client's secrets knows better
		refused := *f
		refused.Client = r.o.Client.fingerprint(r.o.Service.TokenURL)
		copied := *r.grant
		copied.Refused, r.grant = &refused, &copied
	}
	return r.state(), nil
}
