package main_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// webhookSeed makes the key that deliveries of the scripts are signed with.
const webhookSeed = "only for tests, of 32 bytes more"

// webhookKey writes the public key that deliveries of a script are signed with.
func webhookKey(ts *testscript.TestScript, _ bool, args []string) {
	key := ed25519.NewKeyFromSeed([]byte(webhookSeed)[:ed25519.SeedSize])
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
}

// deliver posts a signed body to the program whose log says where it listens, and holds
// the answer to a status. NOW in the body is the time, and with ! nothing is signed.
func deliver(ts *testscript.TestScript, unsigned bool, args []string) {
	log, want, path := args[0], number(ts, args[1]), args[2]
	body := strings.ReplaceAll(ts.ReadFile(args[3]), "NOW", time.Now().UTC().Format(time.RFC3339))
	found := address.FindStringSubmatch(ts.ReadFile(log))
	if found == nil {
		ts.Fatalf("%s names no address", log)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+found[1]+path, strings.NewReader(body))
	ts.Check(err)
	r.Host = "pollux.example.com" // as a proxy passes it on
	if !unsigned {
		key := ed25519.NewKeyFromSeed([]byte(webhookSeed)[:ed25519.SeedSize])
		r.Header.Set("X-GHL-Signature", base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(body))))
	}
	answer, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
	ts.Check(err)
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != want {
		ts.Fatalf("got %d, want %d: %s", answer.StatusCode, want, text)
	}
}
