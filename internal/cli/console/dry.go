package console

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/dry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/cli/live"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
)

// Dry hands a command an engine that writes nothing outside, on a copy of the state that is
// thrown away, and prints each request that would have been sent. Beside a running program
// it uses the accounts of that one, and so their budgets.
func (a *Console) Dry(ctx context.Context, do func(*project.Project, store.Store, *engine.Engine) error) error {
	p, s, err := a.dryProject(ctx)
	if err != nil || p == nil {
		return err
	}
	copied, err := p.Snapshot(ctx, s)
	switch file, ours := s.(*boltstore.Store); {
	case a.Live != nil || !ours:
	case p.SignsIn() && err == nil: // the sign-ins stay in the real state
		defer func() { _ = file.Close() }() // it has been synced with each of them
	default:
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return err
	}
	return Using(copied, func() error {
		printed := &requests{console: a}
		o := p.EngineOptions(copied, a.Logger(p.Redact, zerolog.ErrorLevel))
		o.Accounts = dry.Accounts(p.Accounts, printed.print)
		o.Disk = nil
		if a.Live != nil {
			o.Budgets = nil // the running program looks after them
		}
		e, err := engine.New(o)
		if err != nil {
			return err
		}
		return errors.Join(do(p, copied, e), printed.err())
	})
}

// dryProject returns the project and its state: that of the running program, or the
// files. Without a project the running program has carried out the command.
func (a *Console) dryProject(ctx context.Context) (*project.Project, store.Store, error) {
	if a.Live != nil {
		return a.Live.Project(), a.Live.Store, nil
	}
	if err := a.remote(ctx, a.ReadProject(true)); !errors.Is(err, live.ErrNobody) {
		return nil, nil, err
	}
	p, err := a.LoadProject()
	if err != nil {
		return nil, nil, err
	}
	a.PrintWarnings(p)
	if p.SignsIn() {
		s, err := a.openState(p)
		if err != nil {
			return nil, nil, err
		}
		return p, s, nil
	}
	s, err := p.ReadStore()
	if errors.Is(err, project.ErrNoState) {
		return p, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return p, s, nil
}

// requests prints the requests of a dry run, one after the other.
type requests struct {
	console *Console

	mu     sync.Mutex
	failed error // the first error of printing
}

// print prints one request.
func (r *requests) print(c dry.Call) {
	view := show.DryRequest(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.console.Answer(view, func(w io.Writer) { show.PrintDryRequest(w, view) }); err != nil && r.failed == nil {
		r.failed = err
	}
}

// err is the first error of printing.
func (r *requests) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
