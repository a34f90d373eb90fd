package cli

import (
	"context"
	"errors"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/parts"
)

// errResting is why the parts of an account are not looked for.
var errResting = errors.New("the account is paused, so its parts are not looked for")

// watchParts looks for the parts of accounts until ctx ends.
func (v *server) watchParts(ctx context.Context) {
	if err := v.engine.Ping(ctx); err != nil {
		return
	}
	names := func() (names []string) {
		for _, a := range v.project.Load().Whole() {
			names = append(names, a.Name)
		}
		return names
	}
	parts.Watch(ctx, names, func(ctx context.Context, name string) error {
		if v.engine.Resting(store.SwitchAccount, name) {
			return nil // it is looked for at the next turn
		}
		_, err := v.discover(ctx, name, false, "")
		return err
	}, v.asked)
}

// look has the parts of an account looked for soon.
func (v *server) look(account string) {
	select {
	case v.asked <- account:
	default: // enough are asked for
	}
}

// discover looks for the parts of an account, and has those that joined take part.
func (v *server) discover(ctx context.Context, name string, accept bool, actor string) (parts.Found, error) {
	v.finding.Lock()
	defer v.finding.Unlock()
	p := v.project.Load()
	if err := console.HasParts(p, name); err != nil {
		return parts.Found{}, err
	}
	if v.engine.Resting(store.SwitchAccount, name) {
		return parts.Found{}, errResting
	}
	f, ok := p.Finder(name, v.store.Switches, v.engine.Switch)
	if !ok {
		return parts.Found{}, errors.New("the account " + name + " is not open")
	}
	f.Accept, f.Actor = accept, actor
	found, err := f.Find(ctx)
	if ctx.Err() == nil {
		console.LogParts(v.log, name, found, err)
	}
	for _, c := range found.Changes {
		if c.Kind == parts.Return {
			v.engine.SignedIn(c.Part.Name) // a refusal of before it went counts no more
		}
	}
	if switches, e := v.store.Switches(ctx); e == nil && p.Stale(switches) {
		v.reload(ctx)
	}
	return found, err
}
