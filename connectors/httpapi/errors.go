package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// maxExcerpt is how much of an error's body is shown.
const maxExcerpt = 512

// invalid is the error for a request that was not sent because it is wrong.
func invalid(op *manifest.Operation, err error) error {
	return &connectors.Error{Kind: connectors.Invalid, Op: op.Spec.Name(), Err: err}
}

// canceled is the error for a request that was given up from our side and did not
// leave, or can be repeated.
func canceled(op *manifest.Operation, err error) error {
	return &connectors.Error{Kind: ended(err), Op: op.Spec.Name(), Err: err}
}

// ended is the kind for the end of a context: a stop leaves no trace in the counts of
// failures, a time that was too short is trouble that passes.
func ended(err error) connectors.Kind {
	if errors.Is(err, context.DeadlineExceeded) {
		return connectors.Transient
	}
	return connectors.Canceled
}

// gateError is the error for a request that the account's gate did not let through.
// It was never sent, so a write behind it is not uncertain either.
func (s *session) gateError(op *manifest.Operation, err error) error {
	if closed, ok := errors.AsType[connectors.Closed](err); ok {
		return &connectors.Error{Kind: connectors.RateLimited, Op: op.Spec.Name(), RetryAfter: closed.Wait(), Err: err}
	}
	return canceled(op, err)
}

// networkError is the error for a request without an answer. ctx is the caller's. A
// read can always be repeated, so its error is Transient; a write is so only when it
// surely never left, else it is Uncertain and the engine looks before it sends again.
// The end of the caller's context makes it Canceled where it would be Transient; a
// write that may be on its way stays Uncertain.
func (s *session) networkError(ctx context.Context, op *manifest.Operation, p *progress, err error) error {
	e := &connectors.Error{Op: op.Spec.Name(), Err: fmt.Errorf("%s %s%s: %w", op.Spec.Method, s.manifest.Base(op, s.builder.Base), op.Spec.Path, s.redacted(err))}
	unsent, hint := neverSent(err, p.given.Load())
	unsent = unsent || p.unsent()
	e.Hint = hint
	switch {
	case ctx.Err() != nil && (unsent || op.Spec.Kind == connectors.Read):
		e.Kind = ended(ctx.Err())
	case unsent || op.Spec.Kind == connectors.Read:
		e.Kind = connectors.Transient
	default:
		e.Kind = connectors.Uncertain
	}
	return e
}

