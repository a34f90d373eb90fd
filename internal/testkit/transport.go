package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"time"
)

// Transport is an http.RoundTripper that hands requests to a handler. It is safe
// for concurrent use. An answer arrives whole, when the handler has returned: the
// transport is not for streams.
//
// A handler that panics with http.ErrAbortHandler cuts the connection: before its
// first byte the request fails with io.EOF, after it the body ends with
// io.ErrUnexpectedEOF. When the request's context ends, the request fails at once
// and the context that the handler sees ends too. Every goroutine ends with its
// handler.
type Transport struct {
	// Handler answers the requests.
	Handler http.Handler
}

// Client returns a client whose requests, to any host, go to a handler. It follows
// no redirects.
func Client(h http.Handler) *http.Client {
	return &http.Client{
		Transport:     &Transport{Handler: h},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body, err := takeBody(req)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	got := &recorder{header: http.Header{}, done: make(chan struct{})}
	go got.serve(t.Handler, arrived(ctx, req, body))
	select {
	case <-got.done:
		return got.response(req)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// takeBody reads and closes the body, so that the handler never touches what
// belongs to the caller.
func takeBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if closeErr := req.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	return body, nil
}

// arrived is the request as a server sees it.
func arrived(ctx context.Context, req *http.Request, body []byte) *http.Request {
	r := req.Clone(ctx)
	r.Body, r.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	r.ContentLength = int64(len(body))
	r.RequestURI = req.URL.RequestURI()
	r.RemoteAddr = "in-memory"
	r.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	return r
}

// recorder takes a handler's answer. Only the handler's goroutine writes to it
// until done is closed; then only the caller's reads.
type recorder struct {
	header http.Header
	sent   http.Header // the header when the status was written
	status int
	body   bytes.Buffer
	err    error // why the answer is not whole
	done   chan struct{}
}

func (r *recorder) serve(h http.Handler, req *http.Request) {
	defer close(r.done)
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			r.err = io.ErrUnexpectedEOF
		default:
			r.err = fmt.Errorf("handler panicked: %v\n%s", v, debug.Stack())
		}
	}()
	h.ServeHTTP(r, req)
	r.WriteHeader(http.StatusOK)
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter. Only the first call counts.
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 || status < 200 {
		return
	}
	r.status = status
	r.sent = r.header.Clone()
	if r.sent.Get("Date") == "" {
		r.sent.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// Flush implements http.Flusher; there is nothing to do before the end.
func (r *recorder) Flush() {}

// response turns what was recorded into what a client gets.
func (r *recorder) response(req *http.Request) (*http.Response, error) {
	if r.err != nil && !errors.Is(r.err, io.ErrUnexpectedEOF) {
		return nil, r.err
	}
	if r.err != nil && r.body.Len() == 0 {
		return nil, io.EOF // what net/http says of a server that hangs up
	}
	var body io.Reader = &r.body
	length := int64(r.body.Len())
	if r.err != nil {
		body, length = io.MultiReader(&r.body, broken{r.err}), -1
	}
	if n, err := strconv.ParseInt(r.sent.Get("Content-Length"), 10, 64); err == nil && r.err != nil {
		length = n
	}
	return &http.Response{
		Status:        strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.sent,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       req,
	}, nil
}

// broken is the end of a body that was cut.
type broken struct{ err error }

// Read implements io.Reader.
func (b broken) Read([]byte) (int, error) { return 0, b.err }
