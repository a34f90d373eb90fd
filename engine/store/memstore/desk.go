package memstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/seal"
)

// desk is what people did. Secrets are held sealed, as on disk.
type desk struct {
	keys     *seal.Keyring
	audit    []store.AuditEntry // the oldest first
	lastSeq  uint64             // of the audit trail
	switches map[switchName]store.Switch
	budgets  map[string]json.RawMessage
	secrets  map[string][]byte
}

// switchName is what a switch is known by.
type switchName struct{ kind, name string }

func newDesk(keys *seal.Keyring) desk {
	return desk{
		keys: keys, switches: map[switchName]store.Switch{},
		budgets: map[string]json.RawMessage{}, secrets: map[string][]byte{},
	}
}

// Revise implements [store.Desk]. What can fail is done before anything is changed.
func (s *Store) Revise(ctx context.Context, rev store.Revision) error {
	if err := rev.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func() error {
		seq, err := s.seq(rev.Run)
		if err != nil {
			return err
		}
		r, steps, err := s.load(seq)
		if err != nil {
			return err
		}
		if r.State.Status != rev.Was {
			return fmt.Errorf("run %s is %s, not %s: %w", rev.Run, r.State.Status, rev.Was, store.ErrConflict)
		}
		rev.Apply(&r)
		r.ID = ""
		next := &run{final: rev.State.Status.Final()}
		if next.value, err = store.Marshal(r); err != nil {
			return err
		}
		if next.state, err = store.Marshal(r.State); err != nil {
			return err
		}
		for _, st := range rev.Revised(steps) {
			value, err := store.Marshal(&st)
			if err != nil {
				return err
			}
			next.steps = append(next.steps, step{st.ID, value})
		}
		s.replace(seq, next)
		s.note(rev.Audit)
		return nil
	})
}

// replace puts a run in place of the one with its number, which may have been over. The
// mark below which all runs are over goes back with it.
func (s *Store) replace(seq uint64, next *run) {
	former := s.runs[seq-1]
	s.runs[seq-1] = next
	switch {
	case !former.final && next.final:
		s.finish(next)
	case former.final && !next.final:
		s.waiting++
		s.open = min(s.open, seq-1)
	}
}

// note appends to the audit trail; nil says nothing. The lock is held.
func (s *Store) note(e *store.AuditEntry) {
	if e == nil {
		return
	}
	s.desk.lastSeq++
	numbered := *e
	numbered.Seq, numbered.Details = s.desk.lastSeq, maps.Clone(e.Details)
	s.desk.audit = append(s.desk.audit, numbered)
}

// AddAudit implements [store.Desk].
func (s *Store) AddAudit(ctx context.Context, e store.AuditEntry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func() error {
		s.note(&e)
		return nil
	})
}

// ListAudit implements [store.Desk].
func (s *Store) ListAudit(ctx context.Context, f store.AuditFilter) ([]store.AuditEntry, error) {
	var list []store.AuditEntry
	err := s.read(ctx, func() error {
		for _, e := range slices.Backward(s.desk.audit) {
			if f.Limit > 0 && len(list) == f.Limit {
				return nil
			}
			if f.Matches(&e) {
				e.Details = maps.Clone(e.Details)
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}

// PruneAudit implements [store.Desk].
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (int, error) {
	gone := 0
	err := s.write(ctx, func() error {
		for gone < len(s.desk.audit) && gone < store.MaxPruned && s.desk.audit[gone].At.Before(before) {
			gone++
		}
		s.desk.audit = slices.Delete(s.desk.audit, 0, gone)
		return nil
	})
	return gone, err
}

// SetSwitch implements [store.Desk].
func (s *Store) SetSwitch(ctx context.Context, sw store.Switch, audit *store.AuditEntry) error {
	if err := errors.Join(sw.Validate(), audit.Validate()); err != nil {
		return err
	}
	return s.write(ctx, func() error {
		s.desk.switches[switchName{sw.Kind, sw.Name}] = sw
		s.note(audit)
		return nil
	})
}

// Switches implements [store.Desk].
func (s *Store) Switches(ctx context.Context) ([]store.Switch, error) {
	var list []store.Switch
	err := s.read(ctx, func() error {
		list = slices.SortedFunc(maps.Values(s.desk.switches), func(a, b store.Switch) int {
			return strings.Compare(a.Kind+"\x00"+a.Name, b.Kind+"\x00"+b.Name)
		})
		return nil
	})
	return list, err
}

// SaveBudgets implements [store.Desk].
func (s *Store) SaveBudgets(ctx context.Context, budgets map[string]json.RawMessage) error {
	if err := store.ValidBudgets(budgets); err != nil || len(budgets) == 0 {
		return err
	}
	return s.write(ctx, func() error {
		for key, b := range budgets {
			if len(b) == 0 {
				delete(s.desk.budgets, key)
				continue
			}
			value, err := store.Marshal(b)
			if err != nil {
				return err // never: the budgets are valid
			}
			s.desk.budgets[key] = value
		}
		return nil
	})
}

// Budgets implements [store.Desk].
func (s *Store) Budgets(ctx context.Context) (map[string]json.RawMessage, error) {
	budgets := map[string]json.RawMessage{}
	err := s.read(ctx, func() error {
		for key, b := range s.desk.budgets {
			budgets[key] = slices.Clone(b)
		}
		return nil
	})
	return budgets, err
}

// PutSecret implements [store.Desk].
func (s *Store) PutSecret(ctx context.Context, name string, value []byte, audit *store.AuditEntry) error {
	if err := errors.Join(store.ValidSecret(name, value), audit.Validate()); err != nil {
		return err
	}
	if s.desk.keys == nil {
		return fmt.Errorf("the secret %.80q cannot be sealed: %w", name, store.ErrNoKey)
	}
	return s.write(ctx, func() error {
		s.desk.secrets[name] = s.desk.keys.Seal(nil, value, []byte(name))
		s.note(audit)
		return nil
	})
}

// Secret implements [store.Desk]. A secret is there only where a key is.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.read(ctx, func() error {
		sealed, ok := s.desk.secrets[name]
		if !ok {
			return fmt.Errorf("secret %.80q: %w", name, store.ErrNotFound)
		}
		var err error
		value, err = s.desk.keys.Open(sealed, []byte(name))
		return err
	})
	return value, err
}

// SecretNames implements [store.Desk].
func (s *Store) SecretNames(ctx context.Context) ([]string, error) {
	var names []string
	err := s.read(ctx, func() error {
		names = slices.Sorted(maps.Keys(s.desk.secrets))
		return nil
	})
	return names, err
}

// DeleteSecret implements [store.Desk].
func (s *Store) DeleteSecret(ctx context.Context, name string, audit *store.AuditEntry) error {
	if err := audit.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func() error {
		if _, ok := s.desk.secrets[name]; !ok {
			return fmt.Errorf("secret %.80q: %w", name, store.ErrNotFound)
		}
		delete(s.desk.secrets, name)
		s.note(audit)
		return nil
	})
}
