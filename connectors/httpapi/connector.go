package httpapi

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/httpapi/turns"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/named"
)

// Connector is a service that a manifest describes. It holds no account and no
// connection, and is safe for concurrent use.
type Connector struct {
	manifest    *manifest.Manifest
	description *connectors.Description
	operations  map[string]*manifest.Operation
	headers     map[*manifest.Operation]http.Header // those that do not depend on inputs
	turns       *turns.Turns                        // of writes that read first
	version     string                              // of the API; empty for the usual one
	others      map[string]func() *Connector        // by other versions of the API
	hooks       Hooks
}

// Hooks are what the package of a connector does that a manifest cannot say.
type Hooks struct {
	// Finish completes the request of one attempt, just before it is signed. shown is true for
	// one that people see and nobody sends: then the credential has stars. An error means that
	// the inputs are wrong.
	Finish func(r *request.Request, c auth.Credential, shown bool) error
	// MaxAnswer is how much of an answer with status 2xx is read where the rest is of no
	// interest, in bytes: with it such an answer is always whole. 0 means that all is.
	MaxAnswer int64
}

// With returns the connector with hooks. Other versions of its API have none.
func (c *Connector) With(h Hooks) *Connector {
	with := *c
	with.hooks = h
	return &with
}

// New makes the connector of a manifest.
func New(m *manifest.Manifest) *Connector {
	c := &Connector{manifest: m, description: m.Description(), operations: map[string]*manifest.Operation{}, headers: map[*manifest.Operation]http.Header{}, turns: turns.New()}
	for _, v := range m.Versions {
		if c.others == nil {
			c.others = map[string]func() *Connector{}
		}
		c.others[v] = sync.OnceValue(func() *Connector { return other(m, v, c.turns) }) // few accounts choose it
	}
	for _, o := range m.Operations {
		c.operations[o.Spec.Key], c.headers[o] = o, headers(m, o)
	}
	return c
}

// userAgent names the program to the services.
const userAgent = "pollux (+https://github.com/pollux-automation/pollux)"

// other makes the connector of a manifest in another version of the API that it knows.
func other(m *manifest.Manifest, version string, t *turns.Turns) *Connector {
	in, ok := m.In(version)
	if !ok {
		in = m
	}
	c := New(in)
	c.version, c.turns = version, t
	return c
}

// headers returns the headers that do not depend on inputs. The operation's win over
// the connector's; the sign-in is added when the request is signed.
func headers(m *manifest.Manifest, op *manifest.Operation) http.Header {
	h := http.Header{}
	h.Set("User-Agent", userAgent)
	h.Set("Accept", op.Answer.Format.Accept())
	if op.Answer.File || op.Answer.Text {
		h.Set("Accept", "*/*")
	}
	for _, headers := range []map[string]string{m.Headers, op.Fixed.Headers} {
		for name, v := range headers {
			h.Set(name, v)
		}
	}
	if m.VersionHeader != "" && op.Spec.Version != "" {
		h.Set(m.VersionHeader, op.Spec.Version)
	}
	return h
}

// headersOf returns a copy of the headers of an operation that do not depend on inputs.
func (c *Connector) headersOf(op *manifest.Operation) http.Header {
	if h, known := c.headers[op]; known {
		return h.Clone()
	}
	return headers(c.manifest, op) // its inputs gave it its form
}

// Describe says what the service offers.
func (c *Connector) Describe() *connectors.Description { return c.description }

// Open makes a session for one account. It touches no network. A missing or unfit
// setting, a credential that the service does not take and an address that is none
// are errors. The session uses the account's transport, or makes one of its own that
// Close lets go of.
func (c *Connector) Open(a connectors.Account) (connectors.Session, error) {
	c, err := c.in(a)
	if err != nil {
		return nil, err
	}
	s := &session{Connector: c, account: a, transport: a.Transport}
	s.builder = request.Builder{Manifest: c.manifest, Settings: a.Settings, Headers: c.headersOf}
	if s.builder.Base, err = c.address(a); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.manifest.Auth, func(m auth.Method) bool { return m.Name == a.Credential.Method })
	if i < 0 {
		return nil, fmt.Errorf("account %s: %s does not take the sign-in method %q", a.Name, c.manifest.Title, a.Credential.Method)
	}
	if s.source, err = sourceOf(a); err != nil {
		return nil, err
	}
	if a.Gate == nil {
		return nil, fmt.Errorf("account %s: there is no gate", a.Name)
	}
	if err := c.checkSettings(a); err != nil {
		return nil, err
	}
	s.method = c.manifest.Auth[i]
	if s.method.Name == auth.APIKey && s.method.In == "header" {
		s.builder.Own = s.method.Param
	}
	s.redact = s.source.Redactor()
	s.names = named.NewBook(c.description, s.Page)
	if s.transport == nil {
		s.own = newTransport()
		s.transport = s.own
	}
	return s, nil
}

// address returns the address of the service for an account with one of its own.
func (c *Connector) address(a connectors.Account) (string, error) {
	switch {
	case a.BaseURL == "" && c.manifest.BaseURL == "":
		return "", fmt.Errorf("account %s: %s has no address of its own: base_url is missing", a.Name, c.manifest.Title)
	case a.BaseURL == "":
		return "", nil
	}
	if err := manifest.CheckBaseURL(a.BaseURL); err != nil {
		return "", fmt.Errorf("account %s: base_url: %w", a.Name, err)
	}
	return a.BaseURL, nil
}

// sourceOf returns what gives the tokens of an account.
func sourceOf(a connectors.Account) (auth.Source, error) {
	if a.Source != nil {
		return a.Source, nil
	}
	if a.Credential.Secret.Empty() && a.Credential.Method != auth.None {
		return nil, fmt.Errorf("account %s: the credential is empty", a.Name)
	}
	return auth.Static(a.Credential), nil
}

// checkSettings reports a setting of an account that is missing or unfit.
func (c *Connector) checkSettings(a connectors.Account) error {
	for _, f := range c.manifest.Settings {
		v, given := a.Settings[f.Name]
		if !given || v == nil {
			if f.Required && f.Default == nil {
				return fmt.Errorf("account %s: the setting %q is missing", a.Name, f.Name)
			}
			continue
		}
		if err := f.Accepts(v); err != nil {
			return fmt.Errorf("account %s: setting %q: %w", a.Name, f.Name, err)
		}
	}
	return nil
}

// in returns the connector in the version of the API that an account uses.
func (c *Connector) in(a connectors.Account) (*Connector, error) {
	if a.Version == "" {
		return c, nil
	}
	other, known := c.others[a.Version]
	if !known {
		return nil, fmt.Errorf("account %s: %s has no version %q", a.Name, c.manifest.Title, a.Version)
	}
	return other(), nil
}

// newTransport makes the transport of one account. Idle connections are given up
// before services usually do, so that a write seldom meets a closed one. It has no
// bound on the whole call: that is the context's, which knows the operation.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    budget.Concurrency,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}
