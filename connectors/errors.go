package connectors

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what an error allows the engine to do.
type Kind string

// The kinds of errors. The engine alone decides what follows from each.
const (
	// Transient errors pass: network trouble, 5xx, a refused connection, any
	// unknown error of a read. The request may be sent again.
	Transient Kind = "transient"
	// RateLimited means the service wants fewer requests. Nothing was done.
	RateLimited Kind = "rate_limited"
	// Auth means the credential was not accepted. Nothing was done.
	Auth Kind = "auth"
	// Invalid means the request itself is wrong; sending it again will not help.
	Invalid Kind = "invalid"
	// NotFound means the thing asked for does not exist.
	NotFound Kind = "not_found"
	// Conflict means the thing is in a state that does not allow the request.
	Conflict Kind = "conflict"
	// Uncertain means a write was sent and no usable answer came back: it may or
	// may not have been carried out.
	Uncertain Kind = "uncertain"
	// Canceled means that we stopped waiting; the service is not to blame.
	Canceled Kind = "canceled"
)

// Kinds lists all kinds, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{Transient, RateLimited, Auth, Invalid, NotFound, Conflict, Uncertain, Canceled}
}

// ErrNoCheck is in the chain of the error of [Session.Check] where there is no call that shows
// whether a credential works. Nothing was sent.
var ErrNoCheck = errors.New("no call of the connector checks a credential")

// Error reports that an outside service did not do what was asked.
type Error struct {
	Kind       Kind          // what the engine may do about it
	Op         string        // "highlevel.contact.update"
	Status     int           // HTTP status; 0 when there was no answer
	Code       string        // the service's own code; may be empty
	RetryAfter time.Duration // set with RateLimited; 0 means the service did not say
	Hint       string        // one sentence telling the operator what to do; may be empty
	// Narrow is true for a refusal of the kind Auth that concerns the operation alone: the
	// account goes on.
	Narrow bool
	// Said is true when the service's own words stand behind a refusal, and not those of
	// something on the way to it.
	Said bool
	Err  error // cause; never nil
}

// Error says what was asked, what came back, and what to do, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d: ", e.Status)
	}
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsNarrow reports whether an error concerns one operation alone, and not its account.
func IsNarrow(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Narrow
}

// KindOf returns the kind of the first [*Error] in the chain, and Transient for
// an error that no connector made.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Transient
}
