package seal_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/internal/seal"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, seal.KeyBytes) }

func ring(t *testing.T, keys ...[]byte) *seal.Keyring {
	t.Helper()
	k, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyring_OpensWhatItSealedInItsPlaceAlone(t *testing.T) {
	t.Parallel()
	k := ring(t, key(1))
	sealed := k.Seal([]byte("head"), []byte("text"), []byte("place"))
	if !bytes.HasPrefix(sealed, []byte("head")) || bytes.Contains(sealed, []byte("text")) {
		t.Fatalf("got %q, want the head and no text", sealed)
	}
	sealed = sealed[4:]
	if text, err := k.Open(sealed, []byte("place")); err != nil || string(text) != "text" {
		t.Errorf("open: got %q %v, want the text", text, err)
	}
	if _, err := k.Open(sealed, []byte("other")); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("open elsewhere: got %v, want ErrBroken", err)
	}
	if again := k.Seal(nil, []byte("text"), []byte("place")); bytes.Equal(again, sealed) {
		t.Error("the same text was sealed to the same bytes, want another nonce")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if text, err := k.Open(changed, []byte("place")); err == nil {
			t.Errorf("byte %d changed: got %q, want an error", i, text)
		}
		if text, err := k.Open(sealed[:i], []byte("place")); err == nil {
			t.Errorf("cut to %d bytes: got %q, want an error", i, text)
		}
	}
}

func TestKeyring_SealsWithTheFirstAndOpensWithAll(t *testing.T) {
	t.Parallel()
	old := ring(t, key(1))
	both := ring(t, key(2), key(1))
	sealed := old.Seal(nil, []byte("text"), nil)
	if text, err := both.Open(sealed, nil); err != nil || string(text) != "text" {
		t.Errorf("open with the second key: got %q %v", text, err)
	}
	newer := both.Seal(nil, []byte("text"), nil)
	_, err := old.Open(newer, nil)
	if !errors.Is(err, seal.ErrWrongKey) || !strings.Contains(err.Error(), both.Current().String()) {
		t.Errorf("open without the key: got %v, want ErrWrongKey that names %s", err, both.Current())
	}
	var none *seal.Keyring
	if _, err = none.Open(newer, nil); !errors.Is(err, seal.ErrNoKey) || !strings.Contains(err.Error(), both.Current().String()) {
		t.Errorf("open without keys: got %v, want ErrNoKey that names the key", err)
	}
	if id, err := seal.KeyOf(sealed); err != nil || id != old.Current() || both.IDs()[1] != id || !both.Has(id) || none.Has(id) {
		t.Errorf("key of the value: got %s %v, want %s", id, err, old.Current())
	}
	if _, err := seal.New(key(1), key(1)); err == nil {
		t.Error("the same key twice: got no error")
	}
}

func TestParse_SaysWhichLineIsWrong(t *testing.T) {
	t.Parallel()
	good := "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	k, err := seal.Parse([]byte("# first\n\n " + good + " \r\n"))
	if err != nil || k.Current() != ring(t, key(1)).Current() {
		t.Errorf("got %v, want the key of the file", err)
	}
	for text, want := range map[string]string{
		"":                          "there is no key",
		"# only a word\n":           "there is no key",
		"# x\n" + good[:20]:         "line 2 is no key",
		good + "\nsecret words\n":   "line 2 is no key",
		good + "\n" + good + "\n":   "of another one",
		good[:len(good)-8] + "AAA=": "line 1 is no key",
	} {
		_, err := seal.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret words") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestFile_IsMadeRotatedAndRefusedWhenOthersCanReadIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pollux.key")
	if err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v %v, want 0600", info.Mode(), err)
	}
	if err := seal.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("make it again: got %v, want that it exists", err)
	}
	load := func() *seal.Keyring {
		k, err := seal.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := load()
	if err := seal.AddKey(path); err != nil {
		t.Fatal(err)
	}
	second := load()
	if ids := second.IDs(); len(ids) != 2 || ids[1] != first.Current() || ids[0] == ids[1] {
		t.Errorf("after a new key: got %v, want it before %s", ids, first.Current())
	}
	if err := seal.KeepCurrent(path); err != nil {
		t.Fatal(err)
	}
	if ids := load().IDs(); len(ids) != 1 || ids[0] != second.Current() {
		t.Errorf("after the old one went: got %v, want %s", ids, second.Current())
	}
	text, _ := os.ReadFile(path)
	if !strings.Contains(string(text), "# The key") {
		t.Errorf("the comment is gone: %d bytes", len(text))
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("files: got %v %v, want the key file alone", entries, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Load(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file for others: got %v, want chmod 600", err)
	}
	if k, err := seal.LoadCredential(path); err != nil || k.Current() != second.Current() {
		t.Errorf("the same as a credential: got %v, want the key", err)
	}
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadCredential(path); err == nil {
		t.Error("a credential for all: got no error")
	}
}

// FuzzOpen: whatever was not sealed is refused and harms nothing.
func FuzzOpen(f *testing.F) {
	k, err := seal.New(key(1))
	if err != nil {
		f.Fatal(err)
	}
	sealed := k.Seal(nil, []byte("text"), []byte("place"))
	f.Add(sealed[:len(sealed)-1])
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := k.Open(b, []byte("other")); err == nil {
			t.Errorf("got %q, want an error", text)
		}
	})
}
