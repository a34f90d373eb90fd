// Package live lets a command be carried out by the running program.
//
// The state file belongs to one process. A command that finds it taken hands its
// arguments to that process over a socket beside the state file, which only the owner
// of the file can reach, and prints what comes back: the answer, what goes to stderr,
// and the exit code are the same as if it had been carried out by itself.
//
// [Serve] is the side of the running program, [Call] that of the command. They exchange
// JSON objects, one a line.
package live
