package anyhttp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/anyhttp"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/internal/secret"
)

// service is a transport that a test writes as a function.
type service func(*http.Request) string

func (s service) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(s(r)))}, nil
}

func connector(tb testing.TB) connectors.Shaper {
	tb.Helper()
	c, err := anyhttp.New()
	if err != nil {
		tb.Fatal(err)
	}
	shaper, ok := c.(connectors.Shaper)
	if !ok {
		tb.Fatal("the connector gives operations no form")
	}
	return shaper
}

// account is an account at a service, with a key in the query.
func account(s service) connectors.Account {
	return connectors.Account{
		Name: "shop", BaseURL: "https://api.example.com/v1/", Gate: budget.New(nil, 0), Transport: s,
		Credential: auth.Credential{Method: auth.APIKey, Secret: secret.New("a-key-of-a-test"), In: "query", Param: "key"},
	}
}

func TestShape_SameInputsMakeTheSameOperation(t *testing.T) {
	t.Parallel()
	c := connector(t)
	shape := func(key string, inputs map[string]any) *connectors.Operation {
		t.Helper()
		op, err := connectors.Shape(c, key, inputs)
		if err != nil {
			t.Fatal(err)
		}
		return op
	}
	one := shape("list", map[string]any{"path": "/a", "list": "data", "fields": map[string]any{"total": "number"}})
	if two := shape("list", map[string]any{"path": "/b", "list": "data", "fields": map[string]any{"total": "number"}}); one != two {
		t.Error("another path makes another form, want the same one")
	}
	if three := shape("list", map[string]any{"path": "/a", "list": "data"}); one == three {
		t.Error("other fields make the same form, want another one")
	}
	if _, known := one.Answer.Field("total"); !known || one.Answer.Open {
		t.Errorf("the records are %+v, want the field total and no others than those named", one.Answer)
	}
	base, _ := c.Describe().Operation("list")
	for _, in := range base.Inputs {
		if !slices.ContainsFunc(one.Inputs, func(other connectors.Input) bool { return other.Name == in.Name }) {
			t.Errorf("the form lacks the input %q", in.Name)
		}
	}
	for key, want := range map[string]connectors.Repeat{"POST": connectors.RepeatNever, "PATCH": connectors.RepeatNever, "PUT": connectors.RepeatSafe, "DELETE": connectors.RepeatSafe} {
		if got := shape("request", map[string]any{"method": key}).Repeat; got != want {
			t.Errorf("%s: got the repeat rule %s, want %s", key, got, want)
		}
	}
	keyed := shape("request", map[string]any{"method": "POST", "idempotency": map[string]any{"header": "Idempotency-Key"}})
	if keyed.Repeat != connectors.RepeatSafe || keyed.Idempotency == nil || keyed.Idempotency.Header != "Idempotency-Key" {
		t.Errorf("a POST with a key: got %s and %+v, want safe and the header", keyed.Repeat, keyed.Idempotency)
	}
	if got := shape("request", map[string]any{"method": "PUT", "repeat": "never"}).Repeat; got != connectors.RepeatNever {
		t.Errorf("a PUT that is never repeated: got %s", got)
	}
}

