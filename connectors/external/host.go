package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors/external/process"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

const (
	// mostDeaths is how many ends in a row, without a good answer in between, make a
	// program rest.
	mostDeaths = 5
	// longestWait is how long a request waits for a program that is to be started again.
	longestWait = 5 * time.Second
	// tailLines is how many of the last lines of the standard error are kept.
	tailLines = 5
	// maxLine is how much of such a line is shown.
	maxLine = 1 << 10
	// concurrency is how many requests a program works on at most.
	concurrency = 16
)

// errClosed is why a request is not sent that comes when the program was ended for good.
var errClosed = errors.New("the plugin was ended")

// host keeps one plugin running. It is safe for concurrent use.
type host struct {
	folder   folder
	programs *Programs
	places   chan struct{} // one for each request that the program works on

	mu        sync.Mutex
	link      *link         // nil when nothing runs
	starting  chan struct{} // closed when a start under way has ended; nil without one
	described []byte        // what the program said the first time
	deaths    int           // in a row
	until     time.Time     // when it may be started again
	why       error         // of the last end
	closed    bool
	tail      []string // the last lines of the standard error
}

func newHost(f folder, p *Programs) *host {
	return &host{folder: f, programs: p, places: make(chan struct{}, concurrency)}
}

// get returns the running program, which is started if need be. The error is why there is
// none; nothing was sent then. It gives up when done is closed.
func (h *host) get(done <-chan struct{}) (*link, error) {
	for {
		l, wait, err := h.look()
		if l != nil || err != nil {
			return l, err
		}
		select {
		case <-wait:
		case <-done:
			return nil, &lost{err: errGivenUp}
		}
	}
}

// look returns the running program, or what to wait for before looking again.
func (h *host) look() (l *link, wait <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.link != nil && h.link.process.Err() != nil {
		h.out(h.link) // nobody has noticed yet
	}
	pause := time.Until(h.until)
	switch {
	case h.closed:
		return nil, nil, &lost{err: errClosed}
	case h.link != nil:
		return h.link, nil, nil
	case h.starting != nil:
		return nil, h.starting, nil
	case pause > longestWait:
		return nil, nil, &lost{err: fmt.Errorf("it rests for %v more, after it ended %d times in a row: %w", pause.Round(time.Second), h.deaths, h.why)}
	}
	h.starting = make(chan struct{})
	h.programs.group.Go(func() { h.restart(max(pause, 0)) })
	return nil, h.starting, nil
}

// restart starts the program after a pause.
func (h *host) restart(pause time.Duration) {
	var l *link
	err := errClosed
	select {
	case <-h.programs.closing:
	case <-time.After(pause):
		l, err = h.start()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.starting)
	h.starting = nil
	switch {
	case errors.Is(err, errClosed):
	case err != nil:
		h.fell(err)
	case h.closed:
		l.process.Kill(process.ErrStopped)
	case l.process.Err() != nil: // it ended meanwhile, and nobody has counted that
		h.fell(l.process.Err())
	default:
		h.link = l
	}
}

// fell counts an end. The lock is held.
func (h *host) fell(err error) {
	h.deaths++
	h.why = err
	pause := h.programs.o.Rest
	if h.deaths < mostDeaths {
		pause = min(pause, h.programs.o.Pause<<(h.deaths-1))
	}
	h.until = time.Now().Add(pause)
	h.programs.fell(h.name(), err, h.deaths, pause)
}

// answered notes that the program does what it is there for.
func (h *host) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaths = 0
}

// name is how the log calls the plugin.
func (h *host) name() string {
	return filepath.Base(h.folder.dir)
}

