package hooks

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
)

// verify reports why a delivery cannot be trusted; nil when it can. The first signature
// whose header is there counts: whoever could leave the newer one out could otherwise
// choose.
func verify(rules *connectors.Webhooks, keys []crypto.PublicKey, header http.Header, body []byte) error {
	for _, s := range rules.Signatures {
		text := header.Get(s.Header)
		if text == "" {
			continue
		}
		signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("the header %s is not base64", s.Header)
		}
		known := false
		for _, key := range keys {
			fits, good := signed(s.Algorithm, key, body, signature)
			if good {
				return nil
			}
			known = known || fits
		}
		if !known {
			return fmt.Errorf("the account has no %s key for the header %s", s.Algorithm, s.Header)
		}
		return fmt.Errorf("the signature in the header %s does not fit the body", s.Header)
	}
	return errors.New("the delivery is not signed")
}

// signed reports whether a key is one for the algorithm, and whether it made the
// signature of a body.
func signed(a connectors.SignatureAlgorithm, key crypto.PublicKey, body, signature []byte) (fits, good bool) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		fits = a == connectors.Ed25519
		return fits, fits && ed25519.Verify(k, body, signature)
	case *rsa.PublicKey:
		sum := sha256.Sum256(body)
		fits = a == connectors.RSASHA256
		return fits, fits && rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	}
	return false, false
}
