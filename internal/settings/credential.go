package settings

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// DefaultRedirect is where a browser is sent after consent when nobody wrote another
// address.
const DefaultRedirect = "http://127.0.0.1:8089/callback"

// methodKeys are the keys that go with a method.
func methodKeys(method string) []string {
	switch method {
	case auth.APIKey:
		return []string{"key", "in", "name"}
	case auth.Basic:
		return []string{"user", "password"}
	case auth.OAuth2:
		return []string{"client_id", "client_secret", "redirect_url", "scopes", "refresh_token", "authorize_url", "token_url"}
	case auth.HMAC:
		return []string{"secret"}
	case auth.None:
		return nil
	case auth.ClientCredentials:
		return []string{"client_id", "client_secret", "token_url", "scopes", "client_in", "form"}
	}
	return []string{"token"}
}

// credential reads how an account signs in.
func (r *reader) credential(n *yamlnode.Node) auth.Credential {
	methods := []string{auth.Bearer, auth.APIKey, auth.OAuth2, auth.ClientCredentials, auth.Basic, auth.HMAC, auth.None}
	keys := []string{"method"}
	for _, method := range methods {
		keys = append(keys, methodKeys(method)...)
	}
	m, ok := n.Mapping(r.into, keys...)
	if !ok {
		return auth.Credential{}
	}
	method, ok := m.Need(r.into, "method", "method: bearer").Word(r.into, methods...)
	if !ok {
		return auth.Credential{}
	}
	r.strangers(m, method)
	c := auth.Credential{Method: method}
	switch method {
	case auth.APIKey:
		c.Secret = r.secret(m.Need(r.into, "key", "key: env:KEY"))
		r.keyPlace(m, &c)
	case auth.None:
	case auth.Basic:
		c.User = r.open(m.Need(r.into, "user", "user: env:SERVICE_USER")).Reveal()
		if strings.Contains(c.User, ":") {
			r.into.Errorf(m.Get("user").At(), codeName, "", "a user must not hold a colon: the service could not tell where the password begins")
		}
		c.Secret = r.secret(m.Need(r.into, "password", "password: env:SERVICE_PASSWORD"))
	case auth.OAuth2:
		c.Client = r.client(m)
	case auth.HMAC:
		c.Secret = r.secret(m.Need(r.into, "secret", "secret: env:HOOK_SECRET"))
	case auth.ClientCredentials:
		c.Client = r.client(m)
		in, _ := m.Get("client_in").Word(r.into, "form", "header")
		c.Client.RedirectURL, c.Client.Basic, c.Client.Form = "", in == "header", r.form(m.Get("form"))
	default:
		c.Secret = r.secret(m.Need(r.into, "token", "token: env:TOKEN"))
	}
	return c
}

// strangers reports keys that belong to another method of signing in.
func (r *reader) strangers(m yamlnode.Map, method string) {
	takes := methodKeys(method)
	for _, f := range m.Fields() {
		if f.Name == "method" || slices.Contains(takes, f.Name) {
			continue
		}
		suggestion := "the method " + method + " takes " + strings.Join(takes, ", ")
		if len(takes) == 0 {
			suggestion = "leave it out"
		}
		r.into.Errorf(f.At, yamlnode.CodeUnknownKey, suggestion, "%s has no meaning with the method %s", f.Name, method)
	}
}

// keyPlace reads where a key goes, for connectors that do not know it themselves.
func (r *reader) keyPlace(m yamlnode.Map, c *auth.Credential) {
	if !m.Has("in") && !m.Has("name") {
		return
	}
	c.In, _ = m.Need(r.into, "in", "in: header").Word(r.into, "header", "query")
	name := m.Need(r.into, "name", "name: X-Api-Key")
	c.Param, _ = name.Text(r.into)
	if c.In == "header" && c.Param != "" && !headerName.MatchString(c.Param) {
		r.into.Errorf(name.At(), codeName, "write it like X-Api-Key", "%q is not the name of a header", c.Param)
	}
}

// headerName is what the header of a key may be called.
var headerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// client reads the app in whose name an account signs in.
func (r *reader) client(m yamlnode.Map) *auth.Client {
	c := &auth.Client{RedirectURL: DefaultRedirect}
	c.ID = r.open(m.Need(r.into, "client_id", "client_id: env:CLIENT_ID"))
	c.Secret = r.secret(m.Need(r.into, "client_secret", "client_secret: env:CLIENT_SECRET"))
	if n := m.Get("redirect_url"); n != nil {
		c.RedirectURL = r.url(n)
	}
	scopes := m.Get("scopes")
	c.Scopes, _ = scopes.Texts(r.into)
	for i, scope := range c.Scopes {
		if scope == "" || strings.ContainsAny(scope, " ,") {
			r.into.Errorf(scopes.Items()[i].At(), codeScope, "write each scope by itself: [contacts.readonly, contacts.write]", "%q is not one scope", scope)
		}
	}
	c.First = r.first(m.Get("refresh_token"))
	c.AuthorizeURL, c.TokenURL = r.url(m.Get("authorize_url")), r.safe(m.Get("token_url"))
	return c
}

// form reads further fields of requests for tokens; nil without any.
func (r *reader) form(n *yamlnode.Node) map[string]string {
	m, ok := n.Mapping(r.into)
	if !ok {
		return nil
	}
	fields := map[string]string{}
	for _, f := range m.Fields() {
		fields[f.Name], _ = f.Value.Text(r.into)
		if slices.Contains([]string{"grant_type", "client_id", "client_secret", "scope"}, f.Name) {
			r.into.Errorf(f.At, yamlnode.CodeUnknownKey, "leave it out", "%s is filled in from the other keys", f.Name)
		}
	}
	return fields
}

// safe reads an address that gets secrets: without https only one on this machine.
func (r *reader) safe(n *yamlnode.Node) string {
	text := r.url(n)
	if text == "" || auth.IsSafe(text) {
		return text
	}
	if u, err := url.Parse(text); err == nil {
		r.into.Errorf(n.At(), codeURL, "write it with https", "the client's secret would go to %s in the clear", u.Hostname())
	}
	return ""
}

// first reads a refresh token that is taken once. Later its variable, file or secret may
// be gone.
func (r *reader) first(n *yamlnode.Node) secret.String {
	if n == nil {
		return secret.String{}
	}
	var gone diag.List
	quiet := *r
	quiet.into = &gone
	s := quiet.secret(n)
	for _, f := range gone.Sorted() {
		if f.Code != codeSecretUnset && f.Code != codeSecretFile && f.Code != codeSecretStore || f.Severity == diag.Warning {
			r.into.Add(f)
		}
	}
	return s
}

// open reads a text that is no secret but may be written like one.
func (r *reader) open(n *yamlnode.Node) secret.String {
	kind, name, _ := strings.Cut(n.Written(), ":")
	if name != "" && slices.Contains([]string{"env", "file", "secret"}, kind) {
		return r.secret(n)
	}
	text, _ := n.Text(r.into)
	return secret.New(text)
}
