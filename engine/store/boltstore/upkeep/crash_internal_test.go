package upkeep

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
)

// victim names the state file that a child of the test compacts until it is killed.
const victim = "UPKEEP_TEST_VICTIM"

// TestCompact_SurvivesAKill kills a process between the copy and the rename, and wants
// the original as it was, the copy whole, and the next compaction to clean up.
func TestCompact_SurvivesAKill(t *testing.T) {
	if path := os.Getenv(victim); path != "" {
		_, err := compact(t.Context(), path, func() {
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Kill()
			}
			select {}
		})
		t.Fatalf("the child was not killed: %v", err)
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pollux.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := store.PollCommit{Feed: store.Feed{ID: "f", Inputs: []byte(`{}`)}, Runs: []store.NewRun{{Run: store.Run{Recipe: "r", Record: "a"}}}}
	done, err := s.CommitPoll(t.Context(), c)
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCompact_SurvivesAKill$")
	child.Env = append(os.Environ(), victim+"="+path)
	if out, err := child.CombinedOutput(); child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v\n%s", err, out)
	}
	for _, name := range []string{path, path + ".compact", path} {
		s, err := boltstore.Open(name, boltstore.Options{})
		if err != nil {
			t.Fatalf("after the kill: %v", err)
		}
		broken, err := s.Check(t.Context())
		_, _, loadErr := s.LoadRun(t.Context(), done.Runs[0])
		if err = errors.Join(err, loadErr, s.Close()); err != nil || len(broken) > 0 {
			t.Errorf("%s after the kill: %v %v", filepath.Base(name), broken, err)
		}
	}
	if _, err := Compact(t.Context(), path); err != nil {
		t.Errorf("compact after the kill: %v", err)
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
}
