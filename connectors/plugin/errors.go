package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/connectors/protocol"
)

// The kinds of errors that [Refuse] takes. They tell Pollux what it may do.
const (
	Transient   = "transient"    // trouble that passes; the request may be sent again
	RateLimited = "rate_limited" // the service wants fewer requests; nothing was done
	Auth        = "auth"         // the credential was not accepted; nothing was done
	Invalid     = "invalid"      // the request is wrong; to send it again will not help
	NotFound    = "not_found"    // the thing asked for does not exist
	Conflict    = "conflict"     // the thing is in a state that does not allow the request
	Uncertain   = "uncertain"    // a write was sent, and nobody knows whether it arrived
)

// Refuse makes the error of a request that was not carried out. Its Data may be completed:
// the service's code and status, a hint, how long to wait.
func Refuse(kind, format string, args ...any) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeRefused, Message: fmt.Sprintf(format, args...), Data: &protocol.ErrorData{Kind: kind}}
}

// Record writes a value as a record, or as the value of a call.
func Record(v any) (json.RawMessage, error) { return json.Marshal(v) }

// refusalOf is the answer to a request that ended with an error. A request that was given
// up may have been carried out, as far as anybody here knows.
func refusalOf(ctx context.Context, err error) *protocol.Error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return e
	}
	e := &protocol.Error{Code: protocol.CodeRefused, Message: err.Error()}
	if ctx.Err() != nil {
		e.Data = &protocol.ErrorData{Kind: Uncertain}
	}
	return e
}
