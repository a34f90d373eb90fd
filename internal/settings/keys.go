package settings

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// leastRSA is the shortest RSA key, in bits.
const leastRSA = 2048

// webhooks reads what it takes to believe deliveries. Public keys are no secrets: they
// stand in files of their own, or here.
func (r *reader) webhooks(n *yamlnode.Node) *Webhooks {
	m, ok := n.Mapping(r.into, "keys")
	if !ok {
		return nil
	}
	const example = "keys: [./highlevel-webhooks.pem]"
	keys := m.Need(r.into, "keys", example)
	items, ok := keys.List(r.into)
	if ok && len(items) == 0 {
		r.into.Errorf(keys.At(), codeKey, "write "+example, "without a key no delivery could be believed")
	}
	w := &Webhooks{At: m.At()}
	for _, item := range items {
		text, ok := item.Text(r.into)
		if !ok {
			continue
		}
		key, err := r.publicKey(text)
		if err != nil {
			r.into.Errorf(item.At(), codeKey, "copy the key from the service's own documentation into a file: -----BEGIN PUBLIC KEY----- …", "%v", err)
			continue
		}
		w.Keys = append(w.Keys, key)
	}
	return w
}

// publicKey reads a key in PEM, or from a file that holds one.
func (r *reader) publicKey(text string) (crypto.PublicKey, error) {
	raw := []byte(text)
	if !strings.Contains(text, "-----BEGIN") {
		if !filepath.IsAbs(text) {
			text = filepath.Join(r.dir, text)
		}
		var err error
		if raw, err = os.ReadFile(text); err != nil {
			return nil, fmt.Errorf("the file of the key cannot be read: %s", reason(err))
		}
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("this is no public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the public key is damaged")
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return k, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < leastRSA {
			return nil, fmt.Errorf("the RSA key has %d bits, which is less than %d", k.N.BitLen(), leastRSA)
		}
		return k, nil
	}
	return nil, errors.New("the key is neither Ed25519 nor RSA")
}