func TestOpen_RefusesWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	c := connector(t)
	for want, change := range map[string]func(*connectors.Account){
		"base_url is missing":    func(a *connectors.Account) { a.BaseURL = "" },
		"has more than a host":   func(a *connectors.Account) { a.BaseURL = "https://api.example.com/?x=1" },
		"name or password":       func(a *connectors.Account) { a.BaseURL = "https://ann:pw@api.example.com" },
		"carries the credential": func(a *connectors.Account) { a.Settings = map[string]any{"headers": map[string]any{"Cookie": "a"}} },
		"looks like a secret": func(a *connectors.Account) {
			a.Settings = map[string]any{"headers": map[string]any{"X-Auth-Token": "a"}}
		},
		"cannot be sent":            func(a *connectors.Account) { a.Settings = map[string]any{"headers": map[string]any{"X-A": "a\r\nb"}} },
		"setting check":             func(a *connectors.Account) { a.Settings = map[string]any{"check": "/../x"} },
		"the credential is empty":   func(a *connectors.Account) { a.Credential.Secret = secret.String{} },
		"does not take the sign-in": func(a *connectors.Account) { a.Credential.Method = "magic" },
	} {
		a := account(nil)
		change(&a)
		if _, err := c.Open(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	a := account(nil)
	a.Credential = auth.Credential{Method: auth.None}
	if _, err := c.Open(a); err != nil {
		t.Errorf("an open service: %v", err)
	}
}

// TestSession_KeysStayOutOfPositions pages by a link in which the service repeats the key:
// what is stored of it has none, and the next request goes to the account's own host.
func TestSession_KeysStayOutOfPositions(t *testing.T) {
	t.Parallel()
	var asked []string
	c := connector(t)
	session, err := c.Open(account(func(r *http.Request) string {
		asked = append(asked, r.URL.String())
		return `{"data": [{"id": 1}], "next": "https://evil.example.com/v2/all?key=a-key-of-a-test&page=2"}`
	}))
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]any{"path": "/orders", "list": "data", "paging": map[string]any{"style": "next_link", "link": "next"}}
	op, err := connectors.Shape(c, "list", inputs)
	if err != nil {
		t.Fatal(err)
	}
	page, err := session.Page(t.Context(), op, connectors.Query{Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	if page.Next == "" || strings.Contains(page.Next, "a-key-of-a-test") || strings.Contains(page.Next, "evil") {
		t.Errorf("got the position %s, want one without key and host", page.Next)
	}
	if _, err := session.Page(t.Context(), op, connectors.Query{Inputs: inputs, Position: page.Next}); err == nil {
		t.Error("a second page with the same link: got no error, want one: it leads to itself")
	}
	for _, address := range asked {
		if !strings.HasPrefix(address, "https://api.example.com/v1/orders?key=a-key-of-a-test") {
			t.Errorf("asked for %s, want the account's own host and path", address)
		}
	}
	shown, err := session.Preview(op, inputs)
	if err != nil || strings.Contains(shown.URL, "a-key-of-a-test") {
		t.Errorf("the preview shows %s (%v), want no key", shown.URL, err)
	}
}

// FuzzShape_SaysWhatIsWrong gives anything as inputs: there is an operation or a misfit,
// and its path leads into the inputs.
func FuzzShape_SaysWhatIsWrong(f *testing.F) {
	f.Add("list", `{"path": "/a", "list": "data.x", "paging": {"style": "cursor", "carry": {"a": "last.id"}}, "strategy": "newest", "sort": {}, "created": "c"}`)
	f.Add("list", `{"paging": {"style": "page", "input": "page", "size": {"input": "n", "max": 3}}, "fields": {"a": {"type": "array", "items": "strin"}}, "volatile": ["a", 1]}`)
	f.Add("list", `{"strategy": "keyset", "since": {"input": "", "format": "iso"}, "window": {"from": 1}, "gone": "g", "by": "", "id": "."}`)
	f.Add("get", `{"value": "..", "optional": true, "id": "a.b", "fields": {"": 3}}`)
	f.Add("request", `{"method": "DELETE", "idempotency": {"header": "Host"}, "repeat": "safe", "headers": {"a b": 1}, "path": "/%2e%2e"}`)
	c := connector(f)
	f.Fuzz(func(t *testing.T, key, text string) {
		var inputs map[string]any
		if json.Unmarshal([]byte(text), &inputs) != nil {
			return
		}
		op, misfits := c.Shape(key, inputs)
		if (op == nil) != (len(misfits) > 0) {
			t.Fatalf("got the operation %v and the misfits %v, want one of them", op, misfits)
		}
		for _, m := range misfits {
			if m.Message == "" || m.Code == "" {
				t.Fatalf("got the misfit %+v, want one that says what is wrong", m)
			}
		}
	})
}
