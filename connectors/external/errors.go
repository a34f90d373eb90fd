package external

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

// maxWords is how much of a plugin's words stands in an error.
const maxWords = 512

// invalid is the error for a request that was not sent because it is wrong.
func invalid(op string, err error) error {
	return &connectors.Error{Kind: connectors.Invalid, Op: op, Err: err}
}

// ended is the kind for the end of a context: a stop leaves no trace in the counts of
// failures, a time that was too short is trouble that passes.
func ended(err error) connectors.Kind {
	if errors.Is(err, context.DeadlineExceeded) {
		return connectors.Transient
	}
	return connectors.Canceled
}

// failed is the error for a request without a good answer.
func (s *session) failed(ctx context.Context, a asked, err error) *connectors.Error {
	if refused, ok := errors.AsType[*protocol.Error](err); ok {
		return s.refused(ctx, a, refused)
	}
	e := &connectors.Error{Op: a.name, Kind: connectors.Transient}
	l, ok := errors.AsType[*lost](err)
	switch {
	case !ok: // it could not be written
		e.Kind, e.Err = connectors.Invalid, fmt.Errorf("the request cannot be sent to the plugin: %w", err)
		return e
	case a.writes && l.sent:
		e.Kind = connectors.Uncertain
	case ctx.Err() != nil:
		e.Kind = ended(ctx.Err())
	}
	e.Err = fmt.Errorf("plugin %s: %s", s.connector.description.Key, s.plain(l.Error()))
	return e
}

// refused is the error for a request that the plugin did not carry out. A word that is no
// kind tells nothing; then a write may have been carried out.
func (s *session) refused(ctx context.Context, a asked, r *protocol.Error) *connectors.Error {
	data := r.Data
	if data == nil {
		data = &protocol.ErrorData{}
	}
	e := &connectors.Error{
		Kind: connectors.Kind(data.Kind), Op: a.name, Status: errorStatus(data.Status), Code: s.plain(data.Code), Hint: s.plain(data.Hint), Said: true,
		Err: errors.New(s.plain(r.Message)),
	}
	if r.Message == "" {
		e.Err = fmt.Errorf("plugin %s did not say why", s.connector.description.Key)
	}
	s.kind(ctx, a, r, e)
	if e.Kind == connectors.RateLimited {
		e.RetryAfter = seconds(data.RetryAfter)
	}
	return e
}

// errorStatus is the status of a refusal; 0 for what is none.
func errorStatus(n int) int {
	if n < 300 || n > 599 {
		return 0
	}
	return n
}

// kind makes the kind that a plugin gave one that the engine can go by.
func (s *session) kind(ctx context.Context, a asked, r *protocol.Error, e *connectors.Error) {
	unknown := connectors.Transient
	if a.writes {
		unknown = connectors.Uncertain
	}
	notUnderstood := slices.Contains([]int{protocol.CodeMethod, protocol.CodeParams, protocol.CodeRequest, protocol.CodeParse}, r.Code)
	switch {
	case e.Kind == "" && notUnderstood:
		e.Kind = connectors.Invalid
	case e.Kind == connectors.Canceled && ctx.Err() != nil:
		e.Kind = ended(ctx.Err())
	case e.Kind == connectors.Canceled:
		e.Kind = connectors.Transient // our time was over, and it says that it did nothing
	case e.Kind == connectors.Uncertain && !a.writes:
		e.Kind = connectors.Transient
	case !slices.Contains(connectors.Kinds(), e.Kind):
		if e.Kind != "" {
			e.Err = fmt.Errorf("%w (of a kind that there is not: %.40q)", e.Err, e.Kind)
		}
		e.Kind, e.Said = unknown, false
	}
}

// unreadable is the error for a result that cannot be used. A write was carried out, as
// the plugin says, but what came of it is not known.
func (s *session) unreadable(op *connectors.Operation, status int, err error) error {
	e := &connectors.Error{
		Kind: connectors.Transient, Op: op.Name(), Status: status,
		Err: fmt.Errorf("plugin %s: the answer contradicts what it describes: %s", op.Connector, s.plain(err.Error())),
	}
	if op.Kind == connectors.Write {
		e.Kind = connectors.Uncertain
	}
	return e
}

// plain makes words of a plugin fit to be shown: without secrets, without what a terminal
// would obey, and not too many.
func (s *session) plain(text string) string {
	text = s.connector.host.programs.redact.Redact(text)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return cut(text, maxWords)
}
