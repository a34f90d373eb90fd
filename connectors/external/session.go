package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/external/described"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/protocol"
	"github.com/pollux-automation/pollux/internal/secret"
)

// session talks to a plugin in the name of one account. It holds nothing open.
type session struct {
	connector *Connector
	account   connectors.Account
}

// Page asks for one page of a list, or for a single record as the only page of a list of
// one. A single record that is not found makes an empty page.
func (s *session) Page(ctx context.Context, o *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Page{}, err
	}
	if op.Kind != connectors.Read || op.Answer == nil {
		return connectors.Page{}, invalid(op.Name(), errors.New("the operation does not list anything"))
	}
	if q.Inputs, err = s.inputs(op, q.Inputs); err != nil {
		return connectors.Page{}, err
	}
	if op.List {
		return s.page(ctx, op, q, connectors.ForPoll)
	}
	said, err := s.call(ctx, op, q.Inputs, connectors.ForPoll)
	switch {
	case err == nil:
	case connectors.KindOf(err) == connectors.NotFound:
		return connectors.Page{Total: -1}, nil
	default:
		return connectors.Page{}, err
	}
	record, err := recordOf(op, said.Value)
	if err != nil {
		return connectors.Page{}, s.unreadable(op, said.Status, err)
	}
	return connectors.Page{Records: []connectors.Record{record}, Date: said.Date, Total: 1}, nil
}

// Call carries out one operation. Of a list it is the first page. What the account does not
// allow does not reach the program.
func (s *session) Call(ctx context.Context, o *connectors.Operation, given map[string]any) (connectors.Answer, error) {
	op, err := s.operation(o)
	if err == nil {
		err = s.account.Permit(op)
	}
	if err != nil {
		return connectors.Answer{}, err
	}
	inputs, err := s.inputs(op, given)
	if err != nil {
		return connectors.Answer{}, err
	}
	if op.List {
		page, err := s.page(ctx, op, connectors.Query{Inputs: inputs}, connectors.ForStep)
		if err != nil {
			return connectors.Answer{}, err
		}
		list, err := listOf(op, page)
		return connectors.Answer{Status: http.StatusOK, Value: list, Date: page.Date, More: page.Next != ""}, err
	}
	said, err := s.call(ctx, op, inputs, connectors.ForStep)
	if err != nil {
		return connectors.Answer{}, err
	}
	value, err := valueOf(op, said.Value)
	if err != nil {
		return connectors.Answer{}, s.unreadable(op, said.Status, err)
	}
	return connectors.Answer{Status: statusOf(said.Answered), Value: value, Date: said.Date}, nil
}

// page asks for a page.
func (s *session) page(ctx context.Context, op *connectors.Operation, q connectors.Query, p connectors.Priority) (connectors.Page, error) {
	size := q.Size
	if size <= 0 && op.Poll != nil {
		size = op.Poll.PageSize
	}
	var said protocol.PageResult
	err := s.ask(ctx, asked{name: op.Name(), key: op.Key, priority: p, method: protocol.Page, params: func(a protocol.Account) any {
		return protocol.PageParams{
			Operation: op.Key, Account: a, Inputs: q.Inputs, Since: q.Since, From: q.From, To: q.To, Position: q.Position, Size: size,
		}
	}}, &said, &said.Answered)
	if err != nil {
		return connectors.Page{}, err
	}
	page, err := pageOf(op, said, q.Position)
	if err != nil {
		return connectors.Page{}, s.unreadable(op, said.Status, err)
	}
	return page, nil
}

// call asks for one operation that is no list.
func (s *session) call(ctx context.Context, op *connectors.Operation, inputs map[string]any, p connectors.Priority) (said protocol.CallResult, err error) {
	err = s.ask(ctx, asked{name: op.Name(), key: op.Key, priority: p, writes: op.Kind == connectors.Write, method: protocol.Call, params: func(a protocol.Account) any {
		params := protocol.CallParams{Operation: op.Key, Account: a, Inputs: inputs}
		if op.Kind == connectors.Write {
			params.Key = connectors.KeyOf(ctx)
		}
		return params
	}}, &said, &said.Answered)
	return said, err
}

// Check asks whether the credential works.
func (s *session) Check(ctx context.Context) error {
	_, err := s.CheckDate(ctx)
	return err
}

// CheckDate is Check that also tells the service's own time of the answer; zero when the
// plugin did not say.
func (s *session) CheckDate(ctx context.Context) (time.Time, error) {
	var said protocol.CheckResult
	key := s.connector.description.Key
	err := s.ask(ctx, asked{name: key + ".check", key: "check", priority: connectors.ForStep, method: protocol.Check, params: func(a protocol.Account) any {
		return protocol.CheckParams{Account: a}
	}}, &said, &said.Answered)
	return said.Date, err
}

// Preview returns what Call would ask, without the credential and with stars for secret
// inputs.
func (s *session) Preview(o *connectors.Operation, given map[string]any) (connectors.Request, error) {
	op, err := s.operation(o)
	if err != nil {
		return connectors.Request{}, err
	}
	inputs, err := s.inputs(op, given)
	if err != nil {
		return connectors.Request{}, err
	}
	path := op.Path
	for i := range op.Inputs {
		in := &op.Inputs[i]
		if in.Secret && inputs[in.Name] != nil {
			inputs[in.Name] = secret.Stars
		}
		if text, err := request.TextOf(inputs[in.Name]); in.In == "path" && err == nil {
			path = strings.ReplaceAll(path, "{"+in.Name+"}", text)
		}
	}
	return connectors.Request{Method: described.Method, URL: "plugin:" + op.Connector + path, Body: inputs}, nil
}

