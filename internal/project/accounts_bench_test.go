package project_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
	"github.com/pollux-automation/pollux/recipes"
)

// parrot gives the answers of a service, each made once, so that the service costs next to
// nothing.
type parrot struct {
	service  http.Handler
	requests atomic.Int64

	mu    sync.Mutex // guards known
	known map[string]*httptest.ResponseRecorder
}

// ServeHTTP answers as the service has answered the same request before.
func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.requests.Add(1)
	body, _ := io.ReadAll(r.Body)
	key := r.Method + r.RequestURI + string(body)
	p.mu.Lock()
	got, ok := p.known[key]
	if !ok {
		r.Body = io.NopCloser(bytes.NewReader(body))
		got = httptest.NewRecorder()
		p.service.ServeHTTP(got, r)
		p.known[key] = got
	}
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes())
}

// crowd is a program with many accounts, and some recipes on the same list of each.
type crowd struct {
	parrot *parrot
	engine *engine.Engine
	polls  atomic.Int64
	failed atomic.Int64
}

const (
	crowdAccounts = 1000
	crowdRecipes  = 10 // of each account
	crowdContacts = 100
)

// newCrowd makes a crowd whose state is a file.
func newCrowd(b *testing.B) *crowd {
	b.Helper()
	world := sandbox.New(sandbox.Options{Seed: 1, Contacts: crowdContacts, HighLevelLimit: sandbox.Limit{Requests: -1}})
	at := world.Endpoints("http://sandbox.test")
	c := &crowd{parrot: &parrot{service: world.Handler(), known: map[string]*httptest.ResponseRecorder{}}}
	registry := builtin.Registry()
	connector, _ := registry.Connector("highlevel")
	settings := map[string]any{"locationId": at.LocationID}
	var windows []budget.Window
	for _, l := range connector.Describe().Limits {
		windows = append(windows, budget.Window(l))
	}
	o := engine.Options{Log: zerolog.Nop(), Drain: time.Second, Observer: c.observer()}
	var known []recipes.Account
	for i := range crowdAccounts {
		name := fmt.Sprintf("account%04d", i)
		session, err := connector.Open(connectors.Account{
			Name: name, BaseURL: at.HighLevelURL, Settings: settings, Gate: budget.New(windows, 0), Transport: &testkit.Transport{Handler: c.parrot},
			Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New(at.HighLevelToken)},
		})
		if err != nil {
			b.Fatal(err)
		}
		o.Accounts = append(o.Accounts, &engine.Account{Name: name, Connector: connector, Session: session, Settings: settings})
		known = append(known, recipes.Account{Name: name, Connector: "highlevel", Settings: settings})
	}
	o.Catalog = engine.NewCatalog(registry, known)
	o.Recipes = crowdOfRecipes(b, o.Catalog)
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "state.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	o.Store = s
	if c.engine, err = engine.New(o); err != nil {
		b.Fatal(err)
	}
	return c
}

// observer counts polls.
func (c *crowd) observer() *engine.Observer {
	return &engine.Observer{
		Polled: func(end engine.PollEnd) {
			c.polls.Add(1)
			if end.Outcome != engine.PollOK {
				c.failed.Add(1)
			}
		},
		Read: func(int, int) {}, Ended: func(engine.RunEnd) {}, Wrote: func(store.EffectState) {},
	}
}

// crowdOfRecipes are the recipes of all accounts.
func crowdOfRecipes(b *testing.B, catalog *engine.Catalog) (list []*recipes.Recipe) {
	b.Helper()
	var findings diag.List
	for i := range crowdAccounts {
		for j := range crowdRecipes {
			text := fmt.Sprintf(`recipe: v1
id: r%04d-%d
connections:
  crm: {connector: highlevel, account: account%04d}
trigger:
  poll: crm.contact.search
  schedule: {every: 1m}
  start: now
filter: '"tag%d" in record.tags and not record.dnd'
steps:
  - id: note
    call: crm.contact.note.create
    with: {contactId: =record.id, body: "Welcome, ${record.firstName} (run ${run.id})"}
`, i, j, i, j)
			list = append(list, recipes.Parse("recipe.yaml", []byte(text), catalog, &findings))
		}
	}
	if findings.HasErrors() {
		b.Fatal(findings.Sorted())
	}
	return list
}

// spent is the processor time that the process has used.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// alive is the size of what is in use on the heap, without garbage.
func alive() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkAccounts lets 10,000 recipes on 1,000 accounts with a hundred contacts each
// serve, one poll a minute for each account. An iteration is a minute of real time in which
// nothing changes; before them the lists are learnt and become quiet.
func BenchmarkAccounts(b *testing.B) {
	began := spent(b)
	c := newCrowd(b)
	loaded := spent(b) - began
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.engine.Run(ctx) }()
	minute := func() (heap uint64) {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for range 60 {
			<-tick.C
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapInuse)
		}
		return heap
	}
	for c.polls.Load() < crowdAccounts { // each list is learnt
		minute()
	}
	minute()
	polls, requests, used := c.polls.Load(), c.parrot.requests.Load(), spent(b)
	var heap uint64
	for b.Loop() {
		heap = max(heap, minute())
	}
	polls, requests, used = c.polls.Load()-polls, c.parrot.requests.Load()-requests, spent(b)-used
	b.ReportMetric(loaded.Seconds(), "load-cpu-s")
	b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/min")
	b.ReportMetric(float64(polls)/float64(b.N), "polls/min")
	b.ReportMetric(float64(requests)/float64(polls), "requests/poll")
	b.ReportMetric(float64(heap)/(1<<20), "peak-heap-MB")
	b.ReportMetric(float64(alive())/(1<<20), "live-heap-MB")
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	if n := c.failed.Load(); n > 0 {
		b.Errorf("%d polls did not end well", n)
	}
}
