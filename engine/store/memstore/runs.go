package memstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pollux-automation/pollux/engine/store"
)

// newRuns encodes runs that are to be queued. It runs before anything is changed,
// since a record that is no JSON makes it fail. The id is left out: the place in the
// list tells it. previous returns the run before one of the list.
func newRuns(list []store.NewRun, previous func(int) store.RunID) ([]*run, error) {
	runs := make([]*run, 0, len(list))
	for i := range list {
		r := list[i].Run
		r.ID, r.Event.Previous = "", previous(i)
		if r.State.Status == "" {
			r.State.Status = store.Queued
		}
		value, err := store.Marshal(r)
		if err != nil {
			return nil, err
		}
		state, err := store.Marshal(r.State)
		if err != nil {
			return nil, err
		}
		runs = append(runs, &run{value: value, state: state, final: r.State.Status.Final()})
	}
	return runs, nil
}

// Waiting implements [store.Queue]. It decodes every run that it returns, which a
// model may; the store on disk keeps what the dispatcher wants apart.
func (s *Store) Waiting(ctx context.Context, after store.RunID, limit int) ([]store.QueuedRun, error) {
	var list []store.QueuedRun
	err := s.read(ctx, func() error {
		from := after.SeqIn(s.instance)
		if after != "" && from == 0 {
			return fmt.Errorf("run %s: %w", after, store.ErrNotFound)
		}
		for i := max(from, s.open); i < uint64(len(s.runs)); i++ {
			if limit > 0 && len(list) == limit {
				return nil
			}
			if s.runs[i].final {
				continue
			}
			r, err := s.loadRun(i + 1)
			if err != nil {
				return err
			}
			q := store.QueuedRun{
				ID: r.ID, Recipe: r.Recipe, Version: r.Version, Account: r.Account,
				Lane: r.Lane, Status: r.State.Status,
			}
			switch q.Status {
			case store.Waiting:
				q.Due, q.Reason = r.State.Due, r.State.Reason
			case store.Parked, store.Held:
				q.Reason = r.State.Reason
			default:
			}
			list = append(list, q)
		}
		return nil
	})
	return list, err
}

// LoadRun implements [store.Queue].
func (s *Store) LoadRun(ctx context.Context, id store.RunID) (store.Run, []store.Step, error) {
	var r store.Run
	var steps []store.Step
	err := s.read(ctx, func() error {
		seq, err := s.seq(id)
		if err != nil {
			return err
		}
		r, steps, err = s.load(seq)
		return err
	})
	return r, steps, err
}

// seq returns the sequence number of a run that exists. Ids of other stores have
// other letters at their beginning and are unknown.
func (s *Store) seq(id store.RunID) (uint64, error) {
	seq := id.SeqIn(s.instance)
	if seq == 0 || seq > uint64(len(s.runs)) || s.runs[seq-1].gone {
		return 0, fmt.Errorf("run %.40q: %w", id, store.ErrNotFound)
	}
	return seq, nil
}

// load returns a run with its steps in the order of their first save. seq must exist
// and the lock is held.
func (s *Store) load(seq uint64) (store.Run, []store.Step, error) {
	r, err := s.loadRun(seq)
	if err != nil {
		return r, nil, err
	}
	var steps []store.Step
	for _, saved := range s.runs[seq-1].steps {
		var st store.Step
		if err := decode(saved.value, &st); err != nil {
			return r, nil, err
		}
		steps = append(steps, st)
	}
	return r, steps, nil
}

// loadRun returns a run with its id and its state, without its steps. seq must exist
// and the lock is held.
func (s *Store) loadRun(seq uint64) (store.Run, error) {
	stored := s.runs[seq-1]
	var r store.Run
	if err := decode(stored.value, &r); err != nil {
		return r, err
	}
	r.ID = store.MakeRunID(s.instance, seq)
	if r.Event.Forgotten {
		r.Event.Record = nil // not the null that it was stored as
	}
	return r, decode(stored.state, &r.State)
}