// redacted keeps the chain of an error and removes secrets from its text. A text with
// a secret loses the chain, for the chain would print it again.
func (s *session) redacted(err error) error {
	if text := s.redact.Redact(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// neverSent reports errors that come before anything is sent, with what to do
// about them. given tells that there was a connection: a record of TLS that breaks
// after that says nothing.
func neverSent(err error, given bool) (unsent bool, hint string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns != nil {
		return true, "the name of the host was not found; check base_url and the network"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true, "the host did not take the connection"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true, "the host's certificate is not trusted"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok && !given {
		return true, "the host does not speak https; check base_url"
	}
	return false, ""
}

// refusal is the error for an answer whose status is not 2xx. The operation's rules
// come before the connector's, and those before the kinds of HTTP. Code and message
// are the service's words, cleaned; without either the body itself is shown.
func (s *session) refusal(op *manifest.Operation, a *answers.Answer) error {
	code := answers.Text(a.Body, s.manifest.Errors.Code)
	message := answers.Text(a.Body, s.manifest.Errors.Message)
	e := &connectors.Error{
		Op: op.Spec.Name(), Status: a.Status, Code: s.clean(code), Kind: kindOf(op.Spec.Kind, a.Status), Said: message != "" || code != "",
	}
	if a.Status >= 300 && a.Status <= 399 {
		e.Hint = "the service answers at another address; set base_url to it"
	}
	if rule, ok := s.rule(op, a.Status, code, message); ok {
		e.Kind, e.Hint = rule.Kind, rule.Hint
	}
	if e.Kind == connectors.Uncertain && op.Spec.Kind == connectors.Read {
		e.Kind = connectors.Transient // a read leaves nothing behind
	}
	if e.Kind == connectors.RateLimited {
		e.RetryAfter = s.waits(op, a)
	}
	message = s.clean(message)
	if message == "" && code == "" {
		message = s.clean(string(a.Body))
	}
	e.Err = worded(a.Status, e.Code, message)
	return e
}

// rule returns the rule for a refusal; those of the operation come first.
func (s *session) rule(op *manifest.Operation, status int, code, message string) (manifest.Rule, bool) {
	if rule, ok := match(op.Rules, status, code, message); ok {
		return rule, true
	}
	return match(s.manifest.Errors.Rules, status, code, message)
}

// waits is how long a service that refused wants to be left alone: as it says itself, else
// as the rule for the refusal knows.
func (s *session) waits(op *manifest.Operation, a *answers.Answer) time.Duration {
	if told := retryAfter(a); told > 0 || a.Status < http.StatusBadRequest {
		return told
	}
	rule, _ := s.rule(op, a.Status, answers.Text(a.Body, s.manifest.Errors.Code), answers.Text(a.Body, s.manifest.Errors.Message))
	return rule.Wait
}

// worded is what a service has said, or what its status means.
func worded(status int, code, message string) error {
	switch {
	case message == "" && code == "":
		return errors.New(http.StatusText(status))
	case message == "":
		return errors.New(code)
	case code == "":
		return errors.New(message)
	}
	return fmt.Errorf("%s: %s", code, message)
}

// kindOf is the kind of an error that no rule of the manifest is for. A write that
// ends with a 5xx may have been carried out before the service failed, so it is
// Uncertain; a 4xx says that it was refused.
func kindOf(kind connectors.OperationKind, status int) connectors.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return connectors.Auth
	case http.StatusNotFound, http.StatusGone:
		return connectors.NotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return connectors.Conflict
	case http.StatusTooManyRequests:
		return connectors.RateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly: // as unclear as 5xx
	default:
		if status >= 300 && status <= 499 {
			return connectors.Invalid
		}
	}
	if kind == connectors.Write {
		return connectors.Uncertain
	}
	return connectors.Transient
}

// match returns the first rule that fits. The last part of a code is enough, since
// some services put changing prefixes before it (Stibee's documentation has two, read
// 2026-09).
func match(rules []manifest.Rule, status int, code, message string) (manifest.Rule, bool) {
	message = strings.ToLower(message)
	for _, r := range rules {
		fits := r.Code == "" || r.Code == code || strings.HasSuffix(code, "."+r.Code)
		if fits && (r.Status == 0 || r.Status == status) && strings.Contains(message, strings.ToLower(r.Message)) {
			return r, true
		}
	}
	return manifest.Rule{}, false
}

// clean makes a service's words fit to be shown: on one line, not too long,
// without secrets.
func (s *session) clean(words string) string {
	words = s.redact.Redact(words)
	words = strings.Map(func(c rune) rune {
		if c < ' ' || c == utf8.RuneError || (c >= 0x7f && c < 0xa0) {
			return ' '
		}
		return c
	}, words)
	words = strings.TrimSpace(words)
	if len(words) <= maxExcerpt {
		return words
	}
	end := maxExcerpt
	for end > 0 && !utf8.RuneStart(words[end]) {
		end--
	}
	return words[:end] + "…"
}

// retryAfter reads how long a service that refused wants to be left alone: in
// seconds or until a date, which counts from the answer's own Date. What is none
// of both, or over, is 0.
func retryAfter(a *answers.Answer) time.Duration {
	value := strings.TrimSpace(a.Header.Get("Retry-After"))
	if value == "" || a.Status < http.StatusBadRequest {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(math.Ceil(budget.MaxRetryAfter.Seconds())))) * time.Second //nolint:gosec // bounded
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	from := a.Date
	if from.IsZero() {
		from = time.Now()
	}
	return min(max(0, at.Sub(from)), budget.MaxRetryAfter)
}
