// Package prune forgets what recipes do not keep of finished runs, and the files of what is
// forgotten, in small steps beside everything else.
package prune

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/engine/store"
)

// What is kept of finished runs by recipes that do not say, and by those that are gone.
const (
	keepRuns     = 30 * 24 * time.Hour
	keepPayloads = 7 * 24 * time.Hour
)

// How history is pruned: how often Run looks for what got old, how often all of it is
// walked through, how many runs are looked at in one go, and for how long Once may.
const (
	pruneEvery = time.Hour
	walkEvery  = 24 * time.Hour
	pruneStep  = 250
	pruneNap   = 20 * time.Millisecond
	pruneMost  = 10 * time.Second
	// saveLimit is how long the store may take for one write.
	saveLimit = time.Minute
	// filesRest is how long a file stays, whatever becomes of its run.
	filesRest = time.Hour
	// endsWithin is how long nearly all runs take: a front keeps so far behind that it
	// seldom passes a run that is old enough by the time it was queued and not by its end.
	endsWithin = 15 * time.Minute
)

// Pruner forgets what recipes do not keep.
type Pruner struct {
	Store store.Store
	Log   zerolog.Logger
	// Rules says what loaded recipes keep, by their ids, and which versions are loaded. A
	// recipe that names no time keeps 0.
	Rules func() (map[string]store.Keep, []store.RecipeVersion)
}

// pass is one look at the history. All runs get old in the order in which they
// were queued, nearly: so for each age that a recipe names there is a front, and only
// what lies between it and the first run that is too young is looked at. Once a day a
// walk over the whole history meets the rest: runs that ended late, and rules that were
// edited. Both remember where they stopped.
type pass struct {
	*Pruner
	slice store.PruneSlice
	state store.Pruning
	// nap is how long to leave the store to others between two slices.
	nap            time.Duration
	runs, payloads int
	files          int
}

// begin loads how far the store was pruned.
func (r *Pruner) begin(ctx context.Context) (*pass, error) {
	p := &pass{Pruner: r, slice: store.PruneSlice{
		Now: time.Now(), Limit: pruneStep, Rules: map[string]store.Keep{}, Other: store.Keep{Runs: keepRuns, Payloads: keepPayloads},
	}}
	rules, _ := r.Rules()
	for recipe, keep := range rules {
		if keep.Runs == 0 {
			keep.Runs = keepRuns
		}
		if keep.Payloads == 0 {
			keep.Payloads = keepPayloads
		}
		p.slice.Rules[recipe] = keep
	}
	var err error
	p.state, err = r.Store.LoadPruning(ctx)
	return p, err
}

// ages returns all ages at which runs or payloads are forgotten, the shortest first.
func (p *pass) ages() []time.Duration {
	all := map[time.Duration]bool{p.slice.Other.Runs: true, p.slice.Other.Payloads: true}
	for _, keep := range p.slice.Rules {
		all[keep.Runs], all[keep.Payloads] = true, true
	}
	return slices.Sorted(maps.Keys(all))
}

// walkDue reports whether a walk over the whole history has not ended or is to begin.
func (p *pass) walkDue() bool {
	since := p.slice.Now.Sub(p.state.WalkedAt)
	return p.state.Walk > 0 || since >= walkEvery || since < 0
}

// all does what is due. However it ends, it keeps how far it came.
func (p *pass) all(ctx context.Context) (err error) {
	defer func() {
		saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
		defer cancel()
		if saveErr := p.Store.SavePruning(saving, p.state); err == nil {
			err = saveErr
		}
	}()
	ages := p.ages()
	maps.DeleteFunc(p.state.Fronts, func(age time.Duration, _ uint64) bool { return !slices.Contains(ages, age) })
	if p.state.Fronts == nil {
		p.state.Fronts = map[time.Duration]uint64{}
	}
	if p.walkDue() {
		if err := p.walk(ctx, ages[0]); err != nil {
			return err
		}
	}
	for _, age := range ages {
		p.state.Fronts[age], err = p.forget(ctx, age, p.state.Fronts[age])
		if err != nil {
			return err
		}
	}
	p.files, err = p.Store.SweepFiles(ctx, p.slice.Now.Add(-filesRest))
	return err
}

// walk goes through the whole history up to an age, from where the last walk was
// stopped.
func (p *pass) walk(ctx context.Context, age time.Duration) (err error) {
	if p.state.Walk, err = p.forget(ctx, age, p.state.Walk); err != nil {
		return err
	}
	p.state.Fronts[age] = max(p.state.Fronts[age], p.state.Walk)
	p.state.Walk, p.state.WalkedAt = 0, p.slice.Now
	_, loaded := p.Rules()
	if _, err = p.Store.PruneRecipes(ctx, loaded); err != nil {
		return err
	}
	return p.trail(ctx)
}

// trail forgets the oldest entries of the audit trail.
func (p *pass) trail(ctx context.Context) error {
	for {
		n, err := p.Store.PruneAudit(ctx, p.slice.Now.Add(-store.KeepAudit))
		if err != nil || n < store.MaxPruned {
			return err
		}
	}
}

// forget goes on behind a run until the first one that is too young, and returns how
// far it came, also with an error.
func (p *pass) forget(ctx context.Context, age time.Duration, after uint64) (uint64, error) {
	p.slice.Age = age + endsWithin
	for {
		p.slice.After = after
		done, err := p.Store.Prune(ctx, p.slice)
		if err != nil {
			return after, err
		}
		p.runs, p.payloads = p.runs+done.Runs, p.payloads+done.Payloads
		if after = done.Last; !done.More {
			return after, nil
		}
		select {
		case <-ctx.Done():
			return after, ctx.Err()
		case <-time.After(p.nap):
		}
	}
}

// Run prunes at once and then every hour, until ctx ends.
func (r *Pruner) Run(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		p, err := r.begin(ctx)
		if err == nil {
			p.nap = pruneNap
			err = p.all(ctx)
		}
		if ctx.Err() == nil {
			p.tell(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Once prunes if a day has passed since the last walk over the history. What takes
// too long goes on with the next call.
func (r *Pruner) Once(ctx context.Context) {
	p, err := r.begin(ctx)
	if err == nil && !p.walkDue() {
		return
	}
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, pruneMost)
		defer cancel()
		if err = p.all(limited); limited.Err() != nil {
			err = nil
		}
	}
	p.tell(err)
}

// tell logs what was done, and what went wrong: it is tried again the next time, and
// nothing depends on it.
func (p *pass) tell(err error) {
	log := p.Log.With().Str("component", "pruner").Logger()
	switch {
	case err != nil:
		log.Warn().Err(err).Msg("history not pruned")
	case p.runs+p.payloads+p.files > 0:
		log.Info().Int("runs", p.runs).Int("payloads", p.payloads).Int("files", p.files).Msg("history pruned")
	}
}
