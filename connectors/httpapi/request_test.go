package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/internal/secret"
)

func TestSession_SendsWhatTheManifestSays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		inputs    map[string]any
		method    string
		url       string
		body      string
		header    map[string]string
	}{
		{
			name: "path, query, header and a setting", key: "order.get",
			inputs: map[string]any{"orderId": "a b", "expand": []any{"x", "y"}, "trace": "t"},
			method: "GET", url: "https://shop.example.com/api/shops/s1/orders/a%20b?expand=x%2Cy",
			header: map[string]string{"X-Trace": "t", "X-Version": "7", "X-Client": "pollux", "Authorization": "Bearer " + token, "Content-Type": ""},
		},
		{
			name: "a value cannot leave its part of the path", key: "order.get",
			inputs: map[string]any{"orderId": "../../x?y#z@h/é"},
			method: "GET", url: "https://shop.example.com/api/shops/s1/orders/..%2F..%2Fx%3Fy%23z%40h%2F%C3%A9",
		},
		{
			name: "an address of mail is encoded whole", key: "order.get",
			inputs: map[string]any{"orderId": "a+b@example.com"},
			method: "GET", url: "https://shop.example.com/api/shops/s1/orders/a%2Bb%40example.com",
		},
		{
			name: "fixed values, a default and null", key: "order.create",
			inputs: map[string]any{"total": 9.5, "note": nil, "lines": []any{map[string]any{"sku": "<1>"}}},
			method: "POST", url: "https://shop.example.com/api/orders?mode=fast",
			body:   `{"notify":false,"order":{"kind":"a","lines":[{"sku":"<1>"}],"note":null,"source":"pollux","total":9.5}}`,
			header: map[string]string{"X-Mode": "1", "Content-Type": "application/json"},
		},
		{
			name: "a whole body, also with DELETE", key: "order.delete",
			inputs: map[string]any{"ids": []any{"1", "2"}},
			method: "DELETE", url: "https://shop.example.com/api/orders", body: `["1","2"]`,
		},
		{name: "a constant body", key: "order.ping", method: "POST", url: "https://shop.example.com/api/ping", body: `[]`},
		{name: "no body", key: "order.poke", method: "POST", url: "https://shop.example.com/api/poke"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var sent *http.Request
			var body []byte
			s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
				sent = r
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				return reply(200, "application/json", `{"order":{"id":1}}`), nil
			}))
			if _, err := s.Call(t.Context(), s.op(t, tt.key), tt.inputs); err != nil {
				t.Fatalf("Call: %v", err)
			}
			if sent.Method != tt.method || sent.URL.String() != tt.url || string(body) != tt.body {
				t.Errorf("sent %s %s %s\nwant %s %s %s", sent.Method, sent.URL, body, tt.method, tt.url, tt.body)
			}
			if sent.GetBody != nil {
				t.Error("net/http could send the body again, want no GetBody")
			}
			for name, v := range tt.header {
				if got := sent.Header.Get(name); got != v {
					t.Errorf("header %s = %q, want %q", name, got, v)
				}
			}
			if s.gate.entered != 1 || s.gate.left != 1 || s.gate.priority != connectors.ForStep || s.gate.lastOperation != tt.key {
				t.Errorf("the gate saw %+v, want one step of %s in and out", s.gate, tt.key)
			}
		})
	}
}

