package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// wire is a transport that counts requests and can answer in the place of the service.
type wire struct {
	next http.RoundTripper // nil lets nothing through

	mu      sync.Mutex
	sent    int
	request *http.Request // the last one; its body is gone
	answer  *canned       // to it
	strike  func() (*canned, error)
	at      func(*http.Request) bool // nil strikes at all
}

// canned is an answer as it lies in memory.
type canned struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.sent++
	w.request, w.answer = r, nil
	strike := w.strike
	if w.at != nil && !w.at(r) {
		strike = nil
	}
	w.mu.Unlock()
	if strike != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		a, err := strike()
		if err != nil {
			return nil, err
		}
		return a.response(r), nil
	}
	if w.next == nil {
		return nil, errors.New("nothing is let through")
	}
	return w.pass(r)
}

// pass hands a request on and keeps the answer.
func (w *wire) pass(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	a := &canned{status: resp.StatusCode, header: resp.Header, body: body}
	w.mu.Lock()
	w.answer = a
	w.mu.Unlock()
	return a.response(r), nil
}

// response makes the answer to a request.
func (a *canned) response(r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}
}

// count returns how many requests there were.
func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// last returns the last request and the answer to it; nil for an answer that did not come.
func (w *wire) last() (*http.Request, *canned) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.request, w.answer
}

// instead sets what answers in the place of the service.
func (w *wire) instead(strike func() (*canned, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strike = strike
}

// strikeAt sets what answers some requests in the place of the service.
func (w *wire) strikeAt(at func(*http.Request) bool, strike func() (*canned, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.strike = at, strike
}

// shut is a gate that lets nothing through, and counts who asks.
type shut struct{ asked atomic.Int64 }

// Enter implements connectors.Gate.
func (s *shut) Enter(context.Context, string, string, int) error {
	s.asked.Add(1)
	return errors.New("nothing is let through")
}

// Leave implements connectors.Gate.
func (*shut) Leave(int, http.Header, time.Duration) {}

// open is a gate that lets all through: what is struck never reaches the service.
type open struct{}

// Enter implements connectors.Gate.
func (open) Enter(context.Context, string, string, int) error { return nil }

// Leave implements connectors.Gate.
func (open) Leave(int, http.Header, time.Duration) {}
