package boltstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/storetest"
	"github.com/pollux-automation/pollux/internal/seal"
)

// oldFile returns a copy of a state file that the version of its number has written: one
// feed that knows eight records and a run that succeeded.
func oldFile(t *testing.T, version string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "version-"+version+".state"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pollux.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMigrate_KeepsWhatAnOlderVersionHasStored(t *testing.T) {
	t.Parallel()
	path := oldFile(t, "1")
	for range 2 { // the second time nothing is left to migrate
		s := open(t, path)
		feeds, err := s.ListFeeds(t.Context())
		if err != nil || len(feeds) != 1 || !feeds[0].State.Baseline {
			t.Fatalf("got feeds %+v, %v; want one with its list known", feeds, err)
		}
		seen, _, err := s.ScanEntries(t.Context(), feeds[0].ID, "", "", 0)
		if err != nil || len(seen) != 8 || seen[0].Entry.Revision != 1 || seen[0].Entry.Body == nil || len(seen[0].Entry.Decisions) != 1 {
			t.Errorf("got %d entries, %v; want eight with bodies and decisions: %+v", len(seen), err, seen)
		}
		runs, err := s.ListRuns(t.Context(), store.RunFilter{})
		if err != nil || len(runs) != 1 || runs[0].State.Status != store.Succeeded {
			t.Errorf("got runs %+v, %v; want one that succeeded", runs, err)
		}
		if _, err := s.DueParents(t.Context(), feeds[0].ID, 10); err != nil {
			t.Errorf("parents: %v", err)
		}
		storetest.CheckAndClose(t, s)
	}
}

// TestMigrate_KeepsVersion2 brings a file with runs in every place and with marks of
// parents up to date, and seals it.
func TestMigrate_KeepsVersion2(t *testing.T) {
	t.Parallel()
	path := oldFile(t, "2")
	for i, keys := range []*seal.Keyring{nil, nil, ring(t, 1), ring(t, 1)} {
		s := openWith(t, path, keys)
		if i == 2 {
			if n, err := s.Reseal(t.Context()); err != nil || n != 8+3+2+1 { // entries, runs, steps, late steps
				t.Errorf("sealed: got %d, %v; want 14 values", n, err)
			}
		}
		runs, err := s.ListRuns(t.Context(), store.RunFilter{})
		if err != nil || len(runs) != 3 || runs[0].State.Status != store.Queued || runs[1].State.Status != store.Parked || runs[2].State.Status != store.Succeeded {
			t.Fatalf("got runs %+v, %v; want a queued, a parked and a succeeded one", runs, err)
		}
		r, steps, err := s.LoadRun(t.Context(), runs[2].ID)
		if err != nil || len(steps) != 2 || steps[1].ID != "late" || string(steps[1].Output) != `"ok"` || len(r.Event.Record) == 0 {
			t.Errorf("got %+v with %+v, %v; want an event and two steps with their answers", r, steps, err)
		}
		seen, _, err := s.ScanEntries(t.Context(), "acme.contact.search", "", "", 0)
		if err != nil || len(seen) != 8 || len(seen[0].Entry.Body) == 0 || seen[0].Entry.Decisions[0].Run != 1 {
			t.Errorf("got entries %+v, %v; want eight with bodies and decisions", seen, err)
		}
		due, err := s.DueParents(t.Context(), "acme.contact.search", 10)
		if err != nil || len(due) != 1 {
			t.Errorf("got parents %v, %v; want one", due, err)
		}
		if _, err := s.ListAudit(t.Context(), store.AuditFilter{}); err != nil {
			t.Errorf("audit trail: %v", err)
		}
		storetest.CheckAndClose(t, s)
	}
}

// TestOpen_ReadsAnOlderVersionOnlyAfterItsMigration says what to do instead of failing in
// a bucket that is not there.
func TestOpen_ReadsAnOlderVersionOnlyAfterItsMigration(t *testing.T) {
	t.Parallel()
	s, err := boltstore.Open(oldFile(t, "1"), boltstore.Options{ReadOnly: true})
	if err == nil {
		_ = s.Close()
		t.Fatal("a file of version 1 was opened for reading, want an error")
	}
	if !strings.Contains(err.Error(), "run Pollux on it once") {
		t.Errorf("got %q, want what to do in it", err)
	}
}

// TestOpen_ReadsSecretsOfAnOlderVersion: who brings the file up to date may need them.
func TestOpen_ReadsSecretsOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1", "2"} {
		s, err := boltstore.Open(oldFile(t, version), boltstore.Options{ReadOnly: true, Outdated: true, Keys: ring(t, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Secret(t.Context(), "token"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("version %s: got %v, want ErrNotFound", version, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