func TestSession_RefusesInputsBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		inputs    map[string]any
		want      string
	}{
		{"missing", "order.create", nil, `the input "total" is missing`},
		{"nil where it is required", "order.create", map[string]any{"total": nil}, `the input "total" is missing`},
		{"unknown", "order.create", map[string]any{"total": 1, "totl": 1}, `there is no input "totl"`},
		{"wrong type", "order.create", map[string]any{"total": "1"}, `the input "total": want a number, got text`},
		{"not an option", "order.create", map[string]any{"total": 1, "kind": "c"}, `the input "kind": want one of a, b, got "c"`},
		{"an element lacks a member", "order.create", map[string]any{"total": 1, "lines": []any{map[string]any{}}}, `the input "lines": element 1: sku is missing`},
		{"an empty part of the path", "order.get", map[string]any{"orderId": ""}, `the input "orderId": the path needs a value`},
		{"dots as a part of the path", "order.get", map[string]any{"orderId": ".."}, `the input "orderId": ".." cannot be a part of a path`},
		{"a header of two lines", "order.get", map[string]any{"orderId": "1", "trace": "a\r\nX-Evil: 1"}, `the input "trace": "a\r\nX-Evil: 1" cannot be sent as a header`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, carrier(func(*http.Request) (*http.Response, error) {
				t.Error("a request was sent")
				return nil, io.EOF
			}))
			_, err := s.Call(t.Context(), s.op(t, tt.key), tt.inputs)
			if e := ours(t, err, connectors.Invalid); e.Err.Error() != tt.want {
				t.Errorf("error %q, want %q", e.Err, tt.want)
			}
			if s.gate.entered != 0 {
				t.Error("the gate was asked for a request that cannot be sent")
			}
		})
	}
}

func TestSession_KnowsOnlyItsOwnOperations(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "application/json", "{}"))
	for _, o := range []*connectors.Operation{{Connector: "shop", Key: "order.nothing"}, {Connector: "other", Key: "order.get"}} {
		_, err := s.Call(t.Context(), o, nil)
		want(t, err, connectors.Invalid)
		_, err = s.Page(t.Context(), o, connectors.Query{})
		want(t, err, connectors.Invalid)
		_, err = s.Preview(o, nil)
		want(t, err, connectors.Invalid)
	}
	_, err := s.Page(t.Context(), s.op(t, "order.get"), connectors.Query{})
	want(t, err, connectors.Invalid)
}

func TestSession_PreviewShowsTheRequestWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := newService(t, answers(200, "", ""))
	got, err := s.Preview(s.op(t, "order.create"), map[string]any{"total": 1, "password": "hunter22"})
	if err != nil {
		t.Fatalf("Preview: %v", err)
	}
	want := connectors.Request{
		Method: "POST", URL: "https://shop.example.com/api/orders?mode=fast",
		Header: map[string]string{
			"Accept": "application/json", "Authorization": "Bearer *****", "Content-Type": "application/json", "X-Client": "pollux",
			"X-Mode": "1", "X-Version": "7", "User-Agent": "pollux (+https://github.com/pollux-automation/pollux)",
		},
		Body: map[string]any{"notify": false, "order": map[string]any{"kind": "a", "password": "*****", "source": "pollux", "total": 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
}

func TestSession_SignsWithAKeyInTheQuery(t *testing.T) {
	t.Parallel()
	byKey := func(a *connectors.Account) {
		a.Credential = auth.Credential{Method: auth.APIKey, Secret: secret.New(token)}
	}
	var got url.Values
	s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
		got = r.URL.Query()
		return reply(500, "text/plain", "we saw "+r.URL.RawQuery+" and "+token), nil
	}), byKey)
	_, err := s.Call(t.Context(), s.op(t, "order.get_first"), nil)
	want(t, err, connectors.Transient)
	if got.Get("api_key") != token {
		t.Errorf("api_key = %q, want the key", got.Get("api_key"))
	}
	p, err := s.Preview(s.op(t, "order.get_first"), nil)
	if err != nil || p.URL != "https://shop.example.com/api/first?api_key=*****" {
		t.Errorf("preview = %q, %v, want stars for the key", p.URL, err)
	}
}

