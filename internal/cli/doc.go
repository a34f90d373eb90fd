// Package cli is the command line: it reads what the user asks for, builds the
// parts of the program, and prints what they answer.
//
// [Main] is the whole surface. Every command is a file of its own with a function
// that returns its cobra command; the list stands in commands.go. Those that look at the
// state file are in package state, what all share is in package console. Answers go to
// stdout, everything else to stderr. What a project consists of is read by package
// project, how things look is up to package show, the demo's stage is package demo.
//
// Rules that all commands keep, and scripts rely on: --json prints JSON, one object a
// line, and changes nothing else; the exit codes are those of package console; a question is
// never asked on the terminal, a flag says yes instead; whatever is wrong on the
// command line is found before a file is opened. An error says what to try next.
package cli
