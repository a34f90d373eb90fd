//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a program a process group of its own.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills all processes of a group; one that is gone is no error.
func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

// askGroup asks all processes of a group to end.
func askGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGTERM) }
