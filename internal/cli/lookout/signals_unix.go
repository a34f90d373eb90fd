//go:build unix

package lookout

import (
	"os"
	"syscall"
)

// ReloadSignals are the signals that ask a program to read its files again.
func ReloadSignals() []os.Signal { return []os.Signal{syscall.SIGHUP} }
