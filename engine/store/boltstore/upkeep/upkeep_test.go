package upkeep_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/boltstore/upkeep"
	"github.com/pollux-automation/pollux/engine/store/storetest"
)

func open(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return s
}

// filled returns the name of a state file with so many runs, all of them finished but
// the last, and the id of that.
func filled(t *testing.T, runs int) (path string, last store.RunID) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pollux.db")
	s := open(t, path)
	c := store.PollCommit{Feed: store.Feed{ID: "f", Account: "acme", Inputs: []byte(`{}`)}}
	for i := range runs {
		r := store.Run{Recipe: "r", Record: fmt.Sprint("r", i), Event: store.Event{Record: []byte(`{"text":"` + strings.Repeat("x", 900) + `"}`)}}
		if i < runs-1 {
			r.State.Status = store.Succeeded
		}
		c.Runs = append(c.Runs, store.NewRun{Run: r})
	}
	done, err := s.CommitPoll(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	storetest.CheckAndClose(t, s)
	return path, done.Runs[runs-1]
}

// alone wants no other file beside one.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("files in the folder: got %v %v, want %s alone", entries, err, filepath.Base(path))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: got %v %v, want 0600", info.Mode(), err)
	}
}

func TestBackup_OpensAndGivesNoIDAgain(t *testing.T) {
	t.Parallel()
	path, last := filled(t, 20)
	s := open(t, path)
	defer storetest.CheckAndClose(t, s)
	to := filepath.Join(t.TempDir(), "copy.db")
	st, err := upkeep.Backup(t.Context(), s, to, false)
	if err != nil {
		t.Fatal(err)
	}
	if st.Path != to || st.Runs != 20 || st.Waiting != 1 || st.Bytes == 0 {
		t.Errorf("got %+v, want 20 runs in %s, one unfinished", st, to)
	}
	alone(t, to)
	copied := open(t, to)
	defer storetest.CheckAndClose(t, copied)
	if _, _, err := copied.LoadRun(t.Context(), last); err != nil {
		t.Errorf("a run of the original: %v", err)
	}
	f, err := copied.LoadFeed(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	done, err := copied.CommitPoll(t.Context(), store.PollCommit{Feed: f, Runs: []store.NewRun{{Run: store.Run{Recipe: "r", Record: "new"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := done.Runs[0].Seq(); got != last.Seq()+1_000_001 {
		t.Errorf("got run %d, want one that the original does not give", got)
	}
}

func TestBackup_ReplacesOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	path, _ := filled(t, 2)
	s := open(t, path)
	defer storetest.CheckAndClose(t, s)
	dir := t.TempDir()
	to := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(to, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := upkeep.Backup(t.Context(), s, to, false); !errors.Is(err, upkeep.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if _, err := upkeep.Backup(t.Context(), s, dir, true); !errors.Is(err, upkeep.ErrExists) {
		t.Errorf("over a folder: got %v, want ErrExists", err)
	}
	if text, _ := os.ReadFile(to); string(text) != "precious" {
		t.Errorf("the file has %d bytes, want it untouched", len(text))
	}
	alone(t, to)
	if _, err := upkeep.Backup(t.Context(), s, to, true); err != nil {
		t.Errorf("replace: %v", err)
	}
	alone(t, to)
	storetest.CheckAndClose(t, open(t, to))
	if _, err := upkeep.Backup(t.Context(), s, filepath.Join(dir, "no", "copy.db"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that is not there: got %v", err)
	}
}

func TestCompact_GivesFreePagesBackAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	path, last := filled(t, 30_000)
	s := open(t, path)
	for after := uint64(0); ; {
		done, err := s.Prune(t.Context(), store.PruneSlice{Now: time.Now(), After: after})
		if err != nil {
			t.Fatal(err)
		}
		if after = done.Last; !done.More {
			break
		}
	}
	if err := s.SavePruning(t.Context(), store.Pruning{Walk: 3}); err != nil {
		t.Fatal(err)
	}
	storetest.CheckAndClose(t, s)
	c, err := upkeep.Compact(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Before.FreeBytes < c.Before.Bytes/2 || c.After.Bytes > c.Before.Bytes/10 || c.After.FreeBytes > c.After.Bytes/2 {
		t.Errorf("got %+v, want a far smaller file", c)
	}
	alone(t, path)
	s = open(t, path)
	defer storetest.CheckAndClose(t, s)
	if p, err := s.LoadPruning(t.Context()); err != nil || p.Walk != 3 {
		t.Errorf("pruning: got %+v %v", p, err)
	}
	if _, _, err := s.LoadRun(t.Context(), last); err != nil {
		t.Errorf("the unfinished run: %v", err)
	}
	f, err := s.LoadFeed(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.CommitPoll(t.Context(), store.PollCommit{Feed: f, Runs: []store.NewRun{{Run: store.Run{Recipe: "r", Record: "new"}}}})
	if err != nil || done.Runs[0].Seq() != last.Seq()+1 {
		t.Errorf("next run: got %v %v, want the number behind %s", done.Runs, err, last)
	}
}

func TestCompact_RefusesWhatItMustNotTouch(t *testing.T) {
	t.Parallel()
	path, _ := filled(t, 2)
	s := open(t, path)
	if _, err := upkeep.Compact(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a file in use: got %v, want ErrInUse", err)
	}
	storetest.CheckAndClose(t, s)
	junk := bytes.Repeat([]byte("junk"), 10_000)
	if err := os.WriteFile(path, junk, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := upkeep.Compact(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a damaged file: got %v, want ErrDamaged", err)
	}
	if text, _ := os.ReadFile(path); !bytes.Equal(text, junk) {
		t.Error("the damaged file was changed")
	}
	alone(t, path)
}
