package auth

import (
	"strings"
	"time"
)

// Error tells why there is no token.
type Error struct {
	// Refused is true when only a person can help, or the service itself in time: it
	// must not be asked again. Else the trouble passes.
	Refused bool
	// Narrow is true for a refusal that concerns one operation alone.
	Narrow bool
	Status int // of the service's answer; 0 without one
	// Words say what is the matter, with the service's own words where it had some.
	Words string
	// Hint says what to type; may be empty.
	Hint string
	// RetryAfter is how long to wait at least; 0 when nobody said.
	RetryAfter time.Duration
	// Err is the cause; may be nil.
	Err error
}

// Error returns the words, without the hint.
func (e *Error) Error() string { return e.Words }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// command is the command that signs in to an account.
func command(account string) string { return "pollux accounts login " + account }

// maxWords is how much of a service's words is kept, in bytes.
const maxWords = 400

// clean puts a service's words on one line, and cuts them.
func clean(words string) string {
	words = strings.Join(strings.FieldsFunc(words, func(c rune) bool { return c <= ' ' || c == 0x7f }), " ")
	words = strings.ToValidUTF8(words, "")
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "") + "…"
	}
	return words
}