// Close does nothing: the program belongs to all accounts.
func (s *session) Close() {}

// operation returns an operation of this connector.
func (s *session) operation(o *connectors.Operation) (*connectors.Operation, error) {
	d := s.connector.description
	if op, ok := d.Operation(o.Key); ok && o.Connector == d.Key {
		return op, nil
	}
	return nil, invalid(o.Name(), fmt.Errorf("%s has no such operation", d.Title))
}

// inputs returns the inputs of an operation, completed by settings and defaults, by the
// rules of manifests.
func (s *session) inputs(op *connectors.Operation, given map[string]any) (map[string]any, error) {
	at := make(map[string]string, len(op.Inputs))
	for _, in := range op.Inputs {
		at[in.Name] = in.Name
	}
	b := request.Builder{Manifest: &manifest.Manifest{Settings: s.connector.description.Settings}, Settings: s.account.Settings}
	inputs, err := b.Resolve(&manifest.Operation{Spec: op, At: at}, given)
	if err != nil {
		return nil, invalid(op.Name(), err)
	}
	return inputs, nil
}

// asked is a request to the program.
type asked struct {
	name, key string // of the operation, for people and for the gate
	priority  connectors.Priority
	writes    bool
	method    string
	params    func(protocol.Account) any
}

// ask passes the account's gate and the place at the program, asks, and tells the gate
// what came of it. The credential is put in when the request is written, and nowhere else.
func (s *session) ask(ctx context.Context, a asked, into any, answered *protocol.Answered) error {
	if err := s.account.Gate.Enter(ctx, a.key, connectors.Behalf(ctx), a.priority); err != nil {
		if closed, ok := errors.AsType[connectors.Closed](err); ok {
			return &connectors.Error{Kind: connectors.RateLimited, Op: a.name, RetryAfter: closed.Wait(), Err: err}
		}
		return &connectors.Error{Kind: ended(err), Op: a.name, Err: err}
	}
	heard := protocol.Answered{}
	var pause time.Duration
	defer func() { s.account.Gate.Leave(heard.Status, headerOf(heard), pause) }()
	raw, err := s.exchange(ctx, a)
	if err == nil {
		if err = json.Unmarshal(raw, into); err == nil {
			heard = *answered
			heard.Status = statusOf(heard)
			if heard.Status < 200 || heard.Status > 299 {
				err = fmt.Errorf("it answers a result with the status %d", heard.Status)
			}
		}
		if err != nil {
			return s.failed(ctx, a, &lost{sent: true, err: fmt.Errorf("the answer cannot be used (protocol %d): %w", protocol.Version, err)})
		}
		return nil
	}
	e := s.failed(ctx, a, err)
	if refused, ok := errors.AsType[*protocol.Error](err); ok && refused.Data != nil {
		heard = refused.Data.Answered
	}
	heard.Status = e.Status
	if e.Kind == connectors.RateLimited {
		pause = e.RetryAfter
		if heard.Status == 0 {
			heard.Status = http.StatusTooManyRequests
		}
	}
	return e
}

// exchange sends a request to the running program, one of few at a time.
func (s *session) exchange(ctx context.Context, a asked) (json.RawMessage, error) {
	h := s.connector.host
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	case <-ctx.Done():
		return nil, &lost{err: errGivenUp}
	}
	l, err := h.get(ctx.Done())
	if err != nil {
		return nil, err
	}
	raw, err := l.ask(ctx.Done(), limits{time: h.folder.timeout, grace: h.programs.o.Grace}, a.method, a.params(s.self()))
	if _, refused := errors.AsType[*protocol.Error](err); err == nil || refused {
		h.answered()
	} else if gone, ok := errors.AsType[*lost](err); ok && l.process.Err() != nil {
		gone.err = h.words(gone.err)
	}
	return raw, err
}

// self is the account as the program sees it.
func (s *session) self() protocol.Account {
	a := protocol.Account{Name: s.account.Name, BaseURL: s.account.BaseURL, Settings: map[string]any{}}
	for _, f := range s.connector.description.Settings {
		if v := s.account.Settings[f.Name]; v != nil {
			a.Settings[f.Name] = v
		} else if f.Default != nil {
			a.Settings[f.Name] = f.Default
		}
	}
	c := s.account.Credential
	a.Credential.Method = c.Method
	switch c.Method {
	case auth.Bearer:
		a.Credential.Token = c.Secret.Reveal()
	case auth.APIKey:
		a.Credential.Key = c.Secret.Reveal()
	case auth.Basic:
		a.Credential.User, a.Credential.Password = c.User, c.Secret.Reveal()
	}
	return a
}

// statusOf is the status of a good answer.
func statusOf(a protocol.Answered) int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}

// headerOf are the headers that a plugin passes on.
func headerOf(a protocol.Answered) http.Header {
	if len(a.Headers) == 0 {
		return nil
	}
	h := http.Header{}
	for name, v := range a.Headers {
		h.Set(name, v)
	}
	return h
}

// seconds turns a number of seconds into a duration of an hour at most; what is no such
// number is 0.
func seconds(n float64) time.Duration {
	if math.IsNaN(n) || n <= 0 {
		return 0
	}
	return time.Duration(min(n, time.Hour.Seconds()) * float64(time.Second))
}
