package request_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/schema"
)

const base = "https://api.example.com:8443/v1/shop"

// build makes the request of an operation whose path, query and headers are inputs.
func build(inputs map[string]any) (*request.Request, error) {
	object := func(name, in string) connectors.Input {
		return connectors.Input{Field: schema.Field{Name: name, Type: schema.Map, Open: true}, In: in, Whole: true}
	}
	op := &manifest.Operation{
		Spec: &connectors.Operation{
			Connector: "http", Key: "request", Method: http.MethodPost, Path: "/{path}",
			Inputs: []connectors.Input{
				{Field: schema.Field{Name: "path", Type: schema.String, Required: true}, In: "path", Whole: true}, object("query", "query"), object("headers", "header"),
			},
		},
		At: map[string]string{"path": ".", "query": ".", "headers": "."},
	}
	b := request.Builder{
		Manifest: &manifest.Manifest{}, Base: base, Own: "X-Own-Key",
		Headers: func(*manifest.Operation) http.Header { return http.Header{"X-Tenant": {"acme"}} },
	}
	resolved, err := b.Resolve(op, inputs)
	if err != nil {
		return nil, err
	}
	return b.Build(op, resolved)
}

// TestBuild_APathStaysBelowTheBase gives paths that try to lead elsewhere.
func TestBuild_APathStaysBelowTheBase(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", "orders", "https://evil.example.com/orders", "//evil.example.com/orders", "///evil.example.com", `/\evil.example.com`, `\\evil.example.com\x`, "@evil.example.com",
		"/../admin", "/orders/../../admin", "/orders/..", "/.", "/orders/./x", "/orders/%2e%2e/admin", "/orders/%2E%2e", "/orders/.%2e/x", "/orders/%252e%252e/x",
		"/orders/..%2fadmin", "/orders/..%5cadmin", "/orders/x%2f..%2f..%2fadmin", "/orders/..%252fadmin", "/orders/..;/admin", "/orders/..;x=1/admin", "/orders//x", "/orders?admin=1", "/orders#x", "/orders x", "/orders\r\nHost: evil.example.com",
		"/orders\x00", "/orders\t", "/ordérs", "/orders/%", "/orders/%zz", "/orders/%2", "/{path}", "/orders/<x>", "/" + strings.Repeat("x", 5000), ".evil.example.com/x", ":80/x", "?x", "#x", " /x",
	} {
		r, err := build(map[string]any{"path": path})
		if err == nil {
			t.Errorf("path %.60q: got a request to %s, want an error", path, r.URL)
		}
	}
	for path, want := range map[string]string{
		"/":                         base + "/",
		"/orders":                   base + "/orders",
		"/orders/":                  base + "/orders/",
		"/orders/a%2Fb":             base + "/orders/a%2Fb",
		"/orders/%3Fadmin%3D1":      base + "/orders/%3Fadmin%3D1",
		"/orders/%0d%0aHost":        base + "/orders/%0d%0aHost",
		"/orders/@evil.example.com": base + "/orders/@evil.example.com",
		"/orders/a:b;c=d,e":         base + "/orders/a:b;c=d,e",
		"/orders/...":               base + "/orders/...",
		"/orders/.well-known":       base + "/orders/.well-known",
		"/orders/%ED%99%8D":         base + "/orders/%ED%99%8D",
	} {
		r, err := build(map[string]any{"path": path})
		if err != nil {
			t.Errorf("path %q: got %v, want a request", path, err)
		} else if got := r.URL.String(); got != want {
			t.Errorf("path %q: got %s, want %s", path, got, want)
		}
	}
}

