package web_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/web"
)

// fake is an engine and a store that say what a test wants.
type fake struct {
	mu      sync.Mutex
	ping    func(context.Context) error
	loaded  engine.Loaded
	feeds   []engine.FeedTime
	queue   []store.QueuedRun
	stats   store.Stats
	budgets []web.Budget
	err     error // of every read of the store
	walks   int   // over the queue
}

func newFake() *fake {
	return &fake{
		ping:   func(context.Context) error { return nil },
		loaded: engine.Loaded{Recipes: []string{"welcome"}, Accounts: map[string]string{"acme": "highlevel"}},
	}
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) Ping(ctx context.Context) error {
	f.mu.Lock()
	ping := f.ping
	f.mu.Unlock()
	return ping(ctx)
}

func (f *fake) Loaded() engine.Loaded {
	f.mu.Lock()
	defer f.mu.Unlock()
	return engine.Loaded{Recipes: slices.Clone(f.loaded.Recipes), Accounts: maps.Clone(f.loaded.Accounts)}
}

func (f *fake) FeedTimes(context.Context) ([]engine.FeedTime, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.feeds), nil
}

func (f *fake) OpenEffects() int { return 2 }

func (f *fake) Waiting(_ context.Context, after store.RunID, limit int) ([]store.QueuedRun, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []store.QueuedRun
	if after == "" {
		f.walks++
	}
	for _, q := range f.queue {
		if q.ID > after && len(list) < limit {
			list = append(list, q)
		}
	}
	return list, f.err
}

func (f *fake) Stats(context.Context) (store.Stats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats, f.err
}

func (f *fake) server(m *web.Metrics) *web.Server {
	return web.New(web.Options{Engine: f, Store: f, Metrics: m, Log: zerolog.Nop(), Budgets: func() []web.Budget {
		f.mu.Lock()
		defer f.mu.Unlock()
		return slices.Clone(f.budgets)
	}})
}

// get asks a handler as a program of this machine would.
func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, h, http.MethodGet, "localhost:8088", path)
}

func ask(t *testing.T, h http.Handler, method, host, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// series returns the lines of /metrics that begin with a text.
func series(t *testing.T, h http.Handler, prefix string) []string {
	t.Helper()
	w := get(t, h, "/metrics")
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics: got %d %s, want 200", w.Code, w.Body)
	}
	var list []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

// never lets a ping hang until nobody waits any more.
func never(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// soon is a time limit that no test reaches when all is well.
const soon = 20 * time.Second

// operations is the text of docs/operations.md.
func operations(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
