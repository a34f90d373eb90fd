package stax

import (
	"net/http"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// What an address may do a minute before it is blocked for an hour (service docs, read
// 2026-11). Another page of them says 100 calls.
const (
	mostCalls    = 200
	mostRefusals = 10
	blockedFor   = time.Hour
)

// guard blocks addresses that call too often or are refused too often.
type guard struct {
	limit service.Limit
	mu    sync.Mutex // guards callers
	// callers are known by their address.
	callers map[string]*caller
}

// caller is one address.
type caller struct {
	calls   *service.Window
	refused []time.Time // within the last minute, oldest first
	until   time.Time   // when its block ends
}

func newGuard(l service.Limit) *guard { return &guard{limit: l, callers: map[string]*caller{}} }

// of returns what is known of the address of a request. The lock is held.
func (g *guard) of(r *http.Request) *caller {
	address := service.Address(r)
	if g.callers[address] == nil {
		window := service.Window{Max: mostCalls, Per: time.Minute}
		g.callers[address] = &caller{calls: window.With(g.limit)}
	}
	return g.callers[address]
}

// admit refuses an address that is blocked, and a request without the key. What a blocked
// address gets is not documented; 429 without Retry-After is a guess.
func (g *guard) admit(c *service.Call) service.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := g.of(c.Request)
	if !c.Now.Before(who.until) && !who.calls.Take(c.Now) {
		who.until = c.Now.Add(blockedFor)
	}
	switch {
	case c.Now.Before(who.until):
		return service.Answer{Status: http.StatusTooManyRequests, Value: map[string]any{"message": "Too Many Attempts."}}
	case c.Header.Get("Authorization") != "Bearer "+Key:
		return service.Answer{Status: http.StatusUnauthorized, Value: map[string]any{"error": "token_invalid"}}
	}
	return service.Answer{}
}

// saw counts refusals. Whether 429 counts is not documented; here it does not.
func (g *guard) saw(c *service.Call, status int) {
	if g.limit.Requests < 0 || status < 400 || status > 499 || status == http.StatusTooManyRequests {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	who := g.of(c.Request)
	for len(who.refused) > 0 && c.Now.Sub(who.refused[0]) >= time.Minute {
		who.refused = who.refused[1:]
	}
	if who.refused = append(who.refused, c.Now); len(who.refused) >= mostRefusals {
		who.refused, who.until = nil, c.Now.Add(blockedFor)
	}
}
