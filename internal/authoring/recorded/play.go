package recorded

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pollux-automation/pollux/connectors"
)

// UnansweredError reports a request that a recording has no answer for.
type UnansweredError struct{ Request Request }

// Error names the request.
func (e *UnansweredError) Error() string {
	return fmt.Sprintf("nothing is recorded for %s: record it again with --account and --record", e.Request)
}

// String writes a request in one line.
func (r Request) String() string {
	text := r.Method + " " + r.Path
	var parts []string
	for name, values := range r.Query {
		for _, v := range values {
			parts = append(parts, name+"="+v)
		}
	}
	slices.Sort(parts)
	if len(parts) > 0 {
		text += "?" + strings.Join(parts, "&")
	}
	if r.Body != nil {
		body, _ := connectors.Encode(r.Body) // it came from JSON
		text += " with " + string(body)
	}
	return text
}

// Player is a transport that answers as a service did once. The same request is answered
// as it was the first time, then the second, and so on; after that as it was last. It is
// safe for concurrent use.
type Player struct {
	wire Wire

	mu        sync.Mutex // guards what follows
	operation string
	all       map[string][]Answer // by request, as [key] writes it
	asked     map[string]int
}

// NewPlayer returns a player of a recording.
func NewPlayer(r *Recording, w Wire) *Player {
	p := &Player{wire: w, all: map[string][]Answer{}, asked: map[string]int{}}
	for _, e := range r.Exchanges {
		for _, operation := range []string{e.Operation, ""} {
			for _, loose := range []bool{false, true} {
				k := key(operation, e.Request, loose)
				p.all[k] = append(p.all[k], e.Answer)
			}
		}
	}
	return p
}

// Trying says which operation the next requests are made for.
func (p *Player) Trying(operation string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.operation = operation
}

// RoundTrip implements http.RoundTripper. The error is an [*UnansweredError] for a request
// that was never recorded.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	asked, err := p.wire.request(req)
	if err != nil {
		return nil, err
	}
	a, ok := p.answer(asked)
	if !ok {
		return nil, &UnansweredError{asked}
	}
	if a.Lost != "" {
		return nil, io.ErrUnexpectedEOF
	}
	return a.response(req)
}

// answer finds what was answered: while the same operation was tried, else while any was;
// to the very request, else to one that differs in moments alone.
func (p *Player) answer(asked Request) (Answer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, loose := range []bool{false, true} {
		for _, operation := range []string{p.operation, ""} {
			k := key(operation, asked, loose)
			if list := p.all[k]; len(list) > 0 {
				n := min(p.asked[k], len(list)-1)
				p.asked[k]++
				return list[n], true
			}
		}
	}
	return Answer{}, false
}

// moment fits what stands for a moment in a request, which depends on the clock.
var moment = regexp.MustCompile(`\b(\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?|1\d{9}|1\d{12})\b`)

// key writes a request so that equal ones are equal texts. loose leaves out moments.
func key(operation string, r Request, loose bool) string {
	text := operation + " " + r.String()
	if loose {
		return "~" + moment.ReplaceAllString(text, "<moment>")
	}
	return text
}

// response makes the answer to a request.
func (a Answer) response(req *http.Request) (*http.Response, error) {
	body := []byte(a.Text)
	switch {
	case a.Body != nil:
		var err error
		if body, err = connectors.Encode(a.Body); err != nil {
			return nil, err
		}
	case a.Null:
		body = []byte("null")
	case a.File > 0:
		body = make([]byte, a.File)
	}
	header := http.Header{}
	for name, value := range a.Header {
		header.Set(name, value)
	}
	return &http.Response{
		StatusCode: a.Status, Status: http.StatusText(a.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}
