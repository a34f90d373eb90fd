package boltstore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/seal"
)

// kept returns the paths of all files beside a state file, and fails for what others could
// read.
func kept(tb testing.TB, path string) []string {
	tb.Helper()
	var paths []string
	err := filepath.WalkDir(filepath.Join(filepath.Dir(path), boltstore.FilesFolder), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			tb.Errorf("%s has mode %v, want nothing for others", p, info.Mode())
		}
		if !d.IsDir() {
			paths = append(paths, p)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	return paths
}

// put keeps a file that holds the word, for the first run of a store.
func put(tb testing.TB, s store.Store, run store.RunID, name string) {
	tb.Helper()
	if err := s.PutFile(tb.Context(), run, name, store.File{Type: "text/plain", Title: personal, Data: []byte(personal)}); err != nil {
		tb.Fatalf("put %s: %v", name, err)
	}
}

// wantFile reads it again.
func wantFile(tb testing.TB, s store.Store, run store.RunID, name string) {
	tb.Helper()
	f, err := s.File(tb.Context(), run, name)
	if err != nil || string(f.Data) != personal || f.Title != personal || f.Type != "text/plain" {
		tb.Errorf("file %s = %+v, %v, want the word", name, f, err)
	}
}

// TestFiles_AreSealedLikeValues follows files from before there was a key to after a
// rotation.
func TestFiles_AreSealedLikeValues(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	run := writePersonal(t, s, "f")[0]
	put(t, s, run, "early")
	closed(t, s)
	if text, err := os.ReadFile(kept(t, path)[0]); err != nil || !bytes.Contains(text, []byte(personal)) {
		t.Fatalf("without a key the file has no word in it (%v): nothing is shown by what follows", err)
	}

	s = openWith(t, path, ring(t, 1))
	put(t, s, run, "late")
	wantFile(t, s, run, "early")
	wantFile(t, s, run, "late")
	closed(t, s)
	s = openWith(t, path, ring(t, 2, 1))
	before, err := s.Reseal(t.Context())
	if err != nil || before < 2 {
		t.Errorf("reseal = %d, %v, want both files among them", before, err)
	}
	if again, err := s.Reseal(t.Context()); err != nil || again != 0 {
		t.Errorf("second reseal = %d, %v, want nothing left", again, err)
	}
	closed(t, s)
	for _, p := range kept(t, path) {
		text, err := os.ReadFile(p)
		if id, idErr := seal.KeyOf(text); err != nil || idErr != nil || id != ring(t, 2).Current() || bytes.Contains(text, []byte(personal)) {
			t.Errorf("%s: %v, %v, key %v, want it sealed with %v", p, err, idErr, id, ring(t, 2).Current())
		}
	}
	s = openWith(t, path, ring(t, 2))
	wantFile(t, s, run, "early")
	wantFile(t, s, run, "late")
	closed(t, s)

	s, err = boltstore.Open(path, boltstore.Options{ReadOnly: true, Sealed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if _, err := s.File(t.Context(), run, "late"); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("without a key: %v, want %v", err, store.ErrNoKey)
	}
}

// TestFiles_BelongToTheirPlace moves, cuts and changes sealed files by hand.
func TestFiles_BelongToTheirPlace(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := openWith(t, path, ring(t, 1))
	defer closed(t, s)
	runs := writePersonal(t, s, "f")
	put(t, s, runs[0], "one")
	put(t, s, runs[0], "two")
	put(t, s, runs[1], "one")
	dir := filepath.Join(filepath.Dir(path), boltstore.FilesFolder)
	text, err := os.ReadFile(filepath.Join(dir, string(runs[0]), "f-one"))
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, string(runs[1]), "f-one")
	for name, change := range map[string][]byte{"of another run": text, "cut": text[:len(text)-1], "empty": {}, "no file": []byte("hello"), "plain without a head": {0, 'x'}} {
		if err := os.WriteFile(at, change, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.File(t.Context(), runs[1], "one"); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v, want %v", name, err, store.ErrDamaged)
		}
	}
	wantFile(t, s, runs[0], "two")
}

// TestFiles_OnlyTheirOwnerSweeps covers what a sweep must leave alone, halves that a crash
// left, and a store that only reads.
func TestFiles_OnlyTheirOwnerSweeps(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	run := writePersonal(t, s, "f")[0]
	put(t, s, run, "one")
	dir := filepath.Join(filepath.Dir(path), boltstore.FilesFolder)
	foreign := filepath.Join(dir, "zzzzz-00000001", "f-one")
	own := filepath.Join(dir, string(run), ".new-123")
	note := filepath.Join(dir, "README")
	for _, p := range []string{foreign, own, note} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.SweepFiles(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 || len(kept(t, path)) != 4 {
		t.Errorf("sweep of what is old = %d, %v, left %v, want everything", n, err, kept(t, path))
	}
	if n, err := s.SweepFiles(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 0 || len(kept(t, path)) != 3 {
		t.Errorf("sweep = %d, %v, left %v, want all but the half", n, err, kept(t, path))
	}
	wantFile(t, s, run, "one")
	closed(t, s)
	if _, err := s.File(t.Context(), run, "one"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: %v, want %v", err, store.ErrClosed)
	}

	s, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	wantFile(t, s, run, "one")
	if err := s.PutFile(t.Context(), run, "two", store.File{}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("put, read only: %v, want %v", err, store.ErrInvalid)
	}
	if _, err := s.SweepFiles(t.Context(), time.Now()); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("sweep, read only: %v, want %v", err, store.ErrInvalid)
	}
}

func closed(tb testing.TB, s *boltstore.Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Errorf("close: %v", err)
	}
}
