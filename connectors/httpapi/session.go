package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/named"
	"github.com/pollux-automation/pollux/internal/secret"
)

const (
	// usualTimeout bounds a call from its sending to the last byte of its answer.
	usualTimeout = 30 * time.Second
)

// session talks to a service in the name of one account. Nothing in it changes
// after Open but what its book of names learns.
type session struct {
	*Connector
	account   connectors.Account
	builder   request.Builder
	method    auth.Method
	source    auth.Source
	redact    *secret.Redactor
	transport http.RoundTripper
	own       *http.Transport // the transport when it was made here, else nil
	names     *named.Book
}

// Call carries out one operation.
func (s *session) Call(ctx context.Context, o *connectors.Operation, inputs map[string]any) (connectors.Answer, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Answer{}, err
	}
	if err := s.account.Permit(op.Spec); err != nil {
		return connectors.Answer{}, err
	}
	if inputs, err = s.names.Write(ctx, op.Spec, inputs); err != nil {
		return connectors.Answer{}, err
	}
	if op.Compose != nil {
		return s.composed(ctx, op, inputs)
	}
	key := connectors.KeyOf(ctx)
	if key == "" {
		key = rand.Text() // a call by hand is an effect of its own
	}
	req, err := s.prepare(op, keyed(op, completed(op, inputs), key))
	if err == nil {
		err = setKey(op, req, key)
	}
	if err == nil {
		err = checkFiles(ctx, op, req)
	}
	if err != nil {
		return connectors.Answer{}, err
	}
	a, err := s.exchange(ctx, op, req, connectors.ForStep)
	if err != nil {
		return connectors.Answer{}, err
	}
	value, err := answers.Value(op, a)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Status: a.Status, Value: value, Date: a.Date, More: s.goesOn(op, a, inputs)}, nil
}

// completed completes the inputs of a list by the usual number of records and by the
// window: recipes cannot give them, and services refuse a list without.
func completed(op *manifest.Operation, inputs map[string]any) map[string]any {
	if !op.Spec.List {
		return inputs
	}
	in := maps.Clone(inputs)
	if in == nil {
		in = map[string]any{}
	}
	if name := op.Paging.SizeInput; name != "" && in[name] == nil {
		in[name] = numberFor(op, name, op.Paging.Size)
	}
	if op.Poll != nil && op.Poll.Window != nil {
		fillWindow(op, in, time.Time{}, time.Time{})
	}
	return in
}

// keyed completes the inputs of a write that takes a key in one of them.
func keyed(op *manifest.Operation, inputs map[string]any, key string) map[string]any {
	takes := op.Spec.Idempotency
	if takes == nil || takes.Input == "" || inputs[takes.Input] != nil {
		return inputs
	}
	in := maps.Clone(inputs)
	if in == nil {
		in = map[string]any{}
	}
	in[takes.Input] = key
	return in
}

// setKey sets the key of a write that takes it in a header.
func setKey(op *manifest.Operation, r *request.Request, key string) error {
	takes := op.Spec.Idempotency
	if takes == nil || takes.Header == "" {
		return nil
	}
	if err := request.SetHeader(r.Header, takes.Header, key); err != nil {
		return invalid(op, err)
	}
	return nil
}

// Check makes the call that the manifest names for it.
func (s *session) Check(ctx context.Context) error {
	_, err := s.CheckDate(ctx)
	return err
}

// CheckDate is Check that also tells the service's own time of the answer; zero when it did
// not say.
func (s *session) CheckDate(ctx context.Context) (time.Time, error) {
	check := s.check()
	op, ok := s.operations[check.Operation]
	if !ok {
		return time.Time{}, &connectors.Error{
			Kind: connectors.Invalid, Op: s.manifest.Key, Err: connectors.ErrNoCheck,
		}
	}
	req, err := s.prepare(op, check.With)
	if err != nil {
		return time.Time{}, err
	}
	a, err := s.exchange(ctx, op, req, connectors.ForStep)
	if a == nil {
		return time.Time{}, err
	}
	return a.Date, err
}

// check returns the first call that checks a credential and whose setting the account has.
func (s *session) check() manifest.Check {
	for _, c := range s.manifest.Checks {
		if c.When == "" || s.account.Settings[c.When] != nil {
			return c
		}
	}
	return manifest.Check{}
}

// Names returns what the session knows of the fields that users have defined.
func (s *session) Names() *named.Book { return s.names }

