package recorded

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// maxAnswer is the largest answer that is kept, which is the largest that a session reads.
const maxAnswer = 10 << 20

// Wire says how requests of a connector are told apart, whatever account makes them.
type Wire struct {
	// Base is the address of the service; what lies behind it is the path of a request.
	Base string
	// Params are values of the query that carry a credential. They are left out.
	Params []string
}

// Recorder is a transport that remembers what passes. It is safe for concurrent use.
type Recorder struct {
	Next http.RoundTripper
	Wire Wire

	mu        sync.Mutex // guards what follows
	operation string
	list      []Exchange
}

// Trying says which operation the next requests are made for.
func (r *Recorder) Trying(operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operation = operation
}

// RoundTrip implements http.RoundTripper.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	asked, err := r.Wire.request(req)
	if err != nil {
		return nil, err
	}
	resp, err := r.Next.RoundTrip(req)
	if err != nil {
		r.add(Exchange{Request: asked, Answer: Answer{Lost: "no answer came"}})
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close() // what was read is what there is
	if err != nil {
		r.add(Exchange{Request: asked, Answer: Answer{Lost: "the answer was cut"}})
		return nil, err
	}
	if len(body) > maxAnswer { // one byte more than a session reads tells it so
		r.add(Exchange{Request: asked, Answer: Answer{Lost: "the answer was too large"}})
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), -1
		return resp, nil
	}
	r.add(Exchange{Request: asked, Answer: answerOf(resp, body)})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func (r *Recorder) add(e Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Operation = r.operation
	r.list = append(r.list, e)
}

// request reads a request and leaves it as it was.
func (w Wire) request(req *http.Request) (Request, error) {
	out := Request{Method: req.Method, Path: w.path(req.URL)}
	query := req.URL.Query()
	for name := range query {
		if slices.Contains(w.Params, name) {
			query.Del(name)
		}
	}
	if len(query) > 0 {
		out.Query = Values(query)
	}
	if req.Body == nil || req.Body == http.NoBody {
		return out, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close() // what was read is what there is
	if err != nil {
		return out, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return out, nil
	}
	kind, params, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if v, ok := decode(body); ok {
		out.Body = v
	} else if boundary := params["boundary"]; strings.HasPrefix(kind, "multipart/") && boundary != "" {
		out.Body = strings.ReplaceAll(string(body), boundary, "boundary") // it is drawn by chance
	} else {
		out.Body = string(body)
	}
	return out, nil
}

// decode reads one JSON document, with numbers as they are spelt.
func decode(body []byte) (v any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil, false
	}
	_, err := dec.Token()
	return v, errors.Is(err, io.EOF)
}

// path is what lies behind the base address, or the whole address. Its parts are escaped in
// one way, whoever has built it.
func (w Wire) path(u *url.URL) string {
	text := plain(u)
	if base, err := url.Parse(strings.TrimRight(w.Base, "/")); err == nil && w.Base != "" {
		if rest, ok := strings.CutPrefix(text, plain(base)); ok && (rest == "" || rest[0] == '/') {
			return rest
		}
	}
	return text
}

// plain is an address without its query.
func plain(u *url.URL) string {
	parts := strings.Split(u.EscapedPath(), "/")
	for i, part := range parts {
		if text, err := url.PathUnescape(part); err == nil {
			parts[i] = url.PathEscape(text)
		}
	}
	return u.Scheme + "://" + u.Host + strings.Join(parts, "/")
}

// answerOf keeps an answer whose body has been read.
func answerOf(resp *http.Response, body []byte) Answer {
	a := Answer{Status: resp.StatusCode, Header: map[string]string{}}
	for name := range resp.Header {
		a.Header[name] = resp.Header.Get(name)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	v, ok := decode(body)
	switch {
	case len(body) == 0:
	case ok:
		a.Body, a.Null = v, v == nil
	case strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "xml") || kind == "":
		a.Text = strings.ToValidUTF8(string(body), "?")
	default:
		a.File = len(body)
	}
	return a
}
