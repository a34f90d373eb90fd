package web

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

const (
	// queueAge and statsAge are how old the numbers may be that cost a walk over the
	// queue, or over the pages of the state file; feedsAge is for those of the feeds,
	// which cost little.
	queueAge = 15 * time.Second
	statsAge = time.Minute
	feedsAge = time.Second
	// restShare is how many times as long as such a walk took the next one is put off, so
	// that the numbers never cost more than a fiftieth of a processor.
	restShare = 50
	// queueStep is how many runs of the queue are read at once.
	queueStep = 1000
)

// state collects what is, unlike what happened: budgets, the queue, the state file.
type state struct {
	engine  Engine
	store   Store
	budgets func() []Budget
	log     zerolog.Logger
	began   time.Time
	descs   descs

	// turn holds one token: who has it may read the store.
	turn  chan struct{}
	queue cached[map[store.Status]int]
	stats cached[store.Stats]
	feeds cached[[]engine.FeedTime]
}

// cached is a value that is read anew when it is old.
type cached[T any] struct {
	value atomic.Pointer[T]
	next  time.Time // when it is old; belongs to who has the turn
}

// descs describe what is collected.
type descs struct {
	queue, lag, open, requests, left, closed, bytes, freeBytes, records *prometheus.Desc
}

func newState(o Options) *state {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &state{
		engine: o.Engine, store: o.Store, budgets: o.Budgets, log: o.Log, began: time.Now(), turn: make(chan struct{}, 1),
		descs: descs{
			queue:     desc("pollux_queue_depth", "Unfinished runs, by status.", "status"),
			lag:       desc("pollux_feed_lag_seconds", "Time since the start of the last poll that came to its end, of the feed that is furthest behind; before the first one, since the program started.", "account", "connector", "operation"),
			open:      desc("pollux_effects_open", "Outside writes that were sent and have no outcome yet."),
			requests:  desc("pollux_requests_total", "Requests that were sent since the account was opened.", "account"),
			left:      desc("pollux_budget_left", "Requests that are left of a limit.", "account", "window"),
			closed:    desc("pollux_budget_closed_seconds", "How long the service wants to be left alone.", "account"),
			bytes:     desc("pollux_store_bytes", "Size of the state file."),
			freeBytes: desc("pollux_store_free_bytes", "Free space inside the state file."),
			records:   desc("pollux_records", "Records that are known, over all feeds."),
		},
	}
}

// refresh reads anew what is old. Whoever comes while somebody else reads waits for him.
func (s *state) refresh(ctx context.Context) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return
	}
	renew(ctx, s, &s.queue, queueAge, s.depths)
	renew(ctx, s, &s.feeds, feedsAge, s.engine.FeedTimes)
	renew(ctx, s, &s.stats, statsAge, s.store.Stats)
}

// renew reads a value anew if it is old. One that cannot be read is not shown.
func renew[T any](ctx context.Context, s *state, c *cached[T], age time.Duration, read func(context.Context) (T, error)) {
	began := time.Now()
	if began.Before(c.next) {
		return
	}
	v, err := read(ctx)
	if ctx.Err() != nil {
		return // whoever asked is gone
	}
	c.next = time.Now().Add(max(age, restShare*time.Since(began)))
	c.value.Store(&v)
	if err != nil {
		c.value.Store(nil)
		s.log.Warn().Str("component", "web").Err(err).Msg("numbers not read")
	}
}

// depths counts the queue by status.
func (s *state) depths(ctx context.Context) (map[store.Status]int, error) {
	counts := map[store.Status]int{}
	for _, status := range store.Statuses() {
		if !status.Final() {
			counts[status] = 0
		}
	}
	for after := store.RunID(""); ; {
		found, err := s.store.Waiting(ctx, after, queueStep)
		if err != nil {
			return nil, err
		}
		for _, q := range found {
			counts[q.Status]++
			after = q.ID
		}
		if len(found) < queueStep {
			return counts, nil
		}
	}
}

// Describe implements [prometheus.Collector].
func (s *state) Describe(out chan<- *prometheus.Desc) {
	d := s.descs
	for _, desc := range []*prometheus.Desc{d.queue, d.lag, d.open, d.requests, d.left, d.closed, d.bytes, d.freeBytes, d.records} {
		out <- desc
	}
}

// Collect implements [prometheus.Collector].
func (s *state) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(s.descs.open, float64(s.engine.OpenEffects()))
	if counts := s.queue.value.Load(); counts != nil {
		for status, n := range *counts {
			gauge(s.descs.queue, float64(n), string(status))
		}
	}
	if stats := s.stats.value.Load(); stats != nil {
		gauge(s.descs.bytes, float64(stats.Bytes))
		gauge(s.descs.freeBytes, float64(stats.FreeBytes))
		gauge(s.descs.records, float64(stats.Records))
	}
	s.collectLags(gauge)
	for _, b := range s.budgets() {
		out <- prometheus.MustNewConstMetric(s.descs.requests, prometheus.CounterValue, float64(b.Requests), b.Account)
		gauge(s.descs.closed, max(0, b.Closed.Seconds()), b.Account)
		for name, left := range tightest(b.Windows) {
			gauge(s.descs.left, float64(left), b.Account, name)
		}
	}
}

// collectLags collects how far feeds are behind. Those of one operation that differ only
// in their inputs share a series.
func (s *state) collectLags(gauge func(*prometheus.Desc, float64, ...string)) {
	feeds := s.feeds.value.Load()
	if feeds == nil {
		return
	}
	oldest := map[[3]string]time.Time{}
	for _, f := range *feeds {
		read := f.Read
		if read.IsZero() {
			read = s.began
		}
		labels := [3]string{f.Account, f.Connector, f.Operation}
		if first, known := oldest[labels]; !known || read.Before(first) {
			oldest[labels] = read
		}
	}
	for labels, read := range oldest {
		gauge(s.descs.lag, max(0, time.Since(read).Seconds()), labels[:]...)
	}
}

// tightest is what is left by the name of a window; of two with one name the lesser.
func tightest(windows []Window) map[string]int {
	left := map[string]int{}
	for _, w := range windows {
		if n, known := left[w.Name]; !known || w.Left < n {
			left[w.Name] = w.Left
		}
	}
	return left
}
