package auth_test

import (
	"net/http"
	"testing"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/internal/secret"
)

func TestSign(t *testing.T) {
	t.Parallel()
	key := secret.New("k&y")
	tests := []struct {
		name       string
		method     auth.Method
		credential auth.Credential
		header     string // name
		value, url string
		err        string
	}{
		{
			name: "bearer", method: auth.Method{Name: auth.Bearer}, credential: auth.Credential{Method: auth.Bearer, Secret: key},
			header: "Authorization", value: "Bearer k&y", url: "https://example.com/x?a=b",
		},
		{
			name: "a key in a header", method: auth.Method{Name: auth.APIKey, In: "header", Param: "AccessToken"},
			credential: auth.Credential{Method: auth.APIKey, Secret: key}, header: "Accesstoken", value: "k&y", url: "https://example.com/x?a=b",
		},
		{
			name: "a key in the query", method: auth.Method{Name: auth.APIKey, In: "query", Param: "key"},
			credential: auth.Credential{Method: auth.APIKey, Secret: key}, url: "https://example.com/x?a=b&key=k%26y",
		},
		{
			name: "a user and a password", method: auth.Method{Name: auth.Basic}, credential: auth.Credential{Method: auth.Basic, User: "ann", Secret: key},
			header: "Authorization", value: "Basic YW5uOmsmeQ==", url: "https://example.com/x?a=b",
		},
		{
			name: "a token of a sign-in", method: auth.Method{Name: auth.OAuth2}, credential: auth.Credential{Method: auth.OAuth2, Secret: key},
			header: "Authorization", value: "Bearer k&y", url: "https://example.com/x?a=b",
		},
		{
			name: "another method", method: auth.Method{Name: auth.Bearer}, credential: auth.Credential{Method: auth.APIKey, Secret: key},
			url: "https://example.com/x?a=b", err: `the credential is for "api_key", the service wants "bearer"`,
		},
		{
			name: "an unknown method", method: auth.Method{Name: "magic"}, credential: auth.Credential{Method: "magic", Secret: key},
			url: "https://example.com/x?a=b", err: `unknown sign-in method "magic"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/x?a=b", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			err = auth.Sign(req, tt.method, tt.credential)
			if (err == nil) != (tt.err == "") || (err != nil && err.Error() != tt.err) {
				t.Errorf("Sign = %v, want %q", err, tt.err)
			}
			if got := req.Header.Get(tt.header); got != tt.value {
				t.Errorf("header %s = %q, want %q", tt.header, got, tt.value)
			}
			if got := req.URL.String(); got != tt.url {
				t.Errorf("address = %s, want %s", got, tt.url)
			}
			if wanted := min(1, len(tt.header)); len(req.Header) != wanted {
				t.Errorf("headers = %v, want %d", req.Header, wanted)
			}
		})
	}
}
