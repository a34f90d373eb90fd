package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeyBytes is the length of a key.
const KeyBytes = 32

// version is the first byte of a sealed value.
const version = 1

// head is what stands before nonce and text: version and key id.
const head = 1 + len(ID{})

var (
	// ErrNoKey is returned for a sealed value when there is no key ring.
	ErrNoKey = errors.New("there is no key")
	// ErrWrongKey is returned for a value that was sealed with a key that the ring does
	// not have.
	ErrWrongKey = errors.New("the key is not in the key file")
	// ErrBroken is returned for bytes that are no sealed value, or one that was changed or
	// moved to another place.
	ErrBroken = errors.New("the sealed value was changed, or is none")
)

// ID names a key without telling it: the beginning of a hash.
type ID [4]byte

// String returns the id as it is shown, eight digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Keyring has the keys that can be used. It is safe for concurrent use; nil is a ring
// without keys, which can open nothing.
type Keyring struct{ keys []key }

type key struct {
	id   ID
	aead cipher.AEAD
}

// New returns the ring of some keys of [KeyBytes], at least one. The first one seals.
func New(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	k := &Keyring{}
	for i, secret := range keys {
		if len(secret) != KeyBytes {
			return nil, fmt.Errorf("key %d has %d bytes, want %d", i+1, len(secret), KeyBytes)
		}
		block, err := aes.NewCipher(secret)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		id := idOf(secret)
		if k.Has(id) {
			return nil, fmt.Errorf("key %d has the id %s of another one: remove it", i+1, id)
		}
		k.keys = append(k.keys, key{id: id, aead: aead})
	}
	return k, nil
}

// idOf hashes a key together with a text, so that the id is of no other use.
func idOf(secret []byte) ID {
	sum := sha256.Sum256(append([]byte("pollux key id\x00"), secret...))
	return ID(sum[:len(ID{})])
}

// Current returns the id of the key that seals. The ring must not be nil.
func (k *Keyring) Current() ID { return k.keys[0].id }

// IDs returns the ids of all keys, the current one first.
func (k *Keyring) IDs() []ID {
	if k == nil {
		return nil
	}
	ids := make([]ID, len(k.keys))
	for i := range k.keys {
		ids[i] = k.keys[i].id
	}
	return ids
}

// Has reports whether the ring can open what was sealed with a key.
func (k *Keyring) Has(id ID) bool {
	if k == nil {
		return false
	}
	for i := range k.keys {
		if k.keys[i].id == id {
			return true
		}
	}
	return false
}

// Seal appends the sealed form of a text. It opens only for the same place, which is not
// part of it. The ring must not be nil.
func (k *Keyring) Seal(dst, text, place []byte) []byte {
	dst = append(dst, version)
	dst = append(dst, k.keys[0].id[:]...)
	return k.keys[0].aead.Seal(dst, nil, text, place) //nolint:gosec // it draws a random nonce itself
}

// Open returns the text of a sealed value, in memory of its own. The errors wrap
// [ErrNoKey], [ErrWrongKey] and [ErrBroken], and name the key that is missing.
func (k *Keyring) Open(sealed, place []byte) ([]byte, error) {
	id, err := KeyOf(sealed)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, fmt.Errorf("sealed with the key %s: %w", id, ErrNoKey)
	}
	for i := range k.keys {
		if k.keys[i].id != id {
			continue
		}
		text, err := k.keys[i].aead.Open(nil, nil, sealed[head:], place)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", id, ErrBroken)
		}
		return text, nil
	}
	return nil, fmt.Errorf("sealed with the key %s: %w", id, ErrWrongKey)
}

// KeyOf returns the id of the key that a value was sealed with. The error wraps
// [ErrBroken].
func KeyOf(sealed []byte) (ID, error) {
	if len(sealed) < head || sealed[0] != version {
		return ID{}, fmt.Errorf("%d bytes: %w", len(sealed), ErrBroken)
	}
	return ID(sealed[1:head]), nil
}
