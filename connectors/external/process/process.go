package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// waiting is how many messages may wait to be written to a process.
	waiting = 64
	// lastWords is how long after the end of a process, or of its output, the other of the
	// two may take.
	lastWords = 500 * time.Millisecond
)

var (
	// ErrStopped is why a process ended that was stopped.
	ErrStopped = errors.New("it was stopped")
	// ErrSilent is why a process was killed that closed its output and went on.
	ErrSilent = errors.New("it closed its standard output and went on")
)

// Options say what to start.
type Options struct {
	Dir     string   // where it works
	Command []string // the program, by its whole path, and its arguments
	Env     []string // all of its environment
	// Read returns the next line of its standard output, see [Process]; its error io.EOF
	// means the end of the output, any other one that the process must be killed.
	Read func(io.Reader) func() ([]byte, error)
	// Line takes a line of the standard output. An error kills the process. It is called by
	// one goroutine.
	Line func([]byte) error
	// Said takes a line of the standard error, cut to [MaxSaid] bytes, and how many were
	// left out before it. It is called by one goroutine.
	Said func(line string, dropped int)
}

// Process is a running program. It is safe for concurrent use.
type Process struct {
	o        Options
	cmd      *exec.Cmd
	stdin    *os.File
	stdout   *os.File
	stderr   *os.File
	messages chan *Message // never closed; what waits at the end is not written
	exited   chan struct{} // closed once the program has ended
	done     chan struct{}
	group    sync.WaitGroup

	mu     sync.Mutex
	reason error // why it ended; set once
	alone  bool  // nobody ended it
	gone   bool  // its number belongs to nobody any more
}

// Start starts a program. The error is that of the operating system; nothing is left then.
func Start(o Options) (*Process, error) {
	p := &Process{o: o, messages: make(chan *Message, waiting), exited: make(chan struct{}), done: make(chan struct{})}
	//nolint:noctx // it outlives the call that started it, and ends by Stop or Kill
	p.cmd = exec.Command(o.Command[0], o.Command[1:]...) //nolint:gosec // the user's own program is run: that is what a plugin is
	p.cmd.Dir, p.cmd.Env = o.Dir, o.Env
	ownGroup(p.cmd)
	theirs, err := p.pipes()
	if err != nil {
		p.closeAll()
		return nil, errors.Join(err, closeFiles(theirs))
	}
	started := make(chan error, 1)
	p.group.Go(func() { p.attend(started) })
	err = <-started
	err = errors.Join(err, closeFiles(theirs))
	if err != nil {
		p.Kill(err)
		p.group.Wait()
		p.closeAll()
		return nil, err
	}
	p.group.Go(p.write)
	p.group.Go(p.read)
	p.group.Go(p.listen)
	return p, nil
}

// pipes makes the streams. Theirs must be closed once the program has them.
func (p *Process) pipes() (theirs []*os.File, err error) {
	in, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.cmd.Stdin = stdin, in
	theirs = append(theirs, in)
	for _, stream := range []struct {
		ours **os.File
		to   *io.Writer
	}{{&p.stdout, &p.cmd.Stdout}, {&p.stderr, &p.cmd.Stderr}} {
		ours, out, err := os.Pipe()
		if err != nil {
			return theirs, err
		}
		*stream.ours, *stream.to = ours, out
		theirs = append(theirs, out)
	}
	return theirs, nil
}

func closeFiles(files []*os.File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// closeAll closes our ends of the streams.
func (p *Process) closeAll() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			_ = f.Close() // closed twice at times, and nothing follows from it
		}
	}
}

// attend starts the program and waits for its end. It keeps its thread: the system tells
// a program of the end of the thread that started it, and not of the end of ours.
func (p *Process) attend(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	err = p.cmd.Wait()
	p.mu.Lock()
	if p.reason == nil {
		p.reason, p.alone = p.ending(err), true
	}
	// What it has started and left behind goes with it. The number of the group cannot be
	// somebody else's already: it is free only when nobody is left in it.
	killGroup(p.cmd.Process.Pid)
	p.gone = true
	p.mu.Unlock()
	close(p.exited)
	_ = p.stdin.Close()
	// A child outside the group may hold the streams; what came before the end is read.
	last := time.Now().Add(lastWords)
	_ = p.stdout.SetReadDeadline(last)
	_ = p.stderr.SetReadDeadline(last)
}

