package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// The limits of the server. Nothing that it answers is large or slow.
const (
	headerLimit    = 5 * time.Second
	readLimit      = 10 * time.Second
	writeLimit     = 30 * time.Second
	idleLimit      = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	// drainLimit is how long requests may go on after a stop.
	drainLimit = 5 * time.Second
	// scrapesMost is how many answers of /metrics are written at once.
	scrapesMost = 4
)

// ErrNotLoopback is returned for an address that others could reach.
var ErrNotLoopback = errors.New("only this machine may be answered: elsewhere it wants a password, which this version does not have")

// Engine is what the server asks an engine; [engine.Engine] is one.
type Engine interface {
	Ping(ctx context.Context) error
	Loaded() engine.Loaded
	FeedTimes(ctx context.Context) ([]engine.FeedTime, error)
	OpenEffects() int
}

// Store is what the server asks a store.
type Store interface {
	Waiting(ctx context.Context, after store.RunID, limit int) ([]store.QueuedRun, error)
	Stats(ctx context.Context) (store.Stats, error)
}

// Options are what a server is made of. All but Hooks are required.
type Options struct {
	Engine  Engine
	Store   Store
	Metrics *Metrics
	// Budgets says what the accounts have sent and may send. It is called for every
	// answer of /metrics, by several goroutines at once.
	Budgets func() []Budget
	// Hooks takes what services announce, at /hooks/ACCOUNT; nil means that nothing does.
	Hooks http.Handler
	Log   zerolog.Logger
}

// Budget is what an account has sent, and may send.
type Budget struct {
	Account string
	// Requests counts what was sent since the account was opened.
	Requests int64
	// Closed is how long the service wants to be left alone; 0 when it does not.
	Closed  time.Duration
	Windows []Window
}

// Window is one limit of an account.
type Window struct {
	Name string
	Left int // requests
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	engine  Engine
	metrics *Metrics
	log     zerolog.Logger
	state   *state
	scrape  http.Handler
	hooks   http.Handler // may be nil
	// served is true once the engine has answered: from then on a silence is no start.
	served atomic.Bool
}

// New makes a server. It starts nothing.
func New(o Options) *Server {
	registry := prometheus.NewRegistry()
	s := &Server{engine: o.Engine, metrics: o.Metrics, log: o.Log, hooks: o.Hooks, state: newState(o)}
	o.Metrics.register(registry)
	registry.MustRegister(s.state) // the registry is new, so nothing is in the way
	s.scrape = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapesMost, ErrorLog: slog.NewLogLogger(mouth{o.Log}, slog.LevelWarn),
	})
	return s
}

// Listen opens a port. The address must be one of the loopback interface, else the error
// is [ErrNotLoopback]; port 0 takes a free one.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if !loopback(host) {
		return nil, fmt.Errorf("listen on %s: %w", address, ErrNotLoopback)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, reason(err))
	}
	return l, nil
}

// reason is the cause of an error of the network, without the address.
func reason(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}

// loopback reports whether a host is one of this machine that no other can reach.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Serve answers requests on a listener until ctx ends, lets running ones finish for up to
// five seconds, and returns when the last one is over. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: maxHeaderBytes, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: slog.NewLogLogger(mouth{s.log}, slog.LevelWarn),
	}
	beside, hush := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer hush()
	group.Go(func() {
		if s.engine.Ping(beside) == nil {
			s.served.Store(true)
		}
	})
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close() // its error would be that of a connection that nobody wants any more
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-drained
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve on %s: %w", l.Addr(), err)
}

// Handler returns what answers the requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	mux.HandleFunc("/metrics", s.numbers)
	mux.HandleFunc("/", nothing)
	if s.hooks == nil {
		return guard(mux)
	}
	// Deliveries come through a proxy, under whatever name, and prove by their signature
	// who sent them.
	open := http.NewServeMux()
	open.Handle("/hooks/{account}", s.hooks)
	open.Handle("/", guard(mux))
	return open
}

// guard lets only requests through that are meant for this machine. A page of somebody
// else, whose name was made to point here, comes with its own name as the host.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		switch {
		case !local(r.Host):
			say(w, http.StatusForbidden, "This program answers only as localhost, 127.0.0.1 or [::1].")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			say(w, http.StatusMethodNotAllowed, "This program can only be read from here.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// local reports whether a Host header names this machine, with whatever port: as
// localhost, or as an address of the loopback interface, which no name can stand for.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil { // without a port
		name = host
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			name = host[1 : len(host)-1]
		}
	}
	return loopback(strings.ToLower(name))
}

// nothing says what there is.
func nothing(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusNotFound, `There is nothing here. Pollux answers:
/healthz   whether it is alive
/readyz    whether it works
/metrics   its numbers, for Prometheus
/hooks/…   what services announce, for accounts that take it`)
}

// say answers with a text.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // who asked may be gone
}
