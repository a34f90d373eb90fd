package settings_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/settings"
)

// inPEM writes a public key as services publish it.
func inPEM(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// TestLoad_ReadsKeysOfWebhooks takes both kinds of keys, from a file beside the settings
// and written out, and no others.
func TestLoad_ReadsKeysOfWebhooks(t *testing.T) {
	t.Parallel()
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		says string // of the finding; empty for none
	}{
		"Ed25519":      {ed, ""},
		"RSA":          {&long.PublicKey, ""},
		"another kind": {&curve.PublicKey, "neither Ed25519 nor RSA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := inPEM(t, tt.key)
			file := write(t, "accounts:\n  acme:\n    connector: highlevel\n    auth: {method: bearer, token: env:TOKEN}\n    webhooks:\n      keys:\n        - key.pem\n        - |\n"+
				"          "+strings.ReplaceAll(text, "\n", "\n          ")+"\n")
			if err := os.WriteFile(filepath.Join(filepath.Dir(file), "key.pem"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var into diag.List
			s, _ := settings.Load(file, settings.Options{Env: environment(map[string]string{"TOKEN": "x"})}, &into)
			if tt.says != "" {
				if found := into.Sorted(); len(found) != 2 || !strings.Contains(found[0].Message, tt.says) {
					t.Errorf("got %v, want two findings with %q", found, tt.says)
				}
				return
			}
			if into.HasErrors() || len(s.Accounts[0].Webhooks.Keys) != 2 {
				t.Fatalf("got %v, want two keys", into.Sorted())
			}
			for _, key := range s.Accounts[0].Webhooks.Keys {
				if k, ok := key.(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(tt.key) {
					t.Errorf("got %v, want the key that was written", key)
				}
			}
		})
	}
}
