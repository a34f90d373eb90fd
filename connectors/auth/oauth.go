package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net"
	"net/url"
	"strings"

	"github.com/pollux-automation/pollux/internal/secret"
)

// OAuth is what a manifest says of a service's OAuth 2.0. It is read-only.
type OAuth struct {
	// AuthorizeURL is the page where a person consents, TokenURL where tokens are had
	// and renewed, RevokeURL where they are given back, empty where the service takes
	// none back. Each is complete, or a path below the address of the service.
	AuthorizeURL, TokenURL, RevokeURL string
	// Query are more values of the address of the page.
	Query map[string]string
	// Form are more fields of every token request. A value such as {userType} stands for
	// what the service answered under that name; without such an answer it is left out.
	Form map[string]string
	// Separator stands between scopes; empty means a space.
	Separator string
	// PKCE is true when the service takes a proof key (RFC 7636).
	PKCE bool
	// Basic is true when the client's id and secret go in a header and not in the form.
	Basic bool
	// Pauses are words of refusals to renew that pass by themselves.
	Pauses []string
	// Facts are the names in an answer that are kept beside the token.
	Facts []string
	// Exchange names the hook that trades a token for another one; empty for none. Trade
	// is that hook, which the connector's package sets.
	Exchange string
	Trade    *Exchange `json:"-"`
}

// Client is the app in whose name an account signs in, as settings have it.
type Client struct {
	ID, Secret secret.String
	// RedirectURL is where the service sends the browser after consent.
	RedirectURL string
	// Scopes are what is asked for; empty means what the recipes need.
	Scopes []string
	// First is a refresh token that is taken once; may be empty.
	First secret.String
	// AuthorizeURL and TokenURL replace the service's; may be empty.
	AuthorizeURL, TokenURL string
	// Form and Basic add to those of the service; only for ClientCredentials.
	Form  map[string]string
	Basic bool
}

// Resolve returns the facts with complete addresses. base is the address of the service.
// moved says that it is not the usual one: then all addresses move there, so that a
// sandbox or a proxy is never bypassed. Those of the client come first.
func (o OAuth) Resolve(base string, moved bool, c *Client) OAuth {
	base = strings.TrimRight(base, "/")
	for _, at := range []*string{&o.AuthorizeURL, &o.TokenURL, &o.RevokeURL} {
		switch u, err := url.Parse(*at); {
		case *at == "" || err != nil:
		case !u.IsAbs():
			*at = base + *at
		case moved:
			*at = base + u.Path
		}
	}
	if c.AuthorizeURL != "" {
		o.AuthorizeURL = c.AuthorizeURL
	}
	if c.TokenURL != "" {
		o.TokenURL = c.TokenURL
	}
	if o.Basic = o.Basic || c.Basic; len(c.Form) > 0 {
		o.Form = maps.Clone(o.Form)
		if o.Form == nil {
			o.Form = map[string]string{}
		}
		maps.Copy(o.Form, c.Form)
	}
	return o
}

// IsSafe reports whether a secret may go to an address: it has https, or is on this machine.
func IsSafe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// separator is what stands between scopes.
func (o *OAuth) separator() string {
	if o.Separator == "" {
		return " "
	}
	return o.Separator
}

// fingerprint tells whether two secrets are the same without keeping them.
func fingerprint(texts ...string) string {
	sum := sha256.Sum256([]byte("pollux sign-in\x00" + strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// belongs is the fingerprint of what a sign-in belongs to: the tokens of one client are never
// shown to another service, though the account has the same name.
func (c *Client) belongs(tokenURL string) string { return fingerprint(c.ID.Reveal(), tokenURL) }

// fingerprint tells whether two clients would be answered alike.
func (c *Client) fingerprint(tokenURL string) string {
	return fingerprint(c.ID.Reveal(), c.Secret.Reveal(), tokenURL)
}
