package budget

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// ByHost is the [Window.By] of windows that all accounts at one host share.
const ByHost = "host"

// Host keeps what all accounts at one host have in common: the windows that count
// by host, and the breakers. It is safe for concurrent use and starts no goroutines.
type Host struct {
	lobby lobby
	pool  pool
}

// NewHost makes a host without windows; each [Host.Gate] brings its own.
func NewHost() *Host { return &Host{} }

// Gate makes the gate of an account at the host. Of its windows those by host and the
// breaker (nil for none) join the host's; equal ones of a connector are one, different
// ones all count, so that the slowest decides. connector tells whose operations a
// window names. concurrency is as for [New].
func (h *Host) Gate(connector string, windows []Window, b *Breaker, concurrency int) *Gate {
	var own []Window
	h.lobby.mu.Lock()
	defer h.lobby.mu.Unlock()
	hostWide := false
	for _, w := range windows {
		if w.By != ByHost {
			own = append(own, w)
			continue
		}
		hostWide = true
		h.share(connector, w)
	}
	if b != nil && !slices.ContainsFunc(h.pool.breakers, func(o *breaker) bool { return reflect.DeepEqual(o.Breaker, *b) }) {
		h.pool.breakers = append(h.pool.breakers, newBreaker(*b))
	}
	g := newGate(&h.lobby, own, concurrency)
	g.connector, g.host, g.hostWide = connector, h, hostWide
	return g
}

// share adds a window that counts by host, unless it is there. Names are made to
// differ, because a stored state knows windows by their names.
func (h *Host) share(connector string, w Window) {
	c := newCounter(w, time.Now())
	c.owner, c.declared = connector, w
	taken := func(name string) bool {
		return slices.ContainsFunc(h.pool.windows, func(o *counter) bool { return o.Name == name })
	}
	for _, o := range h.pool.windows {
		if o.owner == connector && reflect.DeepEqual(o.declared, w) {
			return
		}
	}
	for i := 1; taken(c.Name); i++ {
		c.Name = fmt.Sprintf("%s (%s)", w.Name, connector)
		if i > 1 {
			c.Name = fmt.Sprintf("%s (%s %d)", w.Name, connector, i)
		}
	}
	h.pool.windows = append(h.pool.windows, c)
}

// Numbers returns what the host has counted for all its accounts together.
func (h *Host) Numbers() Numbers {
	h.lobby.mu.Lock()
	defer h.lobby.mu.Unlock()
	return h.pool.numbers
}

// Numbers returns what the gate has counted for its account.
func (g *Gate) Numbers() Numbers {
	g.lobby.mu.Lock()
	defer g.lobby.mu.Unlock()
	return g.own.numbers
}
