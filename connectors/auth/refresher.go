package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/internal/secret"
)

const (
	// young is the age below which a refused token is not renewed: a new one would be
	// refused for the same reason.
	young = time.Minute
	// pausedFor is how long a sign-in rests that the service itself will take up again.
	pausedFor = 24 * time.Hour
	// The waits after requests for a token that brought nothing.
	leastWait, mostWait = time.Second, 5 * time.Minute
)

// Keeper stores the sign-in of one account. What it is given are secrets.
type Keeper interface {
	// Load returns what was kept last, nil for nothing.
	Load(ctx context.Context) ([]byte, error)
	// Keep stores a text in place of the former one. When it returns nil, the text
	// survives a crash.
	Keep(ctx context.Context, text []byte) error
	// Forget removes what is kept.
	Forget(ctx context.Context) error
}

// Point is a moment of a renewal at which a crash would be most interesting.
type Point string

// The points, in order.
const (
	RenewalNoted    Point = "renewal-noted"    // that it will be sent is stored
	RenewalAnswered Point = "renewal-answered" // the new pair is in memory alone
	RenewalStored   Point = "renewal-stored"   // the new pair is stored, nobody has it
)

// Options are what a refresher is made of.
type Options struct {
	Account string
	Service OAuth // with complete addresses, see [OAuth.Resolve]
	Client  Client
	Keeper  Keeper
	// Transport carries the requests for tokens; nil means the usual one.
	Transport http.RoundTripper
	// At is called at every [Point]; may be nil.
	At func(Point)
}

// Refresher keeps the sign-in of one account alive. There must be one for an account in
// a process, and one process for a keeper: a service may take a refresh token only once.
// It is safe for concurrent use.
//
// A token is renewed before its end. If that does not work out for a passing reason, the
// old one is used until it ends. A new pair is stored before anybody gets it, and that a
// renewal is going to be sent is stored before it is sent. After a crash in between
// nobody can know whether the refresh token was used up: it is tried again, by which
// nothing can be lost, and if it is refused then, the error says how that came.
type Refresher struct {
	redact  *secret.Redactor
	flights flights

	mu      sync.Mutex
	o       Options
	wire    *wire
	grant   *grant // as it is stored; nil before it was loaded
	pending *grant // a new pair that could not be stored yet
	failed  error  // why the last renewal brought nothing
	tries   int    // how many in a row did not
	again   time.Time
}

// NewRefresher makes the refresher of an account. It touches nothing until a token is
// asked for.
func NewRefresher(o Options) *Refresher {
	r := &Refresher{redact: &secret.Redactor{}}
	r.Configure(o)
	return r
}

// Configure takes over other options. The sign-in stays, and what it is asked with next
// is new.
func (r *Refresher) Configure(o Options) {
	if o.At == nil {
		o.At = func(Point) {}
	}
	r.redact.Learn(secret.NewRedactor(o.Client.Secret, o.Client.First)) // for good: tokens come and go
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Client.belongs(r.o.Service.TokenURL) != o.Client.belongs(o.Service.TokenURL) {
		r.grant, r.pending = nil, nil // it is loaded again, and whom it is for is asked
	}
	r.o, r.wire = o, newWire(o.Service, &o.Client, o.Transport)
	r.failed, r.tries, r.again = nil, 0, time.Time{}
}

// Redactor knows the secrets of the sign-in, also those that come later.
func (r *Refresher) Redactor() *secret.Redactor { return r.redact }

// Token returns the token that the account signed in with, renewed if it is time. Who
// comes while it is being renewed gets the old one as long as that is good, else the
// result. An error is that of ctx or an [*Error]. A refusal is remembered, and so is
// trouble that passes, for a while: the service is not asked for each caller.
func (r *Refresher) Token(ctx context.Context) (Token, error) {
	for range 3 { // load, renew, and once more when both were done for another caller
		l := r.look(time.Now())
		if !l.todo || l.good && (l.blocked != nil || r.flights.flying()) {
			return l.token, nil //nolint:nilerr // the old one is as good as a new one, for a while
		}
		err := l.blocked
		if err == nil {
			_, err = r.flights.do(ctx, r.step)
		}
		switch {
		case err == nil:
		case l.good && ctx.Err() == nil:
			return l.token, nil
		default:
			return Token{}, err
		}
	}
	l := r.look(time.Now())
	if l.token.Secret.Empty() {
		return Token{}, &Error{Words: "the sign-in of the account does not come to rest"}
	}
	return l.token, nil // it may have ended while it was stored: the service has the last word
}

