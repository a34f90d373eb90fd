package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const (
	// tokenTimeout bounds a request for a token, its answer included.
	tokenTimeout = 30 * time.Second
	// mostPatience is the longest wait that a service can ask for.
	mostPatience = time.Hour
)

// wire sends the requests for tokens. It is read-only.
type wire struct {
	service OAuth // with complete addresses
	client  Client
	http    *http.Client
}

// newWire makes a wire. Redirects are not followed: the client's secret would go with
// them.
func newWire(service OAuth, client *Client, transport http.RoundTripper) *wire {
	if transport == nil { // a connection that was kept could be closed just when a request goes out
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	return &wire{service: service, client: *client, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// pageURL is the address where a person consents.
func (w *wire) pageURL(state, verifier string, scopes []string) string {
	c := oauth2.Config{ClientID: w.client.ID.Reveal(), RedirectURL: w.client.RedirectURL, Endpoint: oauth2.Endpoint{AuthURL: w.service.AuthorizeURL}}
	var more []oauth2.AuthCodeOption
	if len(scopes) > 0 {
		more = append(more, oauth2.SetAuthURLParam("scope", strings.Join(scopes, w.service.separator())))
	}
	if w.service.PKCE {
		more = append(more, oauth2.S256ChallengeOption(verifier))
	}
	for name, value := range w.service.Query {
		more = append(more, oauth2.SetAuthURLParam(name, value))
	}
	return c.AuthCodeURL(state, more...)
}

// exchange trades the code that consent gave.
func (w *wire) exchange(ctx context.Context, code, verifier string) (*grant, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {w.client.RedirectURL}}
	if w.service.PKCE {
		form.Set("code_verifier", verifier)
	}
	return w.token(ctx, form, nil)
}

// renew trades a refresh token for a new pair.
func (w *wire) renew(ctx context.Context, g *grant) (*grant, error) {
	return w.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.Refresh}}, g.Facts)
}

// token makes one request for a token. The sign-in style is fixed: to try another one
// would send a refresh token twice.
func (w *wire) token(ctx context.Context, form url.Values, facts map[string]string) (*grant, error) {
	for name, value := range w.service.Form {
		if fact, ok := strings.CutPrefix(value, "{"); ok {
			value = facts[strings.TrimSuffix(fact, "}")]
		}
		if value != "" {
			form.Set(name, value)
		}
	}
	c := clientcredentials.Config{
		ClientID: w.client.ID.Reveal(), ClientSecret: w.client.Secret.Reveal(), TokenURL: w.service.TokenURL,
		EndpointParams: form, AuthStyle: oauth2.AuthStyleInParams,
	}
	if w.service.Basic {
		c.AuthStyle = oauth2.AuthStyleInHeader
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	sent := time.Now().UTC()
	t, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, w.http))
	if err != nil {
		return nil, tokenError(err)
	}
	g := &grant{Access: t.AccessToken, Refresh: t.RefreshToken, Issued: sent, Facts: map[string]string{}, For: w.client.belongs(w.service.TokenURL)}
	if !t.Expiry.IsZero() { // counted from when we asked: the service counts from before its answer
		g.Expires = sent.Add(time.Until(t.Expiry))
	}
	if scope, ok := t.Extra("scope").(string); ok {
		g.Scopes = splitScopes(scope)
	}
	for _, name := range w.service.Facts {
		if v := t.Extra(name); v != nil && v != "" {
			g.Facts[name] = fmt.Sprint(v)
		}
	}
	return g, nil
}

// errUnsent tells that a request for a token surely never left, or was not looked at.
var errUnsent = errors.New("not sent")

// tokenError says what became of a request for a token.
func tokenError(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		e := &Error{Words: "the service gave no token: " + clean(err.Error()), Err: err}
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			e.Err = fmt.Errorf("%w: %w", errUnsent, err)
		}
		return e
	}
	e := &Error{Status: refused.Response.StatusCode, Words: said(refused.Response.StatusCode, refused.Body)}
	switch s := e.Status; {
	case s == http.StatusTooManyRequests || s == http.StatusTooEarly || s >= 300 && s <= 399:
		e.Err, e.RetryAfter = errUnsent, patience(refused.Response.Header)
	case s == http.StatusRequestTimeout || s >= 500:
		e.RetryAfter = patience(refused.Response.Header)
	default:
		e.Refused = s == http.StatusBadRequest || s == http.StatusUnauthorized || spoken(refused.Body)
	}
	return e
}

// spoken reports whether a refusal is in the service's own words. A page of a proxy, or of
// whoever guards the service, says nothing of the sign-in.
func spoken(body []byte) bool {
	var doc map[string]any
	return json.Unmarshal(body, &doc) == nil && len(doc) > 0
}

// splitScopes splits the list of scopes in an answer; nil when there are none.
func splitScopes(text string) []string {
	list := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' })
	if len(list) == 0 {
		return nil
	}
	return list
}

// said are the service's own words for a refusal, with its status: those of RFC 6749, a
// message, or the body itself.
func said(status int, body []byte) string {
	var doc struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Message     any    `json:"message"`
	}
	words := string(body)
	if json.Unmarshal(body, &doc) == nil {
		parts := []string{doc.Error, doc.Description}
		if doc.Message != nil {
			parts = append(parts, fmt.Sprint(doc.Message))
		}
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
		words = strings.Join(slices.Compact(parts), ": ")
	}
	if words = clean(words); words == "" {
		words = http.StatusText(status)
	}
	return fmt.Sprintf("status %d: %s", status, words)
}

// patience is how long a service wants to be left alone.
func patience(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, mostPatience)
}

// revoke gives a token back (RFC 7009).
func (w *wire) revoke(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	form := url.Values{"token": {token}}
	if !w.service.Basic {
		form.Set("client_id", w.client.ID.Reveal())
		form.Set("client_secret", w.client.Secret.Reveal())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.service.RevokeURL, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("revoke the sign-in: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w.service.Basic {
		req.SetBasicAuth(url.QueryEscape(w.client.ID.Reveal()), url.QueryEscape(w.client.Secret.Reveal()))
	}
	status, body, err := w.do(req)
	if err == nil && (status < 200 || status > 299) {
		err = fmt.Errorf("status %d: %s", status, clean(string(body)))
	}
	if err != nil {
		return fmt.Errorf("revoke the sign-in: %w", err)
	}
	return nil
}

// do sends a request and reads its answer.
func (w *wire) do(req *http.Request) (status int, body []byte, err error) {
	resp, err := w.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or is broken anyway
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, body, err
}
