// Package runs has the commands about runs: those that look at them, those that let a
// person act on them, one by one or in bulk, and export.
//
// [Runs] and [Export] return their cobra commands. What a release, a replay or a drop means
// for a run is said by package engine/desk; here runs are chosen, what would happen is
// shown, and what was decided is stored, a few runs at a time, so that a running program
// goes on beside it.
package runs

import "github.com/pollux-automation/pollux/internal/cli/console"

// app is one execution of the program. The commands of this package are its methods.
type app struct{ *console.Console }
