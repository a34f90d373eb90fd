package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/webhook"
	"github.com/pollux-automation/pollux/internal/secret"
)

const plain = "a secret of thirty-two bytes !!!"

// receiver is a transport that a test writes as a function.
type receiver func(*http.Request, []byte) (status int, body io.Reader)

func (f receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	status, body := f(r, raw)
	if body == nil {
		body = strings.NewReader("")
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body)}, nil
}

func account(method, text string, transport http.RoundTripper) connectors.Account {
	return connectors.Account{
		Name: "own", BaseURL: "https://own.test/hooks", Gate: budget.New(nil, 0), Transport: transport,
		Credential: auth.Credential{Method: method, Secret: secret.New(text)},
	}
}

func open(t *testing.T, a connectors.Account) (connectors.Session, *connectors.Operation) {
	t.Helper()
	c, err := webhook.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open(a)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	op, ok := c.Describe().Operation("event.post")
	if !ok {
		t.Fatal("there is no operation event.post")
	}
	return s, op
}

func inputs(more ...any) map[string]any {
	in := map[string]any{"event": "order.paid", "data": map[string]any{"id": "o1", "total": 12345678901234567}}
	for i := 0; i < len(more); i += 2 {
		in[more[i].(string)] = more[i+1] //nolint:forcetypeassert // a test fails either way
	}
	return in
}

// TestPost_IsWhatTheSpecificationSays compares with values that were worked out by hand: a bubble
// begins with the year 2000.
func TestPost_IsWhatTheSpecificationSays(t *testing.T) {
	t.Parallel()
	coded := "whsec_" + base64.StdEncoding.EncodeToString([]byte(plain))
	const body = `{"id":"run1/tell","type":"order.paid","timestamp":"2000-01-01T00:00:00Z","data":{"id":"o1","total":12345678901234567}}`
	tests := []struct {
		name, method, secret, path string
		url, signature, authorized string
	}{
		{"signed", auth.HMAC, coded, "", "https://own.test/hooks", "v1,sed3h+7ohlP+KopVts7EpxXmYADhf6boA+16l9n0KH0=", ""},
		{"signed with a plain secret", auth.HMAC, plain, "/orders/paid/", "https://own.test/hooks/orders/paid/", "v1,sed3h+7ohlP+KopVts7EpxXmYADhf6boA+16l9n0KH0=", ""},
		{"with a token", auth.Bearer, plain, "a b/ü", "https://own.test/hooks/a%20b/%C3%BC", "", "Bearer " + plain},
		{"unsigned", auth.None, "", "x", "https://own.test/hooks/x", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, op := open(t, account(tt.method, tt.secret, receiver(func(r *http.Request, raw []byte) (int, io.Reader) {
					got := []string{r.URL.String(), string(raw), r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), r.Header.Get("Authorization"), r.Header.Get("X-Shop"), r.Header.Get("Content-Type")}
					want := []string{tt.url, body, "run1/tell", "946684800", tt.signature, tt.authorized, "7", "application/json"}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("request (-want +got):\n%s", diff)
					}
					return http.StatusNoContent, nil
				})))
				in := inputs("headers", map[string]any{"x-shop": 7})
				if tt.path != "" {
					in["path"] = tt.path
				}
				if _, err := s.Call(connectors.WithKey(t.Context(), "run1/tell"), op, in); err != nil {
					t.Errorf("Call: %v", err)
				}
			})
		})
	}
}

// TestPost_KeepsWhatIsEscapedInTheAddress asserts that a receiver whose address has an escaped
// slash gets its events there, and not at an address that looks like it.
func TestPost_KeepsWhatIsEscapedInTheAddress(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"": "/hooks/a%2Fb", "c d": "/hooks/a%2Fb/c%20d"} {
		a := account(auth.None, "", receiver(func(r *http.Request, _ []byte) (int, io.Reader) {
			if got := r.URL.EscapedPath(); got != want {
				t.Errorf("the path %q: got a request to %s, want one to %s", path, got, want)
			}
			return http.StatusNoContent, nil
		}))
		a.BaseURL = "https://own.test/hooks/a%2Fb"
		s, op := open(t, a)
		if _, err := s.Call(t.Context(), op, inputs("path", path)); err != nil {
			t.Errorf("the path %q: %v", path, err)
		}
	}
}