// Close lets go of idle connections, unless the transport belongs to somebody
// else.
func (s *session) Close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}

// operation returns what the manifest says of an operation.
func (s *session) operation(o *connectors.Operation) (*manifest.Operation, error) {
	if op, shaped := o.Form.(*manifest.Operation); shaped && o.Connector == s.manifest.Key {
		return op, nil
	}
	if op, ok := s.operations[o.Key]; ok && o.Connector == s.manifest.Key {
		return op, nil
	}
	title := s.manifest.Title
	if s.version != "" {
		title += " in version " + s.version
	}
	return nil, &connectors.Error{Kind: connectors.Invalid, Op: o.Name(), Err: fmt.Errorf("%s has no such operation", title)}
}

// prepare makes the request of an operation from its inputs.
func (s *session) prepare(op *manifest.Operation, given map[string]any) (*request.Request, error) {
	inputs, err := s.builder.Resolve(op, given)
	if err != nil {
		return nil, invalid(op, err)
	}
	req, err := s.builder.Build(op, inputs)
	if err != nil {
		return nil, invalid(op, err)
	}
	return req, nil
}

// exchange passes the gate, sends a request once and reads the answer to its end.
// An answer whose status is not 2xx is an error, and comes along with it.
func (s *session) exchange(ctx context.Context, op *manifest.Operation, r *request.Request, p connectors.Priority) (*answers.Answer, error) {
	a, err := s.signed(ctx, op, r, p)
	if err != nil {
		return nil, err
	}
	if a.Status < 200 || a.Status > 299 {
		return a, s.refusal(op, a)
	}
	if a.Broken != nil {
		return nil, answers.Unreadable(op, a.Status, a.Broken)
	}
	if op.Answer.Text {
		if err := answers.AsText(op, a); err != nil {
			return nil, err
		}
	}
	if op.Answer.File {
		if err := asRecord(ctx, op, a); err != nil {
			return nil, err
		}
	}
	if err := answers.AsJSON(op, a); err != nil {
		return nil, err
	}
	return a, nil
}

// pass enters the gate, sends a request and tells the gate how it ended, whatever
// happens. A gate that is entered and never left would keep its place for good, so this
// is done even after a panic.
func (s *session) pass(ctx context.Context, op *manifest.Operation, r *request.Request, p connectors.Priority, token func() (auth.Token, error)) (a *answers.Answer, err error) {
	if err := s.account.Gate.Enter(ctx, op.Spec.Key, connectors.Behalf(ctx), p); err != nil {
		return nil, s.gateError(op, err)
	}
	defer func() {
		if a == nil {
			s.account.Gate.Leave(0, nil, 0)
			return
		}
		s.account.Gate.Leave(a.Status, a.Header, s.waits(op, a))
	}()
	t, err := token() // here, since one can end while the gate is closed
	if err != nil {
		return nil, s.signInError(ctx, op, err)
	}
	return s.send(ctx, op, r, t)
}

