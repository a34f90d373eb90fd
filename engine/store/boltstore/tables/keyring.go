package tables

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/internal/seal"
)

// KeyIDs returns the ids of the keys that values of the file may be sealed with.
func KeyIDs(tx *bolt.Tx) ([]seal.ID, error) {
	b := tx.Bucket(Meta).Get(MetaKeys)
	var ids []seal.ID
	for len(b) >= len(seal.ID{}) {
		ids, b = append(ids, seal.ID(b)), b[len(seal.ID{}):]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("list of keys is cut short: %w", store.ErrDamaged)
	}
	return ids, nil
}

// SetKeyIDs replaces the list that KeyIDs returns.
func SetKeyIDs(tx *bolt.Tx, ids ...seal.ID) error {
	var b []byte
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return tx.Bucket(Meta).Put(MetaKeys, b)
}

// Vault is a bucket with values that can be sealed. Seal returns such a value sealed with
// the current key, and the value itself where that is so already.
type Vault struct {
	Bucket []byte
	Seal   func(value []byte, p rows.Place) ([]byte, error)
}

// Vaults returns all buckets with values that can be sealed.
func Vaults() []Vault {
	return []Vault{{Secrets, sealSecret}, {Seen, sealEntry}, {Runs, rows.SealRun}, {Steps, rows.SealStep}, {Done, rows.SealDone}}
}

// sealSecret opens and seals a secret.
func sealSecret(b []byte, p rows.Place) ([]byte, error) {
	if id, err := seal.KeyOf(b); err == nil && p.Keys != nil && id == p.Keys.Current() {
		return b, nil
	}
	text, err := p.Open(b)
	if err != nil {
		return nil, err
	}
	return p.Seal(nil, text), nil
}

// sealEntry opens and seals the body of an entry.
func sealEntry(b []byte, p rows.Place) ([]byte, error) {
	_, sealed, err := splitEntry(b)
	if err != nil {
		return nil, err
	}
	if id, err := seal.KeyOf(sealed); err == nil && id == p.Keys.Current() {
		return b, nil
	}
	e, err := DecodeEntry(b, p)
	if err != nil || len(e.Body) == 0 {
		return b, err
	}
	return EncodeEntry(&e, p)
}

// Stale returns the keys of values of a vault that are not sealed with the current key,
// beginning behind one, of about so many bytes, and where to go on; nil at the end.
func (v Vault) Stale(tx *bolt.Tx, read Reader, after []byte, most int) (stale [][]byte, next []byte, err error) {
	c := tx.Bucket(v.Bucket).Cursor()
	k, value := c.Seek(after)
	if after != nil && bytes.Equal(k, after) {
		k, value = c.Next()
	}
	for looked := 0; k != nil; k, value = c.Next() {
		if looked++; most <= 0 || looked > maxLooked {
			return stale, next, nil
		}
		next = bytes.Clone(k)
		sealed, err := v.Seal(value, read.Place(v.Bucket, k))
		if err != nil {
			return nil, nil, fmt.Errorf("%s %.80q: %w", v.Bucket, k, err)
		}
		if !bytes.Equal(sealed, value) {
			stale = append(stale, next)
			most -= len(value)
		}
	}
	return stale, nil, nil
}

// maxLooked bounds how long one look at a vault takes.
const maxLooked = 20_000
