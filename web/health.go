package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
)

// pingLimit is how long the loops of the engine may take to answer.
const pingLimit = 5 * time.Second

// healthz answers whether the loops of the engine go on.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	answer(w, s.ping(r.Context()))
}

// readyz answers whether the engine serves and the store takes what it writes.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	trouble := s.ping(r.Context())
	if trouble == "" {
		trouble = s.metrics.trouble()
	}
	answer(w, trouble)
}

// answer says ok, or what is wrong.
func answer(w http.ResponseWriter, trouble string) {
	if trouble != "" {
		say(w, http.StatusServiceUnavailable, trouble)
		return
	}
	say(w, http.StatusOK, "ok")
}

// ping says in a sentence why the engine does not answer; empty when it does.
func (s *Server) ping(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	err := s.engine.Ping(ctx)
	switch {
	case err == nil:
		s.served.Store(true)
		return ""
	case errors.Is(err, engine.ErrStopping):
		return "Pollux is stopping."
	case !s.served.Load():
		return "Pollux is starting: its recipes are not prepared yet."
	}
	return "Pollux hangs: its loops did not answer within " + pingLimit.String() + "."
}

// Committed takes note of a transaction of the store: how long it took, and the error
// that it ended with. It is for the store's OnCommit.
func (m *Metrics) Committed(took time.Duration, err error) {
	outcome := "ok"
	switch {
	case errors.Is(err, store.ErrFull):
		outcome = "full"
	case err != nil:
		outcome = "failed"
	}
	m.commits.WithLabelValues(outcome).Inc()
	m.commitSeconds.Observe(took.Seconds())
	m.written.Store(&outcome)
}

// trouble says in a sentence why the store takes no writes; empty when it does. It goes
// by the last write: what did not fit is tried again, and every feed writes with each of
// its polls or every few minutes.
func (m *Metrics) trouble() string {
	last := m.written.Load()
	switch {
	case last == nil || *last == "ok":
		return ""
	case *last == "full":
		return "The disk is full: what is to be stored waits for room."
	}
	return "The state file cannot be written any more; the log has the reason."
}
