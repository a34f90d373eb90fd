//go:build !unix

package lookout

import "os"

// ReloadSignals are the signals that ask a program to read its files again: this system
// has none.
func ReloadSignals() []os.Signal { return nil }
