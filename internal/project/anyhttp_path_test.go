package project_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/internal/project"
)

// TestAnyHTTP_AccountsAreHeldAgainstWhatTheyNeed reads accounts that cannot be used.
func TestAnyHTTP_AccountsAreHeldAgainstWhatTheyNeed(t *testing.T) {
	t.Parallel()
	const good = "    base_url: https://api.example.com/v1\n"
	for name, tt := range map[string]struct{ account, want string }{
		"open":             {"    connector: http\n" + good, ""},
		"open, said":       {"    connector: http\n" + good + "    auth: {method: none}\n", ""},
		"bearer":           {"    connector: http\n" + good + "    auth: {method: bearer, token: env:TOKEN}\n", ""},
		"a key in a query": {"    connector: http\n" + good + "    auth: {method: api_key, key: env:TOKEN, in: query, name: key}\n", ""},
		"headers":          {"    connector: http\n" + good + "    settings: {headers: {X-Tenant: acme}, check: /me}\n", ""},
		"no address":       {"    connector: http\n", "2:3 missing-key account acme needs base_url: Any HTTP API knows no address"},
		"a secret header": {
			"    connector: http\n" + good + "    settings: {headers: {X-Api-Key: abc}}\n",
			`5:25 secret-in-clear account acme: the header "X-Api-Key" looks like a secret`,
		},
		"a credential": {
			"    connector: http\n" + good + "    settings: {headers: {Authorization: abc}}\n",
			`5:25 bad-header account acme: the header "Authorization" carries the credential of the account`,
		},
		"headers as a text": {
			"    connector: http\n" + good + "    settings: {headers: X-Tenant}\n", "5:25 bad-field account acme: the setting headers: want a mapping, got text",
		},
		"check elsewhere": {
			"    connector: http\n" + good + "    settings: {check: //evil.example.com}\n", `5:23 bad-path account acme: the path "//evil.example.com" has an empty part`,
		},
		"a key without a name": {
			"    connector: http\n" + good + "    auth: {method: api_key, key: env:TOKEN, in: header}\n", `5:11 missing-key "name" is missing`,
		},
		"a key with a bad name": {
			"    connector: http\n" + good + "    auth: {method: api_key, key: env:TOKEN, in: header, name: \"X: Y\"}\n", `5:63 bad-name "X: Y" is not the name of a header`,
		},
		"a place that the connector knows": {
			"    connector: stibee\n    auth: {method: api_key, key: env:TOKEN, in: header, name: X-Key}\n", "4:11 wrong-method Stibee says itself where the key goes",
		},
		"no sign-in where one is needed": {"    connector: stibee\n", `3:5 missing-key "auth" is missing`},
		"none where one is needed":       {"    connector: stibee\n    auth: {method: none}\n", `4:11 missing-key "auth" is missing`},
		"a token without a sign-in": {
			"    connector: http\n" + good + "    auth: {method: none, token: env:TOKEN}\n", "5:26 unknown-key token has no meaning with the method none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := write(t, map[string]string{"pollux.yaml": "accounts:\n  acme:\n" + tt.account})
			var got []string
			for _, f := range project.Read(config, project.Options{Env: withToken}).Findings.Sorted() {
				if filepath.Base(f.File) == "pollux.yaml" {
					text := f.String()
					_, text, _ = strings.Cut(text, "pollux.yaml:")
					at, _, _ := strings.Cut(text, ": ")
					got = append(got, at+" "+f.Code+" "+f.Message)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// chapterRecipe is the recipe of the chapter, at the shop.
const chapterRecipe = `recipe: v1
id: orders
connections: {api: {connector: http, account: shop}}
trigger:
  poll: api.list
  with: {path: /orders, list: data.orders, volatile: [views], paging: {style: page, input: page, size: {input: per_page, max: 100}}}
  schedule: {every: 5m}
  start: now
steps:
  - id: note
    call: api.request
    with: {method: POST, path: "/orders/${record.id}/notes", body: {text: "is ${record.state}"}}
`

// TestAnyHTTP_TheWayOfTheChapter goes the way of docs/any-http-api.md: an account, a call,
// a recipe, a look at what it would do.
func TestAnyHTTP_TheWayOfTheChapter(t *testing.T) {
	s := &shop{orders: map[string]*order{}}
	s.put("o1", "open")
	s.put("o2", "paid")
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d := &terminal{settings: filepath.Join(t.TempDir(), "pollux.yaml")}
	t.Setenv("SHOP_TOKEN", "a-token-of-a-test")
	t.Setenv("POLLUX_LISTEN", "off")
	file := func(name, text string) {
		name = filepath.Join(filepath.Dir(d.settings), name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("pollux.yaml", `data: ./data
recipes: ./recipes
accounts:
  shop:
    connector: http
    base_url: `+server.URL+`/v1
    auth: {method: bearer, token: env:SHOP_TOKEN}
    settings: {check: /orders/o1}
`)
	if err := os.Mkdir(filepath.Join(filepath.Dir(d.settings), "recipes"), 0o700); err != nil {
		t.Fatal(err)
	}
	expect := func(code int, part string, args ...string) {
		t.Helper()
		got, out, errs := d.pollux(args...)
		if text := out + errs; got != code || !strings.Contains(text, part) {
			t.Errorf("pollux %v: got %d and\n%s\nwant %d and %q", args, got, text, code, part)
		}
	}
	expect(0, "ok", "accounts", "check", "shop")
	expect(0, `"state": "open"`, "call", "shop", "get", "path=/orders/o1")
	expect(0, `"id": "o2"`, "call", "shop", "list", "path=/orders", "list=data.orders")
	expect(0, `"id": "o1"`, "call", "shop", "list", "path=/all", `query={"sort": "updated"}`)
	expect(1, "no such order", "call", "shop", "get", "path=/orders/o3")
	expect(2, "does not begin with /", "call", "shop", "get", "path=https://evil.example.com/")
	expect(2, `the style "page" needs "input"`, "call", "shop", "list", "path=/orders", `paging={"style": "page"}`)
	expect(1, "add --write", "call", "shop", "request", "method=POST", "path=/orders/o1/notes")
	expect(0, `"ok": true`, "call", "shop", "request", "method=POST", "path=/orders/o1/notes", `body={"text": "a"}`, "--write")
	if got := s.bodies[len(s.bodies)-1]; got != `{"text":"a"}` {
		t.Errorf("got the body %s", got)
	}
	expect(0, "where the records stand in the answer", "connectors", "describe", "http", "list")
	expect(0, "that of the account", "connectors", "describe", "http")
	file("recipes/orders.yaml", chapterRecipe)
	expect(0, "", "validate")
	expect(0, "/v1/orders/o1/notes", "try", "orders", "--record", "o1")
	expect(0, "", "run", "--once")
	s.put("o3", "open")
	expect(0, "1 succeeded", "run", "--once")
	if got := s.bodies[len(s.bodies)-1]; got != `{"text":"is open"}` {
		t.Errorf("got the body %s", got)
	}
	expect(0, "http.request: succeeded", "explain", "shop", "o3")
	file("recipes/orders.yaml", strings.Replace(chapterRecipe, "volatile: [views]", "volatile: [views, state]", 1))
	expect(0, "begins with a new baseline", "plan")
}
