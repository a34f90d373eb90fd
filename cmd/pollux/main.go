// Command pollux watches services that can only be asked, finds what changed and
// runs recipes on each change.
package main

import (
	"os"
	"runtime/debug"
	_ "time/tzdata" // schedules name time zones, also on machines that have none

	"github.com/pollux-automation/pollux/internal/cli"
)

// gcPercent lets the heap grow to two and a half times what is in use before it is swept:
// less work under load, for a few megabytes.
const gcPercent = 150

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
