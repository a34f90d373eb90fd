package connectors

import (
	"context"
	"net/http"
	"time"
)

// Session talks to a service in the name of one account. It is safe for
// concurrent use. Every error is an [*Error].
type Session interface {
	// Page fetches one page of a list. Reads of this kind go behind steps when
	// the budget is short.
	Page(ctx context.Context, op *Operation, q Query) (Page, error)
	// Call carries out one operation. [For], [WithKey] and [WithFiles] tell it on whose
	// behalf, by which key the service knows a repetition, and where files are kept.
	Call(ctx context.Context, op *Operation, inputs map[string]any) (Answer, error)
	// Preview returns the request that Call would send, without sending it.
	// Secrets are replaced by stars.
	Preview(op *Operation, inputs map[string]any) (Request, error)
	// Check makes the cheapest call that shows whether the credential works.
	Check(ctx context.Context) error
	// Close lets go of idle connections.
	Close()
}

// Request is an HTTP request as a person may see it.
type Request struct {
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header,omitempty"`
	Body   any               `json:"body,omitempty"`
}

// Answer is what a service said to a call.
type Answer struct {
	Status int
	// Value is the described part of the answer: the object that the operation
	// returns, or a list. Numbers are plain: int where whole, else float64.
	Value any
	// More is true when the value is the first page of a list that goes on, or may go on.
	More bool
	// Date is the service's own time of the answer; zero when it did not say.
	Date time.Time
}

// Priority orders the requests of one account when its budget is short. It is an
// alias, so that a [Gate] need not import this package.
type Priority = int

// The priorities. Steps go before polls.
const (
	ForPoll Priority = iota
	ForStep
)

// Gate admits requests of one account, so that all of them together keep to
// what the service allows. It is safe for concurrent use.
type Gate interface {
	// Enter waits until a request may be sent. When that would take longer than
	// a few seconds it returns an error in whose chain stands a [Closed]; when
	// ctx ends it returns ctx's error. Each nil is followed by exactly one Leave.
	// operation is the key of the operation, "contact.search"; name is on whose
	// behalf it is called ([Behalf]): names that wait take turns.
	Enter(ctx context.Context, operation, name string, p Priority) error
	// Leave reports how a request ended. status is 0 and header nil when there
	// was no answer; retryAfter is what the service asked for, 0 when nothing.
	Leave(status int, header http.Header, retryAfter time.Duration)
}

// Closed is the error of a [Gate] that will not open soon.
type Closed interface {
	error
	// Wait is how long until the gate may open.
	Wait() time.Duration
}
