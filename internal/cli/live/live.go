package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// stopLimit is how long who asked may take to read, once the command must end.
const stopLimit = 2 * time.Second

// maxRequestBytes bounds what a command may send.
const maxRequestBytes = 4 << 20

// ErrNobody is returned by Call when no program answers at the socket.
var ErrNobody = errors.New("no running program answers")

// Request is a command that is to be carried out.
type Request struct {
	Args []string `json:"args"` // without the program's name
	Dir  string   `json:"dir"`  // the folder that relative names of files belong to
	User string   `json:"user"` // who gives the command
	Line bool     `json:"line"` // its input is one line, not everything until its end
}

// frame is one message after the request.
type frame struct {
	Out  []byte `json:"out,omitempty"`  // to stdout
	Err  []byte `json:"err,omitempty"`  // to stderr
	Want bool   `json:"want,omitempty"` // the command wants to read its input
	In   []byte `json:"in,omitempty"`   // all of the input, to the program
	Done bool   `json:"done,omitempty"` // the last one
	Code int    `json:"code,omitempty"` // exit code, with Done
}

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Command carries out a request and returns its exit code.
type Command func(ctx context.Context, r Request, s Streams) int

// Serve answers at a socket until ctx ends, and returns when the last command is over.
// It takes the place of a socket that is there: whoever has the state file is the only
// one who may serve beside it.
func Serve(ctx context.Context, path string, do Command) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("take the place of an old socket: %w", err)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return fmt.Errorf("close the socket to others: %w", err)
	}
	var group sync.WaitGroup
	defer group.Wait()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen for commands: %w", err)
		}
		group.Go(func() { answer(ctx, conn, do) })
	}
}

// answer carries out the command of one connection.
func answer(ctx context.Context, conn net.Conn, do Command) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = conn.Close() }()
	// Somebody who does not read must not keep the program from ending.
	defer context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now().Add(stopLimit)) })()
	in := json.NewDecoder(io.LimitReader(conn, maxRequestBytes))
	var r Request
	if err := in.Decode(&r); err != nil {
		return
	}
	w := &wire{enc: json.NewEncoder(conn)}
	stdin := &asked{wire: w, got: make(chan []byte, 1)}
	go func() { // whoever goes away does not want the answer any more
		defer cancel()
		defer close(stdin.got)
		for {
			var f frame
			if err := in.Decode(&f); err != nil {
				return
			}
			select {
			case stdin.got <- f.In:
			default: // nobody asked for more
			}
		}
	}()
	code := do(ctx, r, Streams{In: stdin, Out: part{w, false}, Err: part{w, true}})
	_ = w.send(frame{Done: true, Code: code}) // the command is over for us either way
}

// wire sends frames, one at a time.
type wire struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (w *wire) send(f frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.enc.Encode(f)
}

// part is stdout or stderr at the other end.
type part struct {
	wire *wire
	err  bool
}

// Write sends a text on.
func (p part) Write(text []byte) (int, error) {
	f := frame{Out: text}
	if p.err {
		f = frame{Err: text}
	}
	if err := p.wire.send(f); err != nil {
		return 0, err
	}
	return len(text), nil
}

// asked is stdin at the other end, which is asked for when it is read first.
type asked struct {
	wire *wire
	got  chan []byte
	rest []byte
	know bool
}

// Read reads from what the other end has sent.
func (a *asked) Read(to []byte) (int, error) {
	if !a.know {
		a.know = true
		if err := a.wire.send(frame{Want: true}); err != nil {
			return 0, err
		}
		a.rest = <-a.got // closed when the other end is gone
	}
	if len(a.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(to, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Call has a command carried out by the program that serves at a socket, and returns
// its exit code. The error is [ErrNobody], that of ctx, or one of the connection: then
// nobody knows how far the command came.
func Call(ctx context.Context, path string, r Request, s Streams) (int, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	out := json.NewEncoder(conn)
	if err := out.Encode(r); err != nil {
		return 0, fmt.Errorf("ask the running program: %w", err)
	}
	for in := json.NewDecoder(conn); ; {
		var f frame
		if err := in.Decode(&f); err != nil {
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
			return 0, fmt.Errorf("the running program did not answer to the end: %w", err)
		}
		switch {
		case f.Done:
			return f.Code, nil
		case f.Want:
			text, err := input(s.In, r.Line)
			if err == nil {
				err = out.Encode(frame{In: text})
			}
			if err != nil {
				return 0, fmt.Errorf("send the input: %w", err)
			}
		case len(f.Err) > 0:
			_, err = s.Err.Write(f.Err)
		default:
			_, err = s.Out.Write(f.Out)
		}
		if err != nil {
			return 0, err
		}
	}
}

// input reads what a command wants to read: a line, or everything.
func input(from io.Reader, line bool) ([]byte, error) {
	from = io.LimitReader(from, maxRequestBytes/2)
	if !line {
		return io.ReadAll(from)
	}
	text, err := bufio.NewReader(from).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return text, err
}
