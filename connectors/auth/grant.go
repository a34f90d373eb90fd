package auth

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pollux-automation/pollux/internal/secret"
)

// grantVersion is the version of a stored grant.
const grantVersion = 1

// grant is the sign-in of one account, as it is kept. It is never changed once others
// can see it.
type grant struct {
	Version int    `json:"v"`
	Access  string `json:"access,omitempty"`
	Refresh string `json:"refresh,omitempty"`
	// Issued is when the access token was asked for, Expires when it ends; zero when the
	// service did not say.
	Issued   time.Time         `json:"issued,omitzero"`
	Expires  time.Time         `json:"expires,omitzero"`
	Scopes   []string          `json:"scopes,omitempty"` // nil when not known
	Facts    map[string]string `json:"facts,omitempty"`
	SignedIn time.Time         `json:"signed_in,omitzero"`
	// Sent is when a request went out that may have used up the refresh token and whose
	// answer is not known; zero for none.
	Sent    time.Time `json:"sent,omitzero"`
	Refused *refusal  `json:"refused,omitempty"`
	// For is the fingerprint of the client and the address of tokens that the sign-in belongs
	// to; empty in those of earlier versions, which are taken as they are.
	For string `json:"for,omitempty"`
	// First is the fingerprint of the settings' refresh token that was taken or is out of
	// date.
	First string `json:"first,omitempty"`
}

// refusal is what a service said when it did not renew.
type refusal struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"`
	Words  string    `json:"words"`
	// Sent is when the request went out whose answer was lost before, zero for none.
	Sent time.Time `json:"sent,omitzero"`
	// Again is when it may be tried again; zero means that a person must sign in.
	Again time.Time `json:"again,omitzero"`
	// Client is the fingerprint of the client that was refused.
	Client string `json:"client,omitempty"`
}

// lasts reports whether the refusal still counts. A pause whose end lies further ahead than
// a pause is long began before the clock was set back.
func (f *refusal) lasts(now time.Time) bool {
	return f.Again.IsZero() || now.Before(f.Again) && f.Again.Sub(now) <= pausedFor
}

// encode writes a grant.
func (g *grant) encode() ([]byte, error) {
	written := *g
	written.Version = grantVersion
	return json.Marshal(&written)
}

// decode reads a grant.
func decode(text []byte) (*grant, error) {
	g := &grant{}
	if err := json.Unmarshal(text, g); err != nil {
		return nil, fmt.Errorf("the stored sign-in cannot be read: %w", err)
	}
	if g.Version != grantVersion {
		return nil, fmt.Errorf("the stored sign-in has the version %d, want %d", g.Version, grantVersion)
	}
	return g, nil
}

// token is what others may see of a grant.
func (g *grant) token() Token {
	return Token{
		Secret: secret.New(g.Access), Issued: g.Issued, Expires: g.Expires, Scopes: slices.Clone(g.Scopes), Facts: maps.Clone(g.Facts),
	}
}

// usable reports whether the access token is one that the service should take.
func (g *grant) usable(now time.Time) bool {
	return g.Access != "" && (g.Expires.IsZero() || now.Before(g.Expires))
}

// due reports whether a token should be renewed although it may still be good.
func due(issued, expires, now time.Time) bool {
	return !expires.IsZero() && !now.Before(expires.Add(-early(expires.Sub(issued))))
}

// mostEarly is how long before its end a token is renewed at most.
const mostEarly = time.Hour

// early is how long before its end a token is renewed.
func early(life time.Duration) time.Duration { return min(mostEarly, life/4) }
