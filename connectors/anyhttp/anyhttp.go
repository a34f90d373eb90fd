package anyhttp

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
)

//go:embed connector.yaml
var connectorText []byte

// Key is the key of the connector, as accounts and recipes write it.
const Key = "http"

// Connector is any HTTP API. It is safe for concurrent use.
type Connector struct {
	manifest    *manifest.Manifest
	description *connectors.Description

	mu sync.Mutex
	// shaped are the operations that were asked for, by key and inputs. There are as many
	// as recipes say different things.
	shaped map[string]*connectors.Operation
}

// New returns the connector. The error is a mistake in its own manifest.
func New() (connectors.Connector, error) {
	c := &Connector{shaped: map[string]*connectors.Operation{}}
	for _, k := range kinds() {
		m, misfits := read(k, map[string]any{})
		if m == nil {
			return nil, fmt.Errorf("connector %s: %v", Key, misfits)
		}
		if c.manifest == nil {
			c.manifest = m
			continue
		}
		c.manifest.Operations = append(c.manifest.Operations, m.Operations...)
	}
	c.manifest.BaseURL = "" // each account has its own
	// The service of the tokens is said by the account.
	c.manifest.Auth = append(c.manifest.Auth, auth.Method{Name: auth.ClientCredentials, OAuth: &auth.OAuth{}})
	for i := range c.manifest.Auth {
		c.manifest.Auth[i].Free = c.manifest.Auth[i].Name == auth.APIKey
	}
	c.description = c.manifest.Description()
	return c, nil
}

// Describe says what can be done with any API.
func (c *Connector) Describe() *connectors.Description { return c.description }

// Open makes a session for one account. An account without an address, with headers that
// cannot be sent or that carry a secret is an error.
func (c *Connector) Open(a connectors.Account) (connectors.Session, error) {
	if a.BaseURL == "" {
		return nil, fmt.Errorf("account %s: base_url is missing", a.Name)
	}
	m := *c.manifest
	m.BaseURL = strings.TrimRight(a.BaseURL, "/")
	m.Auth = slices.Clone(m.Auth)
	for i := range m.Auth {
		if m.Auth[i].Free && a.Credential.Param != "" {
			m.Auth[i].In, m.Auth[i].Param = a.Credential.In, a.Credential.Param
		}
	}
	var misfits []connectors.Misfit
	if m.Headers, misfits = headers(a.Settings["headers"]); len(misfits) > 0 {
		return nil, fmt.Errorf("account %s: settings: %s", a.Name, misfits[0])
	}
	if path, _ := a.Settings["check"].(string); path != "" {
		if err := request.CheckPath(path); err != nil {
			return nil, fmt.Errorf("account %s: setting check: %w", a.Name, err)
		}
		m.Checks = []manifest.Check{{Operation: "get", With: map[string]any{"path": path}}}
	}
	return httpapi.New(&m).Open(a)
}

// CheckSettings reports settings of an account that cannot be used.
func (c *Connector) CheckSettings(settings map[string]any) []connectors.Misfit {
	_, misfits := headers(settings["headers"])
	for _, f := range c.manifest.Settings {
		if v := settings[f.Name]; v != nil && f.Accepts(v) != nil {
			misfits = append(misfits, connectors.Misfit{Path: []string{f.Name}, Code: finding.CodeFieldOption, Message: fmt.Sprintf("the setting %s: %v", f.Name, f.Accepts(v))})
		}
	}
	if path, given := settings["check"].(string); given {
		if err := request.CheckPath(path); err != nil {
			misfits = append(misfits, connectors.Misfit{Path: []string{"check"}, Code: finding.CodePath, Message: err.Error(), Suggestion: "write it like /me"})
		}
	}
	return misfits
}

// headers reads the headers that every request of an account carries.
func headers(v any) (map[string]string, []connectors.Misfit) {
	out := map[string]string{}
	var misfits []connectors.Misfit
	members, _ := v.(map[string]any)
	for _, name := range finding.Keys(members) {
		misfit := checkHeader(name, members[name])
		if misfit != nil {
			misfits = append(misfits, *misfit)
			continue
		}
		out[http.CanonicalHeaderKey(name)], _ = request.TextOf(members[name])
	}
	return out, misfits
}

// checkHeader reports a header that must not be written out, or cannot be sent; nil when it
// can. A value that is not known yet is nil.
func checkHeader(name string, v any) *connectors.Misfit {
	at := connectors.Misfit{Path: []string{"headers", name}, OfKey: true, Code: finding.CodeHeader}
	if err := request.CheckHeader(name, ""); err != nil {
		at.Message, at.Suggestion = err.Error(), "leave it out"
		if strings.Contains(at.Message, "credential") {
			at.Suggestion = "say at the account how it signs in, under auth"
		}
		return &at
	}
	if tellsSecret(name) {
		at.Code, at.Message, at.Suggestion = diag.CodeSecretInClear, fmt.Sprintf("the header %q looks like a secret", name),
			"sign in with auth: {method: api_key, key: env:NAME, in: header, name: "+name+"}"
		return &at
	}
	if v == nil {
		return nil
	}
	text, err := request.TextOf(v)
	if err == nil {
		err = request.SetHeader(http.Header{}, name, text)
	}
	if err != nil {
		at.OfKey, at.Message, at.Suggestion = false, err.Error(), "write a text of printable ASCII"
		return &at
	}
	return nil
}

// tellsSecret reports names under which services take secrets.
func tellsSecret(name string) bool {
	plain := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "_", ""), "-", ""))
	return slices.ContainsFunc([]string{"apikey", "accesskey", "authkey", "token", "secret", "password", "authorization", "signature", "credential"},
		func(word string) bool {
			return strings.Contains(plain, word) && !strings.Contains(plain, "idempotency")
		})
}
