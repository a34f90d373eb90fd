package service

import (
	"encoding/json"
	"maps"
	"sync"
	"time"
)

// Write is one write that a service has carried out.
type Write struct {
	// Number counts the writes of both services, from 1.
	Number int `json:"number"`
	// At is the time on the service's clock.
	At time.Time `json:"at"`
	// Operation is what was asked, "stibee.subscriber.add".
	Operation string `json:"operation"`
	// Target is what it concerned: the id of a contact, or list and address
	// ("104532/ann@example.com").
	Target string `json:"target"`
	// Body is the request's body; nil when it had none.
	Body json.RawMessage `json:"body,omitempty"`
}

// writeLog keeps the last writes.
type writeLog struct {
	max   int
	mu    sync.Mutex // guards list and count
	list  []Write
	count int
}

const defaultMaxWrites = 100_000

func newWriteLog(limit int) *writeLog {
	if limit <= 0 {
		limit = defaultMaxWrites
	}
	return &writeLog{max: limit}
}

func (l *writeLog) add(w Write) {
	if !json.Valid(w.Body) {
		w.Body = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	w.Number = l.count
	if len(l.list) >= 2*l.max {
		l.list = append(l.list[:0], l.list[len(l.list)-l.max:]...)
	}
	l.list = append(l.list, w)
}

// Writes returns the log of writes in the order in which they were carried out,
// those after a number.
func (w *World) Writes(after int) []Write {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.count - len(l.list) // number of the last write that is forgotten
	if kept := l.count - l.max; kept > first {
		first = kept
	}
	from := max(after, first)
	if from >= l.count {
		return nil
	}
	return append([]Write(nil), l.list[len(l.list)-(l.count-from):]...)
}

// counts are the requests by operation and status.
type counts struct {
	mu   sync.Mutex // guards the maps
	all  map[string]int
	each map[string]map[int]int
}

func newCounts() *counts {
	return &counts{all: map[string]int{}, each: map[string]map[int]int{}}
}

func (c *counts) arrived(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[operation]++
}

func (c *counts) answered(operation string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.each[operation] == nil {
		c.each[operation] = map[int]int{}
	}
	c.each[operation][status]++
}

// Written returns how many writes were carried out, forgotten ones included.
func (w *World) Written() int {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	return w.log.count
}

// Requests returns how many requests came in, by operation, answered or not.
func (w *World) Requests() map[string]int {
	w.counts.mu.Lock()
	defer w.counts.mu.Unlock()
	return maps.Clone(w.counts.all)
}

// Statuses returns how many requests of an operation were carried out or refused
// with each status, also those whose answer a fault swallowed.
func (w *World) Statuses(operation string) map[int]int {
	w.counts.mu.Lock()
	defer w.counts.mu.Unlock()
	return maps.Clone(w.counts.each[operation])
}
