package external

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors/external/process"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

var (
	// errTime is why a request is given up that took too long.
	errTime = errors.New("there was no answer in time")
	// errGivenUp is why a request is given up that nobody waits for.
	errGivenUp = errors.New("nobody waits for the answer any more")
)

// lost tells how a request ended that has no answer.
type lost struct {
	// sent is false when the program surely never got the request.
	sent bool
	err  error // why
}

// Error returns the reason.
func (l *lost) Error() string { return l.err.Error() }

// Unwrap returns the reason.
func (l *lost) Unwrap() error { return l.err }

// link is the conversation with one running program. It is safe for concurrent use.
type link struct {
	process *process.Process
	show    func([]byte) string // what may be shown of a line

	mu      sync.Mutex
	next    int64
	pending map[int64]chan *protocol.Message // each has room for the one answer
}

// dial starts a program and begins to listen to it.
func dial(o process.Options, show func([]byte) string) (*link, error) {
	l := &link{show: show, pending: map[int64]chan *protocol.Message{}}
	o.Read = func(r io.Reader) func() ([]byte, error) { return protocol.NewReader(r).Line }
	o.Line = l.line
	p, err := process.Start(o)
	if err != nil {
		return nil, err
	}
	l.process = p
	return l, nil
}

// line takes a line of the program. Whatever is no answer to a request that waits for one
// is a reason to end it: nobody knows what its next answers are worth.
func (l *link) line(text []byte) error {
	m, err := protocol.Decode(text)
	if err != nil {
		return fmt.Errorf("it does not speak the protocol (version %d): %w: %s", protocol.Version, err, l.show(text))
	}
	if m.Method != "" {
		return fmt.Errorf("it asked for something, and plugins only answer (protocol %d): %s", protocol.Version, l.show(text))
	}
	l.mu.Lock()
	answers, ok := l.pending[*m.ID]
	delete(l.pending, *m.ID)
	l.mu.Unlock()
	if !ok {
		return fmt.Errorf("it answered the request %d, which waits for no answer (protocol %d)", *m.ID, protocol.Version)
	}
	answers <- m
	return nil
}

// limits say how long a request may take, and how long the program has to answer once it
// is canceled; with 0 it is killed without being asked.
type limits struct{ time, grace time.Duration }

// ask sends a request and waits for its answer. It gives up when done is closed or the
// time is over. The error is [*lost], a [*protocol.Error], or for params that cannot be
// sent.
func (l *link) ask(done <-chan struct{}, limit limits, method string, params any) (json.RawMessage, error) {
	id, answers := l.expect()
	defer l.forget(id)
	m, err := protocol.Ask(id, method, params)
	if err != nil {
		return nil, err
	}
	text, err := protocol.Encode(m)
	if err != nil {
		return nil, err
	}
	message, full := l.process.Send(text)
	if full {
		return nil, &lost{err: errors.New("too many requests wait for the program")}
	}
	over := time.NewTimer(limit.time)
	defer over.Stop()
	select {
	case a := <-answers:
		return a.Result, refusal(a)
	case <-l.process.Done():
		return l.afterEnd(answers, message)
	case <-done:
		return l.giveUp(id, answers, message, limit.grace, errGivenUp)
	case <-over.C:
		return l.giveUp(id, answers, message, limit.grace, errTime)
	}
}

// refusal is the error of an answer; nil for a result.
func refusal(a *protocol.Message) error {
	if a.Error == nil {
		return nil
	}
	return a.Error
}

// expect makes room for an answer.
func (l *link) expect() (int64, chan *protocol.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	answers := make(chan *protocol.Message, 1)
	l.pending[l.next] = answers
	return l.next, answers
}

func (l *link) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, id)
}

// afterEnd tells what became of a request whose program has ended: its answer may have
// come before.
func (l *link) afterEnd(answers chan *protocol.Message, message *process.Message) (json.RawMessage, error) {
	select {
	case a := <-answers:
		return a.Result, refusal(a)
	default:
		return nil, &lost{sent: !message.Withdraw(), err: l.process.Err()}
	}
}

// giveUp cancels a request. What the program answers to that counts; when it does not
// answer it is killed, for it would go on with what nobody waits for.
func (l *link) giveUp(id int64, answers chan *protocol.Message, message *process.Message, grace time.Duration, why error) (json.RawMessage, error) {
	if message.Withdraw() {
		return nil, &lost{err: why}
	}
	if grace == 0 {
		l.process.Kill(why)
		return nil, &lost{sent: true, err: why}
	}
	l.cancel(id)
	over := time.NewTimer(grace)
	defer over.Stop()
	select {
	case a := <-answers:
		return a.Result, refusal(a)
	case <-l.process.Done():
		return l.afterEnd(answers, message)
	case <-over.C:
		l.process.Kill(fmt.Errorf("it did not answer in time, nor %v after it was told to give up", grace))
		return nil, &lost{sent: true, err: why}
	}
}

// cancel tells the program that nobody waits for an answer any more.
func (l *link) cancel(id int64) {
	m, err := protocol.Notify(protocol.Cancel, protocol.CancelParams{ID: id})
	if err != nil {
		return // a number can always be written
	}
	if text, err := protocol.Encode(m); err == nil {
		l.process.Send(text)
	}
}
