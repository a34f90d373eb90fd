// Package console is what all commands stand on: where they read and write, the flags
// they share, the project and its state file, and how they end.
//
// A [Console] is one execution of the program. Commands read the project through it,
// open the state with [Console.Look] or [Console.Edit], and print with [Console.Answer]
// or a [Listing]. Their ends are the errors of exit.go, which [CodeOf] turns into an exit
// code. Nothing here knows a single command.
package console
