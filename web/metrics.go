package web

import (
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// goneRecipe is the label of all recipes that are not loaded any more: their runs go on
// and are counted, but no name is kept for them. No recipe can be called that.
const goneRecipe = "(removed)"

// runOutcomes are how runs come to rest.
func runOutcomes() []store.Status {
	return []store.Status{store.Succeeded, store.Failed, store.Parked, store.Dropped}
}

// Metrics count what happens. They are safe for concurrent use.
type Metrics struct {
	polls         *prometheus.CounterVec
	pollSeconds   *prometheus.HistogramVec
	records       prometheus.Counter
	changes       prometheus.Counter
	runs          *prometheus.CounterVec
	runSeconds    prometheus.Histogram
	effects       *prometheus.CounterVec
	deliveries    *prometheus.CounterVec
	commits       *prometheus.CounterVec
	commitSeconds prometheus.Histogram
	build         *prometheus.GaugeVec

	// written is the outcome of the last transaction; nil before the first.
	written atomic.Pointer[string]

	mu       sync.Mutex // guards what follows: whose series there are
	recipes  map[string]struct{}
	accounts map[account]struct{}
	hooked   map[string]struct{} // accounts that deliveries came for
}

// account is an account with its connector, as labels have them.
type account struct{ name, connector string }

// NewMetrics makes the metrics of a program of some version.
func NewMetrics(version string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		polls: counter("pollux_polls_total", "Polls that ended, by outcome: ok, unfinished, or the kind of the error.", "account", "connector", "outcome"),
		pollSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pollux_poll_duration_seconds", Help: "How long polls took.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 600},
		}, []string{"connector"}),
		records: prometheus.NewCounter(prometheus.CounterOpts{Name: "pollux_records_read_total", Help: "Records that polls have read."}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{Name: "pollux_changes_total", Help: "Changes that polls have found; in the first walk over a list every record is one."}),
		runs:    counter("pollux_runs_total", "Runs that came to rest, by outcome: succeeded, failed, parked (each time), dropped.", "recipe", "outcome"),
		runSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pollux_run_duration_seconds", Help: "Time of runs from queued to finished.",
			Buckets: []float64{.1, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400},
		}),
		effects:    counter("pollux_effects_total", "Outcomes of outside writes, every try counted: confirmed, failed, unsure.", "outcome"),
		deliveries: counter("pollux_webhooks_total", "Deliveries of webhooks, by outcome: taken, ignored, repeated, refused, late.", "account", "outcome"),
		commits:    counter("pollux_store_commits_total", "Transactions of the state file, by outcome: ok, full, failed.", "outcome"),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pollux_store_commit_seconds", Help: "How long transactions of the state file took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
		}),
		build:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "pollux_build_info", Help: "Always 1; the labels say what runs."}, []string{"version", "go_version"}),
		recipes: map[string]struct{}{}, accounts: map[account]struct{}{}, hooked: map[string]struct{}{},
	}
	m.build.WithLabelValues(version, runtime.Version()).Set(1)
	for _, s := range []store.EffectState{store.Confirmed, store.NotDone, store.Unsure} {
		m.effects.WithLabelValues(string(s)) // so that the first one shows as an increase
	}
	m.commits.WithLabelValues("ok")
	return m
}

// register makes the metrics known to a registry that has none of them.
func (m *Metrics) register(r *prometheus.Registry) {
	r.MustRegister(m.polls, m.pollSeconds, m.records, m.changes, m.runs, m.runSeconds, m.effects, m.deliveries, m.commits, m.commitSeconds, m.build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// Observer returns what tells the metrics of an engine.
func (m *Metrics) Observer() *engine.Observer {
	return &engine.Observer{Polled: m.polled, Read: m.read, Ended: m.ended, Wrote: m.wrote}
}

func (m *Metrics) polled(p engine.PollEnd) {
	m.mu.Lock()
	m.accounts[account{p.Account, p.Connector}] = struct{}{}
	m.mu.Unlock()
	m.polls.WithLabelValues(p.Account, p.Connector, p.Outcome).Inc()
	m.pollSeconds.WithLabelValues(p.Connector).Observe(p.Took.Seconds())
}

func (m *Metrics) read(records, changes int) {
	m.records.Add(float64(records))
	m.changes.Add(float64(changes))
}

func (m *Metrics) ended(r engine.RunEnd) {
	recipe := goneRecipe
	if r.Loaded {
		recipe = r.Recipe
		m.mu.Lock()
		m.recipes[recipe] = struct{}{}
		m.mu.Unlock()
	}
	m.runs.WithLabelValues(recipe, string(r.Status)).Inc()
	if r.Took > 0 {
		m.runSeconds.Observe(r.Took.Seconds())
	}
}

func (m *Metrics) wrote(s store.EffectState) { m.effects.WithLabelValues(string(s)).Inc() }

// Delivered counts a delivery of a webhook. The account is empty where it is not known.
func (m *Metrics) Delivered(account, outcome string) {
	m.mu.Lock()
	m.hooked[account] = struct{}{}
	m.mu.Unlock()
	m.deliveries.WithLabelValues(account, outcome).Inc()
}

// sweep makes the series fit what is loaded: what is gone has none, and what is there has
// some, so that the first failure of a recipe shows as an increase.
func (m *Metrics) sweep(l engine.Loaded) {
	m.mu.Lock()
	defer m.mu.Unlock()
	former := m.recipes
	m.recipes = make(map[string]struct{}, len(l.Recipes))
	for _, name := range l.Recipes {
		m.recipes[name] = struct{}{}
		delete(former, name)
		for _, s := range runOutcomes() {
			m.runs.WithLabelValues(name, string(s))
		}
	}
	for name := range former {
		m.runs.DeletePartialMatch(prometheus.Labels{"recipe": name})
	}
	for name := range m.hooked {
		if _, loaded := l.Accounts[name]; !loaded && name != "" {
			m.deliveries.DeletePartialMatch(prometheus.Labels{"account": name})
			delete(m.hooked, name)
		}
	}
	connectors := map[string]struct{}{}
	for _, connector := range l.Accounts {
		connectors[connector] = struct{}{}
	}
	for a := range m.accounts {
		if l.Accounts[a.name] != a.connector {
			m.polls.DeletePartialMatch(prometheus.Labels{"account": a.name, "connector": a.connector})
			delete(m.accounts, a)
		}
		if _, used := connectors[a.connector]; !used {
			m.pollSeconds.DeletePartialMatch(prometheus.Labels{"connector": a.connector})
		}
	}
}

// numbers answers with all metrics.
func (s *Server) numbers(w http.ResponseWriter, r *http.Request) {
	s.metrics.sweep(s.engine.Loaded())
	s.state.refresh(r.Context())
	s.scrape.ServeHTTP(w, r)
}
