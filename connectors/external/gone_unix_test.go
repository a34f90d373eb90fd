//go:build unix

package external_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/external"
	"github.com/pollux-automation/pollux/internal/diag"
)

// gone waits until a process is not there any more, and reports whether that came to be.
func gone(pid int) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return true
		}
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(text), ") Z ") {
			return true // dead, and nobody has asked for it here
		}
	}
	return false
}

// child returns the number of the process that a plugin has left.
func child(t *testing.T, trace string) int {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestPlugin_LeavesNoProcess(t *testing.T) {
	t.Parallel()
	t.Run("after it died", func(t *testing.T) {
		t.Parallel()
		c, trace := load(t, "forks and dies")
		_ = page(t, open(t, c), c)
		if pid := child(t, trace); !gone(pid) {
			t.Errorf("the child %d lives on", pid)
		}
	})
	t.Run("after the end", func(t *testing.T) {
		t.Parallel()
		root, trace := write(t, "forks")
		p := external.New(quick())
		var found diag.List
		list, _ := p.Load(root, "connectors", &found)
		if len(list) != 1 {
			t.Fatal(found.Sorted())
		}
		if err := page(t, open(t, list[0]), list[0]); err != nil {
			t.Fatal(err)
		}
		p.Close()
		if pid := child(t, trace); !gone(pid) {
			t.Errorf("the child %d lives on", pid)
		}
	})
	t.Run("whatever it is asked", func(t *testing.T) {
		t.Parallel()
		root, _ := write(t, "stays")
		p := external.New(quick())
		var found diag.List
		if list, _ := p.Load(root, "connectors", &found); len(list) != 1 {
			t.Fatal(found.Sorted())
		}
		began := time.Now()
		p.Close() // goleak tells whether it waits for all
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v to end a plugin that ignores that it is asked to", took)
		}
	})
}
