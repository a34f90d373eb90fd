package boltstore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
	"github.com/pollux-automation/pollux/internal/seal"
)

// TestCheck_OpensEverySecret puts one secret in the place of another, and one that another
// key has sealed.
func TestCheck_OpensEverySecret(t *testing.T) {
	t.Parallel()
	keys, err := seal.New(make([]byte, seal.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(filepath.Join(t.TempDir(), "pollux.db"), Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // its check is what is looked at
	for _, name := range []string{"one", "two", "three"} {
		if err := s.PutSecret(t.Context(), name, []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if findings, err := s.Check(t.Context()); err != nil || len(findings) > 0 {
		t.Errorf("before: got %q %v, want no finding", findings, err)
	}
	err = s.w.Do(t.Context(), &commits.Change{
		Check: func(*bolt.Tx) error { return nil },
		Apply: func(tx *bolt.Tx) error {
			b := tx.Bucket(tables.Secrets)
			foreign := append([]byte(nil), b.Get([]byte("three"))...)
			foreign[1] ^= 1 // in the id of the key
			return errors.Join(b.Put([]byte("one"), b.Get([]byte("two"))), b.Put([]byte("three"), foreign))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	findings, err := s.Check(t.Context())
	if text := strings.Join(findings, "\n"); err != nil || len(findings) != 2 || !strings.Contains(text, `secret "one"`) || !strings.Contains(text, `secret "three"`) {
		t.Errorf("got %q %v, want that two secrets cannot be opened", findings, err)
	}
	if _, err := s.Secret(t.Context(), "three"); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("a secret of another key: got %v, want ErrWrongKey", err)
	}
}
