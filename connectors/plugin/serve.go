package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"github.com/pollux-automation/pollux/connectors/protocol"
)

// Connector is what a plugin offers. Its methods are called by several goroutines at once.
// Errors are those of [Refuse]; any other one is taken for trouble that passes, or after a
// write for one of which nobody knows whether it was carried out. A request that Pollux
// gives up ends its context.
type Connector interface {
	// Describe says what the connector offers; always the same.
	Describe() protocol.Description
	// Check makes the cheapest request that shows whether an account's credential works.
	Check(ctx context.Context, a protocol.Account) error
	// Page fetches one page of a list.
	Page(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error)
	// Call carries out one operation that is no list.
	Call(ctx context.Context, p protocol.CallParams) (protocol.CallResult, error)
}

// most is how many requests are worked on at once; others wait.
const most = 16

// Serve answers Pollux over the standard streams, until the input ends. Nothing else may
// write to the standard output; what is written to the standard error is logged. It
// returns when all requests have ended; the error is that of a stream.
func Serve(ctx context.Context, c Connector) error { return ServeOn(ctx, c, os.Stdin, os.Stdout) }

// ServeOn is [Serve] over other streams.
func ServeOn(ctx context.Context, c Connector, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	s := &server{connector: c, out: out, places: make(chan struct{}, most), running: map[int64]context.CancelFunc{}}
	defer s.group.Wait()
	defer stop()
	lines := protocol.NewReader(in)
	for ctx.Err() == nil {
		line, err := lines.Line()
		if errors.Is(err, io.EOF) {
			s.group.Wait() // what is under way may be a write: it is better done than cut off
			return s.failure()
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		m, err := protocol.Decode(line)
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		s.take(ctx, m)
		if err := s.failure(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// server answers the requests of one Pollux.
type server struct {
	connector Connector
	places    chan struct{}
	group     sync.WaitGroup

	mu      sync.Mutex // guards all below, and the order of lines
	out     io.Writer
	running map[int64]context.CancelFunc
	err     error // of writing
}

// failure is why nothing can be written any more.
func (s *server) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// take begins to work on a message.
func (s *server) take(ctx context.Context, m *protocol.Message) {
	if m.ID == nil {
		var p protocol.CancelParams
		if m.Method == protocol.Cancel && json.Unmarshal(m.Params, &p) == nil {
			s.cancel(p.ID)
		}
		return
	}
	id := *m.ID
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	s.places <- struct{}{}
	s.group.Go(func() {
		defer func() { <-s.places }()
		defer s.cancel(id)
		result, err := s.answer(ctx, m)
		if err != nil {
			s.write(protocol.Refuse(id, refusalOf(ctx, err)))
			return
		}
		a, err := protocol.Answer(id, result)
		if err != nil {
			a = protocol.Refuse(id, refusalOf(ctx, err))
		}
		s.write(a)
	})
}

// cancel ends the context of a request.
func (s *server) cancel(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[id]; cancel != nil {
		cancel()
	}
	delete(s.running, id)
}

// write writes one line.
func (s *server) write(m protocol.Message) {
	line, err := protocol.Encode(m)
	if err != nil { // too long
		line, err = protocol.Encode(protocol.Refuse(*m.ID, &protocol.Error{Code: protocol.CodeRefused, Message: err.Error()}))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		_, err = s.out.Write(line)
	}
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("write an answer: %w", err)
	}
}

// answer works on a request. A panic is its error.
func (s *server) answer(ctx context.Context, m *protocol.Message) (result any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			fmt.Fprintf(os.Stderr, "%s: panic: %v\n%s", m.Method, v, debug.Stack())
		}
	}()
	switch m.Method {
	case protocol.Initialize:
		return s.initialize(m.Params)
	case protocol.Describe:
		return s.connector.Describe(), nil
	case protocol.Check:
		var p protocol.CheckParams
		if err := read(m.Params, &p); err != nil {
			return nil, err
		}
		return protocol.CheckResult{}, s.connector.Check(ctx, p.Account)
	case protocol.Page:
		var p protocol.PageParams
		if err := read(m.Params, &p); err != nil {
			return nil, err
		}
		page, err := s.connector.Page(ctx, p)
		if page.Records == nil {
			page.Records = []json.RawMessage{}
		}
		return page, err
	case protocol.Call:
		var p protocol.CallParams
		if err := read(m.Params, &p); err != nil {
			return nil, err
		}
		return s.connector.Call(ctx, p)
	}
	return nil, &protocol.Error{Code: protocol.CodeMethod, Message: fmt.Sprintf("there is no method %q", m.Method)}
}

// initialize takes a version of the protocol.
func (s *server) initialize(params json.RawMessage) (any, error) {
	var p protocol.InitializeParams
	if err := read(params, &p); err != nil {
		return nil, err
	}
	v, err := protocol.Choose(p.Protocols)
	if err != nil {
		return nil, err
	}
	self := protocol.Program{Name: s.connector.Describe().Key, Version: "(devel)"}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		self.Version = info.Main.Version
	}
	return protocol.InitializeResult{Protocol: v, Plugin: self}, nil
}

// read reads params.
func read(params json.RawMessage, into any) error {
	if err := json.Unmarshal(params, into); err != nil {
		return &protocol.Error{Code: protocol.CodeParams, Message: err.Error()}
	}
	return nil
}