// TestPreview_SendsNothingAndHidesTheSecret shows what a dry run prints.
func TestPreview_SendsNothingAndHidesTheSecret(t *testing.T) {
	t.Parallel()
	s, op := open(t, account(auth.HMAC, plain, receiver(func(*http.Request, []byte) (int, io.Reader) {
		t.Error("a preview was sent")
		return http.StatusOK, nil
	})))
	got, err := s.Preview(op, inputs("path", "orders"))
	if err != nil {
		t.Fatal(err)
	}
	want := connectors.Request{
		Method: http.MethodPost, URL: "https://own.test/hooks/orders",
		Header: map[string]string{
			"Accept": "application/json", "Content-Type": "application/json", "User-Agent": got.Header["User-Agent"],
			"Webhook-Id": "(id of the effect)", "Webhook-Timestamp": "(time of the attempt)", "Webhook-Signature": "v1,*****",
		},
		Body: map[string]any{"id": "(id of the effect)", "type": "order.paid", "timestamp": "(time of the attempt)", "data": map[string]any{"id": "o1", "total": 12345678901234567}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	if shown, _ := json.Marshal(got); strings.Contains(string(shown), plain) {
		t.Errorf("the preview shows the secret: %s", shown)
	}
}

func TestPost_RefusesWhatARecipeMayNotSay(t *testing.T) {
	t.Parallel()
	header := func(name string, v any) map[string]any { return inputs("headers", map[string]any{name: v}) }
	many := map[string]any{}
	for _, c := range "abcdefghijklmnopqrstu" {
		many["x-"+string(c)] = "1"
	}
	tests := []struct {
		name string
		in   map[string]any
		says string
	}{
		{"no event", inputs("event", " "), `"event" is empty`},
		{"another host", inputs("path", "//evil.test/x"), `"path"`},
		{"an address", inputs("path", "https://evil.test/x"), `"path"`},
		{"out of the base", inputs("path", "../admin"), `"path"`},
		{"out of the base, in the middle", inputs("path", "a/../../admin"), `"path"`},
		{"out of the base, escaped", inputs("path", "%2e%2e/admin"), `"path"`},
		{"out of the base, behind a semicolon", inputs("path", "a/..;x=1/admin"), `"path"`},
		{"a query", inputs("path", "a?b=c"), `"path"`},
		{"a fragment", inputs("path", "a#b"), `"path"`},
		{"a backslash", inputs("path", `a\b`), `"path"`},
		{"a line", inputs("path", "a\r\nb"), `"path"`},
		{"signing in", header("authorization", "Bearer x"), "Authorization is not for recipes to set"},
		{"a cookie", header("Cookie", "a=b"), "Cookie is not for recipes to set"},
		{"the signature", header("webhook-Signature", "v1,x"), "Webhook-Signature is not for recipes to set"},
		{"the connection", header("transfer-encoding", "chunked"), "Transfer-Encoding is not for recipes to set"},
		{"the host", header("host", "evil.test"), "Host is not for recipes to set"},
		{"the length", header("content-length", 1), "Content-Length is not for recipes to set"},
		{"another method", header("X-HTTP-Method-Override", "DELETE"), "X-Http-Method-Override is not for recipes to set"},
		{"another host behind a proxy", header("x-forwarded-host", "evil.test"), "X-Forwarded-Host is not for recipes to set"},
		{"a line in a value", header("X-A", "a\r\nX-B: c"), "cannot be sent as a header"},
		{"a line in a name", header("X-A: b\r\nX-C", "a"), "is not the name of a header"},
		{"no name", header("", "a"), "is not the name of a header"},
		{"a list of objects", header("X-A", map[string]any{"b": 1}), "X-A: "},
		{"too many", inputs("headers", many), "there are 21, more than 20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, op := open(t, account(auth.HMAC, plain, receiver(func(*http.Request, []byte) (int, io.Reader) {
				t.Error("it was sent")
				return http.StatusOK, nil
			})))
			_, err := s.Call(t.Context(), op, tt.in)
			if connectors.KindOf(err) != connectors.Invalid || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Call: got %v, want invalid with %q", err, tt.says)
			}
			if _, err := s.Preview(op, tt.in); connectors.KindOf(err) != connectors.Invalid {
				t.Errorf("Preview: got %v, want invalid", err)
			}
		})
	}
}

