package connectors

import (
	"net/http"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Connector knows one outside service.
type Connector interface {
	// Describe says what the service offers. The answer never changes and is
	// shared: callers do not write to it.
	Describe() *Description
	// Open makes a session for one account. It touches no network; a missing
	// setting or a credential of the wrong method is an error.
	Open(Account) (Session, error)
}

// Description is what a connector says about itself.
type Description struct {
	Key      string // "highlevel"
	Title    string
	Docs     string // link to the service's own documentation
	BaseURL  string
	Auth     []auth.Method
	Settings []schema.Field // account settings, e.g. locationId
	Limits   []Limit
	// Breaker tells when a host that refuses must not be asked on; nil for none.
	Breaker *Breaker
	// Webhooks tell how the service announces changes; nil if it does not, or if nobody
	// has told us how.
	Webhooks *Webhooks
	// Parts tell how an account's parts are found, each of which can be an account of its
	// own; nil for a service without such parts.
	Parts      *Parts
	Objects    []*schema.Object
	Operations []*Operation
	// CheckWith is the key of the read that checks a credential.
	CheckWith string
	// NeedsOne names settings of which an account must have one at least; empty means that
	// each of them says for itself whether it is required.
	NeedsOne []string
	// Versions are other versions of the API that an account can choose, with the keys of
	// operations that each has not, and what to use instead of them.
	Versions map[string]map[string]string
	// Program is true for a connector that is a program of its own: it makes its requests
	// itself, and not through the account's transport.
	Program bool
	// Notes tell what is uncertain or surprising about the whole service.
	Notes []string
}

// Operation returns the operation with that key.
func (d *Description) Operation(key string) (*Operation, bool) {
	i := slices.IndexFunc(d.Operations, func(o *Operation) bool { return o.Key == key })
	if i < 0 {
		return nil, false
	}
	return d.Operations[i], true
}

// Limit is a number of requests that the service allows in a window of time.
type Limit struct {
	Name     string // "burst", "daily"
	Requests int
	Per      time.Duration
	// By is what the service counts by: account or host.
	By string
	// Remaining, Max and Reset name the answer headers that tell what is left,
	// what the limit is, and in how many milliseconds the window ends; empty
	// when the service does not say.
	Remaining string
	Max       string
	Reset     string
	// Operations are the keys that the limit applies to; empty means all.
	Operations []string
}

// Breaker closes a host for all accounts before the service blocks it.
type Breaker struct {
	// Failures is how many answers with one of the Statuses may come Per a stretch
	// of time from one host.
	Failures int
	Per      time.Duration
	// Statuses are ranges, both ends included. 429 counts only as a range by itself.
	Statuses [][2]int
	// Rest is how long the host is left alone; 0 means until the oldest of the answers
	// is older than Per.
	Rest time.Duration
}

// Account is what a session needs to know of one account.
type Account struct {
	Name    string
	BaseURL string // replaces the connector's; empty keeps it
	// Version is the version of the API that the account chose; empty for the usual one.
	Version    string
	Credential auth.Credential
	// Source gives the tokens of an account that signs in with OAuth 2.0; nil otherwise:
	// then the credential itself goes out.
	Source   auth.Source
	Settings map[string]any
	// Allow are the words for dangers that the account permits ([Danger.Needs]): payments.
	Allow []string
	// Gate is asked before every request. Never nil.
	Gate Gate
	// Transport carries the requests; nil means one made for this account.
	Transport http.RoundTripper
}