// look is a sign-in at a moment.
type look struct {
	token Token
	good  bool // the service should take the token
	todo  bool // it is to be loaded, stored or renewed
	// blocked is why that must not be done now; nil when it may.
	blocked error
}

// look looks at the sign-in.
func (r *Refresher) look(now time.Time) look {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.grant == nil {
		l := look{todo: true}
		if r.failed != nil && now.Before(r.again) {
			l.blocked = r.failed
		}
		return l
	}
	g := r.grant
	l := look{token: g.token(), good: g.usable(now)}
	if l.good && r.pending == nil && !due(g.Issued, g.Expires, now) {
		return l
	}
	l.todo, l.blocked = true, r.blocked(now)
	return l
}

// blocked says why no renewal may be sent now; nil when it may. Whoever calls it holds
// the lock.
func (r *Refresher) blocked(now time.Time) error {
	g := r.grant
	switch {
	case r.pending != nil && !now.Before(r.again):
		return nil
	case r.failed != nil && now.Before(r.again):
		return r.failed
	case g.Refused != nil && g.Refused.Client == r.o.Client.fingerprint(r.o.Service.TokenURL) && g.Refused.lasts(now):
		return r.refusedError(g.Refused)
	case g.Refresh == "" && g.Access == "":
		return &Error{Refused: true, Words: "nobody has signed in to the account " + r.o.Account, Hint: "sign in: " + command(r.o.Account)}
	case g.Refresh == "":
		return &Error{Refused: true, Words: "the sign-in of the account " + r.o.Account + " has ended, and the service gave nothing to renew it with", Hint: "sign in anew: " + command(r.o.Account)}
	}
	return nil
}

// refusedError is the error for a renewal that was refused.
func (r *Refresher) refusedError(f *refusal) error {
	e := &Error{Refused: true, Status: f.Status, Words: "the service did not renew the sign-in of the account " + r.o.Account + ": " + f.Words}
	switch {
	case !f.Again.IsZero():
		e.Hint = "the service lets it rest; it is tried again at " + f.Again.Format(time.RFC3339)
	case !f.Sent.IsZero():
		e.Words += "; a renewal was sent at " + f.Sent.Format(time.RFC3339) + " whose answer was lost, and it may have used up the refresh token"
		e.Hint = "sign in anew: " + command(r.o.Account)
	default:
		e.Hint = "sign in anew: " + command(r.o.Account)
	}
	return e
}

// step does what is next: load what is kept, store what could not be stored, or renew.
// Only one goroutine is in it. What was to be done may have been done meanwhile.
func (r *Refresher) step(ctx context.Context) error {
	l := r.look(time.Now())
	if !l.todo || l.blocked != nil {
		return l.blocked
	}
	return r.forward(ctx)
}

// forward is step without asking whether it is time.
func (r *Refresher) forward(ctx context.Context) error {
	r.mu.Lock()
	g, pending, o, w := r.grant, r.pending, r.o, r.wire
	r.mu.Unlock()
	switch {
	case g == nil:
		return r.load(ctx, o)
	case pending != nil:
		return r.settle(ctx, o, pending)
	}
	return r.renew(ctx, o, w, g)
}

// load reads what is kept. The settings' own refresh token is taken where there is
// nothing, or where that was refused.
func (r *Refresher) load(ctx context.Context, o Options) error {
	text, err := o.Keeper.Load(ctx)
	if err != nil {
		return r.fail(&Error{Words: "the stored sign-in of the account " + o.Account + " cannot be read: " + err.Error(), Err: err})
	}
	g := &grant{}
	if text != nil {
		if g, err = decode(text); err != nil {
			return &Error{Refused: true, Words: err.Error(), Hint: "sign in anew: " + command(o.Account), Err: err}
		}
	}
	if own := o.Client.belongs(o.Service.TokenURL); g.For != "" && g.For != own {
		g = &grant{} // somebody signed in to another service under this name
	}
	if first := o.Client.First; !first.Empty() && g.First != fingerprint(first.Reveal()) && (g.Refresh == "" || g.Refused != nil) {
		g = &grant{Refresh: first.Reveal(), First: fingerprint(first.Reveal()), For: o.Client.belongs(o.Service.TokenURL), SignedIn: time.Now().UTC()}
	}
	r.install(g)
	return nil
}

// install takes over a grant that is stored, or that nobody can lose.
func (r *Refresher) install(g *grant) {
	r.redact.Add(secret.New(g.Access), secret.New(g.Refresh))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grant, r.pending, r.failed, r.tries, r.again = g, nil, nil, 0, time.Time{}
}

