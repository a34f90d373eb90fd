package settings

import (
	"crypto"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/diag"
)

// DefaultListen is the address that a program listens on when nobody wrote another one.
const DefaultListen = "127.0.0.1:8088"

// Settings are what a settings file says.
type Settings struct {
	File       string // as it was given
	Data       string // folder of the state file
	Recipes    string // folder of recipes
	Connectors string // folder of extra connectors; may be absent
	// Listen is the address of health and metrics, "" for none. ListenDefault is true when
	// it is [DefaultListen] because nobody wrote one: it may be taken by another Pollux.
	Listen        string
	ListenDefault bool
	Accounts      []Account // sorted by name
}

// Account is one account as a user writes it.
type Account struct {
	Name      string
	Connector string
	BaseURL   string // empty keeps the connector's
	// Version is the version of the service's API; empty for the usual one. VersionAt is
	// where it stands.
	Version   string
	VersionAt diag.Place
	// Credential has an empty Secret when secrets were left out.
	Credential auth.Credential
	Settings   map[string]any
	// Budget replaces the connector's; nil keeps it.
	Budget *Budget
	// Workers is how many requests may be under way at once; 0 means the usual number.
	Workers int
	// Allow names dangers that the account permits: payments.
	Allow []string
	// Webhooks says that what the service announces is taken as hints; nil means that it
	// is not.
	Webhooks *Webhooks

	// At is where the account stands; the others are where its parts do.
	At, ConnectorAt, AuthAt diag.Place
	SettingsAt              map[string]diag.Place
}

// Webhooks is what it takes to believe a service that announces changes.
type Webhooks struct {
	// Keys are those that the service signs with: *rsa.PublicKey or ed25519.PublicKey.
	Keys []crypto.PublicKey
	At   diag.Place
}

// Budget is a number of requests in a stretch of time.
type Budget struct {
	Requests int
	Per      time.Duration
	At       diag.Place
}

// ErrNoSecret is what [Options.Secret] returns for a secret that is not in the store.
var ErrNoSecret = errors.New("there is no such secret")

// Options say how a file is read.
type Options struct {
	// Env looks up an environment variable.
	Env func(string) (string, bool)
	// NoSecrets leaves secrets out: their references are checked for their form
	// only.
	NoSecrets bool
	// Secret returns a secret of Pollux's own store, which belongs to the state file in a
	// folder; the error wraps [ErrNoSecret] where it is not there. Nil is a store without
	// secrets.
	Secret func(data, name string) ([]byte, error)
}
