package memstore

import (
	"context"
	"maps"
	"slices"

	"github.com/pollux-automation/pollux/engine/store"
)

// LoadPruning implements [store.Retention].
func (s *Store) LoadPruning(ctx context.Context) (store.Pruning, error) {
	var p store.Pruning
	err := s.read(ctx, func() error {
		p = s.pruning
		p.Fronts = maps.Clone(p.Fronts)
		return nil
	})
	return p, err
}

// SavePruning implements [store.Retention].
func (s *Store) SavePruning(ctx context.Context, p store.Pruning) error {
	p.Fronts = maps.Clone(p.Fronts)
	return s.write(ctx, func() error {
		s.pruning = p
		return nil
	})
}

// Prune implements [store.Retention].
func (s *Store) Prune(ctx context.Context, slice store.PruneSlice) (store.Pruned, error) {
	done := store.Pruned{Last: slice.After}
	err := s.write(ctx, func() error {
		looked := 0
		for i := slice.After; i < uint64(len(s.runs)); i++ {
			if !s.runs[i].final || s.runs[i].gone {
				continue
			}
			if looked == slice.Most() {
				done.More = true
				return nil
			}
			r, steps, err := s.load(i + 1)
			if err != nil {
				return err
			}
			if slice.Young(r.QueuedAt) {
				return nil
			}
			looked++
			done.Last = i + 1
			switch slice.Fate(r.Recipe, r.QueuedAt, &r.State, r.Event.Forgotten) {
			case store.ForgetRun:
				s.runs[i] = &run{final: true, gone: true}
				s.gone++
				done.Runs++
			case store.ForgetPayload:
				if err := s.runs[i].forget(r, steps); err != nil {
					return err
				}
				done.Payloads++
			case store.KeepWhole:
			}
		}
		return nil
	})
	return done, err
}

// forget removes the payload of a run; r and steps are what it holds.
func (stored *run) forget(r store.Run, steps []store.Step) (err error) {
	r.ID = ""
	r.Forget()
	if stored.value, err = store.Marshal(r); err != nil {
		return err
	}
	for i := range steps {
		steps[i].Forget()
		if stored.steps[i].value, err = store.Marshal(&steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// PruneRecipes implements [store.Retention].
func (s *Store) PruneRecipes(ctx context.Context, current []store.RecipeVersion) (int, error) {
	gone := 0
	err := s.write(ctx, func() error {
		needed := map[store.RecipeVersion]bool{}
		for _, sub := range s.subscriptions {
			needed[store.RecipeVersion{Recipe: sub.Recipe, Version: sub.Version}] = true
		}
		for i := range s.runs {
			if s.runs[i].final {
				continue
			}
			r, err := s.loadRun(uint64(i) + 1)
			if err != nil {
				return err
			}
			needed[store.RecipeVersion{Recipe: r.Recipe, Version: r.Version}] = true
		}
		before := len(s.recipes)
		maps.DeleteFunc(s.recipes, func(v version, _ []byte) bool {
			name := store.RecipeVersion{Recipe: v.recipe, Version: v.version}
			return !needed[name] && !slices.Contains(current, name)
		})
		gone = before - len(s.recipes)
		return nil
	})
	return gone, err
}