// fail remembers trouble that passes, and returns it.
func (r *Refresher) fail(e *Error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed, r.tries = e, r.tries+1
	wait := min(leastWait<<min(r.tries-1, 12), mostWait)
	r.again = time.Now().Add(max(wait, e.RetryAfter))
	return e
}

// keep stores a grant.
func keep(ctx context.Context, o Options, g *grant) error {
	text, err := g.encode()
	if err == nil {
		err = o.Keeper.Keep(ctx, text)
	}
	if err != nil {
		return fmt.Errorf("the sign-in of the account %s cannot be stored: %w", o.Account, err)
	}
	return nil
}

// renew sends a renewal and stores what comes of it.
func (r *Refresher) renew(ctx context.Context, o Options, w *wire, g *grant) error {
	noted := *g
	noted.Sent = time.Now().UTC()
	if err := keep(ctx, o, &noted); err != nil {
		return r.fail(&Error{Words: err.Error(), Err: err})
	}
	o.At(RenewalNoted)
	answer, err := w.renew(ctx, g)
	o.At(RenewalAnswered)
	if err != nil {
		return r.notRenewed(ctx, o, g, noted.Sent, err)
	}
	next := *answer
	next.SignedIn, next.First = g.SignedIn, g.First
	if next.Scopes == nil {
		next.Scopes = g.Scopes
	}
	for name, fact := range g.Facts {
		if _, told := next.Facts[name]; !told {
			next.Facts[name] = fact
		}
	}
	return r.settle(ctx, o, &next)
}

// settle stores a new pair and takes it over. Until it is stored nobody may have it, and
// no other one is asked for: it is the only one that works.
func (r *Refresher) settle(ctx context.Context, o Options, next *grant) error {
	r.redact.Add(secret.New(next.Access), secret.New(next.Refresh))
	r.mu.Lock()
	r.pending = next
	r.mu.Unlock()
	if err := keep(ctx, o, next); err != nil {
		return r.fail(&Error{Words: err.Error(), Err: err})
	}
	o.At(RenewalStored)
	r.install(next)
	return nil
}

// notRenewed notes why a renewal brought nothing. before is the grant as it was.
func (r *Refresher) notRenewed(ctx context.Context, o Options, before *grant, sent time.Time, err error) error {
	e, _ := errors.AsType[*Error](err)
	if e == nil {
		e = &Error{Words: err.Error(), Err: err}
	}
	e.Words = r.redact.Redact(e.Words)
	next := *before
	switch {
	case e.Refused:
		next.Refused = &refusal{At: sent, Status: e.Status, Words: e.Words, Sent: before.Sent, Client: o.Client.fingerprint(o.Service.TokenURL)}
		next.Sent = time.Time{}
		if paused(&o.Service, e.Words) {
			next.Refused.Again = time.Now().UTC().Add(pausedFor)
		}
	case !errors.Is(err, errUnsent):
		next.Sent = sent
	}
	kept := keep(ctx, o, &next) // if it is not stored, the next start asks once more
	r.mu.Lock()
	r.grant = &next
	r.mu.Unlock()
	if next.Refused != nil && e.Refused {
		return r.refusedError(next.Refused)
	}
	e.Words = "the sign-in of the account " + o.Account + " was not renewed: " + e.Words
	if kept != nil {
		e.Words += "; " + kept.Error()
	}
	return r.fail(e)
}

// paused reports whether a refusal passes by itself.
func paused(service *OAuth, words string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(service.Pauses, func(p string) bool { return strings.Contains(words, strings.ToLower(p)) })
}

// Renew returns another token than one that the service has refused. better is false
// when the refused one is not a minute old, so that a new one would be no better, or
// cannot be renewed.
func (r *Refresher) Renew(ctx context.Context, refused Token) (t Token, better bool, err error) {
	t, err = r.Token(ctx) // one that has ended meanwhile is renewed here
	if err != nil || t.Secret != refused.Secret {
		return t, err == nil, err
	}
	if age := time.Since(t.Issued); age >= 0 && age < young { // one of the future was issued before the clock was set back
		return Token{}, false, nil
	}
	r.mu.Lock()
	renewable, blocked := r.grant.Refresh != "", r.blocked(time.Now())
	r.mu.Unlock()
	if !renewable || blocked != nil {
		return Token{}, false, blocked
	}
	_, err = r.flights.do(ctx, func(ctx context.Context) error {
		if l := r.look(time.Now()); l.token.Secret != refused.Secret {
			return nil
		}
		return r.forward(ctx)
	})
	if err != nil {
		return Token{}, false, err
	}
	t, err = r.Token(ctx)
	return t, err == nil && t.Secret != refused.Secret, err
}
