package auth

import (
	"context"
	"encoding/base64"
	"net/url"
	"time"

	"github.com/pollux-automation/pollux/internal/secret"
)

// Token is what a request is signed with.
type Token struct {
	Secret secret.String
	// Issued is when it was asked for, Expires when it ends; zero when nobody knows.
	Issued, Expires time.Time
	// Scopes are the rights that it has; nil when they are not known.
	Scopes []string
	// Facts are what the service said of it, by the names of [OAuth.Facts].
	Facts map[string]string
}

// Source gives the tokens of one account. It is safe for concurrent use. Errors are
// those of the context or of the type [*Error].
type Source interface {
	// Token returns the token for an audience: the part of a service that an operation
	// names. "" is the account's usual one.
	Token(ctx context.Context, audience string) (Token, error)
	// Renew is Token after the service has refused one. better is false when there is no
	// other one to be had: then the refusal stands.
	Renew(ctx context.Context, audience string, refused Token) (t Token, better bool, err error)
	// Redactor knows all secrets that the source gives. The result is always the same and
	// learns new ones.
	Redactor() *secret.Redactor
}

// Static returns the source of a credential that never changes.
func Static(c Credential) Source { return &static{c.Secret, redactorOf(c)} }

// redactorOf knows a credential in the forms in which a service may echo it. In an
// address it stands escaped, once for the query and once for the path.
func redactorOf(c Credential) *secret.Redactor {
	text := c.Secret.Reveal()
	forms := []secret.String{c.Secret, secret.New(url.QueryEscape(text)), secret.New(url.PathEscape(text))}
	if c.Method == Basic {
		forms = append(forms, secret.New(base64.StdEncoding.EncodeToString([]byte(c.User+":"+text))))
	}
	return secret.NewRedactor(forms...)
}

// static gives one token for ever.
type static struct {
	secret secret.String
	redact *secret.Redactor
}

// Token implements [Source].
func (s *static) Token(context.Context, string) (Token, error) { return Token{Secret: s.secret}, nil }

// Renew implements [Source].
func (s *static) Renew(context.Context, string, Token) (Token, bool, error) {
	return Token{}, false, nil
}

// Redactor implements [Source].
func (s *static) Redactor() *secret.Redactor { return s.redact }