// start starts the program and asks what it offers. When it offers something else than the
// first time it is ended: recipes were checked against that.
func (h *host) start() (*link, error) {
	h.mu.Lock()
	h.tail = nil
	h.mu.Unlock()
	l, err := dial(process.Options{Dir: h.folder.dir, Command: h.folder.command, Env: h.programs.environment(), Said: h.said}, h.excerpt)
	if err != nil {
		return nil, fmt.Errorf("it cannot be started: %s", withoutPath(err))
	}
	h.programs.group.Go(func() {
		l.process.Wait()
		h.ended(l)
	})
	text, err := h.greet(l)
	if err != nil {
		l.process.Kill(err)
		<-l.process.Done() // its last words are in
		return nil, h.words(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.described == nil {
		h.described = text
	}
	if !bytes.Equal(h.described, text) {
		err := errors.New("it describes something else than when it was loaded; save its plugin.yaml, so that recipes are checked again")
		l.process.Kill(err)
		return nil, err
	}
	return l, nil
}

// ended takes a program out that has ended.
func (h *host) ended(l *link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out(l)
}

// out is ended with the lock held.
func (h *host) out(l *link) {
	if h.link != l {
		return
	}
	h.link = nil
	if !h.closed {
		h.fell(h.wordsLocked(l.process.Err()))
	}
}

// greet agrees on a version and asks what the program offers. The text is the same for
// the same description.
func (h *host) greet(l *link) ([]byte, error) {
	limit := limits{time: h.programs.o.Start}
	raw, err := l.ask(h.programs.closing, limit, protocol.Initialize, protocol.InitializeParams{
		Protocols: []int{protocol.Version}, Host: protocol.Program{Name: "pollux", Version: h.programs.o.Version},
	})
	if err != nil {
		return nil, fmt.Errorf("initialize: %w", reasonOf(l, err))
	}
	var hello protocol.InitializeResult
	if err := json.Unmarshal(raw, &hello); err != nil {
		return nil, fmt.Errorf("initialize: the answer is not that of a plugin (protocol %d): %w", protocol.Version, err)
	}
	if hello.Protocol != protocol.Version {
		return nil, fmt.Errorf("initialize: it takes the version %d of the protocol, which was not offered; Pollux speaks %d", hello.Protocol, protocol.Version)
	}
	raw, err = l.ask(h.programs.closing, limit, protocol.Describe, nil)
	if err != nil {
		return nil, fmt.Errorf("describe: %w", reasonOf(l, err))
	}
	var d protocol.Description
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields() // a misspelt member would be a rule that nobody follows
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("describe: the answer is no description (protocol %d): %w", protocol.Version, err)
	}
	return json.Marshal(d)
}

// reasonOf is why a program did not answer: its end tells more than that it is gone.
func reasonOf(l *link, err error) error {
	if reason := l.process.Err(); reason != nil {
		return reason
	}
	return err
}

// said takes a line of the program's standard error.
func (h *host) said(line string, dropped int) {
	line = cut(h.programs.redact.Redact(line), maxLine)
	h.mu.Lock()
	if line != "" {
		h.tail = append(h.tail, line)
	}
	h.tail = slices.Delete(h.tail, 0, max(0, len(h.tail)-tailLines))
	h.mu.Unlock()
	h.programs.said(h.name(), line, dropped)
}

// words adds the program's last words to a reason.
func (h *host) words(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wordsLocked(err)
}

func (h *host) wordsLocked(err error) error {
	if len(h.tail) == 0 {
		return err
	}
	return fmt.Errorf("%w; its last words: %s", err, strings.Join(h.tail, " | "))
}

// excerpt is what may be shown of a line of the program.
func (h *host) excerpt(line []byte) string {
	return fmt.Sprintf("%q", cut(h.programs.redact.Redact(string(line[:min(len(line), process.MaxSaid)])), 80))
}

// cut shortens a text to a number of bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// close ends the plugin for good, once the requests under way have ended, or at once.
func (h *host) close(now bool) {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	if !now {
		for range concurrency { // each request gives its place back
			select {
			case h.places <- struct{}{}:
				defer func() { <-h.places }() // those who come later learn that it was ended
			case <-h.programs.closing:
			}
		}
	}
	h.mu.Lock()
	l := h.link
	h.mu.Unlock()
	if l != nil {
		l.process.Stop(h.programs.o.Grace)
	}
}
