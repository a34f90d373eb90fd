package protocol

import (
	"encoding/json"
	"fmt"
	"time"
)

// Version is the version of the protocol that this package speaks.
const Version = 1

// The methods.
const (
	Initialize = "initialize"
	Describe   = "describe"
	Check      = "check"
	Page       = "page"
	Call       = "call"
	Cancel     = "cancel"
)

// Message is one line: a request (ID, Method, Params), a notification (a request without
// ID, which gets no answer) or an answer (ID, and either Result or Error).
type Message struct {
	JSONRPC string          `json:"jsonrpc"` // "2.0"
	ID      *int64          `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// The codes of errors. The first four are those of JSON-RPC.
const (
	CodeParse    = -32700 // the line is no JSON
	CodeRequest  = -32600 // the line is no request
	CodeMethod   = -32601 // there is no such method
	CodeParams   = -32602 // the params are wrong
	CodeRefused  = -32000 // the request was not carried out; the data tell why
	CodeVersions = -32001 // there is no version of the protocol that both speak
)

// Error is why a request was not carried out.
type Error struct {
	Code    int        `json:"code"`
	Message string     `json:"message"`
	Data    *ErrorData `json:"data,omitempty"`
}

// ErrorData tells what may be done about an error.
type ErrorData struct {
	// Kind is one of transient, rate_limited, auth, invalid, not_found, conflict, uncertain
	// and canceled, as docs/plugin-protocol.md explains them. canceled is for a request that was
	// given up after cancel, and says that nothing was changed.
	Kind string `json:"kind,omitempty"`
	// Code is the service's own code.
	Code string `json:"code,omitempty"`
	// Hint is one sentence telling the operator what to do.
	Hint string `json:"hint,omitempty"`
	// RetryAfter is how many seconds the service wants to be left alone.
	RetryAfter float64 `json:"retry_after,omitempty"`
	Answered
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Answered is what is known of the service's answer; all of it may be left out.
type Answered struct {
	// Status is its HTTP status.
	Status int `json:"status,omitempty"`
	// Date is the service's own time of the answer. Lists with times start from it.
	Date time.Time `json:"date,omitzero"`
	// Headers are those of the answer that the limits of the description name.
	Headers map[string]string `json:"headers,omitempty"`
}

// Program names a program and its version.
type Program struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// InitializeParams begin a conversation.
type InitializeParams struct {
	Protocols []int   `json:"protocols"` // the versions that the host speaks
	Host      Program `json:"host"`
}

// InitializeResult says which of the versions the plugin takes.
type InitializeResult struct {
	Protocol int     `json:"protocol"`
	Plugin   Program `json:"plugin"`
}

// Choose returns the newest version that this package speaks among those that are
// offered. The error, with the code [CodeVersions], names what each side speaks.
func Choose(offered []int) (int, error) {
	for _, v := range offered {
		if v == Version {
			return v, nil
		}
	}
	return 0, &Error{
		Code: CodeVersions, Message: fmt.Sprintf("no common version of the protocol: offered are %v, spoken is %d", offered, Version),
		Data: &ErrorData{Kind: "invalid"},
	}
}

// Account is for whom something is asked. It comes with each request that needs it, and
// must not be kept.
type Account struct {
	Name       string         `json:"name"`
	BaseURL    string         `json:"base_url,omitempty"` // replaces the service's usual address
	Settings   map[string]any `json:"settings,omitempty"`
	Credential Credential     `json:"credential"`
}

// Credential is what an account signs in with.
type Credential struct {
	Method   string `json:"method"`             // bearer, api_key or basic
	Token    string `json:"token,omitempty"`    // bearer
	Key      string `json:"key,omitempty"`      // api_key
	User     string `json:"user,omitempty"`     // basic
	Password string `json:"password,omitempty"` // basic
}

// CheckParams ask whether a credential works, by the cheapest request that shows it.
type CheckParams struct {
	Account Account `json:"account"`
}

// CheckResult says that it works.
type CheckResult struct {
	Answered
}

// PageParams ask for one page of a list.
type PageParams struct {
	Operation string         `json:"operation"`
	Account   Account        `json:"account"`
	Inputs    map[string]any `json:"inputs,omitempty"`
	// Since is the lower bound of the updated time, inclusive; only for keyset lists.
	Since time.Time `json:"since,omitzero"`
	// From and To are the bounds of a window.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Position is the Next of the page before; empty for the first page.
	Position string `json:"position,omitempty"`
	// Size is how many records are wanted.
	Size int `json:"size,omitempty"`
}

// PageResult is a page.
type PageResult struct {
	// Records are objects with the fields of the operation's object, its id at least.
	Records []json.RawMessage `json:"records"`
	// Next is the position of the following page; empty at the end of the list.
	Next string `json:"next,omitempty"`
	// Total is how many records the whole list has; left out when it is not known.
	Total *int `json:"total,omitempty"`
	Answered
}

// CallParams ask for one operation that is no list.
type CallParams struct {
	Operation string         `json:"operation"`
	Account   Account        `json:"account"`
	Inputs    map[string]any `json:"inputs,omitempty"`
	// Key is the same on every attempt of one effect, for operations that take a key.
	Key string `json:"key,omitempty"`
}

// CallResult is what came of a call.
type CallResult struct {
	// Value is the operation's object; null without an answer.
	Value json.RawMessage `json:"value,omitempty"`
	Answered
}

// CancelParams say which request nobody waits for any more. It is answered all the same:
// with what came of it, or with an error.
type CancelParams struct {
	ID int64 `json:"id"`
}