// endless is an answer without an end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return len(b), nil
}

// broken breaks off at once.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestPost_Answers(t *testing.T) {
	t.Parallel()
	long := &endless{}
	t.Cleanup(func() { // all of them have ended
		if long.read == 0 || long.read > 64<<10 {
			t.Errorf("got %d bytes of an answer without an end, want a bound", long.read)
		}
	})
	tests := []struct {
		name   string
		status int
		body   io.Reader
		kind   connectors.Kind // empty for done
		says   string
	}{
		{"done", http.StatusOK, strings.NewReader(`{"ok":true}`), "", ""},
		{"done, with a page", http.StatusAccepted, strings.NewReader("<html>"), "", ""},
		{"done, without an end", http.StatusOK, long, "", ""},
		{"done, cut off", http.StatusOK, broken{}, "", ""},
		{"gone", http.StatusGone, nil, connectors.NotFound, "Gone"},
		{"not believed", http.StatusUnauthorized, strings.NewReader(`{"error":"bad signature for ` + plain + `"}`), connectors.Auth, "bad signature for *****"},
		{"refused", http.StatusUnprocessableEntity, strings.NewReader(`{"message":"no such order"}`), connectors.Invalid, "no such order"},
		{"later", http.StatusTooManyRequests, nil, connectors.RateLimited, ""},
		{"failed", http.StatusInternalServerError, nil, connectors.Uncertain, ""},
		{"elsewhere", http.StatusFound, nil, connectors.Invalid, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent := 0
			s, op := open(t, account(auth.HMAC, plain, receiver(func(*http.Request, []byte) (int, io.Reader) {
				sent++
				return tt.status, tt.body
			})))
			_, err := s.Call(t.Context(), op, inputs())
			if sent != 1 {
				t.Errorf("got %d requests, want 1", sent)
			}
			if tt.kind == "" {
				if err != nil {
					t.Errorf("got %v, want that it is done", err)
				}
				return
			}
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.says) || strings.Contains(e.Error(), plain) {
				t.Errorf("got %v, want %s with %q and no secret", err, tt.kind, tt.says)
			}
		})
	}
}

func TestOpen_RefusesAccountsThatCannotSign(t *testing.T) {
	t.Parallel()
	c, err := webhook.New()
	if err != nil {
		t.Fatal(err)
	}
	nowhere := account(auth.HMAC, plain, nil)
	nowhere.BaseURL = ""
	for says, a := range map[string]connectors.Account{
		"base_url is missing":          nowhere,
		"the credential is empty":      account(auth.Bearer, "", nil),
		"in base64":                    account(auth.HMAC, "whsec_!!", nil),
		"has fewer than 16 bytes":      account(auth.HMAC, "short", nil),
		`the sign-in method "api_key"`: account(auth.APIKey, plain, nil),
	} {
		if _, err := c.Open(a); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), plain) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

// TestREADME_ShowsAnEventThatIsRight checks the example of the README as the README says.
func TestREADME_ShowsAnEventThatIsRight(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindSubmatch(raw)
		if m == nil {
			t.Fatalf("the README has nothing like %s", pattern)
		}
		return string(m[1])
	}
	key, err := base64.StdEncoding.DecodeString(find("`whsec_([A-Za-z0-9+/=]+)`"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", find("Webhook-Id: (.*)"), find("Webhook-Timestamp: (.*)"), find(`(?m)^(\{.*\})$`))
	if got, want := find("Webhook-Signature: (.*)"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("got the signature %s, want %s", got, want)
	}
}