// TestBuild_HeadersCannotChangeWhatARequestMeans gives headers that recipes must not set,
// and values that would begin another header.
func TestBuild_HeadersCannotChangeWhatARequestMeans(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Authorization", "authorization", "Cookie", "Proxy-Authorization", "X-Own-Key", "x-own-key",
		"Upgrade", "TE", "Expect", "Forwarded", "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Original-URL", "Accept-Encoding",
		"", "X Y", "X:Y", "X-A\r\nHost", "X-Ä", ":authority",
	} {
		if r, err := build(map[string]any{"path": "/orders", "headers": map[string]any{name: "x"}}); err == nil {
			t.Errorf("header %q: got %v, want an error", name, r.Header)
		}
	}
	for _, v := range []any{"x\r\nHost: evil.example.com", "x\ny", "x\x00", "é", map[string]any{"a": 1}, []any{"x\ry"}} {
		if r, err := build(map[string]any{"path": "/orders", "headers": map[string]any{"X-Note": v}}); err == nil {
			t.Errorf("value %q: got %v, want an error", v, r.Header)
		}
	}
	r, err := build(map[string]any{"path": "/orders", "headers": map[string]any{"x-note": "a", "X-Count": 3, "X-Tenant": "other", "X-None": nil}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"X-Note": "a", "X-Count": "3", "X-Tenant": "other", "X-None": ""} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
}

// TestBuild_QueryValuesAreEscaped asserts that no value of a query begins another one.
func TestBuild_QueryValuesAreEscaped(t *testing.T) {
	t.Parallel()
	r, err := build(map[string]any{"path": "/orders", "query": map[string]any{"q": "a&admin=1#x", "ids": []any{1, 2}, "b&c": "d", "none": nil}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.URL.RawQuery, "b%26c=d&ids=1%2C2&q=a%26admin%3D1%23x"; got != want {
		t.Errorf("got the query %s, want %s", got, want)
	}
	if _, err := build(map[string]any{"path": "/orders", "query": map[string]any{"q": map[string]any{"a": 1}}}); err == nil {
		t.Error("an object as value of the query: got a request, want an error")
	}
}

// FuzzBuild_StaysAtTheHost builds requests of anything: they go to the host, below the
// base, and carry no header that recipes must not set.
func FuzzBuild_StaysAtTheHost(f *testing.F) {
	f.Add("/orders", "q", "a", "X-Note", "b")
	f.Add("//evil.example.com", "q&x", "a#b", "Host", "evil.example.com")
	f.Add("/%2e%2e/%252e%252e/..%2f..%5c", "", "\r\n", "X-A\r\nHost", "x\r\ny")
	f.Add(`/\@evil.example.com:80/..;/`, "a", "b", "Authorization", "Bearer x")
	f.Fuzz(func(t *testing.T, path, name, value, header, content string) {
		r, err := build(map[string]any{"path": path, "query": map[string]any{name: value}, "headers": map[string]any{header: content}})
		if err != nil {
			return
		}
		if r.URL.Scheme != "https" || r.URL.Host != "api.example.com:8443" || r.URL.User != nil || r.URL.Fragment != "" || r.URL.Opaque != "" {
			t.Fatalf("the request goes to %s", r.URL)
		}
		again, err := url.Parse(r.URL.String())
		if err != nil || again.Host != r.URL.Host || again.EscapedPath() != r.URL.EscapedPath() {
			t.Fatalf("the address %s is read as %v (%v)", r.URL, again, err)
		}
		plain := r.URL.EscapedPath()
		for range 3 {
			if !strings.HasPrefix(plain, "/v1/shop/") {
				t.Fatalf("the path %q is not below the base", plain)
			}
			parts := strings.FieldsFunc(plain, func(c rune) bool { return c == '/' || c == '\\' })
			if slices.Contains(parts, "..") || slices.Contains(parts, ".") {
				t.Fatalf("the path %q climbs", plain)
			}
			if next, err := url.PathUnescape(plain); err == nil {
				plain = next
			}
		}
		if got := r.URL.Query(); len(got) != 1 || got.Get(name) != value {
			t.Fatalf("the query %q is read as %v, want %q: %q", r.URL.RawQuery, got, name, value)
		}
		for key, values := range r.Header {
			if slices.Contains([]string{"Host", "Authorization", "Cookie", "X-Own-Key", "Content-Length", "Transfer-Encoding"}, key) || strings.ContainsAny(values[0], "\r\n") {
				t.Fatalf("the header %s: %q", key, values)
			}
		}
	})
}
