package signin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// The keys that each method may have.
//
//nolint:gochecknoglobals // tables
var (
	keyKeys   = []string{"in", "name"}
	appKeys   = []string{"token_url", "form", "scope_separator", "client_in"}
	oauthKeys = []string{
		"authorize_url", "token_url", "revoke_url", "query", "form", "scope_separator", "pkce", "client_in", "pauses", "facts", "exchange",
	}
)

// Keys returns the keys of a way to sign in. schema.json has the same ones.
func Keys() []string { return slices.Concat([]string{"method"}, keyKeys, oauthKeys) }

// Read reads the ways to sign in. An account chooses one of them by its name.
func Read(n *yamlnode.Node, into *diag.List) []auth.Method {
	var out []auth.Method
	items, _ := n.List(into)
	for _, item := range items {
		m, ok := item.Mapping(into, Keys()...)
		if !ok {
			continue
		}
		method := auth.Method{}
		method.Name, ok = m.Need(into, "method", "method: bearer").Word(into, auth.Bearer, auth.APIKey, auth.Basic, auth.OAuth2, auth.ClientCredentials, auth.None)
		if !ok {
			continue
		}
		var allowed []string
		switch method.Name {
		case auth.APIKey:
			allowed = keyKeys
			key(m, &method, into)
		case auth.OAuth2:
			allowed = oauthKeys
			method.OAuth = oauth(m, into)
		case auth.ClientCredentials:
			allowed = appKeys
			method.OAuth = app(m, into)
		}
		for _, f := range m.Fields() {
			if f.Name != "method" && !slices.Contains(allowed, f.Name) {
				into.Errorf(f.At, yamlnode.CodeUnknownKey, "leave it out", "%s has no meaning with the method %s", f.Name, method.Name)
			}
		}
		out = append(out, method)
	}
	return out
}

// key reads where a key goes.
func key(m yamlnode.Map, method *auth.Method, into *diag.List) {
	method.In, _ = m.Need(into, "in", "in: header").Word(into, "header", "query")
	method.Param, _ = m.Need(into, "name", "name: X-Api-Key").Text(into)
	if method.In == "header" && method.Param != "" && !finding.IsHeader(method.Param) {
		into.Errorf(m.Get("name").At(), finding.CodeHeader, "write it like X-Api-Key", "%q is not the name of a header", method.Param)
	}
}

// oauth reads what is special about OAuth 2.0.
func oauth(m yamlnode.Map, into *diag.List) *auth.OAuth {
	o := &auth.OAuth{}
	o.AuthorizeURL = address(m.Need(into, "authorize_url", "authorize_url: https://example.com/oauth/authorize"), into)
	o.TokenURL = address(m.Need(into, "token_url", "token_url: /oauth/token"), into)
	o.RevokeURL = address(m.Get("revoke_url"), into)
	o.Query, o.Form = texts(m.Get("query"), into), texts(m.Get("form"), into)
	o.Separator, _ = m.Get("scope_separator").Text(into)
	o.PKCE, _ = m.Get("pkce").Bool(into)
	in, _ := m.Get("client_in").Word(into, "form", "header")
	o.Basic = in == "header"
	o.Pauses, _ = m.Get("pauses").Texts(into)
	o.Facts, _ = m.Get("facts").Texts(into)
	o.Exchange, _ = m.Get("exchange").Text(into)
	return o
}

// app reads what is special about the sign-in of an app by itself. Without token_url every account
// names its own.
func app(m yamlnode.Map, into *diag.List) *auth.OAuth {
	o := &auth.OAuth{}
	o.TokenURL = address(m.Get("token_url"), into)
	if u, err := url.Parse(o.TokenURL); err == nil && u.IsAbs() && !auth.IsSafe(o.TokenURL) {
		into.Errorf(m.Get("token_url").At(), finding.CodeAddress, "write it with https", "the client's secret would go to %s in the clear", u.Hostname())
	}
	o.Form = texts(m.Get("form"), into)
	for name, value := range o.Form {
		if strings.HasPrefix(value, "{") {
			into.Errorf(m.Get("form").At(), finding.CodeAddress, "write the value itself", "%s stands for an earlier answer, and there is none", name)
		}
	}
	o.Separator, _ = m.Get("scope_separator").Text(into)
	in, _ := m.Get("client_in").Word(into, "form", "header")
	o.Basic = in == "header"
	return o
}

// address reads an address that is complete, or a path below that of the service.
func address(n *yamlnode.Node, into *diag.List) string {
	text, ok := n.Text(into)
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	complete := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
	below := err == nil && !u.IsAbs() && u.Host == "" && strings.HasPrefix(text, "/")
	if err == nil && u.User != nil {
		into.Errorf(n.At(), finding.CodeAddress, "write the address without it", "the address of %s has a name or password in it", u.Hostname())
		return ""
	}
	if (!complete && !below) || u.RawQuery != "" || u.Fragment != "" {
		into.Errorf(n.At(), finding.CodeAddress, "write it like https://example.com/oauth/token, or /oauth/token below base_url", "%.80q is not an address to sign in at", text)
		return ""
	}
	return text
}

// texts reads a mapping of texts; nil without one.
func texts(n *yamlnode.Node, into *diag.List) map[string]string {
	m, ok := n.Mapping(into)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for _, f := range m.Fields() {
		out[f.Name], _ = f.Value.Text(into)
	}
	return out
}
