//go:build !unix

package process

import (
	"os"
	"os/exec"
)

// ownGroup does nothing: here only the program itself can be killed.
func ownGroup(*exec.Cmd) {}

// killGroup kills the program; one that is gone is no error.
func killGroup(leader int) {
	if p, err := os.FindProcess(leader); err == nil {
		_ = p.Kill()
		_ = p.Release()
	}
}

// askGroup does nothing: here nobody can be asked.
func askGroup(int) {}
