package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// signed sends a request with the token that the operation needs. A token that is
// refused is renewed, if there is another one to be had, and the request is sent once
// more: a refused token means that nothing was done.
func (s *session) signed(ctx context.Context, op *manifest.Operation, r *request.Request, p connectors.Priority) (*answers.Answer, error) {
	used, err := s.source.Token(ctx, op.Spec.Token) // before the gate: without a token nothing of the budget is used
	if err == nil {
		err = lacking(op, used)
	}
	if err != nil {
		return nil, s.signInError(ctx, op, err)
	}
	a, err := s.pass(ctx, op, r.Copy(), p, func() (auth.Token, error) {
		var err error
		used, err = s.source.Token(ctx, op.Spec.Token)
		return used, err
	})
	if err != nil || a.Status != http.StatusUnauthorized {
		return a, err
	}
	renewed, better, err := s.source.Renew(ctx, op.Spec.Token, used)
	if err != nil {
		return nil, s.signInError(ctx, op, err)
	}
	if !better {
		return a, nil
	}
	return s.pass(ctx, op, r, p, func() (auth.Token, error) { return renewed, nil })
}

// lacking returns an error that names the scopes that a token does not have and the
// operation needs; nil when it has them or nobody knows.
func lacking(op *manifest.Operation, t auth.Token) error {
	if t.Scopes == nil {
		return nil
	}
	var missing []string
	for _, scope := range op.Spec.Scopes {
		if !slices.Contains(t.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &auth.Error{
		Refused: true, Narrow: true, Words: "the sign-in lacks " + strings.Join(missing, ", "),
		Hint: "add the scopes to the app and to the account, and sign in anew",
	}
}

// signInError is the error for a request that was not sent, because there is no token
// for it.
func (s *session) signInError(ctx context.Context, op *manifest.Operation, err error) error {
	e, ok := errors.AsType[*auth.Error](err)
	switch {
	case !ok && ctx.Err() != nil:
		return canceled(op, ctx.Err())
	case !ok:
		return &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Err: s.redacted(err)}
	case e.Refused:
		return &connectors.Error{Kind: connectors.Auth, Op: op.Spec.Name(), Narrow: e.Narrow, Hint: e.Hint, Err: errors.New(s.redact.Redact(e.Words))}
	}
	return &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Hint: e.Hint, Err: fmt.Errorf("not sent: %s", s.redact.Redact(e.Words))}
}
