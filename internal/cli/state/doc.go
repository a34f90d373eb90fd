// Package state has the commands that look at the state file, and those that let a
// person change what is in it: feeds, explain, secrets, check, backup,
// compact.
//
// [Feeds], [Explain], [Secrets], [Check], [Backup] and [Compact] return their cobra commands; each subcommand is a
// function of its own. Those that only look open the file for reading; what others
// change is done by packages engine and engine/poll, never here.
package state

import "github.com/pollux-automation/pollux/internal/cli/console"

// app is one execution of the program. The commands of this package are its methods.
type app struct{ *console.Console }