func TestConnector_OpenChecksTheAccount(t *testing.T) {
	t.Parallel()
	good := func() connectors.Account {
		return connectors.Account{
			Name: "acme", Gate: &gate{}, Settings: map[string]any{"shop": "s1"},
			Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(token)},
		}
	}
	tests := []struct {
		name   string
		change func(*connectors.Account)
		want   string
	}{
		{"good", func(*connectors.Account) {}, ""},
		{"a missing setting", func(a *connectors.Account) { a.Settings = nil }, `account acme: the setting "shop" is missing`},
		{"a setting of the wrong type", func(a *connectors.Account) { a.Settings["shop"] = 3 }, `account acme: setting "shop": want text, got a number`},
		{"another method", func(a *connectors.Account) { a.Credential.Method = "basic" }, `account acme: Shop does not take the sign-in method "basic"`},
		{"no secret", func(a *connectors.Account) { a.Credential.Secret = secret.String{} }, `account acme: the credential is empty`},
		{"no gate", func(a *connectors.Account) { a.Gate = nil }, `account acme: there is no gate`},
		{"an address that is none", func(a *connectors.Account) { a.BaseURL = "file:///etc" }, `account acme: base_url: the address "file:///etc" does not begin with https:// or http://`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			account := good()
			tt.change(&account)
			s, err := newService(t, nil).connector.Open(account)
			if (err == nil) != (tt.want == "") || (err != nil && err.Error() != tt.want) {
				t.Errorf("Open = %v, want %q", err, tt.want)
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

func TestSession_TakesTheAccountsAddress(t *testing.T) {
	t.Parallel()
	var host string
	s := newService(t, carrier(func(r *http.Request) (*http.Response, error) {
		host = r.URL.String()
		return reply(204, "", ""), nil
	}), func(a *connectors.Account) { a.BaseURL = "http://127.0.0.1:9000/sand/" })
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check: %v", err)
	}
	if host != "http://127.0.0.1:9000/sand/first" {
		t.Errorf("sent to %s, want the account's address", host)
	}
}

func TestCheckDate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		date   string
		want   time.Time
	}{
		{"accepted", 204, "Thu, 26 Nov 2026 10:00:00 GMT", time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)},
		{"refused", 401, "Thu, 26 Nov 2026 10:00:00 GMT", time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)},
		{"no date", 204, "", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, carrier(func(*http.Request) (*http.Response, error) {
				r := reply(tt.status, "", "")
				r.Header.Set("Date", tt.date)
				return r, nil
			}))
			checked, ok := s.Session.(interface {
				CheckDate(ctx context.Context) (time.Time, error)
			})
			if !ok {
				t.Fatal("the session tells no date")
			}
			got, err := checked.CheckDate(t.Context())
			if !got.Equal(tt.want) || (err != nil) != (tt.status != 204) {
				t.Errorf("got %v and %v, want %v", got, err, tt.want)
			}
		})
	}
}

// FuzzPath makes sure that no value of an input can change where a request goes.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a", "..", "../x", "a/b", "%2e%2e", "?x", "#x", "\x00", "é", "{shop}", "//evil.example.com"} {
		f.Add(s)
	}
	s := newService(f, answers(200, "application/json", `{"order":{}}`))
	op := s.op(f, "order.get")
	f.Fuzz(func(t *testing.T, id string) {
		r, err := s.Preview(op, map[string]any{"orderId": id})
		if err != nil {
			return
		}
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatalf("%q gives the address %q: %v", id, r.URL, err)
		}
		parts := strings.Split(u.EscapedPath(), "/")
		if u.Host != "shop.example.com" || len(parts) != 6 || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q gives the address %q", id, r.URL)
		}
		if back, err := url.PathUnescape(parts[5]); err != nil || back != id {
			t.Errorf("%q arrives as %q, %v", id, back, err)
		}
	})
}

var _ connectors.Connector = (*httpapi.Connector)(nil)

func TestNew_SharesTheDescription(t *testing.T) {
	t.Parallel()
	c := httpapi.New(&manifest.Manifest{Key: "x"})
	first, second := c.Describe(), c.Describe()
	if first != second || first.Key != "x" {
		t.Error("Describe gives another value each time, want one that is shared")
	}
	if _, err := json.Marshal(c.Describe()); err != nil {
		t.Errorf("the description cannot be written as JSON: %v", err)
	}
}
