package console

import "errors"

// The exit codes, which scripts rely on.
const (
	exitFine     = 0
	exitFindings = 1 // findings, failed or parked runs, a service's refusal
	exitUsage    = 2 // the command line itself is wrong
	exitTrouble  = 3 // everything else
)

// exitError ends a command with a code. A nil err prints nothing: the command
// has said all there is to say.
type exitError struct {
	code int
	err  error
}

// Error returns the text of the cause.
func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }

// Findings is the end of a command that has printed what is wrong: there is nothing
// left to say, but scripts must see it.
func Findings() error { return &exitError{code: exitFindings} }

// Trouble is the end of a command that has said what broke.
func Trouble() error { return &exitError{code: exitTrouble} }

// Refused wraps what a service or a rule said no to. The command line was right, and
// nothing broke.
func Refused(err error) error { return &exitError{code: exitFindings, err: err} }

// Misused wraps a mistake on the command line: the same command can never work.
func Misused(err error) error { return &exitError{code: exitUsage, err: err} }

// CodeOf returns the exit code for the error of a command. An error that nobody gave
// a code is trouble.
func CodeOf(err error) int {
	if err == nil {
		return exitFine
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitTrouble
}
