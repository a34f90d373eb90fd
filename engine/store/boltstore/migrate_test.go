package boltstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/storetest"
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
