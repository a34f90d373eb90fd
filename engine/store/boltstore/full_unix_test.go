//go:build unix

package boltstore_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/engine/store/storetest"
)

// limitedEnv names the file of the process whose files cannot grow.
const limitedEnv = "POLLUX_TEST_LIMITED"

// TestStore_GoesOnAfterAFullDisk runs TestLimited as a process of its own, because
// the limit that stands for a full disk is one of the whole process.
func TestStore_GoesOnAfterAFullDisk(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestLimited$", "-test.v")
	cmd.Env = append(os.Environ(), limitedEnv+"="+filepath.Join(t.TempDir(), "pollux.db"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("limited process: %v\n%s", err, out)
	}
}

// TestLimited does nothing unless it is the process that the test above started.
func TestLimited(t *testing.T) { //nolint:paralleltest // limits the whole process
	path := os.Getenv(limitedEnv)
	if path == "" {
		return
	}
	s := open(t, path)
	var last error
	told := 0
	s.OnCommit(func(_ time.Duration, err error) { last, told = err, told+1 })
	fill(t, s, 1, 100)
	if told == 0 || last != nil {
		t.Errorf("OnCommit: told %d times, last of %v; want some commits without an error", told, last)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// A limit inside the file fails when pages are written, one at its end when the
	// file is to grow.
	for name, limit := range map[string]uint64{"writing": 64 << 10, "growing": uint64(info.Size())} {
		former := limitFiles(t, limit)
		failed := commitUntilFull(t, s)
		if !errors.Is(failed, store.ErrFull) {
			t.Fatalf("%s: got %v, want ErrFull", name, failed)
		}
		if !errors.Is(last, store.ErrFull) {
			t.Errorf("%s: OnCommit was told of %v, want ErrFull", name, last)
		}
		storeStands(t, s, name)
		limitFiles(t, former)
		fill(t, s, 2, 100)
		if last != nil {
			t.Errorf("%s, afterwards: OnCommit was told of %v, want no error", name, last)
		}
		storeStands(t, s, name+" afterwards")
	}
	select {
	case err := <-s.Fatal():
		t.Errorf("fatal error: got %v, want none", err)
	default:
	}
	storetest.CheckAndClose(t, s)
	storetest.CheckAndClose(t, open(t, path))
	full := filepath.Join(filepath.Dir(path), "new", "pollux.db")
	former := limitFiles(t, 1000)
	defer limitFiles(t, former) // for what the test itself writes
	if _, err := boltstore.Open(full, boltstore.Options{}); !errors.Is(err, store.ErrFull) {
		t.Errorf("make a file on a full disk: got %v, want ErrFull", err)
	}
}

// limitFiles sets how large the files of this process may get, and returns the
// former limit.
func limitFiles(t *testing.T, size uint64) uint64 {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	former := limit.Cur
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	return former
}

// commitUntilFull commits large pages until one fails, a few hundred at most.
func commitUntilFull(t *testing.T, s *boltstore.Store) error {
	t.Helper()
	text := make([]byte, 1<<20)
	for i := range 300 {
		if err := s.SaveRecipe(t.Context(), "large", string(rune('a'+i)), text); err != nil {
			return err
		}
	}
	return nil
}

// storeStands wants the store to be readable and in order.
func storeStands(t *testing.T, s *boltstore.Store, what string) {
	t.Helper()
	findings, err := s.Check(t.Context())
	if err != nil || len(findings) > 0 {
		t.Fatalf("check after %s: %v %v", what, err, findings)
	}
	if _, err := s.LoadFeed(t.Context(), "f"); err != nil {
		t.Fatalf("load after %s: %v", what, err)
	}
}
