package dry

import (
	"context"
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/named"
	"github.com/pollux-automation/pollux/engine/files"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
)

// Call is a write that was refused because the engine runs dry.
type Call struct {
	Recipe    string
	Run       store.RunID
	Step      string
	Account   string
	Operation *connectors.Operation
	Input     map[string]any
	// Request is what would have been sent, secrets replaced by stars.
	Request connectors.Request
}

// Accounts returns accounts that read and never write: every call of a write is told of and
// answered with a value of the shape that its operation promises. An engine that is made
// with them cannot change anything outside, whichever way it comes to a call. tell is
// called on the goroutines that make the calls.
func Accounts(accounts []*poll.Account, tell func(Call)) []*poll.Account {
	out := make([]*poll.Account, len(accounts))
	for i, a := range accounts {
		reads := *a
		reads.Session = &session{real: a.Session, account: a.Name, tell: tell}
		out[i] = &reads
	}
	return out
}

// session is a session that writes nothing.
type session struct {
	real    connectors.Session
	account string
	tell    func(Call)
}

// Page reads.
func (s *session) Page(ctx context.Context, op *connectors.Operation, q connectors.Query) (connectors.Page, error) {
	if op.Kind != connectors.Read {
		return connectors.Page{}, s.refuse(op)
	}
	return s.real.Page(ctx, op, q)
}

// Call reads, and tells of a write. Files that it reads get references and are not kept.
func (s *session) Call(ctx context.Context, op *connectors.Operation, inputs map[string]any) (connectors.Answer, error) {
	if op.Kind == connectors.Read {
		return s.real.Call(files.Dry(ctx), op, inputs)
	}
	sent, err := named.Of(s.real).Write(ctx, op, inputs)
	if err != nil {
		return connectors.Answer{}, err
	}
	request, err := s.real.Preview(op, sent)
	if err != nil {
		return connectors.Answer{}, err
	}
	call := Call{Recipe: connectors.Behalf(ctx), Account: s.account, Operation: op, Input: inputs, Request: request}
	run, step, _ := strings.Cut(connectors.KeyOf(ctx), "/")
	call.Run, call.Step = store.RunID(run), step
	s.tell(call)
	return connectors.Answer{Status: 200, Value: Answer(op, nil)}, nil
}

// Names reads the definitions of what users have named.
func (s *session) Names() *named.Book { return named.Of(s.real) }

// refuse is the error of a list that is read by an operation that writes.
func (s *session) refuse(op *connectors.Operation) error {
	return &connectors.Error{Kind: connectors.Invalid, Op: op.Name(), Err: fmt.Errorf("%s writes, and this is a dry run", op.Name())}
}

// Preview sends nothing anyway.
func (s *session) Preview(op *connectors.Operation, inputs map[string]any) (connectors.Request, error) {
	return s.real.Preview(op, inputs)
}

// Check only asks.
func (s *session) Check(ctx context.Context) error { return s.real.Check(ctx) }

// Close leaves the session to whoever owns it.
func (s *session) Close() {}

// Answer gives an answer the shape that the operation promises.
func Answer(op *connectors.Operation, answer any) any {
	if op.Answer == nil || op.List {
		return answer
	}
	fields, _ := answer.(map[string]any)
	out := op.Answer.Complete(fields)
	if id := op.Answer.ID; id != "" && out[id] == nil {
		out[id] = "simulated"
	}
	return out
}
