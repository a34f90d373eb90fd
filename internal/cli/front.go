package cli

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/web"
	"github.com/pollux-automation/pollux/web/hooks"
)

// front is what a serving program shows over HTTP: health and metrics. A nil one shows
// nothing.
type front struct {
	listener net.Listener
	metrics  *web.Metrics
}

// listen opens the address of the settings. The default address belongs to whoever comes
// first, and the others go on without; one that somebody wrote must be free.
func (a *app) listen(ctx context.Context, p *project.Project, s store.Store, log zerolog.Logger) (*front, error) {
	address := p.Settings.Listen
	if address == "" {
		return nil, nil
	}
	l, err := web.Listen(ctx, address)
	switch {
	case err != nil && p.Settings.ListenDefault:
		log.Warn().Str("component", "web").Err(err).Msg("health and metrics are not served; give this project an address of its own with listen in " + p.Settings.File)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w; write another address, or off, for listen in %s (or POLLUX_LISTEN), or stop the program that has this one", err, p.Settings.File)
	}
	f := &front{listener: l, metrics: web.NewMetrics(versionNow())}
	if told, ok := s.(interface {
		OnCommit(told func(took time.Duration, err error))
	}); ok {
		told.OnCommit(f.metrics.Committed)
	}
	return f, nil
}

// observer is what the engine tells the metrics through; nil when nothing listens.
func (f *front) observer() *engine.Observer {
	if f == nil {
		return nil
	}
	return f.metrics.Observer()
}

// address is where it listens; empty when nothing does.
func (f *front) address() string {
	if f == nil {
		return ""
	}
	return f.listener.Addr().String()
}

// close gives the address back before it was served.
func (f *front) close() {
	if f != nil {
		_ = f.listener.Close() // nobody was connected
	}
}

// serve answers until ctx ends, and returns when the last answer is out.
func (f *front) serve(ctx context.Context, v *server) {
	if f == nil {
		return
	}
	v.log.Info().Str("component", "web").Str("address", f.listener.Addr().String()).Msg("health and metrics are served")
	s := web.New(web.Options{Engine: v.engine, Store: v.store, Metrics: f.metrics, Log: v.log, Budgets: func() []web.Budget {
		return budgets(v.project.Load().Spending())
	}, Hooks: f.hooks(v)})
	if err := s.Serve(ctx, f.listener); err != nil {
		v.log.Error().Str("component", "web").Err(err).Msg("health and metrics are not served any more")
	}
}

// hooks takes what services announce, for the accounts of the project as it was loaded
// last.
func (f *front) hooks(v *server) *hooks.Receiver {
	return hooks.New(hooks.Options{
		Hint: v.engine.Hint, Look: v.look, Receipt: v.store.AddAudit, Count: f.metrics.Delivered, Log: v.log,
		Accounts: func(name string) (list []hooks.Account) {
			for _, a := range v.project.Load().Announcers(name) {
				list = append(list, hooks.Account{Name: a.Name, Rules: a.Rules, Keys: a.Webhooks.Keys, Settings: a.Settings, PartEvents: a.PartEvents})
			}
			return list
		},
	})
}

// budgets tells the metrics what accounts have sent and may send.
func budgets(list []project.Spending) []web.Budget {
	out := make([]web.Budget, len(list))
	for i, s := range list {
		b := web.Budget{Account: s.Account, Requests: s.Requests}
		if until := s.State.ClosedUntil; !until.IsZero() {
			b.Closed = max(0, time.Until(until))
		}
		for _, w := range s.State.Windows {
			b.Windows = append(b.Windows, web.Window{Name: w.Name, Left: w.Remaining})
		}
		out[i] = b
	}
	return out
}
