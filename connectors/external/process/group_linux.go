package process

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a program a process group of its own, and has it killed when the thread
// that starts it ends: a host that is killed leaves none behind.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills all processes of a group; one that is gone is no error.
func killGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGKILL) }

// askGroup asks all processes of a group to end.
func askGroup(leader int) { _ = syscall.Kill(-leader, syscall.SIGTERM) }
