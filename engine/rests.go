package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// accountRest is how long whoever meets a paused account waits before he looks again. A
// resumed account wakes them at once.
const accountRest = 10 * time.Minute

// ErrPaused is returned for a poll by hand of an account that rests.
var ErrPaused = errors.New("the account is paused; let it go on with pollux accounts resume")

// rests knows which recipes and accounts rest because a person wants it so. It is safe for
// concurrent use.
type rests struct {
	// setting lets one switch after another be stored and taken over, so that what was
	// read last is what was stored last.
	setting  sync.Mutex
	mu       sync.RWMutex
	recipes  map[string]bool
	accounts map[string]bool
}

// recipe reports whether a recipe rests.
func (r *rests) recipe(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.recipes[id]
}

// account reports whether an account rests.
func (r *rests) account(name string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.accounts[name]
}

// set takes over the switches of the store.
func (r *rests) set(list []store.Switch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recipes, r.accounts = map[string]bool{}, map[string]bool{}
	for _, s := range list {
		switch {
		case !s.Paused:
		case s.Kind == store.SwitchRecipe:
			r.recipes[s.Name] = true
		case s.Kind == store.SwitchAccount:
			r.accounts[s.Name] = true
		}
	}
}

// readSwitches takes over which recipes and accounts rest.
func (e *Engine) readSwitches(ctx context.Context) error {
	e.rests.setting.Lock()
	defer e.rests.setting.Unlock()
	return e.takeSwitches(ctx)
}

// takeSwitches is readSwitches for who has the turn.
func (e *Engine) takeSwitches(ctx context.Context) error {
	list, err := e.store.Switches(ctx)
	if err != nil {
		return fmt.Errorf("load what rests: %w", err)
	}
	e.rests.set(list)
	return nil
}

// Resting reports whether a recipe or an account rests, see [store.Switch].
func (e *Engine) Resting(kind, name string) bool {
	if kind == store.SwitchAccount {
		return e.rests.account(name)
	}
	return e.rests.recipe(name)
}

// Switch lets a recipe or an account of a serving engine rest, or go on. What is being done
// is done to its end. Changes for a recipe that rests are found and held; an account that
// rests is not asked for anything.
func (e *Engine) Switch(ctx context.Context, s store.Switch, audit *store.AuditEntry) error {
	if err := e.setSwitch(ctx, s, audit); err != nil {
		return err
	}
	for _, tell := range []chan struct{}{e.released, e.reloaded, e.resumed} {
		nudge(tell)
	}
	return nil
}

// SignedIn tells a serving engine that an account has got another credential: it is used
// at once, and runs that waited for it go on.
func (e *Engine) SignedIn(account string) {
	e.health.Forget(account)
	for _, tell := range []chan struct{}{e.released, e.reloaded, e.resumed} {
		nudge(tell)
	}
}

// setSwitch stores a switch and takes it over.
func (e *Engine) setSwitch(ctx context.Context, s store.Switch, audit *store.AuditEntry) error {
	e.rests.setting.Lock()
	defer e.rests.setting.Unlock()
	if err := e.store.SetSwitch(ctx, s, audit); err != nil {
		return err
	}
	// Whoever goes away now must not leave a switch that is stored and not obeyed.
	return e.takeSwitches(context.WithoutCancel(ctx))
}

// restUntil reports whether an account must not be used now, and until when.
func (e *Engine) restUntil(account string, now time.Time) (time.Time, bool) {
	if e.rests.account(account) {
		return now.Add(accountRest), true
	}
	return e.health.Rests(account, now)
}

// Refused reports whether an account rests because its credential was refused, and until
// when. It may be called at any time.
func (e *Engine) Refused(account string) (until time.Time, refused bool) {
	return e.health.Rests(account, time.Now())
}

// readBudgets takes over what was left of the budgets.
func (e *Engine) readBudgets(ctx context.Context) error {
	b := e.plan().budgets
	if b == nil {
		return nil
	}
	stored, err := e.store.Budgets(ctx)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return fmt.Errorf("load budgets: %w", err)
	}
	for _, words := range b.RestoreBudgets(stored) {
		e.log.Warn().Str("component", "budget").Str("error", words).Msg("budget not taken over")
	}
	return nil
}