// ending is why a program ended that nobody ended.
func (p *Process) ending(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("it died: %s", exit.ProcessState)
	}
	if err != nil {
		return fmt.Errorf("it died: %w", err)
	}
	return errors.New("it ended by itself")
}

// end notes why the process ended; the first reason counts.
func (p *Process) end(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == nil {
		p.reason = reason
	}
}

// Err returns why the process ended, or ends; nil while nothing ends it.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reason
}

// Done is closed when the process and everything that it needed here have ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns when the process has ended, and closes what Done returns. Whoever has
// started it calls this once.
func (p *Process) Wait() {
	p.group.Wait()
	p.closeAll()
	close(p.done)
}

// Kill ends the process and its group at once.
func (p *Process) Kill(reason error) {
	p.end(reason)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone && p.cmd.Process != nil {
		killGroup(p.cmd.Process.Pid)
	}
}

// Stop ends the process: its input ends, after the grace it is asked to end, and after
// another grace it is killed. It returns when the program has ended.
func (p *Process) Stop(grace time.Duration) {
	p.end(ErrStopped)
	_ = p.stdin.Close()
	for _, harder := range []func(){p.terminate, func() { p.Kill(ErrStopped) }} {
		select {
		case <-p.exited:
			return
		case <-time.After(grace):
			harder()
		}
	}
	<-p.exited
}

// terminate asks the group to end.
func (p *Process) terminate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		askGroup(p.cmd.Process.Pid)
	}
}

// read hands out the lines of the standard output.
func (p *Process) read() {
	next := p.o.Read(p.stdout)
	for {
		line, err := next()
		if err == nil {
			err = p.o.Line(line)
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, os.ErrClosed):
			p.await(ErrSilent)
		case errors.Is(err, io.ErrUnexpectedEOF):
			p.await(fmt.Errorf("%w, in the middle of a line", ErrSilent))
		default:
			p.saidWrong(err)
		}
		return
	}
}

// saidWrong kills a process for what it said. That is the reason too where it has ended by
// itself since: it said it before.
func (p *Process) saidWrong(err error) {
	p.mu.Lock()
	if p.alone {
		p.reason, p.alone = err, false
	}
	p.mu.Unlock()
	p.Kill(err)
}

// await kills a process that does not end soon.
func (p *Process) await(reason error) {
	select {
	case <-p.exited:
	case <-time.After(lastWords):
		p.Kill(reason)
	}
}

// The states of a message.
const (
	lying int32 = iota
	sent
	withdrawn
)

// Message is a line on its way to a process.
type Message struct {
	line  []byte
	state atomic.Int32
}

// Withdraw takes a message back, and reports whether it was surely not sent.
func (m *Message) Withdraw() bool {
	return m.state.CompareAndSwap(lying, withdrawn) || m.state.Load() == withdrawn
}

// Send puts a line, with its end, behind those that wait to be written; full is true when
// too many of them do.
func (p *Process) Send(line []byte) (m *Message, full bool) {
	m = &Message{line: line}
	select {
	case p.messages <- m:
		return m, false
	default:
		m.Withdraw()
		return m, true
	}
}

// write writes the messages until the program ends.
func (p *Process) write() {
	for {
		select {
		case <-p.exited:
			return
		case m := <-p.messages:
			if !m.state.CompareAndSwap(lying, sent) {
				continue
			}
			n, err := p.stdin.Write(m.line)
			if err != nil {
				if n == 0 {
					m.state.Store(withdrawn)
				}
				p.await(errors.New("it does not read its standard input"))
				return
			}
		}
	}
}
