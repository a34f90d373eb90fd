package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/settings"
)

// prefix begins the names of the secrets that are sign-ins. No secret of a user can have
// such a name: a colon is not allowed in them.
const prefix = "oauth2:"

// SecretName is the name under which the sign-in of an account is kept in the store.
func SecretName(account string) string { return prefix + account }

// IsOwn reports whether a secret is a sign-in, and so not one that people look after.
func IsOwn(name string) bool { return strings.HasPrefix(name, prefix) }

// Book has the sign-ins of a process. It is safe for concurrent use.
type Book struct {
	at func(auth.Point)

	mu         sync.Mutex
	desk       store.Desk // nil until Use
	refreshers map[string]*auth.Refresher
	granted    map[string]*auth.Granted
	redact     map[string]*secret.Redactor // of traded tokens, by account
}

// NewBook returns an empty book. at is called at the points of every renewal; may be nil.
func NewBook(at func(auth.Point)) *Book {
	return &Book{at: at, refreshers: map[string]*auth.Refresher{}, granted: map[string]*auth.Granted{}, redact: map[string]*secret.Redactor{}}
}

// Use has sign-ins kept in a store from now on. Before that nothing can be renewed.
func (b *Book) Use(desk store.Desk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.desk = desk
}

// Open returns the source of an account that signs in with OAuth 2.0 or client credentials, as
// its connector and its settings say. For an account of the same name it is on the same
// refresher, which goes on with the new settings.
func (b *Book) Open(a settings.Account, d *connectors.Description) (auth.Source, error) {
	service, ok := Service(a, d)
	if !ok {
		return nil, fmt.Errorf("account %s: %s does not take the sign-in method %q", a.Name, d.Title, a.Credential.Method)
	}
	o := auth.Options{Account: a.Name, Service: service, Client: *a.Credential.Client}
	if a.Credential.Method == auth.ClientCredentials {
		if !auth.IsSafe(service.TokenURL) {
			return nil, fmt.Errorf("account %s: there is no safe address to get tokens at: token_url has https, or is on this machine", a.Name)
		}
		return b.grantedTo(o), nil
	}
	return auth.NewSource(b.refresher(o), auth.SourceOptions{Exchange: service.Trade, Settings: a.Settings, BaseURL: cmp.Or(a.BaseURL, d.BaseURL), Redact: b.redactor(a.Name)}), nil
}

// Service returns what is known of the service's sign-in for an account, with complete
// addresses; ok is false for an account without a client, and for a method that the service does
// not take.
func Service(a settings.Account, d *connectors.Description) (o auth.OAuth, ok bool) {
	for _, m := range d.Auth {
		if m.Name == a.Credential.Method && m.OAuth != nil && a.Credential.Client != nil {
			return m.OAuth.Resolve(cmp.Or(a.BaseURL, d.BaseURL), a.BaseURL != "", a.Credential.Client), true
		}
	}
	return auth.OAuth{}, false
}

// grantedTo returns the tokens of an account whose app signs in by itself.
func (b *Book) grantedTo(o auth.Options) *auth.Granted {
	b.mu.Lock()
	defer b.mu.Unlock()
	if g := b.granted[o.Account]; g != nil {
		g.Configure(o)
		return g
	}
	g := auth.NewGranted(o)
	b.granted[o.Account] = g
	return g
}

// OpenPart returns the source of a part of an account that was opened, such as one location
// of an agency: it is on the refresher of the account, and has settings of its own. name is
// that of the part.
func (b *Book) OpenPart(a settings.Account, d *connectors.Description, name string, of map[string]any) (auth.Source, error) {
	r, ok := b.Refresher(a.Name)
	at := slices.IndexFunc(d.Auth, func(m auth.Method) bool { return m.Name == auth.OAuth2 && m.OAuth != nil })
	if !ok || at < 0 {
		return nil, fmt.Errorf("account %s: nobody can sign in to it, so it has no part %s", a.Name, name)
	}
	base := d.BaseURL
	if a.BaseURL != "" {
		base = a.BaseURL
	}
	return auth.NewSource(r, auth.SourceOptions{Exchange: d.Auth[at].OAuth.Trade, Settings: of, BaseURL: base, Redact: b.redactor(name)}), nil
}

// redactor returns what hides the traded tokens of an account, also those of before a
// reload.
func (b *Book) redactor(account string) *secret.Redactor {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.redact[account] == nil {
		b.redact[account] = &secret.Redactor{}
	}
	return b.redact[account]
}

// refresher returns the refresher of an account, made where there was none.
func (b *Book) refresher(o auth.Options) *auth.Refresher {
	o.Keeper, o.At = &keeper{book: b, name: SecretName(o.Account)}, b.at
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.refreshers[o.Account]; r != nil {
		r.Configure(o)
		return r
	}
	r := auth.NewRefresher(o)
	b.refreshers[o.Account] = r
	return r
}

// Refresher returns the refresher of an account that was opened; ok is false when there
// is none.
func (b *Book) Refresher(account string) (r *auth.Refresher, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok = b.refreshers[account]
	return r, ok
}

// keeper keeps one sign-in in the store of a book.
type keeper struct {
	book *Book
	name string
}

// errNoStore tells that a command did not open the state file.
var errNoStore = errors.New("the state file is not open")

func (k *keeper) desk() (store.Desk, error) {
	k.book.mu.Lock()
	defer k.book.mu.Unlock()
	if k.book.desk == nil {
		return nil, errNoStore
	}
	return k.book.desk, nil
}

// Load implements [auth.Keeper].
func (k *keeper) Load(ctx context.Context) ([]byte, error) {
	desk, err := k.desk()
	if err != nil {
		return nil, err
	}
	text, err := desk.Secret(ctx, k.name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return text, err
}

// Keep implements [auth.Keeper].
func (k *keeper) Keep(ctx context.Context, text []byte) error {
	desk, err := k.desk()
	if err != nil {
		return err
	}
	return desk.PutSecret(ctx, k.name, text, nil)
}

// Forget implements [auth.Keeper].
func (k *keeper) Forget(ctx context.Context) error {
	desk, err := k.desk()
	if err != nil {
		return err
	}
	if err := desk.DeleteSecret(ctx, k.name, nil); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}
