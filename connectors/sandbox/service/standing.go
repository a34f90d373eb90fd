package service

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// What a [Block] does unless it says otherwise, and how long refusals count for it.
const (
	usualRefusals = 10
	usualBlock    = time.Hour
	refusalsPer   = time.Minute
)

// standing is what the rules that stand for good remember: those of the kinds Block
// and Keyed.
type standing struct {
	mu      sync.Mutex // guards both
	clients map[client]*conduct
	answers map[string]Answer // by operation and key
}

// client is who is counted: an address, for each rule by itself.
type client struct{ rule, address string }

// conduct is how a client behaved.
type conduct struct {
	refused []time.Time // of late, oldest first
	until   time.Time   // when its block ends
}

func newStanding() *standing {
	return &standing{clients: map[client]*conduct{}, answers: map[string]Answer{}}
}

// forget begins anew.
func (s *standing) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients, s.answers = map[client]*conduct{}, map[string]Answer{}
}

// Address is where a request comes from, without the port.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// blocked reports whether a rule keeps the address of a request out.
func (s *standing) blocked(rules []Fault, r *http.Request, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range rules {
		if c := s.clients[client{f.Operation, Address(r)}]; f.Kind == Block && c != nil && now.Before(c.until) {
			return true
		}
	}
	return false
}

// saw counts an answer. The one that is too many begins the block.
func (s *standing) saw(rules []Fault, r *http.Request, now time.Time, status int) {
	if status < 400 || status > 499 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range rules {
		if f.Kind != Block {
			continue
		}
		who := client{f.Operation, Address(r)}
		if s.clients[who] == nil {
			s.clients[who] = &conduct{}
		}
		c := s.clients[who]
		for len(c.refused) > 0 && now.Sub(c.refused[0]) >= refusalsPer {
			c.refused = c.refused[1:]
		}
		after, long := f.After, f.For
		if after == 0 {
			after = usualRefusals
		}
		if long == 0 {
			long = usualBlock
		}
		if c.refused = append(c.refused, now); len(c.refused) >= after {
			c.refused, c.until = nil, now.Add(long)
		}
	}
}

// known returns what was answered to a write with the same key before; the zero
// Answer is for a new one.
func (s *standing) known(rules []Fault, operation, key string) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !keyed(rules, key) {
		return Answer{}
	}
	return s.answers[operation+" "+key]
}

// keep remembers the answer to a write that was carried out.
func (s *standing) keep(rules []Fault, operation, key string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keyed(rules, key) && a.Status < 300 {
		if a.Text == "" {
			a = Answer{Status: a.Status, Raw: a.encode()} // the value may change
		}
		s.answers[operation+" "+key] = a
	}
}

// keyed reports whether a rule lets keys count.
func keyed(rules []Fault, key string) bool {
	for _, f := range rules {
		if f.Kind == Keyed && key != "" {
			return true
		}
	}
	return false
}
