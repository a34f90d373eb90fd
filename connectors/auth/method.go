package auth

import (
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/pollux-automation/pollux/internal/secret"
)

// The names of the methods, as settings and manifests write them.
const (
	Bearer = "bearer"  // a token in the header Authorization
	APIKey = "api_key" // a key in a header or query value that the method names
	Basic  = "basic"   // a user and a password in the header Authorization
	OAuth2 = "oauth2"  // a token that a person's consent gives and that is renewed
	// ClientCredentials is a token that the app gets by itself (RFC 6749 section 4.4).
	ClientCredentials = "client_credentials"
	HMAC              = "hmac" // a secret that signs the body; the connector's package does it
	None              = "none" // nothing: the service is open to all, or somebody says so
)

// Method is a way of signing in that a service offers.
type Method struct {
	Name string // one of the names above
	// In is "header" or "query"; only for APIKey.
	In string
	// Param is the name of the header or query value; only for APIKey.
	Param string
	// OAuth is what is special about OAuth2 and ClientCredentials; nil for all others.
	OAuth *OAuth
	// Free is true where accounts say themselves where the key goes; only for APIKey.
	Free bool
}

// Credential is what an account signs in with.
type Credential struct {
	Method string
	// Secret is the token, the key or the password. With OAuth2 and ClientCredentials it is empty in
	// settings, and the token of the moment where a request is signed.
	Secret secret.String
	// User is the name that goes with a password; only for Basic.
	User string
	// In and Param say where the key goes, as in [Method]; only for APIKey, and empty where
	// the connector says it.
	In, Param string
	// Client is the app that signs in; only for OAuth2 and ClientCredentials.
	Client *Client
}

// Sign adds the credential to a request in the way the method asks for. It
// changes the request's header or query and nothing else.
func Sign(req *http.Request, m Method, c Credential) error {
	if c.Method != m.Name {
		return fmt.Errorf("the credential is for %q, the service wants %q", c.Method, m.Name)
	}
	switch m.Name {
	case Bearer, OAuth2, ClientCredentials:
		(&oauth2.Token{AccessToken: c.Secret.Reveal()}).SetAuthHeader(req)
	case Basic:
		req.SetBasicAuth(c.User, c.Secret.Reveal())
	case APIKey:
		m.signKey(req, c)
	case HMAC, None:
	default:
		return fmt.Errorf("unknown sign-in method %q", m.Name)
	}
	return nil
}

func (m Method) signKey(req *http.Request, c Credential) {
	if m.In == "query" {
		q := req.URL.Query()
		q.Set(m.Param, c.Secret.Reveal())
		req.URL.RawQuery = q.Encode()
		return
	}
	req.Header.Set(m.Param, c.Secret.Reveal())
}