// send makes the one request. The error is an [*connectors.Error]. Its timeout covers
// reading the answer too. A body that breaks off is no error here: the status is
// known, and the gate must learn it.
func (s *session) send(ctx context.Context, op *manifest.Operation, r *request.Request, t auth.Token) (*answers.Answer, error) {
	timeout := op.Timeout
	if timeout == 0 {
		timeout = usualTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	trace := &progress{}
	if err := fetchFiles(ctx, op, r); err != nil {
		return nil, err
	}
	req, err := s.sign(r, t)
	if err != nil {
		return nil, invalid(op, err)
	}
	// The transport itself follows no redirects, so the credential stays with the host.
	resp, err := s.transport.RoundTrip(req.WithContext(trace.watch(bounded)))
	if err != nil {
		return nil, s.networkError(ctx, op, trace, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read, or is broken anyway
	a := &answers.Answer{Status: resp.StatusCode, Header: resp.Header}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.Date = date
	}
	if a.Body, a.Broken = readBody(resp.Body, s.hooks.MaxAnswer); s.hooks.MaxAnswer > 0 && a.Status >= 200 && a.Status <= 299 {
		a.Broken = nil // the status has said it
	}
	if a.Broken != nil && ctx.Err() != nil && op.Spec.Kind == connectors.Read {
		return nil, canceled(op, ctx.Err())
	}
	return a, nil
}

// readBody reads an answer to its end, or what is of interest of it. One byte more than the bound
// is read, to tell a full answer from one that is too large.
func readBody(r io.Reader, interest int64) ([]byte, error) {
	if interest > 0 {
		return io.ReadAll(io.LimitReader(r, interest))
	}
	b, err := io.ReadAll(io.LimitReader(r, answers.MaxBytes+1))
	if err != nil {
		return b, fmt.Errorf("the answer broke off after %d bytes: %w", len(b), err)
	}
	if len(b) > answers.MaxBytes {
		return nil, answers.ErrTooLarge
	}
	return b, nil
}

// sign makes the signed HTTP request out of r, which must not be used again. It
// cannot be sent twice by net/http: there is no way to read its body again.
func (s *session) sign(r *request.Request, t auth.Token) (*http.Request, error) {
	c := s.account.Credential
	c.Secret = t.Secret
	if s.hooks.Finish != nil {
		if err := s.hooks.Finish(r, c, t.Secret.Reveal() == secret.Stars); err != nil {
			return nil, err
		}
	}
	req := &http.Request{Method: r.Method, URL: r.URL, Host: r.URL.Host, Header: r.Header, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1}
	if r.Body != nil {
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		req.ContentLength = int64(len(r.Body))
	}
	return req, auth.Sign(req, s.method, c)
}

// previewKey stands in a preview for the key that every attempt of a write carries.
const previewKey = "(id of the effect)"

// Preview returns the request that Call would send, with stars for its secrets.
func (s *session) Preview(o *connectors.Operation, inputs map[string]any) (connectors.Request, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Request{}, err
	}
	if inputs, err = s.names.Preview(op.Spec, inputs); err != nil {
		return connectors.Request{}, err
	}
	if op.Compose != nil {
		return s.previewOfComposed(op, inputs)
	}
	resolved, err := s.builder.Resolve(op, keyed(op, completed(op, inputs), previewKey))
	if err != nil {
		return connectors.Request{}, invalid(op, err)
	}
	starred(op, resolved)
	r, err := s.builder.Build(op, resolved)
	if err != nil {
		return connectors.Request{}, invalid(op, err)
	}
	if err := setKey(op, r, previewKey); err != nil {
		return connectors.Request{}, err
	}
	return s.show(op, r)
}

// starred puts stars in the place of secret inputs.
func starred(op *manifest.Operation, inputs map[string]any) {
	for i := range op.Spec.Inputs {
		if in := &op.Spec.Inputs[i]; in.Secret && inputs[in.Name] != nil {
			inputs[in.Name] = secret.Stars
		}
	}
}

// show signs a request with stars and writes it out for people.
func (s *session) show(op *manifest.Operation, r *request.Request) (connectors.Request, error) {
	req, err := s.sign(r, auth.Token{Secret: secret.New(secret.Stars)})
	if err != nil {
		return connectors.Request{}, invalid(op, err)
	}
	out := connectors.Request{Method: req.Method, URL: unescapeStars(req.URL), Header: map[string]string{}}
	for name := range req.Header {
		out.Header[name] = req.Header.Get(name)
	}
	if s.method.Name == auth.Basic {
		out.Header["Authorization"] = "Basic " + secret.Stars // else one could read the user, and that it is stars
	}
	if r.Form != nil {
		out.Body = showFiles(r, out.Header)
	}
	if r.Body != nil && !manifest.IsJSON(r.Header.Get("Content-Type")) {
		out.Body = string(r.Body)
	} else if r.Body != nil {
		if out.Body, err = connectors.Decode(r.Body); err != nil {
			return connectors.Request{}, invalid(op, err)
		}
	}
	return out, nil
}

// unescapeStars writes an address with readable stars.
func unescapeStars(u *url.URL) string {
	return string(bytes.ReplaceAll([]byte(u.String()), []byte(url.QueryEscape(secret.Stars)), []byte(secret.Stars)))
}

// progress notes how far a request came, as net/http tells. Other transports
// tell nothing, and then it may have come any far.
type progress struct {
	asked atomic.Bool // for a connection
	given atomic.Bool
}

// watch returns a context in which net/http reports to p, perhaps from other
// goroutines.
func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { p.given.Store(true) },
	})
}

// unsent reports that the request surely never left.
func (p *progress) unsent() bool { return p.asked.Load() && !p.given.Load() }
