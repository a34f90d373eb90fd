//go:build unix

package external_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
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
