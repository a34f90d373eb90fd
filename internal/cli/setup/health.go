package setup

import (
	"context"
	"errors"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/project"
	"github.com/pollux-automation/pollux/internal/show"
	"github.com/pollux-automation/pollux/web"
)

// mostSkew is how far our clock may be from a service's: times of schedules and retries
// are ours.
const mostSkew = 2 * time.Minute

// inside tells what only the program sees that has the state file.
func (d *doctor) inside(ctx context.Context, p *project.Project, s store.Store) {
	d.size(ctx, s)
	if err := d.Live.Engine.Ping(ctx); err != nil {
		d.problem("program", "look at its log, and restart it", "pollux run does not get on: %v", err)
	} else {
		d.fine("program", "pollux run %s is at work", d.version)
		d.found[len(d.found)-1].Version = d.version
	}
	switch {
	case d.Live.Address != "":
		d.fine("listen", "the running program answers at %s", d.Live.Address)
	case p.Settings.Listen == "":
		d.fine("listen", "off")
	default:
		d.warn("listen", "give this project an address of its own with listen in "+p.Settings.File, "the running program answers nowhere: another one has %s", p.Settings.Listen)
	}
	d.services(ctx, p)
}

// state tells of the state file of a project that does not run.
func (d *doctor) state(ctx context.Context, p *project.Project) {
	if p.Settings.Data == "" {
		return
	}
	s, err := p.ReadStore()
	switch {
	case errors.Is(err, project.ErrNoState):
		d.fine("state file", "there is none yet; pollux run makes it")
	case err != nil:
		d.problem("state file", "see docs/operations.md, Backup and damage", "%v", err)
	default:
		_ = console.Using(s, func() error { // it was only read
			d.size(ctx, s)
			return nil
		})
	}
}

// size tells how large the state is, and whether there is room for more.
func (d *doctor) size(ctx context.Context, s store.Store) {
	st, err := s.Stats(ctx)
	if err != nil {
		d.problem("state file", "pollux check", "%v", err)
		return
	}
	if st.FreeBytes > st.Bytes/2 && st.Bytes > 64<<20 {
		d.warn("state file", "while pollux run is stopped: pollux compact", "%s bytes, of which %s are free", show.Thousands(st.Bytes), show.Thousands(st.FreeBytes))
	} else {
		d.fine("state file", "opens: %s bytes, of which %s are free, %s, %s unfinished", show.Thousands(st.Bytes), show.Thousands(st.FreeBytes),
			show.Plural(st.Records, "record"), show.Plural(st.Waiting, "run"))
	}
	switch {
	case engine.LowDisk(st.DiskBytes, st.DiskFree):
		d.problem("disk", "make room; polls go on by themselves", "%s bytes are free, too few: polls rest", show.Thousands(st.DiskFree))
	case st.DiskBytes > 0:
		d.fine("disk", "%s of %s bytes are free", show.Thousands(st.DiskFree), show.Thousands(st.DiskBytes))
	}
}

// listen tells whether the address is free that a program would listen on.
func (d *doctor) listen(ctx context.Context, p *project.Project) {
	address := p.Settings.Listen
	if address == "" {
		if p.Settings.Data != "" {
			d.fine("listen", "off")
		}
		return
	}
	l, err := web.Listen(ctx, address)
	switch {
	case err == nil:
		_ = l.Close() // nobody was connected
		d.fine("listen", "%s is free", address)
	case p.Settings.ListenDefault:
		d.warn("listen", "give this project an address of its own with listen in "+p.Settings.File, "%v: health and metrics would not be served", err)
	default:
		d.problem("listen", "write another address, or off, for listen in "+p.Settings.File+", or stop the program that has this one", "%v", err)
	}
}

// services asks each service whether it accepts the credential, and what time it is there.
func (d *doctor) services(ctx context.Context, p *project.Project) {
	if !d.net || p.Findings.HasErrors() {
		return
	}
	if p.Accounts == nil {
		if err := p.OpenAccounts(); err != nil {
			d.problem("accounts", "", "%v", err)
			return
		}
		if err := d.WithSignIns(p, func() error { d.askServices(ctx, p); return nil }); err != nil {
			d.problem("accounts", "see docs/operations.md, Signing in", "the sign-ins cannot be read: %v", err)
		}
		return
	}
	d.askServices(ctx, p)
}

// askServices is services with accounts that are open.
func (d *doctor) askServices(ctx context.Context, p *project.Project) {
	rests, err := d.resting(ctx, p)
	if err != nil {
		return // what is wrong with the state file is said already
	}
	for _, account := range p.Accounts {
		if rests[account.Name] {
			d.fine("account "+account.Name, "it is paused, and was not asked")
			continue
		}
		d.service(ctx, p, account)
	}
}

// dated are sessions whose check also tells the service's time.
type dated interface {
	CheckDate(ctx context.Context) (time.Time, error)
}

// service asks one service.
func (d *doctor) service(ctx context.Context, p *project.Project, account *engine.Account) {
	what := "account " + account.Name
	var date time.Time
	var err error
	if s, ok := account.Session.(dated); ok {
		date, err = s.CheckDate(ctx)
	} else {
		err = account.Session.Check(ctx)
	}
	switch {
	case err == nil:
		d.fine(what, "the service accepts the credential")
	case errors.Is(err, connectors.ErrNoCheck):
		d.fine(what, "its connector has no call that checks a credential")
	case connectors.KindOf(err) == connectors.Auth:
		d.problem(what, "look at its auth in "+p.Settings.File, "the credential was refused: %s", p.Redact.Redact(err.Error()))
	default:
		d.problem(what, "is the service up, and its address right?", "%s", p.Redact.Redact(err.Error()))
	}
	if date.IsZero() {
		return
	}
	if skew := time.Since(date).Round(time.Second); skew.Abs() > mostSkew {
		d.warn("clock", "set the clock of this machine", "it is %s away from that of %s", skew.Abs(), account.Name)
	} else {
		d.fine("clock", "it agrees with that of %s", account.Name)
	}
}
