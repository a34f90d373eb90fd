package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MaxBody is the largest request body that a service reads, in bytes.
const MaxBody = 10 << 20

// Service is an http.Handler with what all simulated services have in common: it
// finds the route, counts, misbehaves, asks for credentials, limits, does, and
// writes down. Its lock is held while a request is carried out and guards all data
// of the service; code that looks at the data from outside takes it too.
type Service struct {
	sync.Mutex

	Name   string // in front of the names of operations
	World  *World
	Routes []Route
	// Admit refuses a request without credentials; the zero answer lets it in.
	Admit func(c *Call) Answer
	// Limit counts a request and refuses one too many.
	Limit func(c *Call) Answer
	// Refuse makes an answer of the service's own kind, also for faults.
	Refuse func(status int, message string) Answer
	// Saw is told the status of every answer, before it is given; nil for nobody. The lock
	// is not held.
	Saw func(c *Call, status int)
}

// Route is one operation of a service. [At] makes it.
type Route struct {
	method    string
	path      []string // segments; those in braces match anything
	operation string   // without the service's name
	write     bool
	handle    func(c *Call) Answer
}

// Call is one request on its way.
type Call struct {
	*http.Request

	// Operation is what is asked, without the service's name.
	Operation string
	Vars      map[string]string // what stands in the path for the names in braces
	Body      []byte
	Now       time.Time   // on the service's clock
	Head      http.Header // of the answer
	// Target is what a write concerned; the handler sets it for the log.
	Target string

	route *Route
	fault Fault   // that strikes the request; the zero Fault is none
	rules []Fault // that stand for good and concern it
}

// Answer is what a service says: a value as JSON, JSON that is already encoded, or
// text. The zero Answer means that there is none yet.
type Answer struct {
	Status int
	Value  any
	Raw    []byte // JSON in place of Value
	Text   string // in place of JSON
	Type   string // of the content of Text; empty is plain text
}

// At returns the route of an operation. Names in braces in the path match any
// segment. Every method but GET counts as a write.
func At(method, path, operation string, handle func(*Call) Answer) Route {
	return Route{
		method: method, path: strings.Split(strings.Trim(path, "/"), "/"),
		operation: operation, write: method != http.MethodGet, handle: handle,
	}
}

// Reading marks a route as one that changes nothing although it posts.
func (r Route) Reading() Route {
	r.write = false
	return r
}

// match returns the route and the variables of a path, and a nil route for a path
// that the service does not have.
func (s *Service) match(method, escaped string) (*Route, map[string]string) {
	parts := strings.Split(strings.Trim(escaped, "/"), "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			return nil, nil
		}
		parts[i] = plain
	}
	for i := range s.Routes {
		if r := &s.Routes[i]; r.method == method && len(r.path) == len(parts) {
			if vars, ok := r.vars(parts); ok {
				return r, vars
			}
		}
	}
	return nil, nil
}

func (r *Route) vars(parts []string) (map[string]string, bool) {
	vars := map[string]string{}
	for i, want := range r.path {
		name, isVar := strings.CutPrefix(want, "{")
		if isVar && parts[i] != "" {
			vars[strings.TrimSuffix(name, "}")] = parts[i]
		} else if want != parts[i] {
			return nil, false
		}
	}
	return vars, true
}

// ServeHTTP carries out one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{Request: r, Now: s.World.Now(), Head: w.Header()}
	c.Head.Set("Date", c.Now.Format(http.TimeFormat))
	var err error
	c.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		s.write(w, c, s.Refuse(http.StatusRequestEntityTooLarge, "body too large"))
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone; half a request does nothing
	}
	operation := s.Name + ".unknown"
	c.route, c.Vars = s.match(r.Method, r.URL.EscapedPath())
	if c.route != nil {
		c.Operation = c.route.operation
		operation = s.Name + "." + c.Operation
	}
	s.World.counts.arrived(operation)
	fault := s.World.faults.pick(operation)
	c.fault, c.rules = fault, s.World.faults.standing(operation)
	a := s.answer(c, operation)
	s.World.counts.answered(operation, a.Status)
	s.after(w, c, fault, a)
}

// answer is what the service says, unless a fault swallows it.
func (s *Service) answer(c *Call, operation string) Answer {
	if s.World.standing.blocked(c.rules, c.Request, c.Now) {
		return s.Refuse(http.StatusForbidden, "this address is blocked")
	}
	a := s.before(c, c.fault)
	if a.Status == 0 {
		a = s.carryOut(c, operation)
	}
	s.World.standing.saw(c.rules, c.Request, c.Now, a.Status)
	if s.Saw != nil {
		s.Saw(c, a.Status)
	}
	return a
}

// before lets a fault strike that hits before anything is done.
func (s *Service) before(c *Call, f Fault) Answer {
	switch f.Kind {
	case Cut:
		panic(http.ErrAbortHandler)
	case Slow:
		wait(c.Request, f.Delay)
		c.Now = s.World.Now()
	case RateLimited:
		if f.RetryAfter > 0 {
			c.Head.Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
		return s.Refuse(http.StatusTooManyRequests, "too many requests")
	case ServerError:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		return s.Refuse(status, "internal error")
	case Lost, Broken, Half, Stuck, Unsorted, Unfiltered, Block, Keyed:
	}
	return Answer{}
}

// carryOut does what is asked and notes it in the log.
func (s *Service) carryOut(c *Call, operation string) Answer {
	if c.route == nil {
		return s.Refuse(http.StatusNotFound, "no such path")
	}
	s.Lock()
	defer s.Unlock()
	for _, guard := range []func(*Call) Answer{s.Admit, s.Limit} {
		if a := guard(c); a.Status != 0 {
			return a
		}
	}
	key := c.Header.Get("Idempotency-Key")
	if a := s.World.standing.known(c.rules, operation, key); a.Status != 0 {
		return a
	}
	a := c.route.handle(c)
	if c.route.write {
		s.World.standing.keep(c.rules, operation, key, a)
	}
	if c.route.write && a.Status < 300 {
		s.World.log.add(Write{At: c.Now, Operation: operation, Target: c.Target, Body: c.Body})
	}
	return a
}

// after gives the answer, or lets a fault strike that hits when all is done.
func (s *Service) after(w http.ResponseWriter, c *Call, f Fault, a Answer) {
	switch f.Kind {
	case Lost:
		panic(http.ErrAbortHandler)
	case Broken:
		if b := a.encode(); len(b) > 1 && a.Text == "" {
			a.Raw = b[:len(b)/2]
		}
	case RateLimited, ServerError, Slow, Cut, Half, Stuck, Unsorted, Unfiltered, Block, Keyed:
	}
	s.write(w, c, a)
}

func (s *Service) write(w http.ResponseWriter, c *Call, a Answer) {
	switch {
	case a.Type != "":
		c.Head.Set("Content-Type", a.Type)
	case a.Text != "":
		c.Head.Set("Content-Type", "text/plain; charset=utf-8")
	default:
		c.Head.Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.encode()) //nolint:gosec // JSON or plain text, and said to be; a client that is gone does not matter
}

func (a *Answer) encode() []byte {
	switch {
	case a.Text != "":
		return []byte(a.Text)
	case a.Raw != nil:
		return a.Raw
	}
	return Encode(a.Value)
}

// Encode returns a value as JSON. The values are the sandbox's own, so it cannot
// fail on them.
func Encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
