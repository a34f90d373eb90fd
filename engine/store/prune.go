package store

import (
	"context"
	"time"
)

// MaxPruned is the most runs that one [Retention.Prune] looks at.
const MaxPruned = 1000

// Retention is the part of the store that forgets.
type Retention interface {
	// LoadPruning returns how far the store was pruned; zero before the first time.
	LoadPruning(ctx context.Context) (Pruning, error)
	// SavePruning keeps how far the store was pruned. What was not saved is only
	// looked at again.
	SavePruning(ctx context.Context, p Pruning) error
	// Prune looks at some finished runs and forgets what their rules do not keep.
	// Unfinished runs it never touches. A slice in which nothing is old costs no write.
	Prune(ctx context.Context, s PruneSlice) (Pruned, error)
	// PruneRecipes forgets the texts of recipes that are not among the current ones,
	// that no unfinished run began with, and that no subscription was last loaded with.
	// It returns how many.
	PruneRecipes(ctx context.Context, current []RecipeVersion) (int, error)
}

// Pruning is how far a store was pruned. Places are sequence numbers of runs: all up
// to them were looked at.
type Pruning struct {
	// WalkedAt is when the last walk over the whole history ended.
	WalkedAt time.Time `json:"walked_at,omitzero"`
	// Walk is the place of a walk that has not ended; 0 means there is none.
	Walk uint64 `json:"walk,omitempty"`
	// Fronts are the places up to which runs of an age were looked at, by the age.
	Fronts map[time.Duration]uint64 `json:"fronts,omitempty"`
}

// Keep says how long finished runs are kept, counted from their end.
type Keep struct {
	Runs     time.Duration // then the run is forgotten
	Payloads time.Duration // then what it carried is forgotten, see [Run.Forget]
}

// PruneSlice selects finished runs and says what is kept of them.
type PruneSlice struct {
	Now   time.Time
	After uint64 // sequence number; the slice begins behind it
	// Limit is how many finished runs are looked at, [MaxPruned] at most; 0 means that.
	Limit int
	// Age ends the slice at the first run that was queued less than this ago.
	Age   time.Duration
	Rules map[string]Keep // by recipe
	Other Keep            // of recipes without a rule
}

// Pruned is what became of a slice.
type Pruned struct {
	Runs     int    // forgotten whole
	Payloads int    // of which only the payload was forgotten
	Last     uint64 // the last run that was looked at, or After
	More     bool   // the limit ended the slice
}

// Most returns how many runs the slice may look at.
func (s *PruneSlice) Most() int {
	if s.Limit <= 0 || s.Limit > MaxPruned {
		return MaxPruned
	}
	return s.Limit
}

// Young reports whether the slice ends at a run that was queued at a time. Runs of the
// future (the clock was set back) are passed by; a later walk meets them again.
func (s *PruneSlice) Young(queued time.Time) bool {
	return queued.After(s.Now.Add(-s.Age)) && !queued.After(s.Now)
}

// Fate is what is to become of a finished run.
type Fate int

// The fates.
const (
	KeepWhole Fate = iota
	ForgetPayload
	ForgetRun
)

// Fate returns what is to become of a finished run of a recipe. A run without an end
// counts from when it was queued.
func (s *PruneSlice) Fate(recipe string, queued time.Time, state *RunState, forgotten bool) Fate {
	keep, ok := s.Rules[recipe]
	if !ok {
		keep = s.Other
	}
	ended := state.FinishedAt
	if ended.IsZero() {
		ended = queued
	}
	switch age := s.Now.Sub(ended); {
	case !state.Status.Final():
		return KeepWhole
	case age >= keep.Runs:
		return ForgetRun
	case age >= keep.Payloads && !forgotten:
		return ForgetPayload
	}
	return KeepWhole
}

// Forget removes what the run carried: the record of its event and the former one. Its
// identity, its state and its times stay.
func (r *Run) Forget() {
	r.Event.Record, r.Event.Before, r.Event.Forgotten = nil, nil, true
}

// Forget removes what the step sent and what came back. Its outcome stays.
func (s *Step) Forget() { s.Input, s.Output = nil, nil }

// RecipeVersion names a text of a recipe.
type RecipeVersion struct{ Recipe, Version string }