// SaveStep implements [store.Queue]. Everything is encoded before the lock is taken:
// what fails after that has changed nothing yet.
func (s *Store) SaveStep(ctx context.Context, save store.StepSave) error {
	if err := save.Validate(); err != nil {
		return err
	}
	state, err := store.Marshal(save.State)
	if err != nil {
		return err
	}
	steps := make([]step, len(save.Steps))
	for i := range save.Steps {
		steps[i].id = save.Steps[i].ID
		if steps[i].value, err = store.Marshal(&save.Steps[i]); err != nil {
			return err
		}
	}
	return s.write(ctx, func() error {
		seq, err := s.seq(save.Run)
		if err != nil {
			return err
		}
		r := s.runs[seq-1]
		if r.final {
			return fmt.Errorf("run %s is over: %w", save.Run, store.ErrNotFound)
		}
		for _, st := range steps {
			r.keep(st)
		}
		r.state = state
		if save.State.Status.Final() {
			s.finish(r)
		}
		return nil
	})
}

// keep puts a step in place of the one with its id, or at the end. So a step keeps
// its place when it is saved again.
func (r *run) keep(st step) {
	for i := range r.steps {
		if r.steps[i].id == st.id {
			r.steps[i] = st
			return
		}
	}
	r.steps = append(r.steps, st)
}

// finish ends a run and moves the mark below which all runs are over, so that Waiting
// does not walk through the history.
func (s *Store) finish(r *run) {
	r.final = true
	s.waiting--
	for s.open < uint64(len(s.runs)) && s.runs[s.open].final {
		s.open++
	}
}

// SaveRecipe implements [store.Queue]. A version that is known is left as it is: its
// name is made of its text.
func (s *Store) SaveRecipe(ctx context.Context, recipe, ver string, text []byte) error {
	return s.write(ctx, func() error {
		v := version{recipe, ver}
		if _, ok := s.recipes[v]; !ok {
			s.recipes[v] = bytes.Clone(text)
		}
		return nil
	})
}

// LoadRecipe implements [store.Queue]. An empty text that was saved is no error.
func (s *Store) LoadRecipe(ctx context.Context, recipe, ver string) ([]byte, error) {
	var text []byte
	err := s.read(ctx, func() error {
		stored, ok := s.recipes[version{recipe, ver}]
		if !ok {
			return fmt.Errorf("recipe %s, version %s: %w", recipe, ver, store.ErrNotFound)
		}
		text = bytes.Clone(stored)
		return nil
	})
	return text, err
}

// ListRuns implements [store.History]. It decodes runs from the newest on until the
// limit is reached, and so holds the lock for long in a large store.
func (s *Store) ListRuns(ctx context.Context, f store.RunFilter) ([]store.Run, error) {
	var list []store.Run
	err := s.read(ctx, func() error {
		last := uint64(len(s.runs))
		if f.After != "" {
			behind := f.After.SeqIn(s.instance)
			if behind == 0 {
				return fmt.Errorf("run %.40q: %w", f.After, store.ErrNotFound)
			}
			last = min(last, behind-1)
		}
		for seq := last; seq > 0; seq-- {
			if f.Limit > 0 && len(list) == f.Limit {
				return nil
			}
			if s.runs[seq-1].gone {
				continue
			}
			r, err := s.loadRun(seq)
			if err != nil {
				return err
			}
			if f.Matches(&r) {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

// CountRuns implements [store.History].
func (s *Store) CountRuns(ctx context.Context) (map[store.Status]int, error) {
	counts := map[store.Status]int{}
	err := s.read(ctx, func() error {
		for _, r := range s.runs {
			if r.gone {
				continue
			}
			var state store.RunState
			if err := decode(r.state, &state); err != nil {
				return err
			}
			counts[state.Status]++
		}
		return nil
	})
	return counts, err
}
